"""The verdict on a VM's access to a folder and its disk files: the first that holds of DESIGN 3's table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain

import msgspec

from vhdsfix.access.files import Files, of_each
from vhdsfix.access.granting import with_grant
from vhdsfix.access.inheritance import after_propagation, inherited_by_file
from vhdsfix.access.rights import FULL_CONTROL, entries_that_deny, granted_rights, in_words, is_full
from vhdsfix.model.verdicts import Verdict, VerdictKind
from vhdsfix.model.windows import Ace, AceType, DomainAlias, SecurityDescriptor, Sid, VmId
from vhdsfix.sddl import write_ace

# Assumed: DESIGN 3. The groups that are in every VM's token.
_GROUPS = {
    Sid("S-1-5-83-0"): "NT VIRTUAL MACHINE\\Virtual Machines",
    Sid("S-1-1-0"): "Everyone",
    Sid("S-1-5-11"): "Authenticated Users",
    Sid("S-1-5-6"): "SERVICE",
}


class _Token(msgspec.Struct, frozen=True):
    """The SIDs a VM acts with: of allow entries only its own count, of deny entries those for any of them."""

    own: frozenset[str]
    all: frozenset[str]

    def rights(self, aces: Iterable[Ace]) -> int:
        return granted_rights(aces, self.own, self.all)

    def is_full(self, aces: Iterable[Ace]) -> bool:
        return is_full(self.rights(aces))

    def denials(self, aces: Iterable[Ace]) -> tuple[Ace, ...]:
        return entries_that_deny(aces, self.own, self.all)


def judge(folder: SecurityDescriptor, files: Files, vm_id: VmId) -> Verdict:
    """The VM's verdict on a folder; `files` are the disk files in it that could be read, by name.

    An entry with a condition or for an object type counts as absent; where it could change the verdict, the verdict is
    unknown.
    """
    if folder.dacl is None:
        return Verdict(VerdictKind.UNKNOWN, "the folder's descriptor has no DACL part")
    verdict = _verdict(folder, files, vm_id)
    doubtful = _doubtful(folder, files, _token(vm_id))
    if not doubtful:
        return verdict
    settled_kinds = {
        _verdict(settled(folder), of_each(files, settled), vm_id).kind
        for settled in (_against_it, _in_its_favour)
    }
    if settled_kinds != {verdict.kind}:
        return Verdict(VerdictKind.UNKNOWN, f"it depends on conditions not known here: {_listed(doubtful)}")
    return verdict


def judge_after_grant(folder: SecurityDescriptor, files: Files, vm_id: VmId) -> Verdict:
    """The verdict that a grant on the folder would lead to, once it has reached every file that inherits."""
    granted = with_grant(folder, vm_id)
    return judge(granted, of_each(files, partial(after_propagation, granted)), vm_id)


def own_rights(descriptor: SecurityDescriptor, vm_id: VmId) -> int:
    """The rights, as bits, that the VM's own entries give it on a file or folder; a null DACL gives everybody all."""
    if descriptor.has_null_dacl:
        return FULL_CONTROL
    return _token(vm_id).rights(descriptor.aces) & FULL_CONTROL


def group_access(folder: SecurityDescriptor, vm_id: VmId) -> tuple[Sid, ...]:
    """The groups of the VM's token to which it owes full control; none where its own entries give it."""
    token = _token(vm_id)
    views = (folder.aces, inherited_by_file(folder.aces))
    if all(map(token.is_full, views)):
        return ()
    if not all(is_full(granted_rights(view, token.all, token.all)) for view in views):
        return ()
    return tuple(group for group in _GROUPS if any(ace.is_allow and ace.sid == group for ace in folder.aces))


def _token(vm_id: VmId) -> _Token:
    own = vm_id.sid
    return _Token(own=frozenset({own}), all=frozenset({own, *_GROUPS}))


def _verdict(folder: SecurityDescriptor, files: Files, vm_id: VmId) -> Verdict:
    return _folder_lack(folder, vm_id) or _verdict_on_files(folder, files, _token(vm_id))


def _folder_lack(folder: SecurityDescriptor, vm_id: VmId) -> Verdict | None:
    """What is wrong with the folder itself; None when it is right."""
    token = _token(vm_id)
    here, new_file = folder.aces, inherited_by_file(folder.aces)
    if folder.has_null_dacl or (token.is_full(here) and token.is_full(new_file)):
        return None
    granted = with_grant(folder, vm_id).aces
    if denials := token.denials(granted) or token.denials(inherited_by_file(granted)):
        return Verdict(VerdictKind.BLOCKED, f"denied even with the grant: {_listed(denials)}")
    if not any(ace.is_allow and ace.is_plain and ace.sid in token.own for ace in here):
        return Verdict(VerdictKind.MISSING, "it has no entry of its own")
    return Verdict(VerdictKind.PARTIAL, _shortfall(token.rights(here), token.rights(new_file)))


def _shortfall(here: int, new_file: int) -> str:
    if is_full(here):
        return f"its own entry gives full control here, but {in_words(new_file)} on new files"
    if here == new_file:
        return f"its own entry gives {in_words(here)}, not full control"
    return f"its own entry gives {in_words(here)} here and {in_words(new_file)} on new files"


def _verdict_on_files(folder: SecurityDescriptor, files: Files, token: _Token) -> Verdict:
    untold = tuple(name for name, file in files.items() if file.dacl is None)
    lacks = of_each(files, lambda file: file.dacl is not None and _lacks(file, token))
    lacking = {name: files[name] for name, is_so in lacks.items() if is_so}
    stays = of_each(lacking, lambda file: _lacks(after_propagation(folder, file), token))
    behind = tuple(name for name, is_so in stays.items() if not is_so)
    blocked = tuple(name for name, is_so in stays.items() if is_so)
    why_blocked = "; ".join(f"{name} {_obstacle(lacking[name], token)}" for name in blocked)
    if behind:
        why = f"the folder is right, but its entry has not reached {', '.join(behind)}"
        return Verdict(VerdictKind.FILE_BEHIND, "; ".join(filter(None, (why, why_blocked))), behind)
    if blocked:
        return Verdict(VerdictKind.FILE_BLOCKED, f"the folder is right, but {why_blocked}", blocked)
    if untold:
        why = f"the folder is right, but there is no DACL part in the descriptor of {', '.join(untold)}"
        return Verdict(VerdictKind.UNKNOWN, why, untold)
    if folder.has_null_dacl:
        return Verdict(VerdictKind.GRANTED, "the folder has a null DACL: everybody has full control")
    return Verdict(VerdictKind.GRANTED, "its own entry gives full control here and on its files")


def _lacks(file: SecurityDescriptor, token: _Token) -> bool:
    return not file.has_null_dacl and not token.is_full(file.aces)


def _obstacle(file: SecurityDescriptor, token: _Token) -> str:
    if denials := token.denials(file.aces):
        return f"denies it by {_listed(denials)}"
    if file.is_protected:
        return "has a protected DACL without the grant"
    return "lacks the grant, and the folder passes none on"


def _listed(entries: Iterable[Ace]) -> str:
    return ", ".join(f"{_name_of(ace.sid)} {write_ace(ace)}" for ace in entries)


def _name_of(sid: Sid | DomainAlias) -> str:
    return _GROUPS.get(sid, "its own") if isinstance(sid, Sid) else sid


def _doubtful(folder: SecurityDescriptor, files: Files, token: _Token) -> tuple[Ace, ...]:
    in_files = of_each(files, lambda file: tuple(_doubtful_in(file, token)))
    return (*_doubtful_in(folder, token), *chain.from_iterable(in_files.values()))


def _doubtful_in(descriptor: SecurityDescriptor, token: _Token) -> Iterator[Ace]:
    for ace in descriptor.aces:
        if not ace.is_plain and ace.sid in (token.all if ace.is_deny else token.own if ace.is_allow else ()):
            yield ace


def _against_it(descriptor: SecurityDescriptor) -> SecurityDescriptor:
    """Every doubtful deny holds and every doubtful allow does not: no other answer gives the VM less."""
    return _settled(descriptor, lambda ace: ace.is_deny, AceType.DENY)


def _in_its_favour(descriptor: SecurityDescriptor) -> SecurityDescriptor:
    """Every doubtful allow holds and every doubtful deny does not: no other answer gives the VM more."""
    return _settled(descriptor, lambda ace: ace.is_allow, AceType.ALLOW)


def _settled(
    descriptor: SecurityDescriptor, holds: Callable[[Ace], bool], kind: AceType
) -> SecurityDescriptor:
    if descriptor.dacl is None or descriptor.dacl.entries is None:
        return descriptor
    entries = tuple(
        ace if ace.is_plain else Ace(type=kind, flags=ace.flags, mask=ace.mask, sid=ace.sid)
        for ace in descriptor.dacl.entries
        if ace.is_plain or holds(ace)
    )
    return msgspec.structs.replace(descriptor, dacl=msgspec.structs.replace(descriptor.dacl, entries=entries))
