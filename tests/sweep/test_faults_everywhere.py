"""A tenth of the sweep: what goes wrong in an apply, wherever it does, is told truly."""

from __future__ import annotations

import pytest

from tests.mischief.truth import Judge
from tests.sweep import faults_everywhere
from vhdsfix.commands.result import ApplyReport
from vhdsfix.lab.mischief import Event, InTheWorld, OnTheWire

PARTS = 4
"""A test that takes three minutes is taken for one that hangs."""


@pytest.mark.parametrize("seed", range(1, PARTS + 1))
def test_whatever_goes_wrong_is_told_truly(seed: int) -> None:
    assert "all told truly" in faults_everywhere.run(faults_everywhere.FULL // 10 // PARTS, seed)


def test_every_kind_of_mischief_is_in_the_sweep_and_no_case_is_left_out() -> None:
    cases = faults_everywhere.singles()
    whats = [each.what for case in cases for each in case.planned]
    events = {type(event) for what in whats for event in getattr(what, "events", ())}
    assert {type(what) for what in whats} == {*OnTheWire.__subclasses__(), *InTheWorld.__subclasses__()}
    assert events == set(Event.__args__)
    assert 2000 <= len(cases) < faults_everywhere.FULL


def test_a_lie_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The judge is asked at all, and what it says counts."""

    def lied(_judge: Judge, report: ApplyReport, *_: object, **__: object) -> None:
        raise AssertionError(report.outcomes[0])

    monkeypatch.setattr(Judge, "holds_true", lied)
    assert faults_everywhere.told(faults_everywhere.Case("new-node", ())).startswith("LIE")
