"""Events 19100, by their values and in whatever order these come."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from vhdsfix.model.facts import MergeFailure
from vhdsfix.model.windows import VmId
from vhdsfix.remote.check_questions import EventValueRow
from vhdsfix.remote.merge_failures import merge_failures

AT = "/Date(1767323045000)/"
VM = "D3599536-222A-4D6E-BB10-A6019C3F2B9B"
DENIED = 0x80070005


def event(*values: Any, number: int = 1, at: str | None = AT) -> list[EventValueRow]:
    return [EventValueRow(number, at, value) for value in values]


@pytest.mark.parametrize(
    "values", list(itertools.permutations(["GC-NODE1", VM, "%%2147942405", "0x80070005"]))
)
def test_the_order_of_the_values_does_not_matter(values: tuple[str, ...]) -> None:
    assert merge_failures(event(*values)) == (MergeFailure("2026-01-02T03:04:05Z", VmId(VM), DENIED),)


@pytest.mark.parametrize("code", ["0x80070005", DENIED, -2147024891, "%%2147942405"])
def test_a_code_may_be_written_in_several_ways(code: object) -> None:
    assert merge_failures(event("a", VM, code))[0].code == DENIED


@pytest.mark.parametrize(
    ("values", "vm_id", "code"),
    [
        (("a", VM), VmId(VM), None),
        (("0x80070005",), None, DENIED),
        ((None, {"a": 1}, 1.5, ["x"]), None, None),
        (("0x80070020", VM, "0x80070005"), VmId(VM), None),  # a VM of that name: which is the code?
        (("a0af7903-94b4-4a2c-b3b3-16050d5f80f2", VM, "0x80070005"), None, DENIED),
        (("The operation failed (0x80070005)", "0x8007000500"), None, None),
    ],
)
def test_what_an_event_does_not_tell_for_certain_is_not_known(
    values: tuple[Any, ...], vm_id: VmId | None, code: int | None
) -> None:
    (failure,) = merge_failures(event(*values))
    assert (failure.vm_id, failure.code) == (vm_id, code)


def test_each_event_is_one_failure() -> None:
    rows = [*event("a", VM, "0x80070005", number=9), *event("b", "0x80070020", number=8)]
    assert [failure.code for failure in merge_failures(rows)] == [DENIED, 0x80070020]


def test_an_event_without_a_time_is_no_answer() -> None:
    with pytest.raises(ValueError, match="without the time of it"):
        merge_failures(event("a", VM, at=None))
