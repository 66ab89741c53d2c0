"""What a folder's entries become on what lies in it. Source: MS-DTYP 2.5.3.4; FACTS 3 (ace-inheritance-rules)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

import msgspec

from vhdsfix.access.files import Files, of_each
from vhdsfix.access.rights import file_rights
from vhdsfix.model.windows import Ace, AceFlag, DomainAlias, SecurityDescriptor, Sid
from vhdsfix.wording import counted

_CREATOR_OWNER = Sid("S-1-3-0")
_CREATOR_GROUP = Sid("S-1-3-1")
_PASSED_ON = AceFlag.OBJECT_INHERIT | AceFlag.CONTAINER_INHERIT
_ABOUT_INHERITANCE = _PASSED_ON | AceFlag.NO_PROPAGATE | AceFlag.INHERIT_ONLY | AceFlag.INHERITED

Account = Sid | DomainAlias | None


def inherited_by_file(folder: Iterable[Ace], owner: Account = None, group: Account = None) -> tuple[Ace, ...]:
    """The inherited entries of a file in a folder with these entries, in their order.

    CREATOR OWNER and CREATOR GROUP become the file's owner and group where these are known; otherwise they stay, and give
    nobody anything (Assumed: the VM itself creates no file, the service does).
    """
    return tuple(_effective(ace, owner, group) for ace in folder if ace.reaches_files)


def inherited_by_subfolder(
    folder: Iterable[Ace], owner: Account = None, group: Account = None
) -> tuple[Ace, ...]:
    """The inherited entries of a subfolder: what holds there, and what it only passes on."""
    return tuple(entry for ace in folder for entry in _on_subfolder(ace, owner, group))


def after_propagation(folder: SecurityDescriptor, file: SecurityDescriptor) -> SecurityDescriptor:
    """A file's descriptor after its folder's DACL was set again: inherited entries made anew, explicit ones kept.

    A protected file is untouched. A null DACL that is not protected becomes one of the inherited entries alone, if there are
    any. Source: FACTS 3, 4 (automatic-propagation-of-inheritable-aces). Assumed: nothing changes below a folder without a
    DACL or with a null one.
    """
    if file.dacl is None or file.is_protected or folder.dacl is None or folder.dacl.entries is None:
        return file
    explicit = tuple(ace for ace in file.aces if not ace.is_inherited)
    inherited = inherited_by_file(folder.aces, file.owner, file.group)
    if file.has_null_dacl and not inherited:
        return file
    dacl = msgspec.structs.replace(file.dacl, entries=explicit + inherited, auto_inherited=True)
    return msgspec.structs.replace(file, dacl=dacl)


def below_after_propagation(folder: SecurityDescriptor, subfolder: SecurityDescriptor) -> SecurityDescriptor:
    """A subfolder's descriptor after the DACL of the folder above was set again; else as `after_propagation`."""
    if (
        subfolder.dacl is None
        or subfolder.dacl.entries is None
        or subfolder.is_protected
        or folder.dacl is None
        or folder.dacl.entries is None
    ):
        return subfolder
    explicit = tuple(ace for ace in subfolder.aces if not ace.is_inherited)
    inherited = inherited_by_subfolder(folder.aces, subfolder.owner, subfolder.group)
    dacl = msgspec.structs.replace(subfolder.dacl, entries=explicit + inherited, auto_inherited=True)
    return msgspec.structs.replace(subfolder, dacl=dacl)


def losses_by_propagation(
    folder: SecurityDescriptor, files: Files, but_for: Collection[Sid] = ()
) -> dict[str, str]:
    """By file name, what setting the folder's DACL again would take away, in words; only files that would lose something.

    `but_for`: accounts whose allow entries do not count, because they are to go.
    An entry that gives or denies nobody anything is no loss, nor one that comes back with more rights. A null DACL that
    would become an ordinary one is: everybody's full access.
    """
    losses = of_each(files, lambda file: _loss(file, after_propagation(folder, file), but_for))
    return {name: loss for name, loss in losses.items() if loss}


def _loss(file: SecurityDescriptor, after: SecurityDescriptor, but_for: Collection[Sid]) -> str | None:
    if file.has_null_dacl and not after.has_null_dacl:
        return "everybody's full access (its DACL is null)"
    lost = [ace for ace in file.aces if _matters(ace, but_for) and not _comes_back(ace, after.aces)]
    if not lost:
        return None
    return f"{counted(len(lost), 'inherited entry', 'inherited entries')} that the folder does not have"


def _matters(ace: Ace, but_for: Collection[Sid]) -> bool:
    if ace.is_allow and ace.sid in but_for:
        return False
    return ace.is_inherited and not ace.is_inherit_only and ace.sid not in (_CREATOR_OWNER, _CREATOR_GROUP)


def _comes_back(ace: Ace, entries: Iterable[Ace]) -> bool:
    rights = file_rights(ace.mask)
    return any(
        entry.is_inherited
        and msgspec.structs.replace(entry, mask=ace.mask) == ace
        and rights & ~file_rights(entry.mask) == 0
        for entry in entries
    )


def _effective(ace: Ace, owner: Account, group: Account) -> Ace:
    """The entry as it holds on a child: generic rights and creators replaced, nothing passed on."""
    creator = owner if ace.sid == _CREATOR_OWNER else group if ace.sid == _CREATOR_GROUP else None
    return msgspec.structs.replace(
        ace,
        flags=(ace.flags & ~_ABOUT_INHERITANCE) | AceFlag.INHERITED,
        mask=file_rights(ace.mask),
        sid=creator or ace.sid,
    )


def _on_subfolder(ace: Ace, owner: Account, group: Account) -> Iterator[Ace]:
    passed_on = 0 if ace.flags & AceFlag.NO_PROPAGATE else ace.flags & _PASSED_ON
    rest = (ace.flags & ~_ABOUT_INHERITANCE) | AceFlag.INHERITED | passed_on
    holds_there = _effective(ace, owner, group)
    if not ace.reaches_folders:
        if passed_on:
            yield msgspec.structs.replace(ace, flags=rest | AceFlag.INHERIT_ONLY)
    elif passed_on and (holds_there.mask, holds_there.sid) != (ace.mask, ace.sid):
        yield holds_there
        yield msgspec.structs.replace(ace, flags=rest | AceFlag.INHERIT_ONLY)
    else:
        yield msgspec.structs.replace(holds_there, flags=rest)
