"""The world that the lab's nodes answer from: one host cluster, its nodes, volumes, VMs, and the files they share.

It is plain data and changes like a real one: a VM moves, an admin sets a DACL. `property_rows` says how a node shows it.
"""

from __future__ import annotations

import uuid
from typing import Any, Literal

import msgspec

from vhdsfix.errors import LabError
from vhdsfix.lab import property_rows
from vhdsfix.lab.faults import Faults
from vhdsfix.lab.guests import GuestAnswer
from vhdsfix.lab.identifiers import stable_id, vm_sid
from vhdsfix.lab.ntfs import Entry, Tree
from vhdsfix.lab.rule import Rule
from vhdsfix.lab.shown import Shown

NodeState = Literal["Up", "Down", "Paused", "Joining"]
Language = Literal["en", "de", "pl"]


class Cluster(msgspec.Struct, forbid_unknown_fields=True):
    """The host cluster. `config_store`: ConfigStoreRootPath, empty when it is not set; None: there is no such resource.

    `config_store_state`: that resource's, a ClusterResourceState.
    """

    name: str
    domain: str
    shared_volumes_root: str = "C:\\ClusterStorage"
    config_store: str | None = None
    config_store_state: str = "Online"

    @property
    def id(self) -> str:
        return stable_id(f"cluster {self.name}")


class Node(msgspec.Struct, forbid_unknown_fields=True):
    """A host node. One that is Down answers nothing, and what runs on it nobody shows.

    Each answer comes `latency_ms` late, and up to `jitter_ms` more. `talkative`: warnings, progress and the like with each.
    `language`: what its programs speak. `os_version`: major, minor, build.
    """

    name: str
    state: NodeState = "Up"
    latency_ms: int = 0
    jitter_ms: int = 0
    talkative: bool = False
    language: Language = "en"
    os_version: str = "10.0.20348"
    merge_failures: list[MergeFailure] = []


class Volume(msgspec.Struct, forbid_unknown_fields=True):
    """A cluster shared volume, its mount folder, the node that owns it, and its ClusterResourceState."""

    name: str
    folder: str
    owner: str
    state: str = "Online"


class Drive(msgspec.Struct, forbid_unknown_fields=True):
    """A hard disk drive of a VM. No path: it is empty, or passes the host's disk of that number through.

    `shared`: SupportPersistentReservations.
    """

    path: str | None = None
    shared: bool = False
    disk_number: int | None = None


class Checkpoint(msgspec.Struct, forbid_unknown_fields=True):
    """A checkpoint that a backup made. `made_at`: UTC, ISO 8601."""

    name: str
    made_at: str = "2026-01-02T03:04:05Z"


class MergeFailure(msgspec.Struct, forbid_unknown_fields=True):
    """An event 19100 in a node's log. `at`: UTC, ISO 8601; `vm`: a name; `code`: an HRESULT."""

    at: str
    vm: str
    code: str = "0x80070005"


class Vm(msgspec.Struct, forbid_unknown_fields=True):
    """A VM on its node. Not `registered`: the cluster database knows it and no node shows it.

    `dvd`: it has a DVD drive, and no medium in it. `clustered_as`: its name when it was clustered, which its cluster
    resources keep. `configuration_state`: of its configuration resource; Hyper-V shows no VM whose is not Online. `also_on`: a
    node that shows it too, for the moment of a migration (Assumed: its name resolves on both).

    `backup_service`: the VSS integration service is enabled. `guest_name`: what the guest calls itself (KVP), if not as the VM was
    first called. `guest_answer`: what the host's query returns, if not what a healthy guest cluster tells.
    """

    id: str
    name: str
    node: str
    clustered: bool = True
    registered: bool = True
    state: str = "Running"
    version: str = "10.0"
    generation: int = 2
    dvd: bool = False
    clustered_as: str | None = None
    configuration_state: str = "Online"
    also_on: str | None = None
    drives: list[Drive] = []
    backup_service: bool = True
    guest_name: str | None = None
    checkpoints: list[Checkpoint] = []
    guest_answer: GuestAnswer | None = None

    @property
    def sid(self) -> str:
        return vm_sid(self.id)


class World(msgspec.Struct):
    """One host cluster and everything on it, and the commands that fail. `rule`: what made it, where a rule did.

    `vhd_sets`: by a VHD Set's path, files elsewhere that belong to it.
    """

    cluster: Cluster
    nodes: list[Node]
    volumes: list[Volume]
    vms: list[Vm]
    tree: Tree
    faults: Faults = {}
    rule: Rule | None = None
    vhd_sets: dict[str, list[str]] = {}

    def __post_init__(self) -> None:
        if self.rule is not None:
            self.tree.contents = self.rule.contents

    def rows(self, node: str, cmdlet: str) -> list[dict[str, Any]]:
        """What that cmdlet finds on that node; LabError for a cmdlet that has no rows."""
        return self.rows_of(Shown(self, node), cmdlet)

    def rows_of(self, shown: Shown, cmdlet: str) -> list[dict[str, Any]]:
        """The same, on a node at one moment."""
        return property_rows.of(shown, cmdlet)

    def vms_on(self, node: str) -> list[Vm]:
        """The VMs that Hyper-V knows there."""
        wanted = node.upper()
        return [
            vm
            for vm in self.vms
            if (vm.node.upper() == wanted or (vm.also_on is not None and vm.also_on.upper() == wanted))
            and vm.registered
            and not (vm.clustered and vm.configuration_state != "Online")
        ]

    def files_of(self, vhd_set: str) -> list[str]:
        """The set itself, the files beside it that carry its name, and those elsewhere that were said to be its own."""
        start = vhd_set.rpartition(".")[0].lower() + "_"
        siblings = (path for path, _ in self.tree.children(vhd_set.rpartition("\\")[0]))
        beside = [
            path for path in siblings if path.lower().startswith(start) and path.lower().endswith(".avhdx")
        ]
        return [vhd_set, *beside, *self.vhd_sets.get(vhd_set, [])]

    def vm(self, name: str) -> Vm:
        """The VM of that name or id."""
        for vm in self.vms:
            if name.upper() in (vm.name.upper(), vm.id.upper()):
                return vm
        raise LabError(f"the lab has no VM {name!r}; it has {', '.join(vm.name for vm in self.vms)}")

    def node(self, name: str) -> Node:
        for node in self.nodes:
            if node.name.upper() == name.upper():
                return node
        raise LabError(f"the lab has no node {name!r}; it has {', '.join(node.name for node in self.nodes)}")

    def add_vm(self, vm: Vm) -> None:
        """LabError for an id that is no GUID or taken already, or a node that is not there."""
        try:
            vm.id = str(uuid.UUID(vm.id))
        except ValueError as error:
            raise LabError(f"the id {vm.id!r} of the lab's VM {vm.name} is no GUID") from error
        if any(vm.id == other.id for other in self.vms):
            raise LabError(f"the id {vm.id} of the lab's VM {vm.name} is taken already")
        vm.node = self.node(vm.node).name
        vm.also_on = self.node(vm.also_on).name if vm.also_on else None
        self.vms.append(vm)

    def move_vm(self, name: str, node: str) -> None:
        """Live migration: the VM, and its cluster resources, are on the other node now."""
        vm = self.vm(name)
        vm.node, vm.also_on = self.node(node).name, None

    def add_file(self, path: str, sddl: str | None = None) -> Entry:
        """A new file: it inherits, or was moved in with the SDDL it had."""
        return self.tree.add(path, file=True, sddl=sddl)

    def set_sddl(self, path: str, sddl: str) -> None:
        """Put any text in place of what is there, and touch nothing below it."""
        with self.tree.lock:
            entry = self.tree.get(path)
            if entry is None:
                raise LabError(f"the lab has no {path}")
            entry.sddl = sddl


def to_json(world: World) -> bytes:
    """The whole world as JSON, indented for a person who looks into it."""
    return msgspec.json.format(msgspec.json.encode(world, enc_hook=_tree_entries), indent=1)


def from_json(text: bytes) -> World:
    """What `to_json` wrote; LabError or msgspec.DecodeError (a ValueError) for anything else."""
    return msgspec.json.decode(text, type=World, dec_hook=_tree_from_entries)


def _tree_entries(value: object) -> object:
    if isinstance(value, Tree):
        return value.dump()
    raise NotImplementedError(f"{type(value).__name__} is no part of the lab's world")


def _tree_from_entries(kind: type, value: Any) -> object:
    if kind is Tree and isinstance(value, dict):
        return Tree.load(value)
    raise ValueError(f"expected the files and folders for {kind.__name__}")
