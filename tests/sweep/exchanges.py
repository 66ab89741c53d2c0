"""Everything that vhdsfix can send, put to the lab and to PowerShell's own engine over the same drawn worlds: both tell the same.

One exchange is one pipeline: a batch of questions in which one fails in one way at one place, a question alone, or a change.
Each combination of these and of the kinds of session comes once before any comes again.
"""

from __future__ import annotations

import itertools
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from tests.powershell.drawn_worlds import NODE, Drawn, draw_world
from tests.powershell.engine import SESSIONS, engines
from tests.powershell.worlds import read_disks, write_files
from vhdsfix.config import Secret
from vhdsfix.lab import endpoints
from vhdsfix.lab.auth import Account
from vhdsfix.lab.faults import Fault
from vhdsfix.lab.server import Lab, LabNode
from vhdsfix.lab.shell import OpenShell
from vhdsfix.lab.world import Vm, World
from vhdsfix.model.windows import FolderPath, VmId
from vhdsfix.ports import ToCheck
from vhdsfix.remote import batch, changes, check_questions
from vhdsfix.remote.cluster_questions import CLUSTER_PHASE
from vhdsfix.remote.connection import Connection
from vhdsfix.remote.folder_questions import about_file, about_folder
from vhdsfix.remote.messages import Messages
from vhdsfix.remote.node_questions import NODE_PHASE
from vhdsfix.remote.questions import Question
from vhdsfix.remote.session import Session
from vhdsfix.remote.statements import Command, Effect, Statement

FULL = 3500

KINDS = ("Microsoft.PowerShell", "constrained", "no-language", "role")
_GRANT = "grant"
_STRANGER = "00000000-0000-0000-0000-00000000000a"
_SUBJECTS: tuple[int | str, ...] = (*range(21), *[_GRANT] * 3)
_FAILURES = ("none", "unknown", "denied", "terminating", "nonterminating", "empty", "null")
_ALONE = -1
_PLACES = (_ALONE, 0, 1, 2, 5)

_WITH_ROWS = (
    "Get-Cluster",
    "Get-ClusterNode",
    "Get-ClusterSharedVolume",
    "Get-ClusterResource",
    "Get-VMHost",
    "Get-VM",
    "Get-VMHardDiskDrive",
    "Get-VHDSet",
    "Get-VMIntegrationService",
    "Get-VMSnapshot",
    "Get-WinEvent",
)
_FOUND_BY = {
    "Get-VM": {"Id"},
    "Get-VMHardDiskDrive": {"VMName"},
    "Get-VHDSet": {"Path"},
    "Get-VMIntegrationService": {"VMId", "VMName"},
    "Get-VMSnapshot": {"VMId", "VMName", "SnapshotType"},
    "Get-WinEvent": {"Id", "LogName", "TimeCreated"},
}
_NOTHING_IS_AN_ERROR = ("Get-WinEvent", "Get-VHDSet", "Get-VMIntegrationService")
"""Without rows the stand-ins report an error, where the lab's fault is that nothing comes and nothing is said."""
_WITHOUT_ROWS = (
    "Get-ClusterParameter",
    "Get-Item",
    "Get-ChildItem",
    "Get-Acl",
    "Get-CimInstance",
    "Get-CimAssociatedInstance",
    "Invoke-CimMethod",
)


def _without(error_id: str, theirs: Messages) -> Messages:
    kept = tuple(error for error in theirs.errors if error.error_id != error_id)
    return msgspec.structs.replace(theirs, errors=kept)


KNOWN_DIFFERENCES: dict[str, Callable[[Messages], Messages]] = {
    "a VM without drives is no error on Windows; the engine's stand-in takes it for a VM that is not there": partial(
        _without, "InvalidParameter,Microsoft.HyperV.PowerShell.Commands.GetVMHardDiskDrive"
    ),
    "nor is a VM without checkpoints": partial(
        _without, "InvalidParameter,Microsoft.HyperV.PowerShell.Commands.GetVMSnapshot"
    ),
}
"""Why the engine answers otherwise than the lab should, and what it said as the lab should say it."""

NOT_DRAWN = (
    "entries for CREATOR OWNER, and inheritable generic rights: the stand-in passes them on as they are",
    "two entries alike in one DACL: the stand-in's icacls takes entries for a set and drops the second",
    "an event whose TimeCreated is null: the stand-in cannot compare it",
    "a VHD Set whose path could be a pattern: the stand-in takes it for one",
    "a VM whose Id is null, or a drive whose VMName is: the stand-in finds a VM's drives by its name, the lab by its id",
)
"""Where they are known to differ, for reasons of the stand-in, and which therefore does not come up."""


class Exchange(msgspec.Struct, frozen=True):
    """What is asked in which kind of session, over which world."""

    kind: str
    what: str
    drawn: Drawn
    statements: tuple[Statement, ...]


def run(count: int, seed: int) -> str:
    """Raises AssertionError for the first exchange in which the two differ, and says what was asked."""
    start = os.environ.get("VHDSFIX_POWERSHELL")
    if not start:
        return (
            "not run: VHDSFIX_POWERSHELL is not set, it names the program that starts PowerShell's own engine"
        )
    tally: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder, both(start, Path(folder)) as judged:
        for number, combination in enumerate(_combinations(count, seed)):
            exchange = draw_exchange(Random(f"{seed} {number}"), *combination)  # noqa: S311 - drawn cases, no secrets
            judged.compare(exchange, f"seed {seed}, exchange {number}")
            tally[exchange.kind] += 1
    return f"{tally.total()} exchanges by seed {seed}, the lab and the engine told the same: {dict(tally)}"


def _combinations(count: int, seed: int) -> Iterator[tuple[str, int | str, str, int]]:
    every = list(itertools.product(KINDS, _SUBJECTS, _FAILURES, _PLACES))
    Random(seed).shuffle(every)  # noqa: S311 - drawn cases, no secrets
    return itertools.islice(itertools.cycle(every), count)


class Judged:
    """A session of each kind with the lab and with the engine, over worlds that change from exchange to exchange."""

    def __init__(
        self, world: World, folder: Path, ours: dict[str, Session], theirs: dict[str, Session]
    ) -> None:
        self._world = world
        self._folder = folder
        self._ours = ours
        self._theirs = theirs

    def compare(self, exchange: Exchange, which: str) -> None:
        for field in World.__struct_fields__:
            setattr(self._world, field, getattr(exchange.drawn.world, field))
        write_files(self._world, self._folder)
        ours = self._ours[exchange.kind].run("asking", exchange.statements)
        theirs = self._theirs[exchange.kind].run("asking", exchange.statements)
        for as_it_should_be in KNOWN_DIFFERENCES.values():
            theirs = as_it_should_be(theirs)
        context = f"{which}: {exchange.kind}, {exchange.what}: {exchange.statements}"
        assert ours == theirs, context
        assert self._world.tree.dump() == read_disks(self._folder).dump(), f"the disks after {context}"


@contextmanager
def both(start: str, folder: Path) -> Iterator[Judged]:
    world = draw_world(Random(0)).world  # noqa: S311 - drawn cases, no secrets
    files = {kind: write_files(world, folder, _session_file(kind))[NODE] for kind in KINDS}
    with ExitStack() as stack:
        ours = _sessions(stack, endpoints.shells(world, NODE))
        theirs = _sessions(stack, engines(start, files))
        yield Judged(world, folder, ours, theirs)


def _session_file(kind: str) -> Path | None:
    file = SESSIONS / f"{kind}.pssc"
    return file if file.exists() else None


def _sessions(stack: ExitStack, shells: OpenShell) -> dict[str, Session]:
    lab = stack.enter_context(Lab([LabNode(NODE, shells, Account("LAB\\admin", "correct horse"))]))
    at = lab.endpoints[0]
    return {
        kind: stack.enter_context(
            closing(
                Session(
                    Connection(NODE, at.address, at.port, "http", user="LAB\\admin", configuration_name=kind),
                    Secret("correct horse"),
                    Effect.WRITES,
                )
            )
        )
        for kind in KINDS
    }


def draw_exchange(draw: Random, kind: str, subject: int | str, failure: str, place: int) -> Exchange:
    drawn = draw_world(draw)
    if subject == _GRANT:
        statements = _change(draw, drawn, failure)
        return Exchange(kind, f"{subject} {failure}", drawn, statements)
    asked = _questions(draw, drawn, failure)[int(subject)]
    asked = msgspec.structs.replace(asked, statement=_failing(draw, drawn.world, asked.statement, failure))
    what = f"{asked.name} {failure} at {place}"
    if place == _ALONE:
        return Exchange(kind, what, drawn, (asked.statement,))
    others = [draw.choice(_questions(draw, drawn, "none")) for _ in range(max(place, draw.randint(0, 4)))]
    return Exchange(kind, what, drawn, batch.with_marks([*others[:place], asked, *others[place:]], "drawn"))


def _questions(draw: Random, drawn: Drawn, failure: str) -> Sequence[Question[Any]]:
    """One of each. A folder's cmdlets fail by the folder where they cannot be made to fail."""
    folder = draw.choice((*drawn.folders, drawn.folders[0].upper()))
    if failure in ("empty", "nonterminating"):
        folder = drawn.empty
    if failure == "nonterminating" or draw.random() < 0.1:
        folder = draw.choice(drawn.unreadable)
    name = draw.choice((*drawn.files(folder), "nope.vhds"))
    return (
        *CLUSTER_PHASE,
        *NODE_PHASE,
        *about_folder(FolderPath(folder)),
        about_file(FolderPath(folder), name),
        *_checks(draw, drawn),
    )


def _checks(draw: Random, drawn: Drawn) -> tuple[Question[Any], ...]:
    """One of each, about the VMs that are there and one that is not."""
    here = drawn.world.vms_on(NODE)
    paths = [drive.path for vm in here for drive in vm.drives if drive.path]
    sets = [path for path in dict.fromkeys(paths) if path.endswith(".vhds") and not set(path) & set("*?[]`")]
    asked = ToCheck(
        vms=tuple(VmId(vm.id) for vm in here) or (VmId(_STRANGER),),
        running=(VmId(draw.choice(here).id if here else _STRANGER),),
        vhd_sets=(*map(FolderPath, sets), FolderPath("C:\\ClusterStorage\\nope.vhds"))[: draw.randint(1, 3)],
        paths=(FolderPath(draw.choice((*drawn.folders, *drawn.unreadable))),),
    )
    return check_questions.about(asked).all()


def _failing(draw: Random, world: World, statement: Statement, failure: str) -> Statement:
    """The statement, and the world that makes it fail."""
    if failure == "unknown":
        at = draw.randrange(len(statement))
        return (*statement[:at], _unknown(draw, statement[at]), *statement[at + 1 :])
    able = _WITH_ROWS + (_WITHOUT_ROWS if failure in ("denied", "terminating") else ())
    if failure in ("empty", "nonterminating"):
        able = tuple(name for name in able if name not in _NOTHING_IS_AN_ERROR)
    commands = [name for name in able if any(command.plain_name == name.lower() for command in statement)]
    if failure != "none" and commands:
        command = draw.choice(commands)
        fault: dict[str, Any] = {
            "kind": failure,
            "error_id": "Drawn",
            "message": draw.choice(["Oh.", "Nein, „doch“."]),
        }
        if failure == "null":
            rows = world.rows(NODE, command)
            able_to_be_null = sorted(rows[0].keys() - _FOUND_BY.get(command, set())) if rows else []
            fault["property"] = draw.choice(able_to_be_null or ["Name"])
        world.faults = {NODE: {command: Fault(**fault)}}
    return statement


def _unknown(draw: Random, command: Command) -> Command:
    """Named as no command is, or as of a module that is not there."""
    module, separator, name = command.name.rpartition("\\")
    no_module = separator and draw.random() < 0.5
    other = f"No{command.name}" if no_module else f"{module}{separator}No{name}"
    return msgspec.structs.replace(command, name=other)


def _change(draw: Random, drawn: Drawn, failure: str) -> tuple[Statement, ...]:
    world = drawn.world
    if not world.vms_on(NODE):
        world.add_vm(Vm("00000000-0000-0000-0000-00000000000b", "here", NODE))
    vm = VmId(_STRANGER if failure == "empty" else draw.choice(world.vms_on(NODE)).id)
    unreadable = [path for path in drawn.unreadable if not path.startswith("\\\\")]
    folder = draw.choice(unreadable if failure in ("terminating", "nonterminating") else drawn.folders)
    if failure == "denied":
        world.faults = {NODE: {"icacls.exe": Fault("denied")}}
    change = changes.grant(FolderPath(folder), vm)
    if failure == "unknown":
        change = msgspec.structs.replace(change, command=_unknown(draw, change.command))
    return change.statements
