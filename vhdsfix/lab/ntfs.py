"""Files and folders with their security descriptors, the same for every node, as a cluster shared volume is.

A folder that is given another DACL hands its inheritable entries on to everything below, as Windows does.
Source: FACTS 3, 4 (W32 ace-inheritance-rules.md, automatic-propagation-of-inheritable-aces.md).
"""

from __future__ import annotations

import functools
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Self

import msgspec

from vhdsfix.errors import LabError
from vhdsfix.lab.dacl import (
    FULL_CONTROL,
    Ace,
    Descriptor,
    has_null_dacl,
    inherited_by,
    parse,
    parse_as_child,
    rights_text,
)

_OWNED_BY_ADMINISTRATORS = "O:BAG:SYD:AI"
_DEFAULT_ACES = "(A;;FA;;;BA)(A;;FA;;;SY)"
"""What a new item has where its folder passes nothing on: the creator's own default. Source: W32 dacl-for-a-new-object.md."""


class Entry(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """A file or folder. `size` in bytes; `link`: it is a reparse point to there; `denied`: nobody may look at it.

    `written`: when it was last written to, UTC, ISO 8601.

    `sddl` is any text, also one that is no SDDL: what a node sends is untrusted, and the lab sends it. `unbuilt`: what the
    world's rule has in this folder is made when somebody looks there.

    `gc=False`: it holds nothing but texts, numbers and truths, and a large world has very many.
    """

    sddl: str
    file: bool = False
    size: int = 0
    hidden: bool = False
    link: str | None = None
    denied: bool = False
    written: str = "2026-01-02T03:04:05Z"
    unbuilt: bool = False


class ByRule(msgspec.Struct, frozen=True):
    """A file or folder as a rule has it: it inherits, and each of `granted`, SIDs, has (OI)F on it."""

    name: str
    file: bool = False
    granted: tuple[str, ...] = ()


Contents = Callable[[str], Iterable[ByRule]]
"""What a rule has in the folder of that path."""


class Tree:
    """All entries by path. Paths compare as Windows compares them; one that ends in a backslash is the same without it.

    Hold `lock` for a read and the write that rests on it: nodes answer side by side.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.contents: Contents | None = None
        self._entries: dict[str, tuple[str, Entry]] = {}
        # What lies directly in a folder, by its key: the keys in _entries, and, once somebody asked, the entries in their order.
        self._names: dict[str, set[str]] = {}
        self._children: dict[str, tuple[tuple[str, Entry], ...]] = {}

    @classmethod
    def load(cls, entries: Mapping[str, Any]) -> Self:
        """Read {path: {sddl, file, size, hidden, link, denied, written}}; LabError for anything else."""
        tree = cls()
        try:
            for path, entry in msgspec.convert(dict(entries), dict[str, Entry]).items():
                tree._put(path, entry)
        except msgspec.ValidationError as error:
            raise LabError(f"the lab's files and folders cannot be read: {error}") from error
        return tree

    def dump(self) -> dict[str, Any]:
        """What `load` reads: plain JSON values, sorted by path."""
        with self.lock:
            return {path: msgspec.to_builtins(entry) for _, (path, entry) in sorted(self._entries.items())}

    def get(self, path: str) -> Entry | None:
        found = self._entries.get(_key(path))
        if found is None and self.contents is not None and parent(path) != tidy(path):
            self._build(parent(path))
            found = self._entries.get(_key(path))
        return found[1] if found else None

    def spelled(self, path: str) -> str:
        """The path as it is written on the disk; as it is given where there is no such entry."""
        found = self._entries.get(_key(path))
        return found[0] if found else tidy(path)

    def children(self, path: str) -> tuple[tuple[str, Entry], ...]:
        """The paths and entries directly in a folder, in the order of their names."""
        with self.lock:
            self._build(path)
            key = _key(path)
            if key not in self._children:
                self._children[key] = tuple(self._entries[name] for name in sorted(self._names.get(key, ())))
            return self._children[key]

    def add(
        self,
        path: str,
        *,
        file: bool = False,
        sddl: str | None = None,
        size: int = 0,
        hidden: bool = False,
        link: str | None = None,
        denied: bool = False,
    ) -> Entry:
        """Put a new item there. Without an SDDL it inherits; with one it keeps that, as what is moved in does.

        LabError if it is there already or its folder is not.
        """
        with self.lock:
            above = self.get(parent(path))
            if (
                self.get(path)
                or not re.match(r"[A-Za-z]:\\", path)
                or (above is None and len(path) > len("C:\\"))
            ):
                raise LabError(
                    f"the lab cannot add {path}: it is there already, or there is no folder for it"
                )
            entry = Entry(
                sddl or _sddl_of_new(above.sddl if above else None, file), file, size, hidden, link, denied
            )
            self._put(path, entry)
            return entry

    def remove(self, path: str) -> None:
        """Take an item away, and everything below it; nothing happens where there is none."""
        with self.lock:
            for child, _ in self.children(path):
                self.remove(child)
            key, above = _key(path), _key(parent(path))
            self._entries.pop(key, None)
            self._names.get(above, set()).discard(key)
            self._children.pop(above, None)

    def set_dacl(self, path: str, explicit: tuple[Ace, ...]) -> None:
        """Replace the explicit entries and pass on what is inheritable to everything below that is not protected.

        Inherited entries are worked out anew everywhere, so those that the folder above no longer has go away.
        Raises KeyError if there is no such entry, ValueError if its descriptor has no entries to replace; then nothing has
        changed. Assumed: an item that nobody may look at inherits all the same (as in the stand-in of PowerShell's engine).
        """
        with self.lock:
            spelled, entry = self._entries[_key(path)]
            old, above = parse(entry.sddl), self.get(parent(path))
            if old.is_protected or above is None or above is entry:
                inherited = tuple(ace for ace in old.aces if ace.is_inherited)
            else:
                inherited = _passed_on(above.sddl, old, entry.file)
            new = old.with_aces(explicit, inherited)
            for changed, sddl in [(entry, str(new)), *self._propagated(spelled, new)]:
                changed.sddl = sddl

    def _put(self, path: str, entry: Entry) -> None:
        key, above = _key(path), _key(parent(path))
        self._entries[key] = (tidy(path), entry)
        if key != above:
            self._names.setdefault(above, set()).add(key)
            self._children.pop(above, None)

    def _build(self, folder: str) -> None:
        """Make what the rule has in a folder, once."""
        with self.lock:
            entry = self.get(folder)
            if self.contents is None or entry is None or not entry.unbuilt:
                return
            entry.unbuilt = False
            for item in self.contents(self.spelled(folder)):
                sddl = _sddl_of_new(entry.sddl, item.file)
                if item.granted:
                    sddl = _sddl_with_grants(sddl, item.granted)
                self._put(f"{tidy(folder)}\\{item.name}", Entry(sddl, file=item.file, unbuilt=not item.file))

    def _propagated(self, folder: str, descriptor: Descriptor) -> Iterator[tuple[Entry, str]]:
        for path, entry in self.children(folder):
            new = _below(descriptor, entry)
            if new is not None:
                yield entry, str(new)
                yield from self._propagated(path, new)


@functools.lru_cache(maxsize=32768)
def parent(path: str) -> str:
    r"""The folder a path lies in; the root of a drive (`C:\`) is its own."""
    above = tidy(path).rpartition("\\")[0]
    return above + "\\" if re.fullmatch(r"[A-Za-z]:", above) else above


def tidy(path: str) -> str:
    r"""The path with backslashes, and none at its end but for a drive's root."""
    path = path.replace("/", "\\")
    return path if len(path) <= len("C:\\") else path.rstrip("\\")


def _sddl_with_grants(sddl: str, sids: tuple[str, ...]) -> str:
    old = parse(sddl)
    granted = tuple(Ace("A", ("OI",), rights_text(FULL_CONTROL), sid) for sid in sids)
    return str(old.with_aces((*old.explicit, *granted), tuple(ace for ace in old.aces if ace.is_inherited)))


@functools.lru_cache(maxsize=256)
def _sddl_of_new(folder: str | None, file: bool) -> str:
    new = parse(_OWNED_BY_ADMINISTRATORS)
    aces = _passed_on(folder, new, file) if folder is not None else ()
    return str(new.with_aces((), aces)) if aces else _OWNED_BY_ADMINISTRATORS + _DEFAULT_ACES


def _passed_on(folder: str, child: Descriptor, file: bool) -> tuple[Ace, ...]:
    """A null DACL, or text that is none, passes nothing on."""
    try:
        above = parse(folder)
    except ValueError:
        return ()
    return inherited_by(above, child, child_is_file=file)


def _below(folder: Descriptor, entry: Entry) -> Descriptor | None:
    """What is in the folder, once the folder has that descriptor; None where it stays as it is, with all below it.

    A null DACL that inherits becomes one of inherited entries alone, so what everybody could do only these may do then.
    Source: W32 automatic-propagation-of-inheritable-aces.md. Assumed: text that is no SDDL stays.
    """
    try:
        old = parse_as_child(entry.sddl)
    except ValueError:
        return None
    inherited = inherited_by(folder, old, child_is_file=entry.file)
    if old.is_protected or (has_null_dacl(entry.sddl) and not inherited):
        return None
    return old.with_aces(old.explicit, inherited)


@functools.lru_cache(maxsize=32768)
def _key(path: str) -> str:
    """Windows compares names letter by letter in upper case. Source: FACTS 4."""
    path = tidy(path)
    if path.isascii():
        return path.upper()
    return "".join(_upper(letter) for letter in path)


def _upper(letter: str) -> str:
    """One letter's one upper case. Source: tried on PowerShell's own engine: the dotless i and the long s are no I and S."""
    upper = letter.upper()
    return upper if len(upper) == 1 and upper.isascii() == letter.isascii() else letter
