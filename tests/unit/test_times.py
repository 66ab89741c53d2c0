"""Moments of facts: what is older than what."""

from __future__ import annotations

import pytest

from vhdsfix.model.times import hours_between, is_older


@pytest.mark.parametrize(
    ("earlier", "later", "hours"),
    [
        ("2026-11-22T02:00:00Z", "2026-11-23T02:00:00Z", 24),
        ("2026-11-23T03:00:00+01:00", "2026-11-23T02:00:00Z", 0),
        ("2026-11-23T02:00:00", "2026-11-23T01:30:00Z", -0.5),
        (None, "2026-11-23T02:00:00Z", None),
        ("yesterday", "2026-11-23T02:00:00Z", None),
    ],
)
def test_hours_from_one_moment_to_another(earlier: str | None, later: str, hours: float | None) -> None:
    assert hours_between(earlier, later) == hours


def test_what_nobody_told_is_not_older() -> None:
    assert not is_older(None, 24, "2026-11-23T02:00:00Z")
    assert not is_older("2026-11-22T02:00:00Z", 24, "2026-11-23T02:00:00Z")
    assert is_older("2026-11-22T01:59:59Z", 24, "2026-11-23T02:00:00Z")
