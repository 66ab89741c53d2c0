"""A whole apply while the world plays tricks: whatever it says of an action is true of the disk afterwards."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from tests.end_to_end.rehearsal import Rehearsal, rehearsal
from tests.mischief.limits import PATIENT
from tests.mischief.test_wire import WHATS
from tests.mischief.truth import Judge, Watched, entries, is_granted
from vhdsfix.apply.folder import READS_AFTER_A_LOST_ANSWER
from vhdsfix.commands import apply, runs, saved_plan
from vhdsfix.commands.requests import ApplyRequest, PlanRequest, Target
from vhdsfix.commands.result import ApplyReport, exit_code
from vhdsfix.config import Secret, Settings
from vhdsfix.errors import ExitCode, StalePlanError
from vhdsfix.lab import scenarios
from vhdsfix.lab.faults import Fault
from vhdsfix.lab.mischief import (
    Backup,
    Drains,
    Edits,
    Event,
    Fails,
    Gone,
    Happens,
    InTheWorld,
    Lost,
    Mischief,
    Mischiefs,
    Moves,
    Offline,
    Remounted,
    What,
    Where,
    Written,
)
from vhdsfix.lab.world import World
from vhdsfix.model.outcome import Done, Drifted, Outcome, Stuck, Untouched

VOLUME = "C:\\ClusterStorage\\NTFS-03"
FOLDER = f"{VOLUME}\\GuestClustersSharedDisks"
CHECKPOINT = f"{FOLDER}\\GuestClusterDisk_C1D3A9B2-5E43-4B0E-8E7A-2F9D1B6C4D58.avhdx"
NEW_CHECKPOINT = f"{FOLDER}\\GuestClusterDisk_00000000-5E43-4B0E-8E7A-2F9D1B6C4D58.avhdx"
VM2, VM3 = "DemoGuestNode2", "DemoGuestNode3"  # without their grants, on HV02 and HV03
GRANT = Where("HV02", command="icacls.exe")
SINCE_THE_PLAN = Where("HV02", command="Get-Acl")  # apply's own look; the survey asks HV01
NO_VMS = tuple(Fails("HV02", command, Fault("empty")) for command in ("Get-VM", "Get-VMHardDiskDrive"))


class Trick(NamedTuple):
    """`outcomes` of VM2 and VM3. `mends`: a second apply is tried, and all is well."""

    where: Where
    what: What
    outcomes: tuple[type[Outcome], ...]
    mends: bool = False


def happens(where: Where, *events: Event, afterwards: bool = False) -> tuple[Where, Happens]:
    return where, Happens(events, afterwards=afterwards)


def edit(sddl: str = "(A;;0x1200a9;;;WD)") -> Edits:
    return Edits(FOLDER, "D:" + "".join(GRANTED_BEFORE) + sddl)


GRANTED_BEFORE = ("(A;OI;FA;;;S-1-5-83-1-3550041398-1298998826-2694189755-2604355484)",)

# The session's own tests have them all; apply is asked about one for each error it can become.
ONE_OF_EACH = (
    "reset before the work",
    "reset after it",
    "garbled",
    "damaged",
    "401",
    "2150859241",
    "w:InternalError",
)

TRICKS: dict[str, Trick] = {
    "ignored": Trick(GRANT, Written("ignored"), (Stuck, Untouched), mends=True),
    "late, after one reading": Trick(GRANT, Written("late", 1), (Done, Done)),
    "late, after five readings": Trick(GRANT, Written("late", 5), (Done, Done)),
    "later than anybody waits": Trick(GRANT, Written("late", 99), (Stuck, Untouched), mends=True),
    "gone before it was read": Trick(GRANT, Written("undone", 0), (Stuck, Untouched), mends=True),
    "gone after it was read": Trick(GRANT, Written("undone", 1), (Done, Done), mends=True),
    "propagation cut off at once": Trick(GRANT, Written("cut", 1), (Stuck, Untouched), mends=True),
    "propagation cut off half way": Trick(GRANT, Written("cut", 3), (Stuck, Untouched), mends=True),
    "another admin before the grant": Trick(*happens(GRANT, edit()), (Stuck, Untouched)),
    "another admin after the grant": Trick(*happens(GRANT, edit(), afterwards=True), (Stuck, Untouched)),
    "another admin since the plan": Trick(*happens(SINCE_THE_PLAN, edit()), (Drifted, Drifted)),
    "a backup begins": Trick(*happens(GRANT, Backup(NEW_CHECKPOINT)), (Done, Done)),
    "a backup begins after the grant": Trick(
        *happens(GRANT, Backup(NEW_CHECKPOINT), afterwards=True), (Done, Done)
    ),
    "a backup merges": Trick(*happens(GRANT, Backup(CHECKPOINT, merged=True)), (Done, Done)),
    "a backup begins and merges": Trick(
        *happens(GRANT, Backup(NEW_CHECKPOINT), Backup(NEW_CHECKPOINT, merged=True)), (Done, Done)
    ),
    "the vm has moved": Trick(*happens(GRANT, Moves(VM2, "HV04")), (Done, Done)),
    "the vm moved since the plan": Trick(*happens(SINCE_THE_PLAN, Moves(VM2, "HV04")), (Done, Done)),
    "the vm moves after its grant": Trick(*happens(GRANT, Moves(VM2, "HV04"), afterwards=True), (Done, Done)),
    "no node shows the vm": Trick(*happens(GRANT, Moves(VM2)), (Untouched, Done)),
    "the node drains": Trick(*happens(GRANT, Drains("HV02")), (Done, Done)),
    "the node drains since the plan": Trick(*happens(SINCE_THE_PLAN, Drains("HV02")), (Done, Done)),
    "the volume goes offline": Trick(*happens(GRANT, Offline(VOLUME)), (Stuck, Untouched)),
    "the volume went offline since the plan": Trick(
        *happens(SINCE_THE_PLAN, Offline(VOLUME)), (Drifted, Drifted)
    ),
    "the name means another disk": Trick(
        *happens(SINCE_THE_PLAN, Remounted(VOLUME, "C:\\ClusterStorage\\NTFS-01")),
        (Drifted, Drifted),
        mends=False,
    ),
    "the node reboots before the grant": Trick(GRANT, Gone(1), (Stuck, Untouched)),
    "the node reboots for longer": Trick(GRANT, Gone(3), (Stuck, Untouched), mends=True),
    "the node is gone for good": Trick(GRANT, Gone(), (Stuck, Untouched)),
    "an empty list of vms in the middle": Trick(*happens(GRANT, *NO_VMS), (Done, Done)),
}


@pytest.fixture
def world() -> World:
    return scenarios.build(scenarios.load("demo"))


@pytest.fixture
def mischiefs() -> Watched:
    return Watched()


@pytest.fixture
def judge(world: World, mischiefs: Watched) -> Judge:
    return Judge(world, mischiefs)


@pytest.fixture
def lab(
    world: World, mischiefs: Mischiefs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Rehearsal]:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with rehearsal(world, tmp_path, mischiefs=mischiefs) as running:
        yield running


def target(lab: Rehearsal) -> Target:
    return Target(lab.settings, lab.state_dir, Secret("correct horse"), limits=PATIENT)


def granted(world: World, name: str) -> bool:
    return is_granted(world, FOLDER, world.vm(name).sid)


def applied(lab: Rehearsal) -> tuple[ApplyReport, ExitCode]:
    result = lab.apply_result(ApplyRequest(target(lab)))
    assert isinstance(result.data, ApplyReport)
    return result.data, exit_code(result.reasons, detailed=False)


@pytest.mark.parametrize("name", TRICKS)
def test_what_apply_says_is_true_of_the_disk(
    lab: Rehearsal, world: World, judge: Judge, mischiefs: Watched, name: str
) -> None:
    trick = TRICKS[name]
    mischiefs.add(trick.where, trick.what)

    report, code = applied(lab)

    assert tuple(type(one.outcome) for one in report.outcomes) == trick.outcomes
    judge.holds_true(report, code, mischiefs, at_the_end=False)
    if trick.mends:
        assert applied(lab)[1] is ExitCode.DONE
        assert {name: granted(world, name) for name in (VM2, VM3)} == {VM2: True, VM3: True}


@pytest.mark.parametrize("message", ["Command", "Receive"])
@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_a_write_that_the_wire_fails(
    lab: Rehearsal, judge: Judge, mischiefs: Watched, name: str, message: str
) -> None:
    mischiefs.add(Where("HV02", message=message, command="icacls.exe"), WHATS[name])  # type: ignore[arg-type] # as listed

    report, code = applied(lab)

    judge.holds_true(report, code, mischiefs, at_the_end=False)


def test_an_answer_that_is_lost_and_a_write_that_lands_late(
    lab: Rehearsal, judge: Judge, mischiefs: Watched
) -> None:
    """Nobody can know then; it is Stuck while it is not there, and Done once it is."""
    mischiefs.add(GRANT, Written("late", 99))
    mischiefs.add(Where("HV02", message="Receive", command="icacls.exe"), Lost("reset", carried_out=True))

    report, code = applied(lab)

    assert [type(one.outcome) for one in report.outcomes] == [Stuck, Untouched]
    assert "it may still land" in report.outcomes[0].outcome.why  # type: ignore[union-attr] # a Stuck, as just said
    judge.holds_true(report, code, mischiefs, at_the_end=False)


def test_a_write_that_is_seen_only_where_the_vm_has_moved_to_is_this_runs_and_can_be_taken_back(
    lab: Rehearsal, world: World, judge: Judge, mischiefs: Watched
) -> None:
    """Its node says that it wrote and shows nothing of it: it is no grant of somebody else's that the next node finds there."""
    before = entries(world)
    mischiefs.add(GRANT, Written("late", READS_AFTER_A_LOST_ANSWER))
    mischiefs.add(GRANT, Happens((Moves(VM2, "HV04"),), afterwards=True))

    report, code = applied(lab)

    assert [type(one.outcome) for one in report.outcomes] == [Done, Done]
    assert code is ExitCode.DONE
    judge.holds_true(report, code, mischiefs, at_the_end=False)
    (run,) = runs.all_runs(lab.state_dir)
    assert (run.done, run.not_done, run.open) == (2, 0, 0)

    undone = lab.undo(run.run)
    assert [type(one.outcome) for one in undone.outcomes] == [Done, Done]
    assert entries(world) == before


def test_an_account_that_sees_no_vms(lab: Rehearsal, world: World, mischiefs: Mischiefs) -> None:
    """Source: DESIGN 1.4: an empty list that the cluster database contradicts is no list."""
    mischiefs.add(Where(command="Get-VMHost"), Happens(NO_VMS))

    report, code = applied(lab)

    assert not report.plan.complete
    assert [one.action.vm_name for one in report.outcomes] == [VM3]
    assert (granted(world, VM2), granted(world, VM3)) == (False, True)
    assert code is ExitCode.INCOMPLETE


def test_a_disk_of_another_name_with_the_same_folder(
    lab: Rehearsal, world: World, mischiefs: Mischiefs
) -> None:
    """The folder is there and has its permissions; the VMs' disk is not in it."""
    other = FOLDER.replace("NTFS-03", "NTFS-02")
    entry = world.tree.get(FOLDER)
    assert entry is not None
    world.tree.add(other, sddl=entry.sddl)
    world.tree.add(f"{other}\\Another.vhds", file=True)
    mischiefs.add(SINCE_THE_PLAN, Happens((Remounted(VOLUME, "C:\\ClusterStorage\\NTFS-02"),)))

    report, _ = applied(lab)

    assert [type(one.outcome) for one in report.outcomes] == [Untouched, Untouched]
    assert not any(granted(world, name) for name in (VM2, VM3))


@pytest.mark.parametrize(
    ("days", "refused"), [(-30, True), (-1.1, True), (-0.5, False), (6, False), (8, True)]
)
def test_a_clock_that_is_wrong(
    lab: Rehearsal, monkeypatch: pytest.MonkeyPatch, days: float, *, refused: bool
) -> None:
    """A plan's age is all that a clock decides: one from the future was made, or is read, by a clock that is wrong."""
    plan_file = lab.state_dir / "plan.json"
    lab.plan_result(PlanRequest(target(lab), save=plan_file))

    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Clock:
            assert tz is UTC
            return cls.fromtimestamp(
                datetime.now(UTC).timestamp() + timedelta(days=days).total_seconds(), UTC
            )

    monkeypatch.setattr(saved_plan, "datetime", Clock)
    request = ApplyRequest(target(lab), plan_file=plan_file)
    if refused:
        with pytest.raises(StalePlanError, match=r"no plan older than|still to come"):
            lab.apply(request)
    else:
        assert [type(one.outcome) for one in lab.apply(request).outcomes] == [Done, Done]


def test_every_trick_of_the_world_is_played() -> None:
    played = {type(trick.what) for trick in TRICKS.values()}
    events = {type(event) for t in TRICKS.values() if isinstance(t.what, Happens) for event in t.what.events}
    assert set(InTheWorld.__subclasses__()) <= played
    assert events == set(Event.__args__)


def test_a_scenario_says_what_goes_wrong(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By the way that `--lab NAME` goes."""
    told = msgspec.structs.replace(scenarios.load("demo"), mischief=[Mischief(GRANT, Written("cut", 1))])
    monkeypatch.setattr(scenarios, "load", lambda _name: told)
    result = apply.run(
        ApplyRequest(Target(Settings(), tmp_path, lab="demo")),
        lambda _plan: True,
        lambda _step: None,
        lambda: False,
    )
    assert isinstance(result.data, ApplyReport)
    assert [type(one.outcome) for one in result.data.outcomes] == [Stuck, Untouched]
