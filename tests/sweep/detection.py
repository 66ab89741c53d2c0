"""A long run: every law of detection over as many made-up host clusters."""

from __future__ import annotations

from tests.laws import test_detection_laws as laws
from tests.laws.worlds import HOSTS, case_of

FULL = 1_000


def run(count: int, seed: int) -> str:
    """`count` host clusters. Raises AssertionError, with the number that makes the one that broke a law."""
    for number in range(seed * FULL, seed * FULL + count):
        try:
            _hold(number)
        except AssertionError as broken:
            raise AssertionError(f"host cluster {number}: {broken}") from broken
    return f"{count} host clusters: every law of detection holds"


def _hold(number: int) -> None:
    for law in (
        laws.in_any_order,
        laws.with_readings_lost,
        laws.without_what_guests_say,
        laws.with_a_finding_for_everything,
    ):
        law(case_of(number))  # each law throws the same dice anew
    for silent in HOSTS:
        laws.with_a_silent_node(case_of(number), silent)
