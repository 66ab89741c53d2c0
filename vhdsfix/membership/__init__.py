"""Facts → Inventory: which VMs there are, who is in which guest cluster, and which folders they use."""

from __future__ import annotations

from vhdsfix.membership.clusters import Group, groups_of, is_named_by_its_folders
from vhdsfix.membership.completeness import completeness_of
from vhdsfix.membership.disagreements import NamedGroup, disagreements
from vhdsfix.membership.disks import shared_disk
from vhdsfix.membership.evidence import known_as, members_of, names_of, nodes_of
from vhdsfix.membership.folders import folder_uses, folders_of, share_uses, uses_of
from vhdsfix.membership.guest_nodes import matched
from vhdsfix.membership.names import short_name
from vhdsfix.membership.seen import Seen, seen_in
from vhdsfix.membership.shown import drained_nodes, hidden_vms
from vhdsfix.model.facts import ClusterNode, Facts
from vhdsfix.model.inventory import GuestCluster, Inventory
from vhdsfix.model.plan import ConfiguredGuestCluster
from vhdsfix.model.readings import known_or

__all__ = ["inventory_of", "is_named_by_its_folders", "shared_disk", "short_name"]


def inventory_of(facts: Facts, configured: tuple[ConfiguredGuestCluster, ...]) -> Inventory:
    """Everything that the facts show and the config adds; deterministic whatever the facts' order."""
    seen = seen_in(facts)
    groups = groups_of(seen, matched(seen, configured))
    clusters = tuple(_known(group, seen) for group in groups)
    uses = uses_of(groups, seen)
    return Inventory(
        vms=tuple(seen.vms.values()),
        guest_clusters=tuple(_guest_cluster(cluster, seen) for cluster in clusters),
        folders=folder_uses(uses, groups, seen),
        hidden=hidden_vms(facts),
        shares=share_uses(uses, _host_nodes(facts), seen),
        disagreements=disagreements(clusters, seen),
        not_shown=seen.not_shown,
        drained=drained_nodes(facts),
    )


def _known(group: Group, seen: Seen) -> NamedGroup:
    names = names_of(group, seen)
    return NamedGroup(group, nodes_of(group, seen, names), names)


def _guest_cluster(cluster: NamedGroup, seen: Seen) -> GuestCluster:
    group = cluster.group
    return GuestCluster(
        id=group.id,
        name=group.name,
        vm_ids=tuple(sorted(group.vm_ids)),
        disks=group.disks,
        folders=folders_of(group, seen),
        members=members_of(group, seen, cluster.nodes),
        nodes=cluster.nodes,
        completeness=completeness_of(group, seen, cluster.nodes),
        disk_files=tuple(seen.disks.files[disk.key] for disk in group.disks),
        configured_as=tuple(cluster.name for cluster in known_as(group)),
    )


def _host_nodes(facts: Facts) -> tuple[ClusterNode, ...]:
    asked = tuple(ClusterNode(node.name, 0) for node in facts.nodes)
    return known_or(facts.cluster.nodes, asked)
