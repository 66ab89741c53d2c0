"""Two readings of a DACL: are they the same but for the entries of some accounts? Serves drift, proof and undo."""

from __future__ import annotations

from collections.abc import Callable, Collection

from vhdsfix import access, sddl
from vhdsfix.model.windows import Ace, SecurityDescriptor, Sid


def same_but_for(before: SecurityDescriptor, now: SecurityDescriptor, sids: Collection[Sid]) -> bool:
    """Whether nothing differs but explicit allow entries of `sids`.

    What remains must be equal, in order, and so must the P flag; AI and AR, owner, group and SACL do not count. A DACL that
    was not shown equals nothing. Source: DESIGN 6.
    """
    return difference(before, now, sids) is None


def difference(before: SecurityDescriptor, now: SecurityDescriptor, sids: Collection[Sid]) -> str | None:
    """What keeps the two from being `same_but_for`, in one line; None if nothing does."""
    return _difference(before, now, lambda ace: _is_allow_of(ace, sids) and not ace.is_inherited)


def difference_below(
    before: SecurityDescriptor, now: SecurityDescriptor, sids: Collection[Sid], above: Collection[Sid]
) -> str | None:
    """The same where inherited allow entries of `above` do not count either: a change to a folder above brings those, or takes them."""
    return _difference(before, now, lambda ace: _is_allow_of(ace, above if ace.is_inherited else sids))


def difference_but_for_all_of(
    before: SecurityDescriptor, now: SecurityDescriptor, sids: Collection[Sid]
) -> str | None:
    """The same where inherited allow entries of `sids` do not count either: a change to a folder above brings those."""
    return _difference(before, now, lambda ace: _is_allow_of(ace, sids))


def file_difference(
    before: SecurityDescriptor, now: SecurityDescriptor, sids: Collection[Sid], folder: SecurityDescriptor
) -> str | None:
    """What differs on a file below `folder` (as it is now), in one line; None if nothing does.

    Besides all allow entries of `sids`, a write to the folder may change a file's inherited entries into those that the
    folder passes on. Source: FACTS 4 (automatic-propagation-of-inheritable-aces.md).
    """

    def counts_not(ace: Ace) -> bool:
        return _is_allow_of(ace, sids)

    why = _difference(before, now, counts_not)
    if why is None or _difference(access.after_propagation(folder, before), now, counts_not) is None:
        return None
    return why


def _is_allow_of(ace: Ace, sids: Collection[Sid]) -> bool:
    """Conditional and object entries are none: a grant writes none, so a change to one is somebody else's."""
    return ace.is_allow and ace.is_plain and ace.sid in sids


def _difference(
    before: SecurityDescriptor, now: SecurityDescriptor, counts_not: Callable[[Ace], bool]
) -> str | None:
    if before.dacl is None or now.dacl is None:
        return "its DACL was not shown"
    if before.is_protected != now.is_protected:
        return (
            "inheritance was switched off (P)"
            if now.is_protected
            else "inheritance was switched on (P is gone)"
        )
    if before.has_null_dacl != now.has_null_dacl:
        return (
            "its DACL became null: full access for everybody"
            if now.has_null_dacl
            else "its DACL was null before"
        )
    was = [ace for ace in before.aces if not counts_not(ace)]
    is_now = [ace for ace in now.aces if not counts_not(ace)]
    return None if was == is_now else _told_apart(was, is_now)


def _told_apart(was: list[Ace], is_now: list[Ace]) -> str:
    gone = [f"{sddl.write_ace(ace)} is gone" for ace in was if ace not in is_now]
    new = [f"{sddl.write_ace(ace)} is new" for ace in is_now if ace not in was]
    return ", ".join(gone + new) or "its entries stand in another order or number"
