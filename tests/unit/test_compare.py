from __future__ import annotations

import pytest

from tests.fakes.small_world import VM_IDS
from vhdsfix import sddl
from vhdsfix.apply.compare import difference, file_difference, same_but_for

MINE = VM_IDS[0].sid
OTHERS = VM_IDS[1].sid
BASE = "(A;OICIID;FA;;;BA)(A;OICIID;FA;;;SY)"
GRANT = f"(A;OI;FA;;;{MINE})"


def same(before: str, now: str) -> bool:
    return same_but_for(sddl.parse(before), sddl.parse(now), {MINE})


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (f"D:{BASE}", f"D:{GRANT}{BASE}"),
        (f"D:AI{BASE}", f"D:ARAI{BASE}{GRANT}"),
        (f"O:BAG:BAD:{BASE}", f"O:SYG:SYD:{BASE}S:(AU;SA;FA;;;WD)"),
        (f"D:{GRANT}{BASE}", f"D:(A;;FR;;;{MINE}){BASE}"),
        ("D:NO_ACCESS_CONTROL", "D:NO_ACCESS_CONTROL"),
        ("D:", f"D:{GRANT}"),
    ],
    ids=["granted", "AI and AR", "owner, group, SACL", "another grant", "both null", "was empty"],
)
def test_only_the_vms_own_allow_entries_may_differ(before: str, now: str) -> None:
    assert same(before, now)


@pytest.mark.parametrize(
    ("before", "now", "why"),
    [
        (f"D:{BASE}", f"D:P{BASE}", "switched off"),
        (f"D:P{BASE}", f"D:{BASE}", "switched on"),
        (f"D:{BASE}", f"D:(D;;FA;;;{MINE}){BASE}", "is new"),
        (f"D:{BASE}", f"D:(A;OIID;FA;;;{MINE}){BASE}", "is new"),
        (f"D:{BASE}", f"D:(A;OI;FA;;;{OTHERS}){BASE}", f"(A;OI;FA;;;{OTHERS}) is new"),
        (f"D:{BASE}", "D:(A;OICIID;FA;;;BA)", "(A;OICIID;FA;;;SY) is gone"),
        (f"D:{BASE}", "D:(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)", "another order"),
        (f"D:{BASE}", f"D:{BASE}{BASE}", "another order or number"),
        (f"D:{BASE}", f'D:(XA;OI;FA;;;{MINE};(@User.a == "b")){BASE}', "is new"),
        (f"D:{BASE}", "D:NO_ACCESS_CONTROL", "became null"),
        ("D:NO_ACCESS_CONTROL", f"D:{BASE}", "was null before"),
        ("D:NO_ACCESS_CONTROL", "D:", "was null before"),
        (f"D:{BASE}", "O:BA", "not shown"),
        ("O:BA", "O:BA", "not shown"),
    ],
)  # fmt: skip
def test_everything_else_is_a_difference_and_is_named(before: str, now: str, why: str) -> None:
    told = difference(sddl.parse(before), sddl.parse(now), {MINE})
    assert told is not None
    assert why in told
    assert "\n" not in told


class TestFile:
    FOLDER = f"D:AI{GRANT}{BASE}"

    def told(self, before: str, now: str) -> str | None:
        return file_difference(sddl.parse(before), sddl.parse(now), {MINE}, sddl.parse(self.FOLDER))

    def test_the_vms_inherited_entry_may_appear(self) -> None:
        assert self.told("D:AI(A;ID;FA;;;BA)(A;ID;FA;;;SY)", f"D:AI(A;ID;FA;;;{MINE})(A;ID;FA;;;BA)(A;ID;FA;;;SY)") is None  # fmt: skip

    def test_inherited_entries_may_become_what_the_folder_passes_on(self) -> None:
        moved_in = "D:AI(A;;FR;;;BU)"
        assert self.told(moved_in, f"D:AI(A;;FR;;;BU)(A;ID;FA;;;{MINE})(A;ID;FA;;;BA)(A;ID;FA;;;SY)") is None

    def test_half_a_propagation_is_a_difference(self) -> None:
        assert self.told("D:AI(A;;FR;;;BU)", f"D:AI(A;;FR;;;BU)(A;ID;FA;;;{MINE})(A;ID;FA;;;SY)")

    def test_an_explicit_entry_of_another_is_a_difference(self) -> None:
        assert self.told("D:AI(A;ID;FA;;;BA)(A;ID;FA;;;SY)", "D:AI(A;;FR;;;BU)(A;ID;FA;;;BA)(A;ID;FA;;;SY)")

    def test_a_protected_file_inherits_nothing(self) -> None:
        assert self.told("D:P(A;;FR;;;BU)", "D:P(A;;FR;;;BU)(A;ID;FA;;;BA)(A;ID;FA;;;SY)")

    def test_switching_inheritance_off_is_a_difference(self) -> None:
        assert self.told("D:AI(A;ID;FA;;;BA)", "D:PAI(A;ID;FA;;;BA)")
