"""The grant of a VM as an entry, and a DACL before and after it."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

import msgspec

from vhdsfix.access.rights import FULL_CONTROL
from vhdsfix.model.windows import Ace, AceFlag, AceType, SecurityDescriptor, Sid, VmId


def grant_entry(vm_id: VmId) -> Ace:
    """What `icacls FOLDER /grant VM:(OI)F` stands for. Source: FACTS 1.1 (KB4230569), 3."""
    return Ace(type=AceType.ALLOW, flags=AceFlag.OBJECT_INHERIT, mask=FULL_CONTROL, sid=vm_id.sid)


def with_grant(folder: SecurityDescriptor, vm_id: VmId) -> SecurityDescriptor:
    """The folder's descriptor after the grant: rights added to an explicit allow entry of the VM with the same flags, else
    a new entry behind the last explicit deny (Assumed: where icacls puts it).

    A folder without a DACL or with a null one comes back as it is: nothing is granted there.
    """
    if folder.dacl is None or folder.dacl.entries is None:
        return folder
    entries = _with_entry(folder.dacl.entries, grant_entry(vm_id))
    return msgspec.structs.replace(folder, dacl=msgspec.structs.replace(folder.dacl, entries=entries))


def _with_entry(entries: tuple[Ace, ...], grant: Ace) -> tuple[Ace, ...]:
    for place, ace in enumerate(entries):
        if (ace.type, ace.flags, ace.sid) == (grant.type, grant.flags, grant.sid):
            merged = msgspec.structs.replace(ace, mask=ace.mask | grant.mask)
            return (*entries[:place], merged, *entries[place + 1 :])
    place = _behind_the_denies(entries)
    return (*entries[:place], grant, *entries[place:])


def _behind_the_denies(entries: tuple[Ace, ...]) -> int:
    denies = [place for place, ace in enumerate(entries) if ace.is_deny and not ace.is_inherited]
    return denies[-1] + 1 if denies else 0


def explicit_allow_of(descriptor: SecurityDescriptor, sids: AbstractSet[str]) -> tuple[Ace, ...]:
    """The entries that a grant makes or adds to: explicit, plain allow entries of these SIDs, whatever their flags."""
    return tuple(
        ace
        for ace in descriptor.aces
        if ace.sid in sids and ace.is_allow and ace.is_plain and not ace.is_inherited
    )


def allow_of(descriptor: SecurityDescriptor, sid: Sid) -> tuple[Ace, ...]:
    """All plain allow entries of one SID, inherited ones too."""
    return tuple(ace for ace in descriptor.aces if ace.sid == sid and ace.is_allow and ace.is_plain)


def with_explicit_allow(folder: SecurityDescriptor, sid: Sid, entries: tuple[Ace, ...]) -> SecurityDescriptor:
    """The folder's descriptor with these as the only explicit allow entries of that SID, behind the last explicit deny
    (Assumed: where icacls puts them). One without entries of its own at all comes back as it is.
    """
    if folder.dacl is None or folder.dacl.entries is None:
        return folder
    mine = explicit_allow_of(folder, {sid})
    others = tuple(ace for ace in folder.dacl.entries if ace not in mine)
    place = _behind_the_denies(others)
    kept = (*others[:place], *entries, *others[place:])
    return msgspec.structs.replace(folder, dacl=msgspec.structs.replace(folder.dacl, entries=kept))


def is_canonical(descriptor: SecurityDescriptor) -> bool:
    """Explicit denies, then explicit allows, then what is inherited; a missing, null or empty DACL is in order.

    Inherited entries may stand in any order: each level above brings its denies and allows.
    Source: W32 SecAuthZ/order-of-aces-in-a-dacl.md.
    """
    ranks = [_rank(ace) for ace in descriptor.aces if ace.is_allow or ace.is_deny]
    return ranks == sorted(ranks)


def _rank(ace: Ace) -> int:
    if ace.is_inherited:
        return 2
    return 0 if ace.is_deny else 1
