"""The worlds that the lab knows, as TOML files in `scenarios/`, and how one is built from its file.

A scenario says what differs from an ordinary host cluster. Folders above those it names, and the files of its VMs' drives, are
made with what they inherit. In an `sddl`, {NAME} stands for the SID of the VM of that name.
"""

from __future__ import annotations

from importlib.resources import files

import msgspec

from vhdsfix.errors import LabError
from vhdsfix.lab.dacl import FULL_CONTROL, Ace, parse, rights_text
from vhdsfix.lab.identifiers import stable_id
from vhdsfix.lab.mischief import Mischief
from vhdsfix.lab.ntfs import Entry, Tree, parent
from vhdsfix.lab.rule import Rule
from vhdsfix.lab.world import Cluster, Drive, Node, Vm, Volume, World

DISK_FILE_SIZE = 4 * 1024 * 1024
"""Bytes. The lab has no content, and nobody looks at it."""

_SYSTEM_DRIVE = "C:\\"
_SYSTEM_DRIVE_SDDL = (
    "O:SYG:SYD:PAI(A;OICI;FA;;;BA)(A;OICI;FA;;;SY)(A;OICI;0x1200a9;;;BU)(A;OICIIO;SDGXGWGR;;;AU)(A;;LC;;;AU)"
)
"""Assumed: the system drive of a freshly installed host; nothing of it reaches into a volume."""
_VOLUME_SDDL = "O:BAG:SYD:PAI(A;OICI;FA;;;BA)(A;OICI;FA;;;SY)(A;OICIIO;GA;;;CO)(A;OICI;0x1200a9;;;BU)(A;CI;LC;;;BU)(A;CIIO;DC;;;BU)"
"""Assumed: a freshly formatted NTFS volume; what is above its mount folder does not reach into it."""


class NewVolume(msgspec.Struct, forbid_unknown_fields=True):
    """A cluster shared volume and its ClusterResourceState; `sddl` of its root."""

    name: str
    folder: str
    owner: str
    state: str = "Online"
    sddl: str = _VOLUME_SDDL


class NewFolder(msgspec.Struct, forbid_unknown_fields=True):
    """A folder. `grants`: the VMs that have (OI)F on it; `files`: names of files in it that inherit."""

    path: str
    grants: list[str] = []
    files: list[str] = []
    sddl: str | None = None
    hidden: bool = False
    link: str | None = None
    denied: bool = False


class NewFile(msgspec.Struct, forbid_unknown_fields=True):
    """A file that is not like the others: protected, moved in, hidden, or not to be looked at. `size` in bytes.

    `moved_from`: the folder on the same volume where it was made; it keeps what it inherited there. `written`: when it was last
    written to, UTC, ISO 8601.
    """

    path: str
    moved_from: str | None = None
    sddl: str | None = None
    size: int = DISK_FILE_SIZE
    hidden: bool = False
    link: str | None = None
    denied: bool = False
    written: str | None = None


class Inside(msgspec.Struct, forbid_unknown_fields=True):
    """A guest cluster as its guests tell of it. `answers`: those of its nodes that can be asked; no `name`: as in the config."""

    nodes: list[str]
    answers: list[str]
    down: list[str] = []
    name: str | None = None


class GuestCluster(msgspec.Struct, forbid_unknown_fields=True):
    """What an admin of this world would have in the config: a guest cluster's name, and its nodes' names.

    With `inside` its guests answer, to an account of their own.
    """

    name: str
    nodes: list[str]
    inside: Inside | None = None

    def world(self) -> World | None:
        """What its guests see: their cluster, and no VMs."""
        if self.inside is None:
            return None
        nodes = [Node(name, "Down" if name in self.inside.down else "Up") for name in self.inside.nodes]
        return World(Cluster(self.inside.name or self.name, domain=""), nodes, [], [], Tree())


class Scenario(msgspec.Struct, forbid_unknown_fields=True):
    """What a scenario's file says; `about` is one line for a person. `by_rule` adds to what is listed.

    `mischief`: what goes wrong, counted anew whenever the lab starts. `vhd_sets`: by a VHD Set's path, files elsewhere that belong
    to it.
    """

    about: str
    cluster: Cluster
    by_rule: Rule | None = None
    node: list[Node] = []
    volume: list[NewVolume] = []
    vm: list[Vm] = []
    folder: list[NewFolder] = []
    file: list[NewFile] = []
    guest_cluster: list[GuestCluster] = []
    mischief: list[Mischief] = []
    vhd_sets: dict[str, list[str]] = {}


def names() -> tuple[str, ...]:
    """The scenarios that come with the lab, sorted."""
    found = (entry.name for entry in files("vhdsfix.lab").joinpath("scenarios").iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in found if name.endswith(".toml")))


def load(name: str) -> Scenario:
    """One of the lab's own scenarios; LabError for a name it does not have."""
    if name not in names():
        raise LabError(f"the lab has no scenario {name!r}; it has {', '.join(names())}")
    text = files("vhdsfix.lab").joinpath("scenarios", f"{name}.toml").read_text(encoding="utf-8")
    return read(text, name)


def read(text: str, name: str) -> Scenario:
    """Read a scenario's TOML strictly; LabError that names the scenario and what is wrong in it."""
    try:
        return msgspec.toml.decode(text, type=Scenario)
    except msgspec.DecodeError as error:
        raise LabError(f"the lab's scenario {name} cannot be read: {error}") from error


def build(scenario: Scenario) -> World:
    """A new world; LabError if the scenario names a VM, node or folder that cannot be."""
    world = World(scenario.cluster, scenario.node, [], [], Tree(), rule=scenario.by_rule)
    world.tree.add(_SYSTEM_DRIVE, sddl=_SYSTEM_DRIVE_SDDL)
    if scenario.by_rule is not None:
        _add_by_rule(world, scenario.by_rule)
    for vm in scenario.vm:
        world.add_vm(vm)
    for volume in scenario.volume:
        _add_volume(world, volume)
    for folder in sorted(scenario.folder, key=lambda folder: folder.path.count("\\")):
        _add_folder(world, folder)
    for file in scenario.file:
        _add_file(world, file)
    elsewhere = [path for paths in scenario.vhd_sets.values() for path in paths]
    _add_files(world, [*_drives_files(scenario.vm), *elsewhere])
    world.vhd_sets = scenario.vhd_sets
    _add_config_store(world.tree, scenario.cluster.config_store)
    return world


def _add_config_store(tree: Tree, path: str | None) -> None:
    """The folder that is set is there; a scenario in which it is not makes it go away."""
    if path and tree.get(path) is None:
        _add_path_to(tree, path)
        tree.add(path)


def _add_volume(world: World, volume: NewVolume) -> Entry:
    _add_path_to(world.tree, volume.folder)
    world.volumes.append(Volume(volume.name, volume.folder, world.node(volume.owner).name, volume.state))
    link = f"\\\\?\\Volume{{{stable_id(f'volume {volume.name}')}}}\\"
    return world.tree.add(volume.folder, sddl=_with_sids(world, volume.sddl), link=link)


def _add_by_rule(world: World, rule: Rule) -> None:
    """Nodes, VMs and volumes; what is on the volumes is made when somebody looks there."""
    names = rule.node_names()
    world.nodes += [Node(name) for name in names]
    for guest in rule.guests():
        drives = [Drive(disk, shared=disk.endswith(".vhds")) for disk in guest.disks]
        world.vms.append(Vm(guest.id, guest.name, names[guest.node], drives=drives))
    for folder, owner in rule.volumes().items():
        _add_volume(world, NewVolume(folder.rpartition("\\")[2], folder, owner)).unbuilt = True


def _add_folder(world: World, folder: NewFolder) -> None:
    _add_path_to(world.tree, folder.path)
    sddl = _with_sids(world, folder.sddl)
    entry = world.tree.add(
        folder.path, sddl=sddl, hidden=folder.hidden, link=folder.link, denied=folder.denied
    )
    if folder.grants:
        granted = tuple(
            Ace("A", ("OI",), rights_text(FULL_CONTROL), world.vm(vm).sid) for vm in folder.grants
        )
        try:
            world.tree.set_dacl(folder.path, (*parse(entry.sddl).explicit, *granted))
        except ValueError as error:
            raise LabError(f"the lab cannot put grants on {folder.path}: {error}") from error
    for name in folder.files:
        world.tree.add(f"{folder.path}\\{name}", file=True, size=DISK_FILE_SIZE)


def _add_file(world: World, file: NewFile) -> None:
    _add_path_to(world.tree, file.path)
    sddl = _made_in(world.tree, file.moved_from) if file.moved_from else _with_sids(world, file.sddl)
    entry = world.tree.add(
        file.path,
        file=True,
        sddl=sddl,
        size=file.size,
        hidden=file.hidden,
        link=file.link,
        denied=file.denied,
    )
    entry.written = file.written or entry.written


def _made_in(tree: Tree, folder: str) -> str:
    """The SDDL of a file that is made there; the folder is made too where there is none."""
    made = f"{folder}\\a file that is moved away"
    _add_path_to(tree, made)
    sddl = tree.add(made, file=True).sddl
    tree.remove(made)
    return sddl


def _drives_files(vms: list[Vm]) -> list[str]:
    """Every drive's file is there; shared disks are drives of several VMs."""
    return [drive.path for vm in vms for drive in vm.drives if drive.path]


def _add_files(world: World, paths: list[str]) -> None:
    for path in paths:
        if world.tree.get(path) is None:
            _add_path_to(world.tree, path)
            world.tree.add(path, file=True, size=DISK_FILE_SIZE)


def _add_path_to(tree: Tree, path: str) -> None:
    above = parent(path)
    if tree.get(above) is None and above != path:
        _add_path_to(tree, above)
        tree.add(above)


def _with_sids(world: World, sddl: str | None) -> str | None:
    if sddl is None:
        return None
    for vm in world.vms:
        sddl = sddl.replace(f"{{{vm.name}}}", vm.sid)
    return sddl
