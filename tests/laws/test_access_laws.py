"""Access: laws that hold for every DACL."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tests.laws.strategies import TOKEN, VM, deciding, deciding_aces, file_sets, law, with_doubts
from vhdsfix import access
from vhdsfix.access.rights import FULL_CONTROL, entries_that_deny, file_rights, granted_rights, is_full
from vhdsfix.model.verdicts import VerdictKind
from vhdsfix.model.windows import Ace, AceType, Acl, SecurityDescriptor

OWN = frozenset({VM.sid})
ALL = frozenset(TOKEN)
MENDED_BY_A_GRANT = {VerdictKind.MISSING, VerdictKind.PARTIAL}


def _decided_bit_by_bit(entries: tuple[Ace, ...]) -> int:
    """The access check told another way: each right belongs to the first entry that speaks of it."""
    rights = 0
    for bit in (1 << place for place in range(21)):
        for ace in entries:
            speaks = ace.sid in OWN or (ace.is_deny and ace.sid in ALL)
            if speaks and not ace.is_inherit_only and file_rights(ace.mask) & bit:
                rights |= bit if ace.is_allow else 0
                break
    return rights


@law
@given(deciding)
def test_the_first_entry_that_names_a_right_decides(folder: SecurityDescriptor) -> None:
    assert (
        granted_rights(folder.aces, OWN, ALL) & FULL_CONTROL
        == _decided_bit_by_bit(folder.aces) & FULL_CONTROL
    )


@law
@given(deciding)
def test_with_the_grant_only_a_named_deny_keeps_full_control_away(folder: SecurityDescriptor) -> None:
    granted = access.with_grant(folder, VM).aces
    for entries in (granted, access.inherited_by_file(granted)):
        assert is_full(granted_rights(entries, OWN, ALL)) == (not entries_that_deny(entries, OWN, ALL))


@law
@given(deciding)
def test_what_a_grant_is_said_to_mend_it_mends(folder: SecurityDescriptor) -> None:
    if access.judge(folder, {}, VM).kind in MENDED_BY_A_GRANT:
        assert access.judge(access.with_grant(folder, VM), {}, VM).kind is VerdictKind.GRANTED


@law
@given(deciding)
def test_a_second_grant_changes_nothing(folder: SecurityDescriptor) -> None:
    once = access.with_grant(folder, VM)
    assert access.with_grant(once, VM) == once


@law
@given(deciding)
def test_a_grant_touches_only_the_vms_own_entries_and_keeps_the_order(folder: SecurityDescriptor) -> None:
    granted = access.with_grant(folder, VM)
    assert [ace for ace in granted.aces if ace.sid != VM.sid] == [
        ace for ace in folder.aces if ace.sid != VM.sid
    ]
    assert access.is_canonical(granted) or not access.is_canonical(folder)


@law
@given(deciding, file_sets)
def test_files_that_are_behind_are_right_after_propagation(
    folder: SecurityDescriptor, files: dict[str, SecurityDescriptor]
) -> None:
    verdict = access.judge(folder, files, VM)
    if verdict.kind is VerdictKind.FILE_BEHIND:
        after = {name: access.after_propagation(folder, files[name]) for name in verdict.files}
        assert access.judge(folder, after, VM).kind is VerdictKind.GRANTED


@law
@given(deciding, file_sets)
def test_propagation_keeps_explicit_entries_and_happens_once(
    folder: SecurityDescriptor, files: dict[str, SecurityDescriptor]
) -> None:
    for file in files.values():
        after = access.after_propagation(folder, file)
        assert [ace for ace in after.aces if not ace.is_inherited or file.is_protected] == [
            ace for ace in file.aces if not ace.is_inherited or file.is_protected
        ]
        assert access.after_propagation(folder, after) == after
        assert not access.losses_by_propagation(folder, {"a": after})


@law
@given(st.lists(deciding_aces, max_size=5).map(tuple))
def test_a_file_in_a_subfolder_inherits_as_a_file_in_the_folder_unless_held_back(
    entries: tuple[Ace, ...],
) -> None:
    passing = tuple(ace for ace in entries if not ace.flags & 4)
    below = access.inherited_by_file(access.inherited_by_subfolder(passing))
    assert sorted(map(repr, below)) == sorted(map(repr, access.inherited_by_file(passing)))


@law
@given(with_doubts, with_doubts, st.data())
def test_a_verdict_that_is_not_unknown_holds_whatever_the_conditions_come_to(
    folder: SecurityDescriptor, file: SecurityDescriptor, data: st.DataObject
) -> None:
    kind = access.judge(folder, {"a.vhds": file}, VM).kind
    if kind is not VerdictKind.UNKNOWN:
        settled = [_settled(descriptor, data) for descriptor in (folder, file)]
        assert access.judge(settled[0], {"a.vhds": settled[1]}, VM).kind is kind


def _settled(descriptor: SecurityDescriptor, data: st.DataObject) -> SecurityDescriptor:
    """The descriptor with each conditional entry either made plain or left out."""
    plain = {AceType.CONDITIONAL_ALLOW: AceType.ALLOW, AceType.CONDITIONAL_DENY: AceType.DENY}
    entries = tuple(
        msgspec.structs.replace(ace, type=plain.get(ace.type, ace.type), expression=None)
        for ace in descriptor.aces
        if ace.is_plain or data.draw(st.booleans())
    )
    return SecurityDescriptor(dacl=Acl(entries, protected=descriptor.is_protected), owner=descriptor.owner)
