"""A world as a tree for a person: the cluster, its nodes with their VMs and drives, and the folders and files that all nodes see.

A folder with shared disks says what their VMs may do there, by the lab's own simple reading: whether a VM's own entries give
it full control before an entry denies some of it, to the VM or to a group that every VM belongs to. Conditions are not read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from vhdsfix.lab.dacl import FULL_CONTROL, Ace, Descriptor, inherited_by, parse
from vhdsfix.lab.ntfs import Entry, parent
from vhdsfix.lab.world import Drive, Node, Vm, World

Access = Literal["yes", "no", "denied", "not for new files", "cannot be told"]

MANY = 40
"""So many things in a folder are shown, and the rest is counted."""

_GENERIC_ALL = 0x10000000
_NEW_FILE = parse("O:BAG:SYD:AI")
_GROUPS_OF_ALL_VMS = ("S-1-5-83-0", "WD", "S-1-1-0", "AU", "S-1-5-11", "SU", "S-1-5-6")
"""Assumed: NT VIRTUAL MACHINE\\Virtual Machines, Everyone, Authenticated Users and SERVICE are in a VM's token."""


class Branch(msgspec.Struct, frozen=True):
    """A line, the access of VMs by their names, and what is below it."""

    text: str
    access: tuple[tuple[str, Access], ...] = ()
    below: tuple[Branch, ...] = ()


def of(world: World) -> Branch:
    """The whole world, but for the rest of long folders."""
    cluster = world.cluster
    store = "no resource for it" if cluster.config_store is None else cluster.config_store or "not set"
    nodes = (_node(world, node) for node in world.nodes)
    text = f"{cluster.name}, domain {cluster.domain}, ConfigStoreRootPath: {store}"
    return Branch(text, below=(*nodes, Branch("on every node", below=(_Files(world).folder("C:\\"),))))


def access_of(sid: str, aces: Iterable[Ace]) -> Access:
    """Whether these entries, on a file or a folder, give a VM's account full control of it."""
    wanted = FULL_CONTROL
    for ace in aces:
        mask = FULL_CONTROL if ace.mask & _GENERIC_ALL else ace.mask
        if "IO" in ace.flags or not mask & wanted:
            continue
        if ace.kind == "D" and ace.trustee in (sid, *_GROUPS_OF_ALL_VMS):
            return "denied"
        if ace.kind == "A" and ace.trustee == sid:
            wanted &= ~mask
    return "no" if wanted else "yes"


def _node(world: World, node: Node) -> Branch:
    vms = (vm for vm in world.vms if node.name in (vm.node, vm.also_on))
    return Branch(_remarked(node.name, [node.state]), below=tuple(_vm(world, vm, node) for vm in vms))


def _vm(world: World, vm: Vm, node: Node) -> Branch:
    remarks = [vm.state]
    if not vm.clustered:
        remarks.append("not clustered")
    if vm.clustered_as:
        remarks.append(f"clustered as {vm.clustered_as}")
    if vm.also_on:
        remarks.append(
            f"moved here from {vm.also_on}" if node.name == vm.node else f"moved to {vm.node}, still shown"
        )
    if not vm.registered:
        remarks.append("no node shows it")
    drives = [Branch(_drive(world, drive)) for drive in vm.drives]
    return Branch(
        _remarked(vm.name, remarks), below=(*drives, *([Branch("empty DVD drive")] if vm.dvd else []))
    )


def _drive(world: World, drive: Drive) -> str:
    if drive.path is None:
        return "empty drive" if drive.disk_number is None else f"disk {drive.disk_number} of the host"
    path = world.tree.spelled(drive.path)
    return f"{_name(path)}{', shared,' if drive.shared else ''} in {parent(path)}"


def _name(path: str) -> str:
    return path.rpartition("\\")[2] or path


def _remarked(name: str, remarks: list[str]) -> str:
    return f"{name} ({', '.join(remarks)})" if remarks else name


class _Files:
    """The tree of files and folders, and who has shared disks where."""

    def __init__(self, world: World) -> None:
        self._tree = world.tree
        self._volumes = {volume.folder.upper(): volume for volume in world.volumes}
        self._sharing: dict[str, list[Vm]] = {}
        for vm in world.vms:
            for folder in {parent(drive.path).upper() for drive in vm.drives if drive.path and drive.shared}:
                self._sharing.setdefault(folder, []).append(vm)

    def folder(self, path: str) -> Branch:
        vms = self._sharing.get(path.upper(), [])
        items, entry = self._tree.children(path), self._tree.get(path)
        on_folder = tuple((vm.name, _on_folder(vm, entry)) for vm in vms)
        below = [
            _file(child, about, entry, vms, on_folder) if about.file else self.folder(child)
            for child, about in items[:MANY]
        ]
        if len(items) > MANY:
            below.append(Branch(f"and {len(items) - MANY} more"))
        return Branch(self._named(path, entry), on_folder, tuple(below))

    def _named(self, path: str, entry: Entry | None) -> str:
        if volume := self._volumes.get(path.upper()):
            return _remarked(_name(path), [f"cluster shared volume {volume.name}, owned by {volume.owner}"])
        return _remarked(_name(path), list(_remarks(entry)))


def _file(
    path: str, entry: Entry, folder: Entry | None, vms: list[Vm], on_folder: tuple[tuple[str, Access], ...]
) -> Branch:
    """A file, and the access of those VMs whose access to its folder is another."""
    access = ((vm.name, _on_file(vm, entry)) for vm in vms)
    remarks = [*_remarks(entry), *_inheritance(entry, folder)]
    return Branch(
        _remarked(_name(path), remarks),
        tuple(told for told in access if told not in on_folder),
    )


def _on_folder(vm: Vm, entry: Entry | None) -> Access:
    descriptor = _read(entry)
    if descriptor is None:
        return "cannot be told"
    here = access_of(vm.sid, descriptor.aces)
    new_file = access_of(vm.sid, inherited_by(descriptor, _NEW_FILE, child_is_file=True))
    return "not for new files" if here == "yes" != new_file else here


def _on_file(vm: Vm, entry: Entry) -> Access:
    descriptor = _read(entry)
    return access_of(vm.sid, descriptor.aces) if descriptor else "cannot be told"


def _remarks(entry: Entry | None) -> Iterator[str]:
    if entry and entry.link is not None:
        yield f"a link to {entry.link}"
    if entry and entry.hidden:
        yield "hidden"
    if entry and entry.denied:
        yield "nobody may look at it"


def _inheritance(entry: Entry, folder: Entry | None) -> Iterator[str]:
    own, above = _read(entry), _read(folder)
    if own is None or above is None:
        return
    inherited = tuple(ace for ace in own.aces if ace.is_inherited)
    if "P" in own.control:
        yield "does not inherit"
    elif inherited != inherited_by(above, own, child_is_file=True):
        yield "lacks what its folder passes on"


def _read(entry: Entry | None) -> Descriptor | None:
    """None where it is no list of entries: a null DACL, or text that is no SDDL."""
    try:
        return parse(entry.sddl) if entry else None
    except ValueError:
        return None
