"""Which VMs a plan is about, and what their own nodes say of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from vhdsfix.membership import short_name
from vhdsfix.membership.shown import drives_of
from vhdsfix.model.facts import Facts, NodeChecks, VmFacts
from vhdsfix.model.inventory import GuestCluster, Inventory, Vm
from vhdsfix.model.readings import known_or
from vhdsfix.model.windows import VmId


def vms_in_question(inventory: Inventory) -> dict[VmId, Vm]:
    """The VMs that use a folder or a share within the plan's scope, in the inventory's order."""
    users = {vm_id for use in inventory.folders for vm_id in use.vm_ids}
    users |= {vm_id for use in inventory.shares for vm_id in use.vm_ids}
    return {vm.vm_id: vm for vm in inventory.vms if vm.vm_id in users}


def guest_clusters_in_question(inventory: Inventory) -> Iterator[tuple[GuestCluster, tuple[Vm, ...]]]:
    """Each guest cluster of which a VM is in question, with those VMs."""
    vms = vms_in_question(inventory)
    places = {vm_id: place for place, vm_id in enumerate(vms)}
    for cluster in inventory.guest_clusters:
        members = sorted(vms.keys() & cluster.vm_ids, key=places.__getitem__)
        if members:
            yield cluster, tuple(vms[vm_id] for vm_id in members)


def told_by_their_nodes(facts: Facts, inventory: Inventory) -> dict[VmId, VmFacts]:
    """Each VM as the node that it is registered on shows it."""
    nodes = {vm.vm_id: short_name(vm.node) for vm in inventory.vms}
    return {
        vm.vm_id: vm
        for node in facts.nodes
        for vm in known_or(node.vms, ())
        if nodes.get(vm.vm_id) == short_name(node.name)
    }


def checks_in_question(facts: Facts, inventory: Inventory) -> Iterator[tuple[Vm, NodeChecks]]:
    """Each VM in question, with what its node was asked besides."""
    by_node = {short_name(node.name): node.checks for node in facts.nodes}
    for vm in vms_in_question(inventory).values():
        yield vm, by_node.get(short_name(vm.node), NodeChecks())


def shared_drives(facts: Facts) -> Counter[VmId]:
    """How many drives that others may use too each VM has."""
    return Counter(drive.vm_id for drive in drives_of(facts) if drive.shared)
