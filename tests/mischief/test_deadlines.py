"""The time that a run, a node and a question have, and that a change in hand is not cut off by it."""

from __future__ import annotations

import math
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from tests.end_to_end.rehearsal import Rehearsal, rehearsal
from tests.fakes.small_world import FOLDER, VM_IDS
from tests.mischief.conftest import ACCOUNT, Client
from tests.mischief.limits import PATIENT, SHORT
from vhdsfix.commands import fleet
from vhdsfix.commands.guarded import GuardedWriter
from vhdsfix.commands.requests import ApplyRequest, PlanRequest, Target
from vhdsfix.commands.result import ApplyReport, exit_code
from vhdsfix.commands.time_allowed import TimeAllowed
from vhdsfix.commands.watchdog import Watchdog
from vhdsfix.config import Secret
from vhdsfix.errors import ExitCode, LostError, NodeError, UnreachableError
from vhdsfix.lab import scenarios
from vhdsfix.lab.mischief import Mangled, Mischiefs, Where
from vhdsfix.model.outcome import Done, Untouched
from vhdsfix.model.plan import Plan
from vhdsfix.model.readings import Known

DRIP = Mangled("drip")


class Until(TimeAllowed):
    """Over as soon as a test says so."""

    def __init__(self) -> None:
        super().__init__(5.0)
        self.over = threading.Event()

    @property
    def left_s(self) -> float:
        return 0.0 if self.over.is_set() else math.inf


@pytest.fixture
def watchdog() -> Iterator[Watchdog]:
    with closing(Watchdog()) as running:
        yield running


def guarded(client: Client, watchdog: Watchdog, time: TimeAllowed, **limits: float) -> GuardedWriter:
    node = client(limits=msgspec.structs.replace(SHORT, **limits))
    node._watch = watchdog.watch
    return GuardedWriter(node, watchdog, time)


@pytest.mark.parametrize("limits", [{"question_s": 0.3}, {"phase_s": 0.3}])
def test_a_node_that_drips_is_given_up_and_can_be_asked_again(
    client: Client, mischiefs: Mischiefs, watchdog: Watchdog, limits: dict[str, float]
) -> None:
    mischiefs.add(Where(message="Command", command="Get-VMHost"), DRIP)
    node = guarded(client, watchdog, TimeAllowed(), **limits)
    with pytest.raises(LostError, match="in the time allowed"):
        node.itself()
    patient = msgspec.structs.replace(SHORT, question_s=20.0)
    node._reader.limits = patient
    assert isinstance(node.itself().host, Known)


def test_when_the_runs_time_is_over_what_is_being_asked_is_given_up_and_nothing_more_is_asked(
    client: Client, mischiefs: Mischiefs, watchdog: Watchdog, sent: list[str]
) -> None:
    mischiefs.add(Where(message="Command", command="Get-VMHost"), DRIP)
    node = guarded(client, watchdog, TimeAllowed())
    node.connect()  # however long that takes
    node._time = TimeAllowed(2.0)
    for kind in (LostError, UnreachableError):
        with pytest.raises(kind, match=r"\(--timeout 2\)"):
            node.itself()
    with pytest.raises(UnreachableError, match="not asked for the change"):
        node.grant(FOLDER, VM_IDS[0])
    assert sent == ["Hyper-V\\Get-VMHost"]


def test_a_change_that_was_begun_is_finished_and_seen(client: Client, watchdog: Watchdog) -> None:
    time = Until()
    node = guarded(client, watchdog, time)
    node.grant(FOLDER, VM_IDS[0])
    time.over.set()
    (folder,) = node.folders([FOLDER])
    assert isinstance(folder.sddl, Known)
    assert VM_IDS[0].sid in folder.sddl.value
    with pytest.raises(NodeError, match="--timeout"):
        node.itself()


@pytest.fixture
def lab_of_demo(mischiefs: Mischiefs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rehearsal]:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with rehearsal(scenarios.build(scenarios.load("demo")), tmp_path, mischiefs=mischiefs) as running:
        yield running


def test_a_plan_that_had_no_time_knows_nothing_and_says_why(lab_of_demo: Rehearsal) -> None:
    target = msgspec.structs.replace(lab_of_demo.target(), timeout_s=1e-6)
    result = lab_of_demo.plan_result(PlanRequest(target))
    assert isinstance(result.data, Plan)
    assert exit_code(result.reasons, detailed=False) is ExitCode.NO_NODE
    assert "--timeout" in result.reasons[0].why


def test_a_slow_node_is_unknown_and_the_run_goes_on(lab_of_demo: Rehearsal, mischiefs: Mischiefs) -> None:
    mischiefs.add(Where("HV04", message="Command", times=0), DRIP)
    limits = msgspec.structs.replace(PATIENT, phase_s=2.0)
    target = msgspec.structs.replace(lab_of_demo.target(), limits=limits)
    result = lab_of_demo.apply_result(ApplyRequest(target))
    assert isinstance(result.data, ApplyReport)
    assert {type(one.outcome) for one in result.data.outcomes} == {Done}
    assert exit_code(result.reasons, detailed=False) is ExitCode.INCOMPLETE
    assert "HV04" in str(result.reasons)


def test_an_apply_whose_time_is_over_finishes_the_change_in_hand_and_begins_no_other(
    lab_of_demo: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    class UntilTheFirstChange(TimeAllowed):
        @property
        def left_s(self) -> float:
            begun = any(each[0][0].name == "icacls.exe" for _, each in lab_of_demo.asked)
            return 0.0 if begun else math.inf

    monkeypatch.setattr(fleet, "TimeAllowed", UntilTheFirstChange)
    target = Target(
        lab_of_demo.settings, lab_of_demo.state_dir, Secret(ACCOUNT.password), limits=PATIENT, timeout_s=9
    )
    result = lab_of_demo.apply_result(ApplyRequest(target))

    assert isinstance(result.data, ApplyReport)
    assert [type(one.outcome) for one in result.data.outcomes] == [Done, Untouched]
    assert result.data.after is None
    assert exit_code(result.reasons, detailed=False) is ExitCode.NOT_DONE
    assert "(--timeout 9)" in str(result.reasons)
    assert [each[0][0].name for _, each in lab_of_demo.asked].count("icacls.exe") == 1
