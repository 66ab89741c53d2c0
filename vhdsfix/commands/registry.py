"""Where each VM is registered: its name resolves on that node and on no other (FACTS 2.3)."""

from __future__ import annotations

from functools import partial

from vhdsfix.errors import NodeError
from vhdsfix.membership import inventory_of
from vhdsfix.model.facts import ClusterFacts, Facts, NodeFacts
from vhdsfix.model.readings import Known, known_or
from vhdsfix.model.windows import VmId
from vhdsfix.ports import Hosts, Writer


class VmRegistry:
    """Starts from what a survey saw; asks again only when it is told to."""

    def __init__(self, hosts: Hosts[Writer], facts: Facts) -> None:
        self._hosts = hosts
        self._cluster: ClusterFacts = facts.cluster
        self._node_of = {vm.vm_id: vm.node for vm in inventory_of(facts, ()).vms}
        self._nodes = tuple(node.name for node in facts.nodes if isinstance(node.host, Known))

    def writer_for(self, vm_id: VmId) -> Writer | None:
        node = self._node_of.get(vm_id)
        return self._reach(node) if node else None

    def writers(self) -> tuple[Writer, ...]:
        """Every node that answered."""
        return tuple(self._reach(node) for node in self._nodes)

    def look_again(self, vm_id: VmId) -> Writer | None:
        writers = self.writers()
        for writer, seen in zip(
            writers, self._hosts.at_once([partial(_shown_by, writer) for writer in writers]), strict=True
        ):
            if vm_id in seen:
                return writer
        return None

    def _reach(self, node: str) -> Writer:
        identity = known_or(self._cluster.identity, None)
        return self._hosts.reach(node, identity.domain if identity else "")


def _shown_by(writer: Writer) -> frozenset[VmId]:
    """The VMs that a node shows; none where it could not be asked: then the VM is not found there."""
    try:
        facts: NodeFacts = writer.itself()
    except NodeError:
        return frozenset()
    return frozenset(vm.vm_id for vm in known_or(facts.vms, ()))
