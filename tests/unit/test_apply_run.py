from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes import faults
from tests.fakes.nodes import FakeNode, FakeRegistry
from tests.fakes.plans import plan_for
from tests.fakes.small_world import FOLDER, NODES, OTHER_FOLDER, VM_IDS, small_world
from vhdsfix import sddl
from vhdsfix.apply.journal import Journal, read
from vhdsfix.apply.run import Outcomes, apply_plan
from vhdsfix.errors import JournalError, LostError, UnreachableError
from vhdsfix.lab.world import World
from vhdsfix.model.outcome import AlreadyRight, Done, Drifted, Stuck, Untouched
from vhdsfix.model.plan import HostCluster, Plan
from vhdsfix.model.windows import FolderPath, VmId
from vhdsfix.ports import Progress, Writer

FOLDERS = (FOLDER, OTHER_FOLDER)


def one_after_another(tasks: Sequence[Callable[[], Outcomes]]) -> Sequence[Outcomes]:
    return [task() for task in tasks]


def side_by_side(tasks: Sequence[Callable[[], Outcomes]]) -> Sequence[Outcomes]:
    with ThreadPoolExecutor(max_workers=len(tasks) or 1) as pool:
        return list(pool.map(lambda task: task(), tasks))


class Run:
    """A world, its nodes, and what a run tells while it goes on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.world = small_world()
        self.nodes = {name: FakeNode(self.world, name) for name in NODES}
        self.registry = FakeRegistry(self.world, tuple(self.nodes.values()))
        self.progress: list[Progress] = []
        self.stop: Callable[[], bool] = lambda: False
        self.journal = self.new_journal()

    def new_journal(self) -> Journal:
        taken = len(list(self.folder.glob("*.jsonl")))
        return Journal.create(
            self.folder,
            cluster=HostCluster("LAB-CLUSTER", "1"),
            plan="0",
            who="me",
            clock=lambda: datetime(2026, 11, 23, tzinfo=UTC),
            token=f"{taken:04x}",
        )

    def apply(
        self,
        plan: Plan,
        at_once: Callable[[Sequence[Callable[[], Outcomes]]], Sequence[Outcomes]] = one_after_another,
    ) -> Outcomes:
        return apply_plan(
            plan,
            {},
            self.registry,
            self.journal,
            notify=self.progress.append,
            stop=self.stop,
            at_once=at_once,
        )

    def writes(self) -> int:
        return sum(len(node.grants) for node in self.nodes.values())


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path)


@pytest.mark.parametrize("at_once", [one_after_another, side_by_side])
def test_every_action_has_one_outcome_in_the_plans_order(
    run: Run, at_once: Callable[[Sequence[Callable[[], Outcomes]]], Sequence[Outcomes]]
) -> None:
    plan = plan_for(run.world, folders=FOLDERS)
    shuffled = msgspec.structs.replace(plan, actions=plan.actions[::-2] + plan.actions[-2::-2])
    outcomes = run.apply(shuffled, at_once)
    assert tuple(one.action for one in outcomes) == shuffled.actions
    assert {one.outcome for one in outcomes} == {Done()}


def test_folders_go_side_by_side(run: Run) -> None:
    both_are_at_it = threading.Barrier(2, timeout=30)
    plan = plan_for(run.world, VM_IDS[:2], FOLDERS)
    actions = (plan.actions[0], plan.actions[3])
    for name in ("HV01", "HV02"):
        faults.meanwhile(run.nodes[name], both_are_at_it.wait)
    outcomes = run.apply(msgspec.structs.replace(plan, actions=actions), side_by_side)
    assert [one.outcome for one in outcomes] == [Done(), Done()]


@pytest.mark.parametrize("at_once", [one_after_another, side_by_side])
def test_folders_that_lie_in_one_another_go_deepest_first(
    run: Run, at_once: Callable[[Sequence[Callable[[], Outcomes]]], Sequence[Outcomes]]
) -> None:
    below = FolderPath(f"{FOLDER}\\Below")
    deepest = FolderPath(f"{below}\\Deepest")
    for folder in (below, deepest):
        run.world.tree.add(folder)
        run.world.tree.add(f"{folder}\\Disk.vhds", file=True)
    plan = plan_for(run.world, folders=(below, FOLDER, deepest, OTHER_FOLDER))
    assert {one.outcome for one in run.apply(plan, at_once)} == {Done()}
    assert [folder for folder, _ in run.nodes["HV01"].grants if folder != OTHER_FOLDER] == [
        deepest,
        below,
        FOLDER,
    ]


def test_a_node_or_folder_that_fails_stops_no_other(run: Run) -> None:
    plan = plan_for(run.world, folders=FOLDERS)
    run.world.set_sddl(OTHER_FOLDER, "garbage")
    faults.fail_reads(run.nodes["HV02"], UnreachableError("connecting to HV02: no route to host"))
    outcomes = [type(one.outcome) for one in run.apply(plan)]
    assert outcomes == [Done, Untouched, Done, Untouched, Untouched, Untouched]


def test_a_stuck_action_stops_its_folder_alone(run: Run) -> None:
    plan = plan_for(run.world, folders=FOLDERS)
    lost = LostError("granting on HV01: the connection was reset")

    def lose_on_the_first_folder(folder: FolderPath, vm_id: VmId) -> object:
        if folder == FOLDER:
            raise lost
        return run.nodes["HV01"].run_icacls(folder, vm_id)

    run.nodes["HV01"].carry_out_grant = lose_on_the_first_folder  # type: ignore[assignment]  # it raises or passes on
    outcomes = [type(one.outcome) for one in run.apply(plan)]
    assert outcomes == [Stuck, Untouched, Untouched, Done, Done, Done]


def test_stop_is_asked_between_actions(run: Run) -> None:
    run.stop = lambda: run.writes() == 1
    outcomes = [one.outcome for one in run.apply(plan_for(run.world, folders=FOLDERS))]
    assert outcomes == [Done()] + [Untouched("stopped before it was tried")] * 5


def test_progress_counts_the_actions(run: Run) -> None:
    run.apply(plan_for(run.world))
    assert run.progress == [
        Progress("granting", f"Guest{number} on {FOLDER}", number, 3) for number in (1, 2, 3)
    ]


def test_a_journal_that_fails_stops_every_folder_and_surfaces_at_its_end(run: Run) -> None:
    faults.meanwhile(run.nodes["HV02"], run.journal.path.unlink)
    outcomes = [one.outcome for one in run.apply(plan_for(run.world, folders=FOLDERS))]
    assert outcomes[:2] == [Done(), Done()]
    assert all(isinstance(outcome, Untouched) for outcome in outcomes[2:])
    assert run.writes() == 2
    with pytest.raises(JournalError):
        run.journal.end()


def test_a_registry_that_fails_is_an_outcome(run: Run) -> None:
    class Failing:
        def writer_for(self, _vm_id: VmId) -> Writer | None:
            raise UnreachableError("asking all nodes: none answered")

        look_again = writer_for

    outcomes = apply_plan(
        plan_for(run.world),
        {},
        Failing(),
        run.journal,
        notify=run.progress.append,
        stop=run.stop,
        at_once=one_after_another,
    )
    assert all(isinstance(one.outcome, Untouched) and "none answered" in one.outcome.why for one in outcomes)


def test_a_folder_that_the_plan_does_not_describe_is_not_touched(run: Run) -> None:
    plan = msgspec.structs.replace(plan_for(run.world), folders=())
    assert {type(one.outcome) for one in run.apply(plan)} == {Drifted}
    assert run.writes() == 0


@given(st.lists(st.sampled_from(VM_IDS), unique=True), st.lists(st.sampled_from(FOLDERS), unique=True))
@settings(max_examples=25)
def test_applied_twice_it_writes_once(tmp_path_factory: pytest.TempPathFactory, vms: list[VmId], folders: list[FolderPath]) -> None:  # fmt: skip
    run = Run(tmp_path_factory.mktemp("run"))
    plan = plan_for(run.world, vms, folders)
    first = run.apply(plan)
    disk, writes = run.world.tree.dump(), run.writes()
    run.journal = run.new_journal()
    second = run.apply(plan)
    assert [one.outcome for one in first] == [Done()] * len(plan.actions)
    assert [one.outcome for one in second] == [AlreadyRight()] * len(plan.actions)
    assert (run.world.tree.dump(), run.writes()) == (disk, writes)
    assert read(run.journal.path).lines == ()


FAULTS: tuple[Callable[[FakeNode], object], ...] = (
    faults.ignore_grants,
    faults.lose_the_answer_after_the_work,
    faults.lose_the_answer_before_the_work,
    lambda node: faults.land_late(node, after_reads=1),
    lambda node: faults.fail_reads(node, UnreachableError("gone"), first=2),
    lambda _node: None,
)


@given(st.tuples(*[st.sampled_from(FAULTS)] * 3), st.lists(st.sampled_from(VM_IDS), unique=True, min_size=1))
def test_whatever_happens_only_allow_entries_of_planned_vms_are_added(
    tmp_path_factory: pytest.TempPathFactory,
    chosen: tuple[Callable[[FakeNode], object], ...],
    vms: list[VmId],
) -> None:
    run = Run(tmp_path_factory.mktemp("run"))
    for node, fault in zip(run.nodes.values(), chosen, strict=True):
        fault(node)
    before = _entries(run.world)
    outcomes = run.apply(plan_for(run.world, vms))
    after = _entries(run.world)
    sids = {vm_id.sid for vm_id in vms}
    assert before <= after
    assert all(sid in sids and is_allow for _path, sid, is_allow, _ace in after - before)
    for one in outcomes:
        granted = any(sid == one.action.sid for _path, sid, _is_allow, _ace in after)
        assert granted or not one.is_right
        assert not granted or not isinstance(one.outcome, Untouched)


def _entries(world: World) -> set[tuple[str, str, bool, str]]:
    return {
        (path, ace.sid, ace.is_allow, sddl.write_ace(ace))
        for path, entry in world.tree.dump().items()
        for ace in sddl.parse(entry["sddl"]).aces
    }
