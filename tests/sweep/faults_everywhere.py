"""Every fault of the lab at every moment of an apply, one at a time, then pairs of them: whatever happens, no outcome lies.

Each case is a scenario's apply in which it goes wrong there; it is judged when it has ended, again when what comes late has
landed, and the next apply, in which nothing goes wrong, makes the rest without help.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import structlog

from tests.end_to_end.rehearsal import PASSWORD, Rehearsal, rehearsal
from tests.mischief.limits import PATIENT, PERSISTENT
from tests.mischief.truth import Judge, Watched, intents_in, is_granted
from tests.sweep.faults import EVENTS, written, wrong_on_the_wire
from vhdsfix.commands.requests import ApplyRequest, Target
from vhdsfix.commands.result import ApplyReport, exit_code
from vhdsfix.config import Secret
from vhdsfix.errors import ExitCode, VhdsfixError
from vhdsfix.lab import scenarios
from vhdsfix.lab.mischief import Event, Happens, Mischief, Moment, What, Where
from vhdsfix.lab.world import World
from vhdsfix.model.outcome import Done

SCENARIOS = ("demo", "new-node")
ONE_IN = 7
"""Of so many cases one is a pair, and more where there are no more single ones."""


class Case(NamedTuple):
    scenario: str
    planned: tuple[Mischief, ...]


def singles() -> list[Case]:
    """Each fault at each moment that an apply of the scenario comes by when nothing goes wrong."""
    return [Case(name, (each,)) for name in SCENARIOS for each in _everywhere(name)]


WORKERS = 4 * (os.cpu_count() or 1)
"""A case waits most of its time, for answers that never come."""

FULL = 4000
"""More than there are single cases."""


def run(count: int, seed: int) -> str:
    """So many cases; AssertionError names those that went wrong, which `tried` tries again."""
    dice = random.Random(seed)  # noqa: S311 - no secret hangs on it
    alone = singles()
    few = dice.sample(alone, min(len(alone), count - count // ONE_IN))
    pairs = [_pair(dice, alone) for _ in range(count - len(few))]
    with ProcessPoolExecutor(
        WORKERS, mp_context=multiprocessing.get_context("spawn"), initializer=_quiet
    ) as pool:
        ends = list(pool.map(told, [*few, *pairs], chunksize=4))
    lies = [end for end in ends if end.startswith("LIE")]
    assert not lies, "\n".join(lies)
    tally = ", ".join(f"{number} {end}" for end, number in sorted(Counter(ends).items()))
    return f"{len(few):,} faults one at a time and {len(pairs):,} pairs, all told truly: {tally}"


def told(case: Case) -> str:
    """How a case ended, in a word; what is wrong with it, after LIE."""
    try:
        return tried(case)
    except Exception as error:  # noqa: BLE001 - whatever it is, the case that brings it about must be known
        return f"LIE {case}: {error!r}"


def tried(case: Case) -> str:
    world = scenarios.build(scenarios.load(case.scenario))
    watched = Watched(case.planned)
    judge = Judge(world, watched)
    begun: list[int] = []
    with tempfile.TemporaryDirectory(prefix="vhdsfix-sweep-") as folder:
        watched.writes_begin = lambda: begun.append(len(intents_in(Path(folder))))
        with rehearsal(world, Path(folder), mischiefs=watched) as lab:
            end, report, code = _applied(lab, partial(_target, limits=PERSISTENT))
        if report is None:
            judge.nothing_else_changed(set(), watched)
        else:
            judge.holds_true(report, code, watched, at_the_end=False)
        assert all(intents > before for before, intents in enumerate(begun)), (
            "a change that was not announced"
        )
        _announced(lab, world, Path(folder))
        lab.settle()
        if report is not None:
            judge.holds_true(report, code, watched, at_the_end=True)
        _goes_on(case, world, judge, watched.events, Path(folder))
    return end


def _applied(lab: Rehearsal, target: partial[Target]) -> tuple[str, ApplyReport | None, ExitCode]:
    try:
        result = lab.apply_result(ApplyRequest(target(lab)))
    except VhdsfixError as error:
        return type(error).__name__, None, error.exit_code
    assert isinstance(result.data, ApplyReport)
    code = exit_code(result.reasons, detailed=False)
    assert code is not ExitCode.INTERNAL
    return f"ended with {int(code)}", result.data, code


def _target(lab: Rehearsal, limits: object) -> Target:
    return Target(lab.settings, lab.state_dir, Secret(PASSWORD), limits=limits)  # type: ignore[arg-type] # TimeLimits


def _announced(lab: Rehearsal, world: World, folder: Path) -> None:
    """Every icacls that a node ran was announced before, by folder and account; each announcement counts once."""
    intents = Counter(intents_in(folder))
    sids = {f"NT VIRTUAL MACHINE\\{vm.id}".upper(): vm.sid for vm in world.vms}
    for _, statements in lab.asked:
        command = statements[0][0]
        if command.name == "icacls.exe":
            path, _, account = command.arguments
            intents[path, sids[account.rpartition(":")[0].upper()]] -= 1
    assert all(number >= 0 for number in intents.values()), "a change that was not announced"


def _goes_on(case: Case, world: World, judge: Judge, events: list[Event], folder: Path) -> None:
    """The next run, with nothing wrong any more, leaves every VM with its grant and a plan without actions."""
    judge.back_to_normal(events)
    before = Judge(world)
    with rehearsal(world, folder) as lab:
        _, report, code = _applied(lab, partial(_target, limits=PATIENT))
    assert report is not None
    assert code is ExitCode.DONE, report
    before.nothing_else_changed({str(one.action.sid) for one in report.outcomes}, Watched())
    assert {type(one.outcome) for one in report.outcomes} <= {Done}
    for path, vms in WANTED[case.scenario].items():
        assert all(is_granted(world, path, world.vm(vm).sid) for vm in vms), "a grant is missing after all"


WANTED = {
    "demo": {
        r"C:\ClusterStorage\NTFS-03\GuestClustersSharedDisks": (
            "DemoGuestNode1",
            "DemoGuestNode2",
            "DemoGuestNode3",
        )
    },
    "new-node": {r"C:\ClusterStorage\CSV-SQL\SQLFCI-Shared": ("SQLFCI-N1", "SQLFCI-N2", "SQLFCI-N3")},
}


def _everywhere(name: str) -> Iterator[Mischief]:
    world = scenarios.build(scenarios.load(name))
    watched = Watched()
    with tempfile.TemporaryDirectory() as folder, rehearsal(world, Path(folder), mischiefs=watched) as lab:
        assert _applied(lab, partial(_target, limits=PATIENT))[2] is ExitCode.DONE
    count: Counter[tuple[str, str | None]] = Counter()
    for moment in watched.moments:
        kind = (
            moment.message
            if moment.message in ("Connection", "Logon")
            else "request"
            if moment.message
            else None
        )
        count[moment.node, kind] += 1
        nth = count[moment.node, kind]
        yield from _at(name, moment, nth)


def _at(name: str, moment: Moment, nth: int) -> Iterator[Mischief]:
    if moment.message is None:
        where = Where(moment.node, nth=nth)
        happening: Iterator[What] = (
            Happens((event,), afterwards=late) for event in EVENTS[name] for late in (False, True)
        )
        yield from (Mischief(where, what) for what in chain(happening, written(moment)))
    elif moment.message in ("Connection", "Logon"):
        where = Where(moment.node, message=moment.message, nth=nth)
        yield from (Mischief(where, what) for what in wrong_on_the_wire(moment.message))
    else:
        where = Where(moment.node, request=moment.request)
        yield from (Mischief(where, what) for what in wrong_on_the_wire(moment.message))


def _pair(dice: random.Random, alone: list[Case]) -> Case:
    first, second = dice.sample(alone, 2)
    while first.scenario != second.scenario:
        second = dice.choice(alone)
    return Case(first.scenario, first.planned + second.planned)


def _quiet() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
