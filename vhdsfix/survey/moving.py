"""VMs that are seen on two nodes, or on none, as they are for a moment while they move."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from vhdsfix.membership import short_name
from vhdsfix.model.facts import ClusteredVm, ClusterFacts, NodeFacts
from vhdsfix.model.readings import Known, known_or

# Source: Microsoft.FailoverClusters.PowerShell.ClusterResourceState (Online 2).
ONLINE = 2


def some_vm_moves(cluster: ClusterFacts, nodes: Sequence[NodeFacts]) -> bool:
    """Whether another look might show a VM once that was shown twice, or not where the cluster database has it."""
    shown = Counter(vm.vm_id for node in nodes for vm in known_or(node.vms, ()))
    answering = {short_name(node.name) for node in nodes if isinstance(node.vms, Known)}
    return any(times > 1 for times in shown.values()) or any(
        vm.vm_id not in shown and _might_be_shown(vm, answering) for vm in known_or(cluster.clustered_vms, ())
    )


def _might_be_shown(vm: ClusteredVm, answering: set[str]) -> bool:
    """Hyper-V shows no VM whose configuration is offline (FACTS 4), and a node that does not answer shows none."""
    has_owner = vm.owner_node is None or short_name(vm.owner_node) in answering
    return has_owner and vm.configuration_state in (None, ONLINE)
