"""What says that a VM is in its guest cluster, and which VM each of the cluster's nodes is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from vhdsfix.membership.clusters import Group, guest_nodes
from vhdsfix.membership.names import display_name, short_name
from vhdsfix.membership.seen import Seen
from vhdsfix.membership.told import cluster_id
from vhdsfix.model.inventory import Evidence, EvidenceKind, GuestNode, Member
from vhdsfix.model.plan import ConfiguredGuestCluster
from vhdsfix.model.windows import VmId
from vhdsfix.wording import counted


class Names(msgspec.Struct, frozen=True):
    """The VMs of one guest cluster by short name: as their hosts show them, and as their guests call themselves."""

    shown: dict[str, tuple[VmId, ...]]
    called: dict[str, tuple[VmId, ...]]

    def bearer(self, node: str) -> VmId | None:
        """The one VM of that name; what its host shows comes first."""
        name = short_name(node)
        return _only(self.shown.get(name, ())) or _only(self.called.get(name, ()))


def names_of(group: Group, seen: Seen) -> Names:
    vm_ids = sorted(group.vm_ids)
    return Names(
        shown=_by_name((display_name(seen.vms[vm_id].name), vm_id) for vm_id in vm_ids),
        called=_by_name((seen.told.names.get(vm_id, ""), vm_id) for vm_id in vm_ids),
    )


def known_as(group: Group) -> tuple[ConfiguredGuestCluster, ...]:
    """What the config calls a group of VMs."""
    return (*(one.cluster for one in group.configured), *((group.called,) if group.called else ()))


def nodes_of(group: Group, seen: Seen, names: Names) -> tuple[GuestNode, ...]:
    """The cluster's nodes that are known by name, each once: those of the config, then those that it named itself."""
    found: dict[str, GuestNode] = {}
    for one in group.configured:
        for name in one.cluster.nodes:
            vm_id = one.vm_ids.get(name) or names.bearer(name)
            found.setdefault(short_name(name), _node(name, EvidenceKind.CONFIG, vm_id))
    for cluster in known_as(group):
        for node in sorted(guest_nodes(seen, cluster), key=lambda node: node.name):
            short = short_name(node.name)
            known = found.get(short) or _node(node.name, EvidenceKind.GUEST, names.bearer(node.name))
            found[short] = msgspec.structs.replace(known, state=node.state)
    return tuple(found.values())


def members_of(group: Group, seen: Seen, nodes: tuple[GuestNode, ...]) -> tuple[Member, ...]:
    return tuple(Member(vm_id, tuple(_evidence(vm_id, group, seen, nodes))) for vm_id in sorted(group.vm_ids))


def _evidence(vm_id: VmId, group: Group, seen: Seen, nodes: tuple[GuestNode, ...]) -> Iterator[Evidence]:
    vm, called = seen.vms[vm_id], seen.told.names.get(vm_id)
    if shared := seen.shared.get(vm_id):
        names = ", ".join(dict.fromkeys(one.path.name for one in shared))
        yield Evidence(EvidenceKind.DISK, f"{vm.node} shows {names} attached to it")
    for one in group.configured:
        for node in (node for node, matched in one.vm_ids.items() if matched == vm_id):
            kind = EvidenceKind.CONFIG if one.decides else EvidenceKind.NAME
            yield Evidence(kind, f"it bears the name of {node}, a node that the config names")
    query = seen.told.queries.get(vm_id)
    if query and (its_cluster := cluster_id(query)):
        size = f", of {counted(query.size, 'node')}" if query.size else ""
        yield Evidence(
            EvidenceKind.QUERY, f"its guest told {vm.node} that it is in cluster {its_cluster}{size}"
        )
    for node in (node.name for node in nodes if node.vm_id == vm_id and _was_told(node, group, seen)):
        yield Evidence(EvidenceKind.GUEST, f"the guest cluster says that it has a node {node}")
    if called and any(node.vm_id == vm_id and short_name(node.name) == called for node in nodes):
        yield Evidence(EvidenceKind.NAME, f"its guest calls itself {called}")


def _was_told(node: GuestNode, group: Group, seen: Seen) -> bool:
    own = (short_name(told.name) for cluster in known_as(group) for told in guest_nodes(seen, cluster))
    return short_name(node.name) in own


def _node(name: str, told_by: EvidenceKind, vm_id: VmId | None) -> GuestNode:
    return GuestNode(name, told_by, vm_id, EvidenceKind.NAME if vm_id else None)


def _by_name(named: Iterable[tuple[str, VmId]]) -> dict[str, tuple[VmId, ...]]:
    found: dict[str, tuple[VmId, ...]] = {}
    for name, vm_id in named:
        if name:
            found[name] = (*found.get(name, ()), vm_id)
    return found


def _only(vm_ids: tuple[VmId, ...]) -> VmId | None:
    return vm_ids[0] if len(vm_ids) == 1 else None
