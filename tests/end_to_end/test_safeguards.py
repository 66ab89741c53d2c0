"""What is refused before anything is written: each refusal leaves every DACL as it was, and sends no change."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import filelock
import pytest

from tests.end_to_end.rehearsal import Rehearsal
from vhdsfix.commands import apply as apply_command
from vhdsfix.commands import cluster_lock
from vhdsfix.commands.requests import ApplyRequest, PlanRequest
from vhdsfix.commands.result import ApplyReport, Result
from vhdsfix.errors import DeclinedError, IncompletePlanError, LockedError, TooMuchError, UsageError
from vhdsfix.lab.faults import Fault
from vhdsfix.lab.world import World
from vhdsfix.model.outcome import Done
from vhdsfix.model.plan import HostCluster
from vhdsfix.plan_document import read_plan
from vhdsfix.ports import Progress


@pytest.fixture
def saved(lab: Rehearsal) -> Path:
    path = lab.state_dir / "plan.json"
    lab.plan_result(PlanRequest(lab.target(), save=path))
    return path


@pytest.fixture
def _nothing_is_written(lab: Rehearsal, saved: Path, world: World) -> Iterator[None]:
    """From here to the test's end; `saved` is made before."""
    before, looked = world.tree.dump(), len(lab.asked)
    yield
    assert saved.exists()
    assert world.tree.dump() == before
    sent = {command.name for _, statements in lab.asked[looked:] for one in statements for command in one}
    assert "icacls.exe" not in sent
    assert not list(lab.state_dir.glob("journal/*/*.jsonl"))


def digest_of(saved: Path) -> str:
    return read_plan(saved.read_bytes()).digest


def apply(request: ApplyRequest) -> Result:
    return apply_command.run(request, lambda _plan: True, lambda _step: None, lambda: False)


def all_done(result: Result) -> bool:
    assert isinstance(result.data, ApplyReport)
    return [type(one.outcome) for one in result.data.outcomes] == [Done, Done]


@pytest.mark.usefixtures("_nothing_is_written")
@pytest.mark.parametrize("is_saved", [True, False])
def test_more_changes_than_are_allowed(lab: Rehearsal, saved: Path, *, is_saved: bool) -> None:
    plan_file = saved if is_saved else None
    with pytest.raises(TooMuchError, match=r"makes 2 changes, and no more than 1 .*--max-changes 2"):
        apply(ApplyRequest(lab.target(), plan_file=plan_file, max_changes=1))
    with pytest.raises(TooMuchError, match="no more than 0 "):
        apply(ApplyRequest(lab.target(max_changes=0), plan_file=plan_file))


def test_the_option_comes_before_the_config(lab: Rehearsal) -> None:
    assert all_done(apply(ApplyRequest(lab.target(max_changes=1), max_changes=2)))


@pytest.mark.usefixtures("_nothing_is_written")
@pytest.mark.parametrize("wrong", ["000000000000", "", " ", "{digest[:11]}", "{digest}0", "{digest[1:13]}"])
def test_another_digest_approves_nothing_and_no_node_is_asked(
    lab: Rehearsal, saved: Path, wrong: str
) -> None:
    digest = digest_of(saved)
    said = wrong.replace("{digest[:11]}", digest[:11]).replace("{digest[1:13]}", digest[1:13])
    asked = len(lab.asked)
    with pytest.raises(DeclinedError, match=f"whose digest begins with {digest[:12]}"):
        apply(ApplyRequest(lab.target(), plan_file=saved, approved_digest=said.replace("{digest}", digest)))
    assert len(lab.asked) == asked


@pytest.mark.parametrize("digits", [12, 20, 64])
def test_the_plans_own_digest_approves_it(lab: Rehearsal, saved: Path, digits: int) -> None:
    approved = digest_of(saved)[:digits].upper()
    target = lab.target(require_approval=True)
    assert all_done(apply(ApplyRequest(target, plan_file=saved, approved_digest=approved)))


@pytest.mark.usefixtures("_nothing_is_written")
def test_where_two_people_are_asked_for_one_is_not_enough(lab: Rehearsal, saved: Path) -> None:
    asked = len(lab.asked)
    for plan_file in (None, saved):
        with pytest.raises(DeclinedError, match=r"require_approval .*plan --save FILE.* --approve DIGEST"):
            apply(ApplyRequest(lab.target(require_approval=True), plan_file=plan_file))
    assert len(lab.asked) == asked


@pytest.mark.usefixtures("_nothing_is_written")
def test_only_a_saved_plan_can_be_approved(lab: Rehearsal, saved: Path) -> None:
    with pytest.raises(UsageError, match="--approve approves a saved plan"):
        apply(ApplyRequest(lab.target(), approved_digest=digest_of(saved)[:12]))


@pytest.mark.usefixtures("_nothing_is_written")
def test_another_run_is_writing(lab: Rehearsal, world: World) -> None:
    folder = cluster_lock.journal_folder(lab.state_dir, HostCluster(world.cluster.name, world.cluster.id))
    folder.mkdir(parents=True)
    with (
        filelock.FileLock(folder / "lock"),
        pytest.raises(LockedError, match="nothing was changed: another run"),
    ):
        apply(ApplyRequest(lab.target()))


@pytest.mark.usefixtures("_nothing_is_written")
@pytest.mark.parametrize("is_saved", [True, False])
def test_what_holds_no_longer_when_another_run_has_ended_is_refused(
    lab: Rehearsal, world: World, saved: Path, monkeypatch: pytest.MonkeyPatch, *, is_saved: bool
) -> None:
    """While it was waited for a node has stopped showing its VMs."""
    monkeypatch.setattr(cluster_lock, "TRIED_EVERY_S", 0.01)
    folder = cluster_lock.journal_folder(lab.state_dir, HostCluster(world.cluster.name, world.cluster.id))
    folder.mkdir(parents=True)
    other = filelock.FileLock(folder / "lock")

    def notify(step: Progress) -> None:
        if step.step == "waiting for":
            world.faults["HV04"] = {"Get-VM": Fault("denied")}
            other.release()

    request = ApplyRequest(
        lab.target(), plan_file=saved if is_saved else None, require_complete=True, lock_timeout_s=60
    )
    with other, pytest.raises(IncompletePlanError, match=r"not everything could be looked at.*HV04"):
        apply_command.run(request, lambda _plan: True, notify, lambda: False)
    assert world.faults, "nobody waited"
