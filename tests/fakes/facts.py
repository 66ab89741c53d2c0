"""Facts by hand: a host cluster in a few words. Every VM runs where it is put, and the cluster database knows it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping

from vhdsfix.model.facts import (
    ClusteredVm,
    ClusterFacts,
    ClusterIdentity,
    ClusterNode,
    Drive,
    Facts,
    GuestFacts,
    GuestName,
    GuestQuery,
    NodeChecks,
    NodeFacts,
    QueriedVm,
    SharedVolume,
    VhdSet,
    VmFacts,
)
from vhdsfix.model.readings import Known, Unknown
from vhdsfix.model.windows import FolderPath, VmId

V1 = FolderPath(r"C:\ClusterStorage\Volume1")
V2 = FolderPath(r"C:\ClusterStorage\Volume2")
AT = "2026-11-23T02:00:00Z"
CHECKPOINT = "7F5B5C3E-0D5F-4C39-9C0B-6A0D5C1E2A41"


def vm_id(name: str) -> VmId:
    """An id that belongs to this VM's name alone."""
    return VmId(str(uuid.uuid5(uuid.NAMESPACE_DNS, name)))


class Host:
    """A node under construction: its VMs with their drives, and what it was asked besides."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.vms: list[VmFacts] = []
        self.drives: list[Drive] = []
        self.vhd_sets: list[VhdSet] | Unknown = Unknown("it was not asked")
        self.queries: list[QueriedVm] = []
        self.names: list[GuestName] = []

    def vm(self, key: str, *paths: str, name: str | None = None, clustered: bool = True) -> Host:
        """A VM with these drives: one on a .vhds or an .avhdx is shared."""
        self.vms.append(VmFacts(vm_id(key), key if name is None else name, clustered))
        for path in paths:
            shared = path.lower().endswith((".vhds", ".avhdx"))
            self.drives.append(Drive(vm_id(key), FolderPath(path), shared))
        return self

    def tells_files(self, disk: str, *paths: str) -> Host:
        told = VhdSet(FolderPath(disk), tuple(map(FolderPath, paths)))
        self.vhd_sets = [*(self.vhd_sets if isinstance(self.vhd_sets, list) else []), told]
        return self

    def queried(self, key: str, cluster: str | None, size: int | None = None, code: int = 0) -> Host:
        self.queries.append(QueriedVm(vm_id(key), Known(GuestQuery(code, cluster, size))))
        return self

    def called(self, key: str, name: str) -> Host:
        """What the guest of that VM calls itself."""
        self.names.append(GuestName(vm_id(key), name))
        return self

    @property
    def facts(self) -> NodeFacts:
        sets = self.vhd_sets
        return NodeFacts(
            name=self.name,
            host=Known(self.name),
            vms=Known(tuple(self.vms)),
            drives=Known(tuple(self.drives)),
            checks=NodeChecks(
                vhd_sets=Known(tuple(sets)) if isinstance(sets, list) else sets,
                guest_queries=tuple(self.queries),
                guest_names=Known(tuple(self.names)),
            ),
        )


def facts_of(
    *hosts: Host,
    silent: Mapping[str, str] | None = None,
    states: Mapping[str, int] | None = None,
    hidden: Iterable[str] = (),
    guests: tuple[GuestFacts, ...] = (),
) -> Facts:
    """`silent`: nodes that were not reached, and why. `states`: nodes that are not up. `hidden`: VMs only the database knows."""
    silent, states = silent or {}, states or {}
    names = [*(host.name for host in hosts), *silent]
    clustered = [
        ClusteredVm(vm.vm_id, f"Virtual Machine {vm.name}", host.name)
        for host in hosts
        for vm in host.vms
        if vm.clustered
    ]
    clustered += [ClusteredVm(vm_id(key), f"Virtual Machine {key}", None) for key in hidden]
    return Facts(
        taken_at=AT,
        cluster=ClusterFacts(
            identity=Known(ClusterIdentity("LAB", "c1", "lab.example", r"C:\ClusterStorage")),
            nodes=Known(tuple(ClusterNode(name, states.get(name, 0)) for name in names)),
            volumes=Known((SharedVolume("Volume1", V1), SharedVolume("Volume2", V2))),
            clustered_vms=Known(tuple({vm.vm_id: vm for vm in clustered}.values())),
            config_store=Known(rf"{V1}\Config"),
        ),
        nodes=(
            *(host.facts for host in hosts),
            *(NodeFacts(name, Unknown(why), Unknown(why), Unknown(why)) for name, why in silent.items()),
        ),
        folders=(),
        guests=guests,
    )


def guest(configured: str, *nodes: str, name: str | None = None) -> GuestFacts:
    """What a guest cluster said of itself: all its nodes are up."""
    return GuestFacts(configured, Known(name or configured), Known(tuple(ClusterNode(n, 0) for n in nodes)))
