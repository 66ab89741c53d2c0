"""Another admin changes permissions while an apply runs: nothing of theirs is lost or put in another order by us, and what we see
them change while we write is Stuck, and named.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.fakes.nodes import FakeNode, FakeRegistry
from tests.mischief.truth import is_granted
from tests.sweep.many_folders import folder, world_of
from vhdsfix import planner
from vhdsfix.apply.journal import Journal
from vhdsfix.apply.run import Outcomes, apply_plan
from vhdsfix.lab.dacl import Ace, parse
from vhdsfix.lab.world import World
from vhdsfix.model.facts import Facts
from vhdsfix.model.outcome import Done, Drifted, Stuck, Untouched, WriteAnswer
from vhdsfix.model.plan import HostCluster, Plan, Scope, Tool
from vhdsfix.model.windows import FolderPath, VmId

FOLDERS = 8
VM_SIDS = "S-1-5-83-1-"


class Scene:
    """A world, a plan for all of it, and the run that carries it out."""

    def __init__(self, state_dir: Path, folders: int) -> None:
        self.world = world_of(folders)
        for number in range(folders):
            change(self.world, folder(number), lambda _old: theirs(3))
        self.nodes = {node.name: FakeNode(self.world, node.name) for node in self.world.nodes}
        self.plan = self._planned([FolderPath(folder(number)) for number in range(folders)])
        self.journal = Journal.create(
            state_dir,
            cluster=HostCluster("C", "1"),
            plan="0",
            who="me",
            clock=lambda: datetime(2026, 11, 23, tzinfo=UTC),
            token="0000",
        )

    def _planned(self, paths: list[FolderPath]) -> Plan:
        nodes = tuple(self.nodes.values())
        itself = tuple(node.itself() for node in nodes)
        facts = Facts("2026-11-23T02:00:00Z", nodes[0].cluster(), itself, nodes[0].folders(paths))
        return planner.plan_from(facts, Scope(), Tool("vhdsfix", "test"))

    def apply(self, at_once: Callable[[Sequence[Callable[[], Outcomes]]], Sequence[Outcomes]]) -> Outcomes:
        registry = FakeRegistry(self.world, tuple(self.nodes.values()))
        return apply_plan(
            self.plan,
            {},
            registry,
            self.journal,
            notify=lambda _step: None,
            stop=lambda: False,
            at_once=at_once,
        )

    def theirs_on(self, path: str) -> tuple[Ace, ...]:
        entry = self.world.tree.get(path)
        assert entry is not None
        return tuple(ace for ace in parse(entry.sddl).explicit if not ace.trustee.startswith(VM_SIDS))


def theirs(count: int) -> tuple[Ace, ...]:
    return tuple(Ace("A", ("OI", "CI"), "0x1200a9", f"S-1-5-21-1-1-1-{1100 + each}") for each in range(count))


def change(world: World, path: str, how: Callable[[tuple[Ace, ...]], tuple[Ace, ...]]) -> None:
    """As icacls does it: read, and write what was read but for their own entries, in one go."""
    with world.tree.lock:
        entry = world.tree.get(path)
        assert entry is not None
        explicit = parse(entry.sddl).explicit
        ours = tuple(ace for ace in explicit if ace.trustee.startswith(VM_SIDS))
        world.tree.set_dacl(path, (*ours, *how(tuple(ace for ace in explicit if ace not in ours))))


def side_by_side(tasks: Sequence[Callable[[], Outcomes]]) -> Sequence[Outcomes]:
    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(lambda task: task(), tasks))


class Meddler(threading.Thread):
    """Adds, takes away and reorders entries of their own on drawn folders; remembers what is to be there."""

    def __init__(self, world: World, seed: int) -> None:
        super().__init__()
        self.wanted = {folder(number): theirs(3) for number in range(FOLDERS)}
        self.enough = threading.Event()
        self._world = world
        self._dice = random.Random(seed)  # noqa: S311 - no secret hangs on it

    def run(self) -> None:
        for number in range(1, 2000):
            if self.enough.is_set():
                return
            path = self._dice.choice(sorted(self.wanted))
            self.wanted[path] = self._drawn(self.wanted[path], number)
            change(self._world, path, lambda _old, path=path: self.wanted[path])  # type: ignore[misc]

    def _drawn(self, now: tuple[Ace, ...], number: int) -> tuple[Ace, ...]:
        if len(now) > 5 or (now and self._dice.random() < 0.3):
            return now[1:]
        if len(now) > 1 and self._dice.random() < 0.3:
            return tuple(reversed(now))
        return (*now, Ace("A", ("CI",), "0x1200a9", f"S-1-5-21-1-1-1-{5000 + number}"))


@pytest.mark.parametrize("seed", range(5))
def test_nothing_of_theirs_is_lost_while_both_are_at_it(tmp_path: Path, seed: int) -> None:
    scene = Scene(tmp_path, FOLDERS)
    meddler = Meddler(scene.world, seed)
    meddler.start()
    outcomes = scene.apply(side_by_side)
    meddler.enough.set()
    meddler.join()

    assert {path: scene.theirs_on(path) for path in meddler.wanted} == meddler.wanted
    for one in outcomes:
        there = is_granted(scene.world, one.action.folder, one.action.sid)
        assert there or not one.is_right, one
        if isinstance(one.outcome, Drifted | Untouched):
            entry = scene.world.tree.get(one.action.folder)
            assert entry is not None
            assert str(one.action.sid) not in entry.sddl, one
        if isinstance(one.outcome, Stuck):
            assert "S-1-5-21-1-1-1-" in one.outcome.why or "in another order" in one.outcome.why


GONE, NEW, TURNED = (lambda old: old[1:]), (lambda old: (*old, *theirs(4)[3:])), (lambda old: old[::-1])


@pytest.mark.parametrize(
    ("how", "named"),
    [
        (GONE, "(A;OICI;0x1200a9;;;S-1-5-21-1-1-1-1100) is gone"),
        (NEW, "(A;OICI;0x1200a9;;;S-1-5-21-1-1-1-1103) is new"),
        (TURNED, "its entries stand in another order"),
    ],
    ids=["gone", "new", "turned"],
)
@pytest.mark.parametrize(
    "moment", ["since the plan", "before the write", "after the write", "while it is read back"]
)
def test_what_they_do_at_each_moment(
    tmp_path: Path, how: Callable[[tuple[Ace, ...]], tuple[Ace, ...]], named: str, moment: str
) -> None:
    scene = Scene(tmp_path, 1)
    path = folder(0)
    wanted = how(theirs(3))
    first = scene.nodes[scene.plan.actions[0].run_on]

    def meddle() -> None:
        change(scene.world, path, lambda _old: wanted)

    def grant(to: FolderPath, vm_id: VmId) -> WriteAnswer:
        if moment == "before the write":
            meddle()
        answer = first.run_icacls(to, vm_id)
        if moment == "after the write":
            meddle()
        if moment == "while it is read back":
            first.before_read = meddle
        return answer

    first.carry_out_grant = grant
    if moment == "since the plan":
        meddle()
    outcomes = scene.apply(lambda tasks: [task() for task in tasks])

    assert scene.theirs_on(path) == wanted
    told = outcomes[0].outcome
    assert not isinstance(told, Done)
    assert isinstance(told, Drifted if moment == "since the plan" else Stuck)
    assert named in told.why
    rest = Drifted if moment == "since the plan" else Untouched
    assert {type(one.outcome) for one in outcomes[1:]} == {rest}
