"""What the nodes showed: VMs, their drives, and whether that was everything."""

from __future__ import annotations

from collections.abc import Iterator

from vhdsfix.membership.names import short_name
from vhdsfix.model.facts import Drive, Facts, NodeFacts, VmFacts
from vhdsfix.model.inventory import Vm
from vhdsfix.model.readings import Known, Unknown, known_or
from vhdsfix.model.windows import VmId, name_key

# Source: Microsoft.FailoverClusters.PowerShell.ClusterNodeState.
_DOWN_OR_PAUSED = frozenset({1, 2})


def vms_of(facts: Facts) -> tuple[Vm, ...]:
    """Each VM once; one that two nodes show for a moment is where the cluster database says, else on the first by name."""
    owners = {vm.vm_id: short_name(vm.owner_node or "") for vm in known_or(facts.cluster.clustered_vms, ())}
    shown: dict[VmId, list[tuple[str, VmFacts]]] = {}
    for node in sorted(facts.nodes, key=lambda node: (node.name.casefold(), node.name)):
        for vm in known_or(node.vms, ()):
            shown.setdefault(vm.vm_id, []).append((node.name, vm))
    vms = (_vm(places, owners.get(vm_id, "")) for vm_id, places in shown.items())
    return tuple(sorted(vms, key=lambda vm: (vm.name.casefold(), vm.vm_id)))


def _vm(places: list[tuple[str, VmFacts]], owner: str) -> Vm:
    at_home = [place for place in places if short_name(place[0]) == owner]
    node, vm = (at_home or places)[0]
    others = tuple(dict.fromkeys(name for name, _ in places if name != node))
    return Vm(vm_id=vm.vm_id, name=vm.name, node=node, also_on=others, state=vm.state)


def drives_of(facts: Facts) -> tuple[Drive, ...]:
    """The drives of VMs that the same node shows: what a node says of another node's VMs does not count."""
    drives: set[Drive] = set()
    for node in facts.nodes:
        own = ids_on(node)
        drives.update(drive for drive in known_or(node.drives, ()) if drive.vm_id in own)
    return tuple(
        sorted(
            drives,
            key=lambda drive: (drive.vm_id, name_key(drive.path or ""), drive.path or "", drive.shared),
        )
    )


def ids_on(node: NodeFacts) -> frozenset[VmId]:
    """The VMs that a node shows, of which alone its word counts."""
    return frozenset(vm.vm_id for vm in known_or(node.vms, ()))


def hidden_vms(facts: Facts) -> tuple[VmId, ...]:
    """Ids that the cluster database knows and no node showed."""
    shown = {vm_id for node in facts.nodes for vm_id in ids_on(node)}
    return tuple(sorted({vm.vm_id for vm in known_or(facts.cluster.clustered_vms, ())} - shown))


def drained_nodes(facts: Facts) -> tuple[str, ...]:
    """Nodes that are down or paused and did not answer, where the others showed every VM of the cluster database."""
    if not isinstance(facts.cluster.clustered_vms, Known) or hidden_vms(facts):
        return ()
    answers = {short_name(node.name): node for node in facts.nodes}
    listed = (node.name for node in known_or(facts.cluster.nodes, ()) if node.state in _DOWN_OR_PAUSED)
    return tuple(sorted(name for name in listed if _is_silent(answers.get(short_name(name)))))


def _is_silent(node: NodeFacts | None) -> bool:
    return node is None or not (isinstance(node.host, Known) or isinstance(node.vms, Known))


def everything_was_shown(facts: Facts) -> bool:
    """Whether every VM of the host cluster and every disk of theirs was seen."""
    return next(_not_shown(facts), None) is None


def not_shown(facts: Facts) -> tuple[str, ...]:
    """What may hide a VM or a disk, a line each; empty where everything was shown."""
    return tuple(_not_shown(facts))


def not_shown_of_clustered_vms(facts: Facts) -> tuple[str, ...]:
    """The same but for drained nodes, which can hide none that is in the cluster database."""
    return tuple(_not_shown(facts, frozenset(map(short_name, drained_nodes(facts)))))


def _not_shown(facts: Facts, drained: frozenset[str] = frozenset()) -> Iterator[str]:
    listed, clustered = facts.cluster.nodes, facts.cluster.clustered_vms
    if isinstance(listed, Unknown):
        yield f"which nodes the host cluster has is not known: {listed.why}"
    if isinstance(clustered, Unknown):
        yield f"the VMs in the cluster database are not known: {clustered.why}"
    asked = {short_name(node.name) for node in facts.nodes}
    for name in sorted(node.name for node in known_or(listed, ())):
        if short_name(name) not in asked | drained:
            yield f"{name} was not asked"
    for node in sorted(facts.nodes, key=lambda node: node.name):
        if short_name(node.name) not in drained and (why := _why_not_shown(node)):
            yield f"{node.name}: {why}"
    resources = {vm.vm_id: vm.resource or vm.vm_id for vm in known_or(clustered, ())}
    for vm_id in hidden_vms(facts):
        yield f"{resources[vm_id]} is in the cluster database, and no node showed it"


def _why_not_shown(node: NodeFacts) -> str | None:
    """Why a node's VMs or their disks are not all known; VMs without a single disk cannot be believed."""
    for reading in (node.vms, node.drives):
        if isinstance(reading, Unknown):
            return reading.why
    vms, drives = known_or(node.vms, ()), known_or(node.drives, ())
    if vms and not drives:
        return "it showed VMs and not one disk of theirs"
    unreadable = next((drive.unreadable for drive in drives if drive.unreadable), None)
    return f"a disk could not be looked at: {unreadable}" if unreadable else None
