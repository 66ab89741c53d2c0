"""What the guests tell their hosts of their cluster foretells no error of KB4230569.

Source: FACTS 1.4. Assumed: the query's fields mean what KB4230569 asks for; so every finding here says "likely".
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from vhdsfix.model.facts import Facts, GuestDisk, GuestQuery
from vhdsfix.model.findings import Finding
from vhdsfix.model.inventory import Inventory, Vm
from vhdsfix.model.readings import Known
from vhdsfix.model.windows import VmId, name_key
from vhdsfix.rules.catalogue import finding
from vhdsfix.rules.in_question import checks_in_question, guest_clusters_in_question, shared_drives

RUNNING, OFF = 2, 3
"""Source: Microsoft.HyperV.PowerShell.VMState."""


class _SharedDisk(msgspec.Struct, frozen=True):
    """A disk as those VMs of a guest cluster see it that answered. `all_told`: no other VM can own it."""

    cluster: str
    views: tuple[tuple[Vm, GuestDisk], ...]
    all_told: bool

    @property
    def path(self) -> str:
        return min(disk.path for _, disk in self.views)

    @property
    def evidence(self) -> tuple[str, ...]:
        return tuple(f"{vm.name}, asked through {vm.node}: {_in_words(disk)}" for vm, disk in self.views)


def every_guest_tells_of_its_cluster(facts: Facts, inventory: Inventory) -> tuple[Finding, ...]:
    """A VM that is off tells nothing, and that is no fault; a question that was not answered is a check not made."""
    return tuple(
        _untold(vm, query)
        for vm, query in _queries(facts, inventory).values()
        if (query.return_value or query.cluster_id is None) and vm.state in (None, RUNNING)
    )


def every_shared_disk_is_ready_for_a_backup(facts: Facts, inventory: Inventory) -> tuple[Finding, ...]:
    return tuple(found for disk in _disks(facts, inventory) for found in _of_disk(disk))


def _disks(facts: Facts, inventory: Inventory) -> Iterator[_SharedDisk]:
    """By guest cluster, and by path as Windows compares it. A guest that names more than its VM shares is not believed."""
    queries, all_shown = _queries(facts, inventory), not inventory.not_shown
    attached = shared_drives(facts)
    off = {vm.vm_id for vm in inventory.vms if vm.state == OFF}
    for cluster, members in guest_clusters_in_question(inventory):
        views: dict[str, list[tuple[Vm, GuestDisk]]] = {}
        for vm, query in (queries[vm.vm_id] for vm in members if vm.vm_id in queries):
            for disk in query.disks if len(query.disks) <= attached[vm.vm_id] else ():
                views.setdefault(name_key(disk.path), []).append((vm, disk))
        for _, seen in sorted(views.items()):
            told = {vm.vm_id for vm, disk in seen if None not in (disk.is_owned, disk.is_online)}
            yield _SharedDisk(cluster.name, tuple(seen), all_shown and told | off >= set(cluster.vm_ids))


def _queries(facts: Facts, inventory: Inventory) -> dict[VmId, tuple[Vm, GuestQuery]]:
    """The answers that came, each of the node that its VM is registered on."""
    return {
        vm.vm_id: (vm, one.answer.value)
        for vm, checks in checks_in_question(facts, inventory)
        for one in checks.guest_queries
        if one.vm_id == vm.vm_id and isinstance(one.answer, Known)
    }


def _untold(vm: Vm, query: GuestQuery) -> Finding:
    came = f"return value {query.return_value}" if query.return_value else "no cluster"
    return finding(
        "guest-cluster-not-answering",
        subject=vm.name,
        summary=f"{vm.name} does not tell its host of a guest cluster; a backup will likely fail with 32768",
        evidence=(f"Msvm_VssService.QueryGuestClusterInformation on {vm.node}: {came}",),
        fix=f"in {vm.name}: Get-Service -Name ClusSvc; start it, or install the failover clustering feature",
        vm_id=vm.vm_id,
    )


def _of_disk(disk: _SharedDisk) -> Iterator[Finding]:
    """That it is offline, or owned by nobody, is said only where every VM that can own it told."""
    owners = [vm.name for vm, seen in disk.views if seen.is_owned]
    if any(seen.is_active_active for _, seen in disk.views):
        yield _likely("guest-disk-is-csv", disk, "is a cluster shared volume inside the guest cluster", 32770)
    if len(owners) > 1:
        said = f"is owned by {len(owners)} VMs at once: {', '.join(owners)}"
        yield _likely("guest-disk-not-owned-once", disk, said, 32775)
    if disk.all_told and not any(seen.is_online for _, seen in disk.views):
        yield _likely("guest-disk-offline", disk, "is offline in the guest cluster", 32775)
    elif disk.all_told and not owners:
        yield _likely("guest-disk-not-owned-once", disk, "is owned by no VM", 32775)


def _likely(kind: str, disk: _SharedDisk, said: str, code: int) -> Finding:
    summary = f"{disk.path} {said}; a backup of {disk.cluster} will likely fail with {code}"
    return finding(kind, disk.path, summary, disk.evidence)


def _in_words(disk: GuestDisk) -> str:
    said = (
        ("clustered", disk.is_clustered),
        ("online", disk.is_online),
        ("owned", disk.is_owned),
        ("active/active", disk.is_active_active),
    )
    return (
        ", ".join(f"{'' if value else 'not '}{word}" for word, value in said if value is not None)
        or "nothing"
    )
