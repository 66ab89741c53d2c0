"""What goes wrong in the world while pipelines run: writes that do not last, and everybody else who changes things.

No clock is in it: what comes later comes when permissions were read so many times.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from functools import partial

import msgspec

from vhdsfix.lab.cmdlets.catalog import CMDLETS
from vhdsfix.lab.cmdlets.cmdlet import Cmdlet
from vhdsfix.lab.dacl import parse
from vhdsfix.lab.mischief import (
    Backup,
    Drains,
    Edits,
    Event,
    Fails,
    Happens,
    InTheWorld,
    Mischiefs,
    Moment,
    Moves,
    Offline,
    Remounted,
    Written,
    plain_names,
)
from vhdsfix.lab.ntfs import Entry, Tree
from vhdsfix.lab.pipeline import PipelineEnd, run_pipeline
from vhdsfix.lab.runspace import Runspace
from vhdsfix.lab.statements import Statement
from vhdsfix.lab.world import Vm, World

_READS = "get-acl"


class _Later:
    """What happens when permissions were read so many times more."""

    def __init__(self, reads: int, happens: Callable[[], object]) -> None:
        self.reads = reads
        self.happens = happens


class SpoiltWorld:
    """Runs pipelines in a world in which things go wrong; `run` stands in for `run_pipeline`."""

    def __init__(self, mischiefs: Mischiefs) -> None:
        self._mischiefs = mischiefs
        self._later: list[_Later] = []

    def run(
        self, runspace: Runspace, statements: tuple[Statement, ...], cmdlets: Mapping[str, Cmdlet] = CMDLETS
    ) -> PipelineEnd:
        names = plain_names(command.name for statement in statements for command in statement)
        work = partial(run_pipeline, statements=statements, cmdlets=cmdlets)
        with runspace.world.tree.lock:
            if _READS in names:
                self._permissions_are_read()
            due = self._mischiefs.at(Moment(runspace.node, commands=names), InTheWorld)
            _happen(runspace.world, due, afterwards=False)
            written = [what for what in due if isinstance(what, Written)]
            end = self._spoilt(written[0], runspace, work) if written else work(runspace)
            _happen(runspace.world, due, afterwards=True)
        return end

    def settle(self) -> None:
        """Everything that comes later comes now."""
        while self._later:
            self._later.pop(0).happens()

    def _permissions_are_read(self) -> None:
        for later in tuple(self._later):
            if later.reads == 0:
                self._later.remove(later)
                later.happens()
            later.reads -= 1

    def _spoilt(
        self, written: Written, runspace: Runspace, work: Callable[[Runspace], PipelineEnd]
    ) -> PipelineEnd:
        world = runspace.world
        before = _descriptors(world)
        end = work(runspace)
        changed = {path: before[path] for path, sddl in _descriptors(world).items() if before[path] != sddl}
        match written.how:
            case "ignored":
                _put_back(world, changed)
            case "late":
                _put_back(world, changed)
                here = tuple(world.vms_on(runspace.node))
                self._later.append(_Later(written.after, partial(_as_then, world, runspace.node, here, work)))
            case "undone":
                self._later.append(_Later(written.after, partial(_put_back, world, changed)))
            case "cut":
                _put_back(world, dict(itertools.islice(changed.items(), written.after, None)))
        return end


def change(world: World, event: Event) -> None:
    """Make one event happen now."""
    match event:
        case Moves(vm=vm, node=""):
            world.vm(vm).registered = False
        case Moves(vm=vm, node=node):
            world.vm(vm).registered = True
            world.move_vm(vm, node)
        case Drains(node=node):
            _drain(world, node)
        case Edits(path=path, sddl=sddl):
            world.tree.set_dacl(path, parse(sddl).explicit)
        case Backup(path=path, merged=True):
            world.tree.remove(path)
        case Backup(path=path):
            world.add_file(path)
        case Offline(folder=folder):
            _taken(world.tree, folder)
        case Remounted(folder=folder, other=other):
            here, there = _taken(world.tree, folder), _taken(world.tree, other)
            _put(world.tree, folder, there)
            _put(world.tree, other, here)
        case Fails(node=node, command=command, fault=fault):
            world.faults.setdefault(node, {})[command] = fault


def _happen(world: World, due: tuple[InTheWorld, ...], *, afterwards: bool) -> None:
    for what in due:
        if isinstance(what, Happens) and what.afterwards is afterwards:
            for event in what.events:
                change(world, event)


def _drain(world: World, name: str) -> None:
    drained = world.node(name)
    drained.state = "Paused"
    others = itertools.cycle(
        [node.name for node in world.nodes if node.state == "Up" and node is not drained]
    )
    for vm in world.vms_on(name):
        world.move_vm(vm.id, next(others))


def _descriptors(world: World) -> dict[str, str]:
    return {path: entry["sddl"] for path, entry in world.tree.dump().items()}


def _as_then(world: World, node: str, here: tuple[Vm, ...], work: Callable[[Runspace], PipelineEnd]) -> None:
    """The work on a node as if these VMs were on it still: when it began it had found their names."""
    now = [(vm, vm.node, vm.registered) for vm in here]
    for vm in here:
        vm.node, vm.registered = node, True
    work(Runspace(world, node))
    for vm, its_node, registered in now:
        vm.node, vm.registered = its_node, registered


def _put_back(world: World, descriptors: Mapping[str, str]) -> None:
    for path, sddl in descriptors.items():
        if world.tree.get(path) is not None:
            world.set_sddl(path, sddl)


def _taken(tree: Tree, folder: str) -> dict[str, Entry]:
    """What was below a folder, by its path from there, folders before what is in them."""
    found: dict[str, Entry] = {}
    for path, entry in tree.children(folder):
        name = path[len(folder) :]
        found[name] = entry
        found |= {name + below: entry for below, entry in _taken(tree, path).items()}
        tree.remove(path)
    return found


def _put(tree: Tree, folder: str, below: Mapping[str, Entry]) -> None:
    for name, entry in below.items():
        said = msgspec.structs.asdict(entry)
        del said["unbuilt"]  # it was built when it was taken
        written = said.pop("written")
        tree.add(folder + name, **said).written = written
