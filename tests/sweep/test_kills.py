"""A tenth of the kills."""

from __future__ import annotations

from tests.sweep import kills


def test_a_run_that_is_killed_goes_on_and_tells_the_truth() -> None:
    assert "nothing is locked" in kills.run(kills.FULL // 10, seed=1)
