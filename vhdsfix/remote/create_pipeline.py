"""The message that has a node run statements, as CLIXML.

pypsrp writes it by way of an object for every value and an element for every object, for each node anew: a third of what a plan
costs here. Source: MS-PSRP 2.2.2.10 and 2.2.3.11 to 2.2.3.13; a test holds this to what pypsrp writes, byte for byte.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from xml.sax.saxutils import escape

from vhdsfix.remote.statements import Calculated, Command, Statement, Table, Value

_ENUM = ("System.Enum", "System.ValueType")
_PSOBJECT = (
    "System.Management.Automation.PSObject, System.Management.Automation, Version=1.0.0.0, Culture=neutral,"
    " PublicKeyToken=31bf3856ad364e35"
)
_LIST = (f"System.Collections.Generic.List`1[[{_PSOBJECT}]]",)
_ARRAY = ("System.Object[]", "System.Array")
_HASHTABLE = ("System.Collections.Hashtable",)
_APARTMENT_STATE = ("System.Management.Automation.Runspaces.ApartmentState", *_ENUM)
_STREAM_OPTIONS = ("System.Management.Automation.Runspaces.RemoteStreamOptions", *_ENUM)
_MERGE = ("System.Management.Automation.Runspaces.PipelineResultTypes", *_ENUM)

_OLD_MERGES = ("MergeMyResult", "MergeToResult", "MergePreviousResults")
_NEW_MERGES = {
    (2, 2): ("MergeError", "MergeWarning", "MergeVerbose", "MergeDebug"),
    (2, 3): ("MergeInformation",),
}
"""By the version of the protocol that brought them."""

_NO_HOST = "".join(
    f'<B N="{name}">true</B>'
    for name in ("_isHostNull", "_isHostUINull", "_isHostRawUINull", "_useRunspaceHost")
)

_UNSPEAKABLE = re.compile("_(?=[xX])|[\0-\x1f\x7f-\x9f\ud800-\udfff\U00010000-\U0010ffff]")
"""Source: MS-PSRP 2.2.5.3.2. A lone half of a letter is among them, which pypsrp forgets: no XML can hold one."""


def create_pipeline(statements: Sequence[Statement], protocol_version: str) -> bytes:
    """The data of a CREATE_PIPELINE message. `protocol_version` is the node's: "2.3". Raises ValueError if it is none."""
    version = tuple(int(part) for part in protocol_version.split("."))
    merges = tuple(name for since, names in _NEW_MERGES.items() if version >= since for name in names)
    return _Writing(merges).message(statements).encode()


class _Writing:
    """Numbers objects and types in the order in which they appear; so each method's text has to be used once, in its place."""

    def __init__(self, new_merges: tuple[str, ...]) -> None:
        self._new_merges = new_merges
        self._objects = itertools.count()
        self._types: dict[tuple[str, ...], int] = {}

    def message(self, statements: Sequence[Statement]) -> str:
        return (
            f'{self._object()}<MS><B N="NoInput">true</B>'
            f"{self._enum('ApartmentState', _APARTMENT_STATE, 'UNKNOWN', 2)}"
            f"{self._enum('RemoteStreamOptions', _STREAM_OPTIONS, 'AddInvocationInfo', 15)}"
            f'<B N="AddToHistory">false</B>{self._object("HostInfo")}<MS>{_NO_HOST}</MS></Obj>'
            f'{self._object("PowerShell")}<MS><B N="IsNested">false</B>'
            f"{self._extra_commands(statements)}{self._commands(statements[0])}"
            '<Nil N="History" /><B N="RedirectShellErrorOutputPipe">false</B></MS></Obj>'
            '<B N="IsNested">false</B></MS></Obj>'
        )

    def _extra_commands(self, statements: Sequence[Statement]) -> str:
        """All statements, where they are several; the first stands in Cmds besides, as PowerShell itself sends it."""
        if len(statements) == 1:
            return '<Nil N="ExtraCmds" />'
        return self._list(
            "ExtraCmds",
            _LIST,
            (f"{self._object()}<MS>{self._commands(one)}</MS></Obj>" for one in statements),
        )

    def _commands(self, statement: Statement) -> str:
        return self._list("Cmds", _LIST, map(self._command, statement))

    def _command(self, command: Command) -> str:
        return (
            f"{self._object()}<MS>{_element('S', 'Cmd', command.name)}"
            '<B N="IsScript">false</B><Nil N="UseLocalScope" />'
            f"{self._unmerged(_OLD_MERGES)}{self._arguments(command)}{self._unmerged(self._new_merges)}</MS></Obj>"
        )

    def _arguments(self, command: Command) -> str:
        named = (
            self._argument(_element("S", "N", name), value) for name, value in command.parameters.items()
        )
        others = (self._argument('<Nil N="N" />', value) for value in command.arguments)
        return self._list("Args", _LIST, itertools.chain(named, others))

    def _argument(self, name: str, value: Value) -> str:
        return f"{self._object()}<MS>{name}{self._value(value)}</MS></Obj>"

    def _value(self, value: Value) -> str:
        match value:
            case bool():
                return _element("B", "V", str(value).lower())
            case int():
                return _element("I32", "V", str(value))
            case str():
                return _element("S", "V", value)
            case Mapping():
                return self._table("V", value)
            case _:
                return self._list("V", _ARRAY, map(self._item, value))

    def _item(self, item: str | Calculated) -> str:
        if isinstance(item, str):
            return _element("S", "", item)
        return self._table("", {"n": item.name, "e": item.expression})

    def _table(self, name: str, table: Table) -> str:
        entries = "".join(
            f"<En>{_element('S', 'Key', key)}{_element('I32' if isinstance(value, int) else 'S', 'Value', str(value))}</En>"
            for key, value in table.items()
        )
        inside = f"<DCT>{entries}</DCT>" if entries else "<DCT />"
        return f"{self._object(name)}{self._type(_HASHTABLE)}{inside}</Obj>"

    def _unmerged(self, names: tuple[str, ...]) -> str:
        if _MERGE not in self._types:
            return "".join([self._enum(name, _MERGE, "None", 0) for name in names])
        return _merges(names, self._types[_MERGE]) % tuple(itertools.islice(self._objects, len(names)))

    def _enum(self, name: str, type_names: tuple[str, ...], text: str, number: int) -> str:
        return f"{self._object(name)}{self._type(type_names)}<ToString>{text}</ToString><I32>{number}</I32></Obj>"

    def _list(self, name: str, type_names: tuple[str, ...], items: Iterable[str]) -> str:
        """`items` must not be made yet: the list is numbered before them."""
        opening = f"{self._object(name)}{self._type(type_names)}"
        inside = "".join(items)
        return f"{opening}<LST>{inside}</LST></Obj>" if inside else f"{opening}<LST /></Obj>"

    def _object(self, name: str = "") -> str:
        return (
            f'<Obj RefId="{next(self._objects)}" N="{name}">'
            if name
            else f'<Obj RefId="{next(self._objects)}">'
        )

    def _type(self, names: tuple[str, ...]) -> str:
        """Each type is spelt out once."""
        if names in self._types:
            return f'<TNRef RefId="{self._types[names]}" />'
        number = self._types[names] = len(self._types)
        spelt = "".join(f"<T>{name}</T>" for name in (*names, "System.Object"))
        return f'<TN RefId="{number}">{spelt}</TN>'


@functools.cache
def _merges(names: tuple[str, ...], type_number: int) -> str:
    """None for each of the names; what differs from one command to the next are the objects' numbers, which are left open."""
    kind = f'<TNRef RefId="{type_number}" /><ToString>None</ToString><I32>0</I32>'
    return "".join(f'<Obj RefId="%d" N="{name}">{kind}</Obj>' for name in names)


@functools.lru_cache(maxsize=1024)  # the names of commands, parameters and properties come again and again
def _element(tag: str, name: str, text: str) -> str:
    opening = f'<{tag} N="{name}"' if name else f"<{tag}"
    return f"{opening}>{_text(text)}</{tag}>" if text else f"{opening} />"


def _text(text: str) -> str:
    return escape(_UNSPEAKABLE.sub(_as_units, text))


def _as_units(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"_x{units[at : at + 2].hex().upper()}_" for at in range(0, len(units), 2))
