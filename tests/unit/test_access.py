"""Access: verdicts on a folder and its files, grants, propagation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from vhdsfix import access, sddl
from vhdsfix.access.rights import file_rights, granted_rights, in_words, is_full
from vhdsfix.model.verdicts import Verdict, VerdictKind
from vhdsfix.model.windows import Ace, Acl, SecurityDescriptor, Sid, VmId

CASES: list[dict[str, Any]] = [
    case
    for case in json.loads(
        (Path(__file__).parent.parent / "data" / "sddl_cases.json").read_text(encoding="utf-8")
    )["cases"]
    if "error" not in case["expected"]
]
VM = VmId("BCBD8064-6BB4-42EF-A9C0-7C14211C9E02")
OTHER = VmId("D9E0EB0A-5B37-508E-9173-67E9ADE83ACF")
GROUPS = {"S-1-5-83-0", "S-1-1-0", "S-1-5-11", "S-1-5-6"}

GRANT = f"(A;OI;FA;;;{VM.sid})"
INHERITED = f"(A;ID;FA;;;{VM.sid})"
SYSTEM = "(A;OICIID;FA;;;SY)"
RIGHT = sddl.parse(f"O:BAG:SYD:AI{GRANT}{SYSTEM}")


def _name(case: dict[str, Any]) -> str:
    return str(case["name"])


def _descriptor(dacl: str) -> SecurityDescriptor:
    return sddl.parse(f"O:BAG:SYD:{dacl}")


def _judge(folder: str, **files: str) -> Verdict:
    named = {name.replace("_", "."): _descriptor(dacl) for name, dacl in files.items()}
    return access.judge(_descriptor(folder), named, VM)


def _text(aces: tuple[Ace, ...]) -> str:
    return "".join(map(sddl.write_ace, aces))


class TestTheCollectedCases:
    @pytest.mark.parametrize("case", CASES, ids=_name)
    def test_verdict(self, case: dict[str, Any]) -> None:
        vm_id = Sid(case["vm_sid"]).vm_id
        assert vm_id is not None
        verdict = access.judge(sddl.parse(case["sddl"]), {}, vm_id)
        assert verdict.kind == case["expected"]["verdict"]
        assert verdict.why
        assert "\n" not in verdict.why

    @pytest.mark.parametrize("case", CASES, ids=_name)
    def test_rights_of_the_whole_token(self, case: dict[str, Any]) -> None:
        descriptor, expected = sddl.parse(case["sddl"]), case["expected"]
        if descriptor.dacl is None or descriptor.dacl.entries is None:
            return
        token = {case["vm_sid"], *GROUPS}
        new_file = access.inherited_by_file(descriptor.aces)
        assert is_full(granted_rights(descriptor.aces, token, token)) == expected["full_here"]
        assert is_full(granted_rights(new_file, token, token)) == expected["full_new_file"]

    @pytest.mark.parametrize("case", CASES, ids=_name)
    def test_rights_of_the_vms_explicit_entries(self, case: dict[str, Any]) -> None:
        explicit = [ace for ace in sddl.parse(case["sddl"]).aces if not ace.is_inherited]
        rights = granted_rights(explicit, {case["vm_sid"]}, {case["vm_sid"], *GROUPS})
        assert f"{rights:#x}" == case["expected"]["explicit_mask"]

    @pytest.mark.parametrize(
        "case", [case for case in CASES if case["expected"]["canonical"] is not None], ids=_name
    )
    def test_canonical_order(self, case: dict[str, Any]) -> None:
        assert access.is_canonical(sddl.parse(case["sddl"])) == case["expected"]["canonical"]


class TestTheFolder:
    def test_a_deny_that_the_grant_cannot_outrank_blocks_and_is_named(self) -> None:
        verdict = _judge("(D;;WD;;;WD)(A;OICI;FA;;;BA)")
        assert verdict.kind is VerdictKind.BLOCKED
        assert "Everyone (D;;0x40000;;;WD)" in verdict.why

    def test_a_deny_on_new_files_only_blocks(self) -> None:
        assert _judge(f"(D;OIIO;0x1;;;AU){GRANT}").kind is VerdictKind.BLOCKED

    def test_an_inherited_deny_comes_after_the_grant_and_does_not_block(self) -> None:
        assert _judge("AI(D;OICIID;FA;;;WD)").kind is VerdictKind.MISSING
        assert _judge(f"AI{GRANT}(D;OICIID;FA;;;WD)").kind is VerdictKind.GRANTED

    def test_an_inherited_grant_behind_an_inherited_deny_is_partial_and_a_grant_mends_it(self) -> None:
        folder = _descriptor(f"AI(D;OICIID;WD;;;WD)(A;OICIID;FA;;;{VM.sid})")
        assert access.judge(folder, {}, VM).kind is VerdictKind.PARTIAL
        assert access.judge(access.with_grant(folder, VM), {}, VM).kind is VerdictKind.GRANTED

    @pytest.mark.parametrize(
        ("entries", "why"),
        [
            (f"(A;OI;FR;;;{VM.sid})", "its own entry gives read, not full control"),
            (f"(A;OI;0x1301bf;;;{VM.sid})", "modify"),
            (f"(A;;FA;;;{VM.sid})", "full control here, but nothing on new files"),
            (f"(A;OIIO;FA;;;{VM.sid})", "nothing here and full control on new files"),
            (f"(A;OI;0xf01ff;;;{VM.sid})", "only 0xf01ff of full control 0x1f01ff"),
        ],
    )
    def test_partial_says_what_is_lacking(self, entries: str, why: str) -> None:
        verdict = _judge(entries)
        assert verdict.kind is VerdictKind.PARTIAL
        assert why in verdict.why

    def test_access_through_a_group_is_no_grant_but_is_told(self) -> None:
        folder = _descriptor("(A;OICI;FA;;;S-1-5-83-0)(A;OICI;FR;;;WD)(A;OICI;FA;;;BA)")
        assert access.judge(folder, {}, VM).kind is VerdictKind.MISSING
        assert access.group_access(folder, VM) == ("S-1-5-83-0", "S-1-1-0")
        assert access.group_access(RIGHT, VM) == ()
        assert access.group_access(_descriptor("(A;OICI;FR;;;WD)"), VM) == ()

    def test_a_null_dacl_is_granted_and_says_so(self) -> None:
        verdict = _judge("NO_ACCESS_CONTROL")
        assert verdict.kind is VerdictKind.GRANTED
        assert "null DACL" in verdict.why

    def test_no_dacl_part_is_unknown(self) -> None:
        assert access.judge(sddl.parse("O:BA"), {}, VM).kind is VerdictKind.UNKNOWN

    def test_a_denied_account_of_an_unknown_domain_is_not_the_vm(self) -> None:
        assert _judge(f"(D;OICI;FA;;;DC)(D;OICI;FA;;;LA){GRANT}").kind is VerdictKind.GRANTED


class TestConditions:
    XD = "(XD;OI;FA;;;WD;(@User.a == 1))"

    def test_a_condition_that_decides_makes_it_unknown_and_is_named(self) -> None:
        verdict = _judge(f"{self.XD}{GRANT}")
        assert verdict.kind is VerdictKind.UNKNOWN
        assert self.XD in verdict.why

    def test_a_condition_behind_the_grant_decides_nothing(self) -> None:
        assert _judge(f"{GRANT}{self.XD}").kind is VerdictKind.GRANTED

    def test_a_condition_on_somebody_else_decides_nothing(self) -> None:
        assert _judge(f"(XD;OI;FA;;;BG;(a))(XA;OI;FA;;;WD;(a)){GRANT}").kind is VerdictKind.GRANTED

    def test_a_condition_that_only_adds_to_a_grant_decides_nothing(self) -> None:
        assert _judge(f"(XA;OI;FR;;;{VM.sid};(a)){GRANT}").kind is VerdictKind.GRANTED

    def test_two_conditions_that_could_cancel_each_other_are_unknown(self) -> None:
        # With neither and with both entries the VM has full control; with the deny alone it has not.
        folder = f"(XA;OI;FA;;;{VM.sid};(a)){self.XD}{GRANT}"
        assert _judge(folder).kind is VerdictKind.UNKNOWN

    def test_a_condition_on_a_file_that_decides_makes_it_unknown(self) -> None:
        assert _judge(f"AI{GRANT}", a_vhds=f"AI{self.XD}{INHERITED}").kind is VerdictKind.UNKNOWN

    def test_a_condition_on_a_file_of_a_folder_without_the_grant_decides_nothing(self) -> None:
        assert _judge("AI", a_vhds=f"AI{self.XD}").kind is VerdictKind.MISSING


class TestTheFiles:
    def test_all_right(self) -> None:
        assert _judge(f"AI{GRANT}", a_vhds=f"AI{INHERITED}", b_avhdx=f"P(A;;FA;;;{VM.sid})") == Verdict(
            VerdictKind.GRANTED, "its own entry gives full control here and on its files"
        )

    def test_a_file_that_was_moved_in_is_behind(self) -> None:
        verdict = _judge(f"AI{GRANT}", a_vhds=f"AI{INHERITED}", b_avhdx="AI(A;ID;FA;;;SY)")
        assert (verdict.kind, verdict.files) == (VerdictKind.FILE_BEHIND, ("b.avhdx",))

    def test_each_of_the_files_that_share_a_descriptor_is_named(self) -> None:
        behind, depends = (
            _descriptor("AI(A;ID;FA;;;SY)"),
            _descriptor(f"AI(XD;ID;FA;;;{VM.sid};(x)){INHERITED}"),
        )
        verdict = access.judge(RIGHT, {"a.vhds": behind, "b.vhds": behind}, VM)
        assert (verdict.kind, verdict.files) == (VerdictKind.FILE_BEHIND, ("a.vhds", "b.vhds"))
        verdict = access.judge(RIGHT, {"a.vhds": depends, "b.vhds": depends}, VM)
        assert (verdict.kind, verdict.why.count("(XD;")) == (VerdictKind.UNKNOWN, 2)

    def test_a_file_with_an_inherited_deny_from_elsewhere_is_behind(self) -> None:
        verdict = _judge(f"AI{GRANT}", a_vhds=f"AI(D;ID;FA;;;WD){INHERITED}")
        assert verdict.kind is VerdictKind.FILE_BEHIND

    def test_a_protected_file_without_the_grant_is_blocked(self) -> None:
        verdict = _judge(f"AI{GRANT}", a_vhds="PAI(A;;FA;;;SY)")
        assert (verdict.kind, verdict.files) == (VerdictKind.FILE_BLOCKED, ("a.vhds",))
        assert "a.vhds has a protected DACL without the grant" in verdict.why

    def test_an_explicit_deny_on_a_file_blocks_it_and_is_named(self) -> None:
        verdict = _judge(f"AI{GRANT}", a_vhds=f"AI(D;;WD;;;AU){INHERITED}")
        assert verdict.kind is VerdictKind.FILE_BLOCKED
        assert "Authenticated Users (D;;0x40000;;;AU)" in verdict.why

    def test_what_a_grant_mends_comes_first_and_the_rest_is_still_told(self) -> None:
        verdict = _judge(f"AI{GRANT}", a_vhds="AI", b_vhds="P")
        assert (verdict.kind, verdict.files) == (VerdictKind.FILE_BEHIND, ("a.vhds",))
        assert "b.vhds has a protected DACL" in verdict.why

    def test_the_folder_is_judged_before_its_files(self) -> None:
        assert _judge("AI", a_vhds="P").kind is VerdictKind.MISSING

    def test_a_file_with_a_null_dacl_is_no_obstacle(self) -> None:
        assert _judge(f"AI{GRANT}", a_vhds="NO_ACCESS_CONTROL").kind is VerdictKind.GRANTED

    def test_a_null_dacl_on_the_folder_passes_nothing_on(self) -> None:
        verdict = _judge("NO_ACCESS_CONTROL", a_vhds="AI(A;;FA;;;SY)")
        assert verdict.kind is VerdictKind.FILE_BLOCKED
        assert "passes none on" in verdict.why

    def test_a_file_without_a_dacl_part_leaves_the_verdict_unknown(self) -> None:
        files = {"a.vhds": sddl.parse("O:BA"), "b.vhds": _descriptor(f"AI{INHERITED}")}
        verdict = access.judge(RIGHT, files, VM)
        assert (verdict.kind, verdict.files) == (VerdictKind.UNKNOWN, ("a.vhds",))


class TestTheGrant:
    def test_its_entry_is_the_knowledge_base_articles(self) -> None:
        assert sddl.write_ace(access.grant_entry(VM)) == GRANT

    def test_a_new_entry_stands_behind_the_explicit_denies(self) -> None:
        folder = _descriptor(f"AI(D;OI;FA;;;BG)(A;;FA;;;BA){SYSTEM}")
        assert _text(access.with_grant(folder, VM).aces) == f"(D;OI;FA;;;BG){GRANT}(A;;FA;;;BA){SYSTEM}"

    def test_rights_are_added_to_an_entry_with_the_same_flags(self) -> None:
        folder = _descriptor(f"(A;;FA;;;BA)(A;OI;FR;;;{VM.sid})")
        assert _text(access.with_grant(folder, VM).aces) == f"(A;;FA;;;BA){GRANT}"

    @pytest.mark.parametrize("own", ["(A;OICI;FR;;;{})", "(A;;FA;;;{})", "(A;OIID;FA;;;{})"])
    def test_an_entry_with_other_flags_is_left_alone(self, own: str) -> None:
        own = own.format(VM.sid)
        assert _text(access.with_grant(_descriptor(own), VM).aces) == f"{GRANT}{own}"

    @pytest.mark.parametrize("folder", ["O:BA", "D:NO_ACCESS_CONTROL"])
    def test_without_a_dacl_nothing_is_granted(self, folder: str) -> None:
        assert access.with_grant(sddl.parse(folder), VM) == sddl.parse(folder)

    def test_explicit_allow_entries_are_those_a_grant_makes(self) -> None:
        folder = _descriptor(
            f"(D;;FR;;;{VM.sid})(XA;;FA;;;{VM.sid};(a))(A;CI;FR;;;{VM.sid})(A;;FA;;;{OTHER.sid})(A;OIID;FA;;;{VM.sid})"
        )
        assert _text(access.explicit_allow_of(folder, {VM.sid})) == f"(A;CI;FR;;;{VM.sid})"


class TestInheritance:
    @pytest.mark.parametrize(
        ("entry", "on_file", "on_subfolder"),
        [
            ("(A;OI;FA;;;SY)", "(A;ID;FA;;;SY)", "(A;OIIOID;FA;;;SY)"),
            ("(A;CI;FA;;;SY)", "", "(A;CIID;FA;;;SY)"),
            ("(A;OICI;FA;;;SY)", "(A;ID;FA;;;SY)", "(A;OICIID;FA;;;SY)"),
            ("(A;OICIIO;FA;;;SY)", "(A;ID;FA;;;SY)", "(A;OICIID;FA;;;SY)"),
            ("(A;;FA;;;SY)", "", ""),
            ("(A;OINP;FA;;;SY)", "(A;ID;FA;;;SY)", ""),
            ("(A;OICINP;FA;;;SY)", "(A;ID;FA;;;SY)", "(A;ID;FA;;;SY)"),
            ("(A;OICI;GA;;;SY)", "(A;ID;FA;;;SY)", "(A;ID;FA;;;SY)(A;OICIIOID;GA;;;SY)"),
            ("(A;OICIIOID;GR;;;CO)", "(A;ID;FR;;;BA)", "(A;ID;FR;;;BA)(A;OICIIOID;GR;;;CO)"),
            ("(A;OIIO;GX;;;CG)", "(A;ID;FX;;;BG)", "(A;OIIOID;GX;;;CG)"),
            ("(D;OICIID;WD;;;AU)", "(D;ID;0x40000;;;AU)", "(D;OICIID;0x40000;;;AU)"),
        ],
    )
    def test_what_becomes_of_an_entry(self, entry: str, on_file: str, on_subfolder: str) -> None:
        aces = _descriptor(entry).aces
        owner, group = Sid("S-1-5-32-544"), Sid("S-1-5-32-546")
        assert _text(access.inherited_by_file(aces, owner, group)) == on_file
        assert _text(access.inherited_by_subfolder(aces, owner, group)) == on_subfolder

    def test_the_creator_of_a_new_file_is_not_known(self) -> None:
        assert _text(access.inherited_by_file(_descriptor("(A;OI;FA;;;CO)").aces)) == "(A;ID;FA;;;CO)"

    def test_propagation_makes_inherited_entries_anew_and_keeps_explicit_ones(self) -> None:
        file = _descriptor("(A;;FR;;;BU)(A;ID;FA;;;BG)")
        after = access.after_propagation(RIGHT, file)
        assert sddl.write(after) == f"O:BAG:SYD:AI(A;;FR;;;BU){INHERITED}(A;ID;FA;;;SY)"

    @pytest.mark.parametrize("file", ["P(A;;FR;;;BU)", "PAI(A;ID;FR;;;BU)"])
    def test_propagation_leaves_protected_files_alone(self, file: str) -> None:
        assert access.after_propagation(RIGHT, _descriptor(file)) == _descriptor(file)

    def test_a_null_dacl_becomes_one_of_inherited_entries_if_there_are_any(self) -> None:
        """Source: W32 SecAuthZ/automatic-propagation-of-inheritable-aces.md."""
        file = _descriptor("NO_ACCESS_CONTROL")
        assert not access.after_propagation(RIGHT, file).has_null_dacl
        assert access.after_propagation(_descriptor("AI(A;;FA;;;BA)"), file) == file
        assert access.losses_by_propagation(RIGHT, {"a": file}) == {
            "a": "everybody's full access (its DACL is null)"
        }

    def test_entries_that_propagation_would_take_away(self) -> None:
        files = {
            "kept.vhds": _descriptor(f"AI{INHERITED}(A;ID;FA;;;SY)"),
            "less.vhds": _descriptor("AI(A;ID;FR;;;SY)"),  # comes back with more
            "lost.vhds": _descriptor("AI(A;ID;FR;;;BU)(D;ID;FA;;;BG)(A;;FA;;;BU)"),
            "protected.vhds": _descriptor("PAI(A;ID;FA;;;BU)"),
            "creator.vhds": _descriptor("AI(A;ID;FA;;;CO)"),  # gives nobody anything
        }
        losses = access.losses_by_propagation(RIGHT, files)
        assert losses == {"lost.vhds": "2 inherited entries that the folder does not have"}

    def test_an_entry_that_comes_back_with_fewer_rights_is_a_loss(self) -> None:
        folder, file = _descriptor("AI(A;OI;FR;;;BU)"), _descriptor("AI(A;ID;FA;;;BU)")
        assert access.losses_by_propagation(folder, {"a.vhds": file}).keys() == {"a.vhds"}

    def test_a_file_that_changed_its_owner_would_lose_the_old_ones_entry(self) -> None:
        folder = _descriptor("AI(A;OICIIOID;GA;;;CO)")
        file = sddl.parse("O:BAD:AI(A;ID;FA;;;LS)")
        assert access.losses_by_propagation(folder, {"a.vhds": file}).keys() == {"a.vhds"}
        assert not access.losses_by_propagation(folder, {"a.vhds": sddl.parse("O:LSD:AI(A;ID;FA;;;LS)")})


@pytest.mark.parametrize(
    ("generic", "rights"),
    [
        (0x1000_0000, 0x1F01FF),
        (0x8000_0000, 0x120089),
        (0x4000_0000, 0x120116),
        (0x2000_0000, 0x1200A0),
        (0xE001_0000, 0x1301BF),
        (0x0200_0000, 0x0200_0000),
    ],
)
def test_generic_rights_on_files(generic: int, rights: int) -> None:
    assert file_rights(generic) == rights


def test_rights_in_words() -> None:
    assert [in_words(mask) for mask in (0x1F01FF, 0x0300_0000, 0x1200A9)] == [
        "full control",
        "nothing",
        "read and execute",
    ]


def test_an_empty_dacl_is_in_order() -> None:
    assert access.is_canonical(SecurityDescriptor(dacl=Acl(())))
