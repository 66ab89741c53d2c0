"""Select-Object, Where-Object, ConvertTo-Json, Write-Output and Get-Variable, as Windows PowerShell 5.1 has them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from vhdsfix.lab.binding import Bound
from vhdsfix.lab.cmdlets.cmdlet import Call, Run
from vhdsfix.lab.cmdlets.json_text import NotJsonError, json_text
from vhdsfix.lab.error_records import NOT_FOUND_EXCEPTIONS, TerminatingError
from vhdsfix.lab.objects import PSObject, equals, is_like, items_of, property_of, short_type_name, text_of

_ARGUMENT_EXCEPTIONS = (
    "System.Management.Automation.PSArgumentException",
    "System.ArgumentException",
    "System.SystemException",
)
_Columns = list[tuple[str | None, str]]
"""Label and property of each."""

_COMMON_TYPE = "System.Management.Automation.PSCustomObject"


def _select_object(call: Call, records: Iterator[Bound]) -> Iterator[Any]:
    left: int | None = None
    for bound, columns in _with_columns(call, records):
        for value in _selected(call, bound, columns):
            left = bound.get("First") if left is None else left - 1
            if left == 0:
                return
            yield value


def _with_columns(call: Call, records: Iterator[Bound]) -> Iterator[tuple[Bound, _Columns]]:
    """Each object with the columns that are asked of it: the same of all, and read once."""
    asked: list[Any] = []
    columns: _Columns = []
    for bound in records:
        if bound.get("InputObject") is not None:
            if bound.get("Property", asked) is not asked:
                asked = bound["Property"]
                columns = [_column(call, wanted) for wanted in asked]
            yield bound, columns


def _selected(call: Call, bound: Bound, columns: _Columns) -> Iterable[Any]:
    source = bound["InputObject"]
    if "ExpandProperty" in bound:
        return _expanded(call, source, bound["ExpandProperty"], _notes(source, columns))
    if not columns:
        return (source,)
    return (PSObject((f"Selected.{_full_type_name(source)}", _COMMON_TYPE), notes=_notes(source, columns)),)


def _full_type_name(value: Any) -> str:
    return value.type_names[0] if isinstance(value, PSObject) else f"System.{short_type_name(value)}"


def _notes(source: Any, columns: _Columns) -> dict[str, Any]:
    """The note properties that the columns make: the first of two with one name counts."""
    notes: dict[str, Any] = {}
    for label, expression in columns:
        member = source.member(expression) if isinstance(source, PSObject) else None
        spelled, value = member or (expression, None)
        notes.setdefault(label or spelled, value)
    return notes


def _column(call: Call, wanted: Any) -> tuple[str | None, str]:
    """Label and property of one column: a name, or a table with a string expression (WIRE 7.3)."""
    if not isinstance(wanted, dict):
        return None, _plain_name(call, text_of(wanted))
    label, expression = None, None
    for key, value in wanted.items():
        if "name".startswith(key.lower()) or "label".startswith(key.lower()):
            label = text_of(value)
        elif "expression".startswith(key.lower()):
            expression = text_of(value)
        else:
            raise _bad_column(call, "DictionaryKeyUnknown", f"The {key} key is not valid.")
    if expression is None:
        raise _bad_column(call, "DictionaryKeyMissing", "The Expression key is missing.")
    return label, _plain_name(call, expression)


def _plain_name(call: Call, name: str) -> str:
    if "*" in name:
        raise call.not_simulated("a wildcard in -Property")
    return name


def _bad_column(call: Call, error_id: str, message: str) -> TerminatingError:
    exceptions = ("System.NotSupportedException", "System.SystemException")
    return TerminatingError(call.error(error_id, "InvalidArgument", exceptions, message))


def _expanded(call: Call, source: Any, name: str, notes: dict[str, Any]) -> Iterator[Any]:
    member = source.member(name) if isinstance(source, PSObject) else None
    if member is None:
        message = f'Property "{name}" cannot be found.'
        call.write_error(
            call.error("ExpandPropertyNotFound", "InvalidArgument", _ARGUMENT_EXCEPTIONS, message, source)
        )
        return
    for item in items_of(member[1]):
        inner = item if isinstance(item, PSObject) else PSObject((_full_type_name(item),), text=text_of(item))
        for taken in [note for note in notes if inner.member(note)]:
            message = f'The property cannot be processed because the property "{taken}" already exists.'
            error_id = "AlreadyExistingUserSpecifiedPropertyExpand"
            call.write_error(call.error(error_id, "InvalidOperation", _ARGUMENT_EXCEPTIONS, message, item))
        free = {note: value for note, value in notes.items() if not inner.member(note)}
        yield inner.with_notes(free) if free else item


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "EQ": equals,
    "Like": is_like,
    "In": lambda left, right: any(equals(left, item) for item in items_of(right)),
}


def _where_object(call: Call, records: Iterator[Bound]) -> Iterator[Any]:
    compares: Callable[[Any, Any], bool] | None = None
    for bound in records:
        compares = compares or _comparison(call, bound)
        if compares(property_of(bound.get("InputObject"), bound["Property"]), bound.get("Value")):
            yield bound["InputObject"]


def _comparison(call: Call, bound: Bound) -> Callable[[Any, Any], bool]:
    operators = [name for name in _COMPARISONS if bound.get(name)]
    if len(operators) != 1:
        raise call.not_simulated("Where-Object without -EQ, -Like or -In")
    return _COMPARISONS[operators[0]]


def _convert_to_json(call: Call, records: Iterator[Bound]) -> Iterator[Any]:
    gathered: list[Any] = []
    depth = 2
    for bound in records:
        gathered += [] if bound["InputObject"] is None else [bound["InputObject"]]
        depth = bound.get("Depth", depth)
        if not bound.get("Compress"):
            raise call.not_simulated("ConvertTo-Json without -Compress")
    try:
        if gathered:
            yield json_text(gathered if len(gathered) > 1 else gathered[0], depth)
    except NotJsonError as error:
        raise call.not_simulated(str(error)) from None


def _write_output(_call: Call, records: Iterator[Bound]) -> Iterator[Any]:
    for bound in records:
        yield from items_of(bound["InputObject"])


def _get_variable(call: Call, records: Iterator[Bound]) -> Iterator[Any]:
    for bound in records:
        for name in bound.get("Name", []):
            if name.upper() != "LASTEXITCODE" or call.runspace.last_exit_code is None:
                message = f"Cannot find a variable with the name '{name}'."
                call.write_error(
                    call.error("VariableNotFound", "ObjectNotFound", NOT_FOUND_EXCEPTIONS, message, name)
                )
            elif bound.get("ValueOnly"):
                yield call.runspace.last_exit_code
            else:
                raise call.not_simulated("Get-Variable without -ValueOnly")


CMDLETS: dict[str, Run] = {
    "Select-Object": _select_object,
    "Where-Object": _where_object,
    "ConvertTo-Json": _convert_to_json,
    "Write-Output": _write_output,
    "Get-Variable": _get_variable,
}
