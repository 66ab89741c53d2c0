"""A DACL as SDDL text, and what a file or folder inherits from it: the lab's own reading, which shares nothing with the product's.

Entries keep their rights as they were written, so that what nobody changed stays the same text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

FULL_CONTROL = 0x1F01FF
DENIES = ("D", "OD", "XD")
"""Kinds of entries that deny: plain, for an object type, with a condition. Source: MS docs "ACE Strings"."""

_NULL = "NO_ACCESS_CONTROL"
_FIELDS = 6
_FLAGS = ("OI", "CI", "NP", "IO", "ID", "SA", "FA", "CR", "TP")
_GENERIC = {0x10000000: FULL_CONTROL, 0x20000000: 0x1200A0, 0x40000000: 0x120116, 0x80000000: 0x120089}
"""Generic all, execute, write, read, and what each is on a file. Source: MS docs "File Security and Access Rights"."""

_RIGHTS = {
    "GA": 0x10000000, "GX": 0x20000000, "GW": 0x40000000, "GR": 0x80000000,
    "FA": FULL_CONTROL, "FR": 0x120089, "FW": 0x120116, "FX": 0x1200A0,
    "SD": 0x10000, "RC": 0x20000, "WD": 0x40000, "WO": 0x80000,
    "CC": 0x1, "DC": 0x2, "LC": 0x4, "SW": 0x8, "RP": 0x10, "WP": 0x20, "DT": 0x40, "LO": 0x80, "CR": 0x100,
}  # fmt: skip
"""Source: MS docs "ACE Strings"."""


class Ace(msgspec.Struct, frozen=True):
    """One entry; `flags` are two-letter codes, `trustee` is a SID or its two-letter alias, `condition` mostly empty."""

    kind: str
    flags: tuple[str, ...]
    rights: str
    trustee: str
    object_type: str = ""
    inherited_object_type: str = ""
    condition: str = ""

    @property
    def is_inherited(self) -> bool:
        return "ID" in self.flags

    @property
    def mask(self) -> int:
        """The rights as a number; ValueError for rights that are none."""
        if re.fullmatch(r"0x[0-9a-fA-F]{1,8}|\d+", self.rights):
            return int(self.rights, 16 if self.rights.startswith("0x") else 10)
        mask = 0
        for code in _pairs(self.rights):
            if code not in _RIGHTS:
                raise ValueError(f"{code!r} in {self} is no access right")
            mask |= _RIGHTS[code]
        return mask

    def __str__(self) -> str:
        fields = [self.kind, "".join(self.flags), self.rights, self.object_type, self.inherited_object_type]
        return f"({';'.join([*fields, self.trustee, *([self.condition] if self.condition else [])])})"


class Descriptor(msgspec.Struct, frozen=True):
    """A security descriptor: the text before its DACL, the DACL's control flags, its entries, the text after it."""

    before: str
    control: str
    aces: tuple[Ace, ...]
    after: str

    @property
    def is_protected(self) -> bool:
        return "P" in self.control

    @property
    def explicit(self) -> tuple[Ace, ...]:
        return tuple(ace for ace in self.aces if not ace.is_inherited)

    def account(self, part: str) -> str | None:
        """The owner (`O`) or the group (`G`), where it is given."""
        found = re.search(rf"{part}:(S-[-\dxa-fA-F]+|[A-Z]{{2}})", self.before + self.after)
        return found[1] if found else None

    def with_aces(self, explicit: tuple[Ace, ...], inherited: tuple[Ace, ...]) -> Descriptor:
        """The same descriptor with these entries; it then says that inheritance was worked out (AI)."""
        control = self.control if "AI" in self.control else self.control + "AI"
        return msgspec.structs.replace(self, control=control, aces=(*explicit, *inherited))

    def __str__(self) -> str:
        return f"{self.before}D:{self.control}{''.join(map(str, self.aces))}{self.after}"


def has_null_dacl(sddl: str) -> bool:
    """Whether there is a DACL and it is null: everybody has full access. Source: MS docs "Security Descriptor String Format"."""
    return re.search(rf"D:(?:P|AR|AI)*{_NULL}", sddl) is not None


def parse_as_child(sddl: str) -> Descriptor:
    """Read SDDL text of what is about to inherit: a null DACL then counts as an empty one. ValueError as for `parse`."""
    return parse(sddl.replace(_NULL, "", 1) if has_null_dacl(sddl) else sddl)


def parse(sddl: str) -> Descriptor:
    """Read SDDL text; ValueError for text without a DACL that has entries or is empty (a null DACL included)."""
    start = re.match(r"(?P<before>.*?)D:(?P<control>(?:P|AR|AI)*)(?=[(SOG]|$)", sddl, re.DOTALL)
    if not start:
        raise ValueError(f"no DACL in {sddl!r}")
    at, aces = start.end(), []
    while sddl.startswith("(", at):
        end = _closing(sddl, at)
        aces.append(_ace(sddl[at + 1 : end]))
        at = end + 1
    if not re.match(r"[SOG]:|$", sddl[at:]):
        raise ValueError(f"{sddl[at:]!r} after the DACL in {sddl!r}")
    return Descriptor(start["before"], start["control"], tuple(aces), sddl[at:])


def inherited_by(parent: Descriptor, child: Descriptor, *, child_is_file: bool) -> tuple[Ace, ...]:
    """The entries that the child has from its parent, in the parent's order.

    Source: FACTS 3 (W32 ace-inheritance-rules.md).
    """
    return tuple(passed for ace in parent.aces for passed in _passed_on(ace, child, child_is_file))


def rights_text(mask: int) -> str:
    """A mask as Windows writes it: FA, or hexadecimal."""
    return "FA" if mask == FULL_CONTROL else f"0x{mask:x}"


def _passed_on(ace: Ace, child: Descriptor, child_is_file: bool) -> Iterator[Ace]:
    onward = () if child_is_file or "NP" in ace.flags else tuple(f for f in ("OI", "CI") if f in ace.flags)
    if ("OI" if child_is_file else "CI") not in ace.flags:
        if onward:  # for files below a folder, not for the folder
            yield msgspec.structs.replace(ace, flags=(*onward, "IO", "ID"))
        return
    effective = _made_specific(ace, child)
    if effective == ace or not onward:
        yield msgspec.structs.replace(effective, flags=(*onward, "ID"))
        return
    yield msgspec.structs.replace(effective, flags=("ID",))
    yield msgspec.structs.replace(ace, flags=(*onward, "IO", "ID"))


def _made_specific(ace: Ace, child: Descriptor) -> Ace:
    """Generic rights become a file's, CREATOR OWNER and CREATOR GROUP the child's own."""
    creators = {"CO": "O", "S-1-3-0": "O", "CG": "G", "S-1-3-1": "G"}
    account = child.account(creators[ace.trustee]) if ace.trustee in creators else None
    mask = specific = ace.mask
    for generic, meaning in _GENERIC.items():
        if mask & generic:
            specific = specific & ~generic | meaning
    rights = ace.rights if specific == mask else rights_text(specific)
    return msgspec.structs.replace(ace, trustee=account or ace.trustee, rights=rights)


def _ace(text: str) -> Ace:
    fields = text.split(";", 6)
    if len(fields) < _FIELDS or not fields[0] or not fields[5]:
        raise ValueError(f"({text}) is no access control entry")
    kind, flags, rights, object_type, inherited_object_type, trustee = fields[:_FIELDS]
    if unknown := [flag for flag in _pairs(flags) if flag not in _FLAGS]:
        raise ValueError(f"{unknown[0]!r} in ({text}) is no flag of an entry")
    return Ace(
        kind, _pairs(flags), rights, trustee, object_type, inherited_object_type, "".join(fields[_FIELDS:])
    )


def _pairs(codes: str) -> tuple[str, ...]:
    return tuple(codes[at : at + 2] for at in range(0, len(codes), 2))


def _closing(text: str, opening: int) -> int:
    """Where the parenthesis that opens there is closed; those in a condition's strings do not count."""
    depth, quoted = 0, False
    for at in range(opening, len(text)):
        if text[at] == '"':
            quoted = not quoted
        elif not quoted and text[at] in "()":
            depth += 1 if text[at] == "(" else -1
            if not depth:
                return at
    raise ValueError(f"the entry at {opening} of {text!r} is not closed")
