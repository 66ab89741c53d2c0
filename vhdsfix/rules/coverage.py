"""Everything that a conclusion rests on was looked at, and the answers agree with each other."""

from __future__ import annotations

from collections.abc import Iterator

from vhdsfix.membership import is_named_by_its_folders, short_name
from vhdsfix.membership.names import display_name
from vhdsfix.model.facts import ClusteredVm, Facts, NodeFacts
from vhdsfix.model.findings import Finding
from vhdsfix.model.inventory import Inventory
from vhdsfix.model.plan import ConfiguredGuestCluster
from vhdsfix.model.readings import Known, Unknown, known_or
from vhdsfix.rules import fixes
from vhdsfix.rules.catalogue import finding
from vhdsfix.rules.config_store import ONLINE, cluster_name, in_words
from vhdsfix.wording import counted, one_or_more


def every_node_answered(facts: Facts, inventory: Inventory) -> tuple[Finding, ...]:
    """One finding for a node that was not reached, one for each question that a reached one left open.

    A node that is drained hides no VM of the cluster: that it is down or paused is all there is to say.
    """
    drained = set(map(short_name, inventory.drained))
    asked_in_vain = (node for node in facts.nodes if short_name(node.name) not in drained)
    silent = [found for node in asked_in_vain for found in _of_node(node)]
    asked = {short_name(node.name) for node in facts.nodes}
    unasked = [node.name for node in known_or(facts.cluster.nodes, ()) if short_name(node.name) not in asked]
    return (*silent, *(_not_reached(name, "it was not asked") for name in unasked))


def _of_node(node: NodeFacts) -> Iterator[Finding]:
    if isinstance(node.host, Unknown) and isinstance(node.vms, Unknown):
        yield _not_reached(node.name, node.host.why)
        return
    for what, reading in (("its host", node.host), ("its VMs", node.vms), ("its VMs' disks", node.drives)):
        if isinstance(reading, Unknown):
            yield _unanswered(node.name, f"{what} could not be looked at: {reading.why}", reading.why)
    vms, drives = known_or(node.vms, ()), known_or(node.drives, None)
    if vms and drives == ():
        yield _unanswered(
            node.name,
            f"it showed {counted(len(vms), 'VM and not one disk of it', 'VMs and not one disk of theirs')}, which cannot be believed",
            f"Get-VMHardDiskDrive on {node.name}: nothing",
        )
    names = {vm.vm_id: vm.name for vm in vms}
    for drive in drives or ():
        if drive.unreadable:
            vm = names.get(drive.vm_id, drive.vm_id)
            summary = f"a disk of {vm} could not be looked at: {drive.unreadable}"
            yield _unanswered(node.name, summary, drive.unreadable)


def every_cluster_question_was_answered(facts: Facts) -> tuple[Finding, ...]:
    cluster = facts.cluster
    if not any(isinstance(node.host, Known) for node in facts.nodes):
        return ()  # nobody let us in: that says it all
    questions = (
        ("its name and id", cluster.identity),
        ("which nodes it has", cluster.nodes),
        ("its shared volumes", cluster.volumes),
        ("the VMs in its database, against which the nodes' VM lists are checked", cluster.clustered_vms),
    )
    return tuple(
        _unanswered(cluster_name(facts), f"{what} could not be looked at: {reading.why}", reading.why)
        for what, reading in questions
        if isinstance(reading, Unknown)
    )


def every_clustered_vm_is_shown(facts: Facts, inventory: Inventory) -> tuple[Finding, ...]:
    """An empty answer proves nothing: what the cluster database knows, some node must have shown."""
    known = {vm.vm_id: vm for vm in known_or(facts.cluster.clustered_vms, ())}
    answering = {short_name(node.name) for node in facts.nodes if isinstance(node.vms, Known)}
    hidden = tuple(_not_shown(known[vm_id], answering) for vm_id in inventory.hidden)
    return hidden + _not_in_the_database(facts, set(known))


def _not_shown(vm: ClusteredVm, answering: set[str]) -> Finding:
    state = vm.configuration_state
    told = () if state is None else (f"its configuration resource is {in_words(state)}",)
    return finding(
        "vm-not-shown",
        subject=vm.vm_id,
        summary=f"{vm.resource or vm.vm_id} is in the cluster database, but no node showed it",
        evidence=(f"the cluster database says its node is {vm.owner_node or 'not known'}", *told),
        fix=_to_show(vm, answering),
        vm_id=vm.vm_id,
        incomplete=True,
    )


def _to_show(vm: ClusteredVm, answering: set[str]) -> str | None:
    """What fits the state of its node and of its configuration; None where neither was told."""
    if vm.owner_node and short_name(vm.owner_node) not in answering:
        return f"get an answer from {vm.owner_node}, then run `vhdsfix plan` again"
    if vm.configuration_state is None:
        return None
    if vm.configuration_state == ONLINE:
        return "use an account with Hyper-V rights on every node"
    return (
        fixes.start_configuration(vm.resource) if vm.resource else "bring its configuration resource online"
    )


def _not_in_the_database(facts: Facts, known: set[str]) -> tuple[Finding, ...]:
    """A VM that says it is clustered and is not in the database: then the database's answer cannot be believed."""
    if isinstance(facts.cluster.clustered_vms, Unknown):
        return ()
    strangers = {
        vm.name
        for node in facts.nodes
        for vm in known_or(node.vms, ())
        if vm.clustered and vm.vm_id not in known
    }
    if not strangers:
        return ()
    why = f"the cluster database did not name {', '.join(sorted(strangers))}, which say they are clustered"
    came = "Get-VM says IsClustered of each of them"
    return (_unanswered(cluster_name(facts), f"{why}; so the VM lists could not be checked", came),)


def every_configured_guest_node_is_a_vm(
    facts: Facts, inventory: Inventory, configured: tuple[ConfiguredGuestCluster, ...]
) -> tuple[Finding, ...]:
    """Blames a name only where every VM was seen; otherwise what was not seen is said elsewhere."""
    if inventory.not_shown:
        return ()
    nodes = (node for cluster in inventory.guest_clusters for node in cluster.nodes if node.vm_id)
    found = {short_name(node.name) for node in nodes}
    named = {name for cluster in inventory.guest_clusters for name in cluster.configured_as}
    disks = tuple(disk for cluster in inventory.guest_clusters for disk in cluster.disks)
    return (
        *(
            _unmatched(cluster.name, node, facts, inventory)
            for cluster in configured
            for node in cluster.nodes
            if short_name(node) not in found
        ),
        *(
            _without_vms(one)
            for one in configured
            if not one.nodes and one.name not in named and not is_named_by_its_folders(one, disks)
        ),
        *(_without_folders(cluster.name) for cluster in inventory.guest_clusters if not cluster.folders),
    )


def _unmatched(cluster: str, node: str, facts: Facts, inventory: Inventory) -> Finding:
    bearers = [vm for vm in inventory.vms if display_name(vm.name) == short_name(node)]
    why = (
        "the VM of that name shares no disk with its other nodes, and a VM that does bears no configured name"
        if len(bearers) == 1
        else "not exactly one VM bears that name"
    )
    shown = f": {', '.join(f'{vm.vm_id} on {vm.node}' for vm in bearers)}" if bearers else ""
    return finding(
        "guest-node-unmatched",
        subject=node,
        summary=f"guest cluster {cluster} is configured with node {node}, but {why}",
        evidence=(
            f"{counted(len(bearers), 'VM of that name was', 'VMs of that name were')} shown{shown}",
            *_called(node, facts, inventory),
        ),
        incomplete=True,
    )


def _called(node: str, facts: Facts, inventory: Inventory) -> Iterator[str]:
    """Which guests call themselves so: a hint for a person, and no proof."""
    names = (named for host in facts.nodes for named in known_or(host.checks.guest_names, ()))
    callers = {named.vm_id for named in names if short_name(named.name) == short_name(node)}
    yield from (
        f"the guest of {vm.name} ({vm.vm_id}) calls itself so, which any guest may"
        for vm in inventory.vms
        if vm.vm_id in callers
    )


def _without_vms(cluster: ConfiguredGuestCluster) -> Finding:
    return finding(
        "guest-node-unmatched",
        subject=cluster.name,
        summary=f"guest cluster {cluster.name} is configured, but it names no node, and no VHD Set lies in its folders",
        evidence=(f"its folders: {', '.join(cluster.folders) or 'none'}",),
        incomplete=True,
    )


def _without_folders(cluster: str) -> Finding:
    return finding(
        "guest-node-unmatched",
        subject=cluster,
        summary=f"guest cluster {cluster} is configured, but none of its VMs has a VHD Set, and it names no folder",
        evidence=("its VMs were found by the names of its nodes in the config",),
        incomplete=True,
    )


def some_guest_cluster_was_found(facts: Facts, inventory: Inventory) -> tuple[Finding, ...]:
    """Says that there is none only where every VM and its disks were shown."""
    if inventory.guest_clusters or inventory.not_shown:
        return ()
    shown = len(inventory.vms)
    none_has = one_or_more(
        shown, "the one VM that was shown has no", f"none of the {shown} VMs that were shown has a"
    )
    summary = f"{none_has} VHD Set, so there is nothing to grant"
    nodes = ", ".join(sorted(node.name for node in facts.nodes))
    evidence = (f"Get-VMHardDiskDrive on {nodes}: no .vhds",)
    return (finding("no-guest-cluster", cluster_name(facts), summary, evidence),)


def _not_reached(node: str, why: str) -> Finding:
    summary = f"{node} could not be asked, so VMs that run there are not in this plan: {why}"
    return finding("node-not-reached", node, summary, (why,), incomplete=True)


def _unanswered(subject: str, summary: str, came: str) -> Finding:
    return finding("reading-unknown", subject, summary, (came,), incomplete=True)
