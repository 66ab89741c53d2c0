"""Times as Windows PowerShell 5.1 and 7 write them in JSON."""

from __future__ import annotations

import pytest

from vhdsfix.remote.moments import Moment, WrappedMoment, utc


@pytest.mark.parametrize(
    "moment",
    [
        "/Date(1767323045000)/",
        "/Date(1767323045999)/",
        "2026-01-02T03:04:05Z",
        "2026-01-02T03:04:05.1234567Z",
        "2026-01-02T04:04:05.1234567+01:00",
        WrappedMoment("/Date(1767323045000)/"),
    ],
)
def test_both_ways_of_writing_are_read_as_utc(moment: Moment) -> None:
    assert utc(moment) == "2026-01-02T03:04:05Z"


@pytest.mark.parametrize(
    "moment",
    [
        None,
        "",
        "yesterday",
        "2026-01-02T03:04:05",  # of which zone?
        "/Date(999999999999999)/",
        "/Date(9999999999999999999)/",
        "0001-01-01T00:00:00+14:00",
        WrappedMoment("\x1b"),
    ],
)
def test_what_is_no_time_is_not_told(moment: Moment | None) -> None:
    assert utc(moment) is None


def test_a_time_before_1970_is_one() -> None:
    assert utc("/Date(-1000)/") == "1969-12-31T23:59:59Z"


def test_a_year_has_four_digits() -> None:
    assert utc("/Date(-62135596800000)/") == "0001-01-01T00:00:00Z"
