from __future__ import annotations

import pytest

from tests.unit.test_patience import Clock, patience
from vhdsfix import planner
from vhdsfix.commands.reasons import reasons_with_expected
from vhdsfix.commands.result import ApplyReport
from vhdsfix.commands.time_allowed import TimeAllowed
from vhdsfix.commands.waiting import until_all_are_there
from vhdsfix.commands.work import Seen
from vhdsfix.errors import ExitCode
from vhdsfix.model.expected import ExpectedNode
from vhdsfix.model.facts import ClusterFacts, ClusterIdentity, Facts
from vhdsfix.model.plan import Scope, Tool
from vhdsfix.model.readings import Known

FACTS = Facts(
    "2026-11-23T14:54:00Z",
    ClusterFacts(
        Known(ClusterIdentity("C", "id")), Known(()), Known(()), Known(()), Known("C:\\ClusterStorage\\V\\s")
    ),
    (),
    (),
)
SEEN = Seen(FACTS, planner.plan_from(FACTS, Scope(), Tool("vhdsfix", "0")))


class Time(TimeAllowed):
    """Over once the clock has reached it."""

    def __init__(self, clock: Clock, until: float) -> None:
        super().__init__(3)
        self._clock = clock
        self._until = until

    @property
    def is_over(self) -> bool:
        return self._clock.now >= self._until


@pytest.mark.parametrize(("timeout_s", "looks"), [(1000, 4), (12, 3)])
def test_no_look_is_made_when_the_runs_own_time_is_over(timeout_s: float, looks: int) -> None:
    """Without that the last look, for which no node is asked, would hide what the one before showed."""
    clock = Clock()
    waiting = patience(clock, 12)
    seen: list[Seen] = []

    def look() -> Seen:
        seen.append(SEEN)
        return SEEN

    time = Time(clock, clock.now + timeout_s)
    assert until_all_are_there(look, ["FS-N3"], waiting, time, lambda _progress: None) is SEEN
    assert len(seen) == looks


@pytest.mark.parametrize(("until", "why"), [(0, "(--timeout 3)"), (1e9, "(--wait 60)")])
def test_which_time_is_over_is_said(until: float, why: str) -> None:
    node = ExpectedNode("FS-N3", awaited=("no VM of its name is shown",))
    report = ApplyReport(SEEN.plan, (), expected=(node,))
    reasons = reasons_with_expected(report, SEEN, lambda: False, Time(Clock(), until), 60)
    assert [why in one.why for one in reasons if one.code is ExitCode.NOT_AS_EXPECTED] == [True]
