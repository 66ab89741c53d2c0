"""Guest clusters: VMs joined by a shared disk, or by the config. What guests say joins nobody."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from vhdsfix.membership.disk_files import unique
from vhdsfix.membership.guest_nodes import ConfiguredNodes
from vhdsfix.membership.names import short_name
from vhdsfix.membership.seen import Seen
from vhdsfix.model.facts import ClusterNode
from vhdsfix.model.plan import ConfiguredGuestCluster
from vhdsfix.model.readings import known_or
from vhdsfix.model.windows import FolderPath, VmId


class Group(msgspec.Struct, frozen=True):
    """VMs joined, and the disks that join them. `configured`: what the config calls them, by their names or their folders.

    `folders`: what it adds to those of their disks. `withheld`: what it would add if it were certain that they are meant.
    `called`: the configured guest cluster that says of itself that it has these VMs, where the config names neither. That is a
    name and nothing more: its configured folders are not theirs.
    """

    vm_ids: frozenset[VmId]
    disks: tuple[FolderPath, ...]
    configured: tuple[ConfiguredNodes, ...]
    folders: tuple[FolderPath, ...] = ()
    withheld: tuple[FolderPath, ...] = ()
    called: ConfiguredGuestCluster | None = None

    @property
    def id(self) -> str:
        return ",".join(sorted(self.vm_ids))

    @property
    def name(self) -> str:
        known = [*(one.cluster for one in self.configured), *([self.called] if self.called else [])]
        return known[0].name if known else self.disks[0].name.rpartition(".")[0]


def groups_of(seen: Seen, configured: tuple[ConfiguredNodes, ...]) -> tuple[Group, ...]:
    """Join VMs by shared disk and by configured name; a configured cluster that matched a VM names its own."""
    members = [(one.disk.key, vm_id) for vm_id, drives in seen.shared.items() for one in drives]
    members += [
        (f"configured {one.cluster.name}", vm_id)
        for one in configured
        if one.decides
        for vm_id in one.vm_ids.values()
    ]
    joined = _joined(members)
    named = tuple(one for one in configured if _is_one_of(one, joined))
    groups = [_group(vm_ids, seen, named) for vm_ids in joined]
    called = _called(groups, seen, configured)
    groups = [msgspec.structs.replace(group, called=called.get(group.vm_ids)) for group in groups]
    return tuple(sorted(groups, key=lambda group: group.id))


def is_named_by_its_folders(cluster: ConfiguredGuestCluster, disks: Iterable[FolderPath]) -> bool:
    """A configured cluster without nodes belongs to whoever has its disks in its folders."""
    folders = {folder.key for folder in cluster.folders}
    return not cluster.nodes and any(disk.parent.key in folders for disk in disks)


def _joined(members: list[tuple[str, VmId]]) -> set[frozenset[VmId]]:
    """Sets of VMs that share a key, directly or through others."""
    group_of: dict[VmId, frozenset[VmId]] = {}
    by_key: dict[str, set[VmId]] = {}
    for key, vm_id in members:
        by_key.setdefault(key, set()).add(vm_id)
    for together in by_key.values():
        merged = frozenset(together.union(*(group_of.get(vm_id, frozenset()) for vm_id in together)))
        group_of.update(dict.fromkeys(merged, merged))
    return set(group_of.values())


def _is_one_of(one: ConfiguredNodes, joined: set[frozenset[VmId]]) -> bool:
    """Whether the VMs of its nodes' names are of one guest cluster, and not of several, some of whose VMs only bear the name."""
    return sum(not vm_ids.isdisjoint(one.vm_ids.values()) for vm_ids in joined) <= 1


def _group(vm_ids: frozenset[VmId], seen: Seen, configured: tuple[ConfiguredNodes, ...]) -> Group:
    disks = unique(one.disk for vm_id in vm_ids for one in seen.shared.get(vm_id, ()))
    by_name = [one for one in configured if not vm_ids.isdisjoint(one.vm_ids.values())]
    by_folder = [one for one in configured if is_named_by_its_folders(one.cluster, disks)]
    named = by_name or by_folder
    return Group(
        vm_ids,
        disks,
        tuple(named),
        folders=unique(f for one in named if one.decides or one in by_folder for f in one.cluster.folders),
        withheld=unique(f for one in by_name if not one.decides for f in one.cluster.folders),
    )


def _called(
    groups: list[Group], seen: Seen, configured: tuple[ConfiguredNodes, ...]
) -> dict[frozenset[VmId], ConfiguredGuestCluster]:
    """By its VMs: the one group with VMs of the names that a guest cluster says its nodes have, both without another claim."""
    taken = {one.cluster.name for group in groups for one in group.configured}
    found: dict[frozenset[VmId], list[ConfiguredGuestCluster]] = {}
    for one in configured:
        if one.cluster.name in taken or one.cluster.nodes or one.cluster.folders:
            continue
        names = {short_name(node.name) for node in guest_nodes(seen, one.cluster)}
        bearers = [group for group in groups if names.intersection(names_in(group, seen))]
        if len(bearers) == 1 and not bearers[0].configured:
            found.setdefault(bearers[0].vm_ids, []).append(one.cluster)
    return {vm_ids: clusters[0] for vm_ids, clusters in found.items() if len(clusters) == 1}


def guest_nodes(seen: Seen, cluster: ConfiguredGuestCluster) -> tuple[ClusterNode, ...]:
    """The nodes that a configured guest cluster says it has; none where it was not asked or did not answer."""
    said = seen.told.guests.get(cluster.name.casefold())
    return known_or(said.nodes, ()) if said else ()


def names_in(group: Group, seen: Seen) -> set[str]:
    """What its VMs are called by their hosts, and what their guests call themselves."""
    shown = {short_name(seen.vms[vm_id].name) for vm_id in group.vm_ids}
    return shown | {seen.told.names[vm_id] for vm_id in group.vm_ids if vm_id in seen.told.names}
