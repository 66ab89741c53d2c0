"""Rights on files as bits, and the access check over a DACL's entries in their order."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from vhdsfix.model.windows import Ace

# Source: MS-DTYP 2.4.3 (generic rights), winnt.h (FILE_ALL_ACCESS, FILE_GENERIC_*)
FULL_CONTROL = 0x001F_01FF
_GENERIC = {
    0x1000_0000: FULL_CONTROL,
    0x2000_0000: 0x0012_00A0,
    0x4000_0000: 0x0012_0116,
    0x8000_0000: 0x0012_0089,
}
_ANY_GENERIC = 0xF000_0000

# Source: MS docs, icacls (F, M, RX, R, W); winnt.h for their bits
_WORDS = {
    FULL_CONTROL: "full control",
    0x0013_01BF: "modify",
    0x0012_00A9: "read and execute",
    0x0012_0089: "read",
    0x0012_0116: "write",
    0: "nothing",
}


def file_rights(mask: int) -> int:
    """A mask with its generic rights replaced by what they mean for files and folders."""
    if not mask & _ANY_GENERIC:
        return mask
    rights = mask & ~_ANY_GENERIC
    for generic, specific in _GENERIC.items():
        if mask & generic:
            rights |= specific
    return rights


def granted_rights(aces: Iterable[Ace], allowing: AbstractSet[str], denying: AbstractSet[str]) -> int:
    """The rights that the entries give, in their order: for each bit the first entry that names it decides.

    Allow entries count for the SIDs of `allowing`, deny entries for those of `denying`, which holds the former too; a
    conditional entry or one for an object type counts as absent. Source: MS-DTYP 2.5.3.2 (access check).
    """
    granted = denied = 0
    for ace in aces:
        if ace.sid not in denying or ace.is_inherit_only or not ace.is_plain:
            continue
        if ace.is_allow and ace.sid in allowing:
            granted |= file_rights(ace.mask) & ~denied
        elif ace.is_deny:
            denied |= file_rights(ace.mask)
    return granted


def entries_that_deny(
    aces: Iterable[Ace], allowing: AbstractSet[str], denying: AbstractSet[str]
) -> tuple[Ace, ...]:
    """The deny entries that take away a part of full control that no allow entry before them gave."""
    granted = 0
    found: list[Ace] = []
    for ace in aces:
        if ace.sid not in denying or ace.is_inherit_only or not ace.is_plain:
            continue
        if ace.is_allow and ace.sid in allowing:
            granted |= file_rights(ace.mask)
        elif ace.is_deny and file_rights(ace.mask) & FULL_CONTROL & ~granted:
            found.append(ace)
    return tuple(found)


def is_full(rights: int) -> bool:
    return rights & FULL_CONTROL == FULL_CONTROL


def in_words(rights: int) -> str:
    """Rights as icacls or Explorer would call them, otherwise as a number."""
    of_files = rights & FULL_CONTROL
    return _WORDS.get(of_files, f"only {of_files:#x} of full control {FULL_CONTROL:#x}")
