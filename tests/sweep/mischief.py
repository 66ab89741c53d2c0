"""Applies in a lab where drawn things go wrong at drawn moments: each ends in our own terms, and what it says is true."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

from tests.end_to_end.rehearsal import PASSWORD, rehearsal
from tests.mischief.limits import SHORT
from tests.mischief.truth import FOLDER, VOLUME, Disk, holds_true
from vhdsfix.commands.requests import ApplyRequest, Target
from vhdsfix.commands.result import ApplyReport, Result, exit_code
from vhdsfix.config import Secret
from vhdsfix.errors import ExitCode, VhdsfixError
from vhdsfix.lab import scenarios
from vhdsfix.lab.faults import Fault
from vhdsfix.lab.mischief import (
    Backup,
    Drains,
    Edits,
    Event,
    Fails,
    Faulted,
    Gone,
    Happens,
    Lost,
    Mangled,
    Mischief,
    Mischiefs,
    Moves,
    Offline,
    OnTheWire,
    Status,
    What,
    Where,
    Written,
)
from vhdsfix.lab.world import World

FULL = 300
NODES = ("HV01", "HV02", "HV03", "HV04")
COMMANDS = ("icacls.exe", "icacls.exe", "Get-Acl", "Get-Acl", "Get-VMHost", "Get-Cluster")
CHECKPOINT = f"{FOLDER}\\GuestClusterDisk_00000000-5E43-4B0E-8E7A-2F9D1B6C4D58.avhdx"
ON_THE_WIRE: tuple[What, ...] = (
    *(Lost("reset", carried_out=done) for done in (False, True)),
    *(Mangled(how) for how in ("cut short", "garbled", "damaged", "wrong id", "html")),
    *(Status(code) for code in (401, 403, 500, 503)),
    *(Faulted(code) for code in (2150859173, 2150859174, 2150858843, 5, "w:InternalError")),
    *(Gone(refusals) for refusals in (0, 1, 2)),
)
WRITTEN: tuple[What, ...] = (
    Written("ignored"),
    *(Written("late", reads) for reads in (1, 2, 3, 99)),
    *(Written("undone", reads) for reads in (0, 1)),
    *(Written("cut", items) for items in (0, 1, 2)),
)
EVENTS: tuple[Event, ...] = (
    *(Moves(vm, node) for vm in ("DemoGuestNode2", "DemoGuestNode3") for node in ("HV01", "HV04", "")),
    *(Drains(node) for node in NODES),
    Edits(FOLDER, "D:(A;OICI;FA;;;BA)"),
    Backup(CHECKPOINT),
    Backup(CHECKPOINT, merged=True),
    Offline(VOLUME),
    *(Fails(node, "Get-VM", Fault("empty")) for node in NODES),
    *(Fails(node, "icacls.exe", Fault("denied")) for node in NODES),
)


def run(count: int, seed: int) -> str:
    """So many applies; AssertionError names the seed and the number of the one that went wrong."""
    ends: dict[str, int] = {}
    for number in range(count):
        planned = _drawn(random.Random(f"{seed}/{number}"))  # noqa: S311 - no secret hangs on it
        try:
            end = _applied(planned)
        except Exception as error:
            raise AssertionError(f"seed {seed}, number {number}: {planned}: {error!r}") from error
        ends[end] = ends.get(end, 0) + 1
    return f"{count} applies, all told truly: {', '.join(f'{ends[end]} {end}' for end in sorted(ends))}"


def _drawn(dice: random.Random) -> list[Mischief]:
    return [_one(dice) for _ in range(dice.randint(1, 3))]


def _one(dice: random.Random) -> Mischief:
    what = dice.choice(dice.choice((ON_THE_WIRE, WRITTEN, (_happens(dice),))))
    command = "icacls.exe" if isinstance(what, Written) else dice.choice(COMMANDS)
    where = Where(
        node=dice.choice(("", *NODES)),
        message=dice.choice((None, "Command", "Receive", "Signal")) if isinstance(what, OnTheWire) else None,
        command=dice.choice(("", command)) if isinstance(what, OnTheWire) else command,
        nth=dice.randint(1, 4),
        times=dice.choice((1, 1, 2)),
    )
    return Mischief(where, what)


def _happens(dice: random.Random) -> What:
    return Happens((dice.choice(EVENTS),), afterwards=dice.random() < 0.5)


def _applied(planned: list[Mischief]) -> str:
    world = scenarios.build(scenarios.load("demo"))
    before = world.tree.dump()
    with tempfile.TemporaryDirectory() as folder:
        with rehearsal(world, Path(folder), mischiefs=Mischiefs(planned)) as lab:
            target = Target(lab.settings, lab.state_dir, Secret(PASSWORD), limits=SHORT)
            try:
                result = lab.apply_result(ApplyRequest(target))
            except VhdsfixError as error:
                return type(error).__name__
        return _told_truly(result, world, before, planned)


def _told_truly(result: Result, world: World, before: Disk, planned: list[Mischief]) -> str:
    assert isinstance(result.data, ApplyReport)
    code = exit_code(result.reasons, detailed=False)
    assert code is not ExitCode.INTERNAL
    events = [event for each in planned if isinstance(each.what, Happens) for event in each.what.events]
    others = (FOLDER,) if any(isinstance(event, Edits | Backup | Offline) for event in events) else ()
    holds_true(result.data, code, world, before, others)
    return f"ended with {int(code)}"
