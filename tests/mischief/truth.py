"""Whether what an apply says of its actions is true of the lab's disk: judged by the lab's own plain reading of NTFS.

The measure is a second world in which only the others did what they did: whatever differs from it, but for the entries of
VMs that were granted, is the product's doing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from vhdsfix.commands.result import ApplyReport
from vhdsfix.errors import ExitCode, LabError
from vhdsfix.lab.dacl import FULL_CONTROL, Ace, parse
from vhdsfix.lab.mischief import (
    Edits,
    Event,
    Fails,
    Happens,
    Mischiefs,
    Moment,
    Moves,
    Offline,
    Remounted,
    W,
    Written,
)
from vhdsfix.lab.world import World, from_json, to_json
from vhdsfix.lab.world_mischief import change
from vhdsfix.model.outcome import AlreadyRight, Done, Stuck

NOT_ALL_WELL = (ExitCode.NOT_DONE, ExitCode.INCOMPLETE, ExitCode.NO_NODE)
Aces = dict[str, tuple[bool, tuple[str, ...]]]
"""By path: whether the DACL is protected, and its entries in order."""


class Watched(Mischiefs):
    """Remembers each moment that came, and what went wrong, in order.

    `look`, `writes_begin`: called when permissions are about to be read, and before a change is made.
    """

    def __init__(self, planned: Iterable[msgspec.Struct] = ()) -> None:
        super().__init__(planned)  # type: ignore[arg-type] # Mischief, as the lab has it
        self.moments: list[Moment] = []
        self.happened: list[msgspec.Struct] = []
        self.edited_during_a_write = False
        self.look: Callable[[], None] = lambda: None
        self.writes_begin: Callable[[], None] = lambda: None

    def at(self, moment: Moment, kind: type[W]) -> tuple[W, ...]:
        if moment.message is None and "get-acl" in moment.commands:
            self.look()
        found = super().at(moment, kind)
        if moment.message is None and "icacls.exe" in moment.commands:
            self.writes_begin()
            self.edited_during_a_write |= any(map(_is_an_edit, found))
        self.moments.append(moment)
        self.happened += sorted(found, key=_comes_afterwards)
        return found

    @property
    def events(self) -> list[Event]:
        return [event for what in self.happened if isinstance(what, Happens) for event in what.events]

    @property
    def writes(self) -> list[Written]:
        return [what for what in self.happened if isinstance(what, Written)]


class Judge:
    """Made before anything goes on in a world. It sees what the nodes show whenever they are asked for permissions."""

    def __init__(self, world: World, watched: Watched | None = None) -> None:
        self._world = world
        self._before = to_json(world)
        self._shown: set[tuple[str, str]] = set()
        if watched is not None:
            watched.look = self._look

    def holds_true(self, report: ApplyReport, code: ExitCode, watched: Watched, *, at_the_end: bool) -> None:
        """What the report says, now that it is written; `at_the_end`: and once all has landed that comes late."""
        announced = _announced_in(report.journal)
        for one in report.outcomes:
            place = (one.action.folder, one.action.sid)
            if isinstance(one.outcome, Done | AlreadyRight):
                self.was_shown(*place)
                assert is_granted(self._world, *place) or _taken(code, watched, at_the_end=at_the_end), one
            elif isinstance(one.outcome, Stuck):
                assert watched.happened, one
            if isinstance(one.outcome, AlreadyRight):
                assert one.action.id not in announced, "what this run wrote is said to be somebody else's"
        assert all(one.is_right for one in report.outcomes) or code is ExitCode.NOT_DONE
        if watched.edited_during_a_write:
            assert not all(one.is_right for one in report.outcomes), "what changed meanwhile was not noticed"
        written = {str(one.action.sid) for one in report.outcomes if _may_have_written(one.outcome)}
        self.nothing_else_changed(written, watched)

    def was_shown(self, folder: str, sid: str) -> None:
        """A node that was asked did show this grant."""
        assert (folder, sid) in self._shown, f"{sid} was never shown on {folder}"

    def _look(self) -> None:
        for vm in self._world.vms:
            for drive in vm.drives:
                folder = str(drive.path).rpartition("\\")[0]
                if drive.shared and is_granted(self._world, folder, vm.sid):
                    self._shown.add((folder, vm.sid))

    def nothing_else_changed(self, written: set[str], watched: Watched) -> None:
        """Beside what the others did, only those SIDs' own allow entries differ."""
        if watched.writes and any(not isinstance(event, Moves | Fails) for event in watched.events):
            return  # a write that is put back takes along what others did between
        others = from_json(self._before)
        for event in watched.events:
            with suppress(
                LabError, KeyError
            ):  # of two events the one may have taken away what the other was about
                change(others, event)
        assert entries(self._world, written) == entries(others, written)

    def back_to_normal(self, events: Sequence[Event]) -> None:
        """What was taken away for a while is there again: volumes, VMs, commands, nodes."""
        before = from_json(self._before)
        self._world.faults.clear()
        for node, was in zip(self._world.nodes, before.nodes, strict=True):
            node.state = was.state
        for vm in self._world.vms:
            vm.registered = True
        for event in reversed(events):
            if isinstance(event, Offline):
                _put_back(self._world, before, event.folder)
            if isinstance(event, Remounted):
                change(self._world, event)  # the other way round


def _comes_afterwards(what: object) -> bool:
    return isinstance(what, Happens) and what.afterwards


def _is_an_edit(what: object) -> bool:
    return isinstance(what, Happens) and any(isinstance(event, Edits) for event in what.events)


def _taken(code: ExitCode, watched: Watched, *, at_the_end: bool) -> bool:
    """Whether others took away what was there; a write that was undone must have been noticed, unless that came after all."""
    if any(isinstance(event, Edits | Offline | Remounted) for event in watched.events):
        return True
    return any(write.how == "undone" for write in watched.writes) and (at_the_end or code in NOT_ALL_WELL)


def is_granted(world: World, folder: str, sid: str) -> bool:
    """Full control on the folder, for its files too, and on every disk file in it."""
    entry = world.tree.get(folder)
    if entry is None or not any(_passes_on(ace, sid) for ace in parse(entry.sddl).aces):
        return False
    return all(
        any(_is_full(ace, sid) and "IO" not in ace.flags for ace in parse(file.sddl).aces)
        for path, file in world.tree.children(folder)
        if file.file and path.lower().endswith((".vhds", ".avhdx"))
    )


def grants_of(world: World, folder: str, sid: str) -> int:
    """How many explicit entries of a VM a folder has."""
    entry = world.tree.get(folder)
    return sum(ace.trustee == sid for ace in parse(entry.sddl).explicit) if entry else 0


def entries(world: World, besides: Iterable[str] = ()) -> Aces:
    """Every DACL without plain allow entries of these SIDs."""
    found: Aces = {}
    for path, entry in world.tree.dump().items():
        dacl = parse(entry["sddl"])
        kept = (ace for ace in dacl.aces if not (ace.kind == "A" and ace.trustee in besides))
        found[path] = (dacl.is_protected, tuple(map(str, kept)))
    return found


def intents_in(state_dir: Path) -> list[tuple[str, str]]:
    """Folder and SID of each change that was announced, in any journal: read as plain JSON lines."""
    lines = [
        json.loads(line)
        for file in sorted(state_dir.rglob("*.jsonl"))
        for line in file.read_text(encoding="utf-8").splitlines()
    ]
    return [(line["folder"], line["sid"]) for line in lines if "intent" in line]


def _announced_in(journal: str | None) -> set[str]:
    """The actions that a run says that it began."""
    lines = Path(journal).read_text(encoding="utf-8").splitlines() if journal else ()
    return {line["intent"] for line in map(json.loads, lines) if "intent" in line}


def _may_have_written(outcome: object) -> bool:
    return isinstance(outcome, Done | AlreadyRight | Stuck)


def _is_full(ace: Ace, sid: str) -> bool:
    return ace.kind == "A" and ace.trustee == sid and ace.mask & FULL_CONTROL == FULL_CONTROL


def _passes_on(ace: Ace, sid: str) -> bool:
    return _is_full(ace, sid) and "OI" in ace.flags and "IO" not in ace.flags


def _put_back(world: World, before: World, folder: str) -> None:
    for path, entry in before.tree.dump().items():
        if path.startswith(folder + "\\") and world.tree.get(path) is None:
            world.tree.add(path, file=entry.get("file", False), sddl=entry["sddl"])
