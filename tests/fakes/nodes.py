"""Nodes that keep the ports' contract over the lab's world, without a wire; what goes wrong is scripted by tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vhdsfix.access import icacls_rights
from vhdsfix.errors import UnreachableError
from vhdsfix.lab import guests
from vhdsfix.lab.cmdlets import icacls
from vhdsfix.lab.guests import GuestAnswer
from vhdsfix.lab.ntfs import Entry
from vhdsfix.lab.world import World
from vhdsfix.model.facts import (
    NOT_ASKED,
    BackupService,
    ClusteredVm,
    ClusterFacts,
    ClusterIdentity,
    ClusterNode,
    Drive,
    FileFacts,
    FolderFacts,
    GuestDisk,
    GuestFacts,
    GuestName,
    GuestQuery,
    MergeFailure,
    NodeChecks,
    NodeFacts,
    QueriedVm,
    RecoveryCheckpoint,
    SharedVolume,
    VhdSet,
    VmFacts,
)
from vhdsfix.model.outcome import WriteAnswer
from vhdsfix.model.readings import Absent, Known, Unknown
from vhdsfix.model.windows import Ace, FolderPath, VmId
from vhdsfix.ports import ToCheck, Writer

RESOURCE_STATES = {"Online": 2, "Offline": 3, "Failed": 4}
VM_STATES = {"Running": 2, "Off": 3}
NODE_STATES = ("Up", "Down", "Paused", "Joining")
DISK_FILES = (".vhds", ".avhdx", ".vhdx", ".vhd", ".avhd", ".mrt", ".rct")


class FakeNode:
    """A Reader and Writer. `before_read` is called before each look at folders; the two `carry_out_…` may be replaced."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.reads = 0
        self.grants: list[tuple[FolderPath, VmId]] = []
        self.undone: list[tuple[FolderPath, VmId]] = []
        self.before_read: Callable[[], None] = lambda: None
        self.carry_out_grant: Callable[[FolderPath, VmId], WriteAnswer] = self.run_icacls
        self.carry_out_undoing: Callable[[FolderPath, str, str], WriteAnswer] = self.run_icacls_with
        self._name = name

    @property
    def node(self) -> str:
        return self._name

    def connect(self, accepted: Callable[[], None]) -> None:
        accepted()

    def cluster(self) -> ClusterFacts:
        cluster = self.world.cluster
        return ClusterFacts(
            identity=Known(
                ClusterIdentity(cluster.name, cluster.id, cluster.domain, cluster.shared_volumes_root)
            ),
            nodes=Known(
                tuple(
                    ClusterNode(node.name, NODE_STATES.index(node.state), node.os_version)
                    for node in self.world.nodes
                )
            ),
            volumes=Known(
                tuple(
                    SharedVolume(volume.name, FolderPath(volume.folder), RESOURCE_STATES[volume.state])
                    for volume in self.world.volumes
                )
            ),
            clustered_vms=Known(
                tuple(
                    ClusteredVm(
                        VmId(vm.id),
                        f"Virtual Machine {vm.name}",
                        vm.node,
                        RESOURCE_STATES[vm.configuration_state],
                    )
                    for vm in self.world.vms
                    if vm.clustered
                )
            ),
            config_store=Absent() if cluster.config_store is None else Known(cluster.config_store),
            config_store_state=Absent()
            if cluster.config_store is None
            else Known(RESOURCE_STATES[cluster.config_store_state]),
        )

    def itself(self) -> NodeFacts:
        vms = self.world.vms_on(self.node)
        drives = (
            Drive(VmId(vm.id), FolderPath(drive.path) if drive.path else None, drive.shared)
            for vm in vms
            for drive in vm.drives
        )
        return NodeFacts(
            name=self.node,
            host=Known(self.node),
            vms=Known(
                tuple(
                    VmFacts(VmId(vm.id), vm.name, vm.clustered, VM_STATES[vm.state], vm.version) for vm in vms
                )
            ),
            drives=Known(tuple(drives)),
        )

    def checks(self, asked: ToCheck) -> NodeChecks:
        vms = [vm for vm in self.world.vms_on(self.node) if VmId(vm.id) in asked.vms]
        running = [vm for vm in vms if VmId(vm.id) in asked.running]
        return NodeChecks(
            vhd_sets=Known(
                tuple(
                    VhdSet(path, tuple(map(FolderPath, self.world.files_of(path)))) for path in asked.vhd_sets
                )
            ),
            backup_services=Known(tuple(BackupService(VmId(vm.id), vm.backup_service) for vm in vms)),
            guest_names=Known(
                tuple(
                    GuestName(VmId(vm.id), name) for vm in running if (name := guests.name_of(self.world, vm))
                )
            ),
            guest_queries=tuple(
                QueriedVm(
                    VmId(vm.id), Known(_guest_query(guests.answer_of(vm, guests.sharing_in(self.world))))
                )
                for vm in running
            ),
            checkpoints=Known(
                tuple(
                    RecoveryCheckpoint(VmId(vm.id), checkpoint.name, checkpoint.made_at)
                    for vm in vms
                    for checkpoint in vm.checkpoints
                )
            ),
            merge_failures=Known(
                tuple(
                    MergeFailure(event.at, VmId(self.world.vm(event.vm).id), int(event.code, 16))
                    for event in sorted(
                        self.world.node(self.node).merge_failures, key=lambda event: event.at, reverse=True
                    )
                )
            ),
            sees=Known(tuple(path for path in asked.paths if self.world.tree.get(path)))
            if asked.paths
            else NOT_ASKED,
        )

    def folders(self, paths: Sequence[FolderPath]) -> tuple[FolderFacts, ...]:
        self.reads += 1
        self.before_read()
        with self.world.tree.lock:
            return tuple(self._folder(path) for path in paths)

    def grant(self, folder: FolderPath, vm_id: VmId) -> WriteAnswer:
        self.grants.append((folder, vm_id))
        return self.carry_out_grant(folder, vm_id)

    def run_icacls(self, folder: FolderPath, vm_id: VmId) -> WriteAnswer:
        """What a node without faults does."""
        return self.run_icacls_with(folder, "/grant", f"{vm_id.account}:(OI)F")

    def remove(self, folder: FolderPath, vm_id: VmId) -> WriteAnswer:
        self.undone.append((folder, vm_id))
        return self.carry_out_undoing(folder, "/remove:g", vm_id.account)

    def restore(self, folder: FolderPath, vm_id: VmId, entry: Ace) -> WriteAnswer:
        self.undone.append((folder, vm_id))
        rights = icacls_rights(entry)
        if rights is None or entry.sid != vm_id.sid:
            raise UnreachableError(f"nothing was sent: icacls cannot be told {entry}")
        return self.carry_out_undoing(folder, "/grant:r", f"{vm_id.account}:{rights}")

    def run_icacls_with(self, folder: FolderPath, option: str, what: str) -> WriteAnswer:
        """The same with any of its options."""
        ended = icacls.run(self.world, self.node, (folder, option, what))
        return WriteAnswer(ended.exit_code, ended.stdout + ended.stderr)

    def _folder(self, path: FolderPath) -> FolderFacts:
        entry = self.world.tree.get(path)
        if entry is None or entry.file:
            gone = Absent()
            return FolderFacts(path, self.node, sddl=gone, files=gone, subfolders=gone, links=gone)
        children = [(FolderPath(below).name, child) for below, child in self.world.tree.children(path)]
        return FolderFacts(
            path=path,
            read_on=self.node,
            sddl=_sddl(entry),
            files=Known(
                tuple(
                    FileFacts(name, _sddl(child), child.written)
                    for name, child in children
                    if _is_disk(name, child)
                )
            ),
            subfolders=Known(tuple(name for name, child in children if not child.file)),
            links=Known(tuple(above for above in (path, *path.ancestors) if self._is_link(above))),
        )

    def _is_link(self, path: FolderPath) -> bool:
        entry = self.world.tree.get(path)
        return entry is not None and entry.link is not None


class FakeGuest:
    """A GuestReader: one guest of the cluster that is this world's."""

    def __init__(self, world: World, guest_cluster: str, name: str, account: str = "guests\\admin") -> None:
        self.world = world
        self.guest_cluster = guest_cluster
        self.node = name
        self.account = account

    def connect(self) -> None:
        pass

    def itself(self) -> GuestFacts:
        nodes = tuple(
            ClusterNode(node.name, NODE_STATES.index(node.state), node.os_version)
            for node in self.world.nodes
        )
        return GuestFacts(self.guest_cluster, Known(self.world.cluster.name), Known(nodes))


class FakeRegistry:
    """Where each VM was when this was made; `look_again` sees where it is now."""

    def __init__(self, world: World, nodes: Sequence[FakeNode]) -> None:
        self._world = world
        self._nodes = {node.node: node for node in nodes}
        self._known = {VmId(vm.id): vm.node for vm in world.vms if vm.registered}
        self.looked_again: list[VmId] = []

    def writer_for(self, vm_id: VmId) -> Writer | None:
        return self._nodes.get(self._known.get(vm_id, ""))

    def look_again(self, vm_id: VmId) -> Writer | None:
        self.looked_again.append(vm_id)
        self._known = {VmId(vm.id): vm.node for vm in self._world.vms if vm.registered}
        return self.writer_for(vm_id)


def _guest_query(told: GuestAnswer) -> GuestQuery:
    disks = (
        GuestDisk(disk.path, disk.clustered, disk.online, disk.owned, disk.active_active)
        for disk in told.disks
    )
    return GuestQuery(told.return_value, told.id, told.size if told.id else None, tuple(disks))


def _is_disk(name: str, entry: Entry) -> bool:
    return entry.file and name.lower().endswith(DISK_FILES)


def _sddl(entry: Entry) -> Known[str] | Unknown:
    return Unknown("Access is denied.") if entry.denied else Known(entry.sddl)
