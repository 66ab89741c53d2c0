"""A small part of the sweep over undo: what goes wrong in it, wherever it does, is told truly."""

from __future__ import annotations

from tests.sweep import faults_while_undoing


def test_whatever_goes_wrong_while_undoing_is_told_truly() -> None:
    assert "all told truly" in faults_while_undoing.run(40, seed=1)
