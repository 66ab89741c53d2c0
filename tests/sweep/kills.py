"""Applies that are killed (SIGKILL) at drawn moments, one after another: each goes on where the last one died, and none lies.

The process is the real one; the lab and its world are in this one and live on. It dies as the n-th thing happens on the nodes,
or after a drawn time: in the middle of a logon, a question, a change, a line of its journal.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import filelock

from tests.end_to_end.rehearsal import PASSWORD, USER
from tests.mischief.truth import entries, intents_in, is_granted
from tests.sweep.many_folders import config_in, every_grant_is_there_once, world_of
from vhdsfix.lab.auth import Account
from vhdsfix.lab.mischief import Mischiefs, Moment, W
from vhdsfix.lab.psrp import SimulatedShell
from vhdsfix.lab.server import Lab, LabNode
from vhdsfix.lab.world import World
from vhdsfix.lab.world_mischief import SpoiltWorld
from vhdsfix.wording import counted

FULL = 200
SECONDS = 4.0
BY_TIME = 0.25
"""So many are killed after a drawn time of up to so many seconds, wherever they are then."""
A_RUN_AT_MOST_S = 300
MOMENTS_OF_CHANGES = 40
"""So many moments after a look one may die: few, so that there is always something left to do for the next."""
SHELLS_LEFT = 20
"""A killed client leaves its shell to the node, which lets one account have thirty: after so many the nodes begin anew."""
APPLY = ("apply", "--yes", "--max-changes", "1000")


class Countdown(Mischiefs):
    """Nothing goes wrong on the nodes; at the n-th moment that comes something happens elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0
        self._due = 0
        self._happens: Callable[[], object] = lambda: None

    def set(self, due: int, happens: Callable[[], object]) -> None:
        self.count, self._due, self._happens = 0, due, happens

    def at(self, moment: Moment, kind: type[W]) -> tuple[W, ...]:
        self.count += 1
        if self.count == self._due:
            self._happens()
        return super().at(moment, kind)


class Crash:
    """A world on its nodes, and runs of the real process against it."""

    def __init__(self, world: World, folder: Path, countdown: Countdown) -> None:
        self.world = world
        self.countdown = countdown
        self.state_dir = folder / "state"
        self._folder = folder
        self._config = folder
        self._log = folder / "last-run.txt"

    def reach(self, lab: Lab) -> None:
        """From now on its nodes are asked."""
        self._config = config_in(self._folder, lab)

    def started(self, command: str, *options: str) -> subprocess.Popen[bytes]:
        words = [sys.executable, "-m", "vhdsfix", command, "--config", str(self._config), *options]
        known = {name: os.environ[name] for name in ("PATH", "HOME", "SYSTEMROOT") if name in os.environ}
        environment = {**known, "VHDSFIX_PASSWORD": PASSWORD, "VHDSFIX_STATE_DIR": str(self.state_dir)}
        with self._log.open("wb") as log:
            return subprocess.Popen(words, env=environment, stdout=log, stderr=log)

    def finished(self, command: str, *options: str) -> int:
        with self.started(command, *options) as process:
            return process.wait(A_RUN_AT_MOST_S)

    def killed_at(self, moment: int) -> bool:
        """Whether it was still running when that moment came."""
        with self.started(*APPLY) as process:
            self.countdown.set(moment, process.kill)
            code = process.wait(A_RUN_AT_MOST_S)
            self.countdown.set(0, process.kill)
        return self._was_killed(code)

    def killed_after(self, seconds: float) -> bool:
        with self.started(*APPLY) as process:
            try:
                code = process.wait(seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                code = process.wait()
        return self._was_killed(code)

    def _was_killed(self, code: int) -> bool:
        assert code < 0 or code in (0, 6), self._log.read_text(encoding="utf-8")
        return code < 0


def run(count: int, seed: int) -> str:
    """So many kills over half as many folders."""
    world, countdown = world_of(max(count // 2, 1)), Countdown()
    before = entries(world)
    dice = random.Random(seed)  # noqa: S311 - no secret hangs on it
    with tempfile.TemporaryDirectory(prefix="vhdsfix-crash-") as folder:
        crash, killed = Crash(world, Path(folder), countdown), 0
        with _lab(world, countdown) as lab:
            crash.reach(lab)
            assert crash.finished("plan") == 0
            moments = countdown.count
        while killed < count:
            with _lab(world, countdown) as lab:
                crash.reach(lab)
                killed += _kills(crash, min(SHELLS_LEFT, count - killed), moments, dice)
        with _lab(world, countdown) as lab:
            crash.reach(lab)
            whole_runs = _to_the_end(crash)
        every_grant_is_there_once(world)
        assert entries(world, {vm.sid for vm in world.vms}) == before
        held = _journals_tell_the_truth(crash)
        return (
            f"killed {killed} times over {max(count // 2, 1)} folders, then {counted(whole_runs, 'whole run')}: every grant is there"
            f" once, {held} intents are closed, nothing is locked"
        )


def _lab(world: World, countdown: Countdown) -> Lab:
    spoilt = SpoiltWorld(countdown)

    def node(name: str) -> LabNode:
        return LabNode(
            name,
            lambda _kind: SimulatedShell(world, name, run=spoilt.run),
            Account(USER, PASSWORD),
            mischiefs=countdown,
        )

    return Lab([node(each.name) for each in world.nodes])


def _kills(crash: Crash, count: int, moments_of_a_look: int, dice: random.Random) -> int:
    """Until so many were killed; a run that came to its end before is none: those after it only look, and die while they do."""
    killed, by_time, latest = 0, BY_TIME, moments_of_a_look + MOMENTS_OF_CHANGES
    for _ in range(2 * count):
        if killed == count:
            break
        seconds, moment = dice.uniform(0.2, SECONDS), dice.randint(1, latest)
        if crash.killed_after(seconds) if dice.random() < by_time else crash.killed_at(moment):
            killed += 1
        else:
            by_time, latest = 0.0, moments_of_a_look
        _what_is_called_done_is_there(crash)
    assert killed == count, f"only {killed} of {count} were killed before their end"
    return killed


def _to_the_end(crash: Crash) -> int:
    """How many whole runs it takes: one that closes what the last left open may hold those folders back."""
    for number in (1, 2):
        code = crash.finished(*APPLY)
        if code == 0:
            return number
        assert code == 6
    raise AssertionError(f"two whole runs were not enough: {crash._log.read_text(encoding='utf-8')}")


def _what_is_called_done_is_there(crash: Crash) -> None:
    for journal in crash.state_dir.rglob("*.jsonl"):
        lines = _lines(journal)
        places = {line["intent"]: (line["folder"], line["sid"]) for line in lines if "intent" in line}
        for line in lines:
            if line.get("outcome", {}).get("outcome") == "done":
                assert is_granted(crash.world, *places[line["result"]]), f"not done: {line}"


def _journals_tell_the_truth(crash: Crash) -> int:
    """Every grant was announced, every announcement is closed, every run ended; each Done shows the entry that it made."""
    intents = Counter(intents_in(crash.state_dir))
    for vm in crash.world.vms:
        assert intents[str(vm.drives[0].path).rpartition("\\")[0], vm.sid] >= 1
    for journal in crash.state_dir.rglob("*.jsonl"):
        lines = _lines(journal)
        opened: dict[str, str] = {}
        for line in lines:
            if "intent" in line:
                opened[line["intent"]] = line["sid"]
            elif "result" in line:
                sid = opened.pop(line["result"])
                done = line["outcome"]["outcome"] == "done"
                assert not done or f"(A;OI;FA;;;{sid})" in line["after"]["."]
        assert not opened, f"{journal} leaves {opened} open"
        assert not lines or "end" in lines[-1], f"{journal} has no end"
    for lock in crash.state_dir.rglob("lock"):
        filelock.FileLock(lock).acquire(timeout=0).lock.release()
    return sum(intents.values())


def _lines(journal: Path) -> list[dict[str, Any]]:
    """The whole lines: one that was cut off has no newline."""
    return [json.loads(line) for line in journal.read_bytes().split(b"\n")[:-1]]
