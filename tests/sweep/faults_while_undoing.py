"""Every fault of the wire, and of a change itself, at every moment of an undo: whatever happens, no outcome lies.

Each case is an apply in which all goes well, and an undo in which it goes wrong there. It is judged when that has ended and again
when what comes late has landed; the next undo, in which nothing goes wrong, brings back every DACL as it was, entry by entry.
"""

from __future__ import annotations

import logging
import multiprocessing
import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import chain
from pathlib import Path

import structlog

from tests.end_to_end.rehearsal import PASSWORD, Rehearsal, rehearsal
from tests.mischief.limits import PATIENT, PERSISTENT
from tests.mischief.truth import NOT_ALL_WELL, Watched, entries
from tests.sweep.faults import written, wrong_on_the_wire
from tests.sweep.faults_everywhere import WORKERS
from vhdsfix.commands.requests import Target, UndoRequest
from vhdsfix.commands.result import ApplyReport, exit_code
from vhdsfix.config import Secret
from vhdsfix.errors import ExitCode, VhdsfixError
from vhdsfix.lab import scenarios
from vhdsfix.lab.dacl import parse
from vhdsfix.lab.mischief import Mischief, Moment, Where
from vhdsfix.lab.world import World
from vhdsfix.model.outcome import AlreadyRight, Done, Stuck
from vhdsfix.remote.limits import TimeLimits

SCENARIO = "demo"
FULL = 1500
"""More than there are."""


def run(count: int, seed: int) -> str:
    """So many cases, drawn; AssertionError names those that went wrong, which `tried` tries again."""
    dice = random.Random(seed)  # noqa: S311 - no secret hangs on it
    alone = singles()
    drawn = dice.sample(alone, min(len(alone), count))
    with ProcessPoolExecutor(
        WORKERS, mp_context=multiprocessing.get_context("spawn"), initializer=_quiet
    ) as pool:
        ends = list(pool.map(told, drawn, chunksize=4))
    lies = [end for end in ends if end.startswith("LIE")]
    assert not lies, "\n".join(lies)
    tally = ", ".join(f"{number} {end}" for end, number in sorted(Counter(ends).items()))
    return f"{len(drawn):,} of {len(alone):,} faults while undoing, all told truly: {tally}"


def told(planned: Mischief) -> str:
    """How a case ended, in a word; what is wrong with it, after LIE."""
    try:
        return tried(planned)
    except Exception as error:  # noqa: BLE001 - whatever it is, the case that brings it about must be known
        return f"LIE {planned}: {error!r}"


def tried(*planned: Mischief) -> str:
    world = scenarios.build(scenarios.load(SCENARIO))
    found = sddls(world)
    watched = Watched(planned)
    with tempfile.TemporaryDirectory(prefix="vhdsfix-sweep-") as folder:
        with rehearsal(world, Path(folder)) as lab:
            applied = Path(lab.apply().journal or "").stem
        judge = _Judge(world)
        with rehearsal(world, Path(folder), mischiefs=watched) as lab:
            code, report = _undone(lab, applied, PERSISTENT)
            judge.holds_true(report, code, watched, at_the_end=False)
            lab.settle()
            judge.holds_true(report, code, watched, at_the_end=True)
        with rehearsal(world, Path(folder)) as lab:
            _, again = _undone(lab, applied, PATIENT)
    assert again is not None
    assert all(one.is_right for one in again.outcomes), again.outcomes
    assert sddls(world) == found
    return f"ended with {int(code)}"


def singles() -> list[Mischief]:
    """Each fault at each moment that an undo comes by when nothing goes wrong."""
    world = scenarios.build(scenarios.load(SCENARIO))
    watched = Watched()
    with tempfile.TemporaryDirectory(prefix="vhdsfix-sweep-") as folder:
        with rehearsal(world, Path(folder)) as lab:
            applied = Path(lab.apply().journal or "").stem
        with rehearsal(world, Path(folder), mischiefs=watched) as lab:
            assert _undone(lab, applied, PATIENT)[0] is ExitCode.DONE
    return list(chain.from_iterable(_at(moment, nth) for moment, nth in _counted(watched.moments)))


def sddls(world: World) -> dict[str, str]:
    return {path: entry["sddl"] for path, entry in world.tree.dump().items()}


class _Judge:
    """Made after the apply; it reads the lab's disk by the lab's own reading."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._granted = sddls(world)

    def holds_true(
        self, report: ApplyReport | None, code: ExitCode, watched: Watched, *, at_the_end: bool
    ) -> None:
        """Of a change that somebody undid, the run must have noticed it, unless that came after all."""
        sids = {str(one.action.sid) for one in report.outcomes} if report else set()
        for one in report.outcomes if report else ():
            own = _own(sddls(self._world), one.action.sid)
            if isinstance(one.outcome, Done | AlreadyRight):
                put_back = any(write.how == "undone" for write in watched.writes)
                assert not own or (put_back and (at_the_end or code in NOT_ALL_WELL)), one
            elif isinstance(one.outcome, Stuck):
                assert watched.happened, one
            else:
                assert own == _own(self._granted, one.action.sid), one
        granted = scenarios.build(scenarios.load(SCENARIO))
        for path, sddl in self._granted.items():
            granted.set_sddl(path, sddl)
        assert entries(self._world, sids) == entries(granted, sids)


def _own(disk: dict[str, str], sid: str) -> set[tuple[str, str]]:
    """What a VM is allowed, by path."""
    return {(path, str(ace)) for path, sddl in disk.items() for ace in parse(sddl).aces if ace.trustee == sid}


def _undone(lab: Rehearsal, run_id: str, limits: TimeLimits) -> tuple[ExitCode, ApplyReport | None]:
    target = Target(lab.settings, lab.state_dir, Secret(PASSWORD), limits=limits)
    try:
        result = lab.undo_result(UndoRequest(target, run_id))
    except VhdsfixError as error:
        return error.exit_code, None
    assert isinstance(result.data, ApplyReport)
    code = exit_code(result.reasons, detailed=False)
    assert code is not ExitCode.INTERNAL
    assert all(one.is_right for one in result.data.outcomes) or code is ExitCode.NOT_DONE
    return code, result.data


def _counted(moments: list[Moment]) -> Iterator[tuple[Moment, int]]:
    count: Counter[tuple[str, str | None]] = Counter()
    for moment in moments:
        kind = moment.message if moment.message in ("Connection", "Logon") else moment.message and "request"
        count[moment.node, kind] += 1
        yield moment, count[moment.node, kind]


def _at(moment: Moment, nth: int) -> Iterator[Mischief]:
    if moment.message is None:
        yield from (Mischief(Where(moment.node, nth=nth), what) for what in written(moment))
    elif moment.message in ("Connection", "Logon"):
        where = Where(moment.node, message=moment.message, nth=nth)
        yield from (Mischief(where, what) for what in wrong_on_the_wire(moment.message))
    else:
        where = Where(moment.node, request=moment.request)
        yield from (Mischief(where, what) for what in wrong_on_the_wire(moment.message))


def _quiet() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
