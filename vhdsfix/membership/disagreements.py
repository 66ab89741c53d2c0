"""Evidence that does not fit together: who says what. It is for a person to settle and changes no grant."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from vhdsfix.membership.clusters import Group, guest_nodes
from vhdsfix.membership.completeness import sizes_of
from vhdsfix.membership.evidence import Names, known_as
from vhdsfix.membership.names import short_name
from vhdsfix.membership.seen import Seen
from vhdsfix.membership.told import cluster_id
from vhdsfix.model.inventory import Disagreement, EvidenceKind, GuestNode
from vhdsfix.model.readings import known_or
from vhdsfix.model.windows import VmId
from vhdsfix.wording import counted


class NamedGroup(msgspec.Struct, frozen=True):
    """A group of VMs, its nodes, and its VMs' names."""

    group: Group
    nodes: tuple[GuestNode, ...]
    names: Names


def disagreements(clusters: tuple[NamedGroup, ...], seen: Seen) -> tuple[Disagreement, ...]:
    found = [one for cluster in clusters for one in _within(cluster, seen)]
    found += _between(clusters, seen)
    return tuple(sorted(found, key=lambda one: (one.cluster.casefold(), one.summary, one.says)))


def _within(cluster: NamedGroup, seen: Seen) -> Iterator[Disagreement]:
    yield from _two_clusters_in_one(cluster.group, seen)
    yield from _swapped_names(cluster, seen)
    yield from _other_sizes(cluster.group, seen)
    yield from _another_name(cluster.group, seen)


def _two_clusters_in_one(group: Group, seen: Seen) -> Iterator[Disagreement]:
    told = _told_ids(sorted(group.vm_ids), seen)
    if len(set(told.values())) > 1:
        yield Disagreement(
            group.name,
            "its VMs share a VHD Set, and their guests say that they are in different clusters",
            _lines(told, seen),
            tuple(told),
        )


def _swapped_names(cluster: NamedGroup, seen: Seen) -> Iterator[Disagreement]:
    """A node's name that one VM bears while the guest of another one calls itself so."""
    for node in cluster.nodes:
        shown = cluster.names.shown.get(short_name(node.name), ())
        called = cluster.names.called.get(short_name(node.name), ())
        if len(shown) == len(called) == 1 and shown != called:
            bearer, caller = seen.vms[shown[0]], seen.vms[called[0]]
            yield Disagreement(
                cluster.group.name,
                f"which of its VMs is its node {node.name} is not certain",
                (
                    f"{bearer.node} shows {bearer.vm_id} under the name {bearer.name}",
                    f"the guest of {caller.name} ({caller.vm_id}) calls itself {node.name}",
                ),
                (bearer.vm_id, caller.vm_id),
            )


def _other_sizes(group: Group, seen: Seen) -> Iterator[Disagreement]:
    """Sizes that differ from each other, or that are smaller than what was found; a larger one is incompleteness."""
    sizes = sizes_of(group, seen)
    if sizes and (len(set(sizes.values())) > 1 or max(sizes.values()) < len(group.vm_ids)):
        yield Disagreement(
            group.name,
            "how many nodes it has is not certain",
            (
                f"{counted(len(group.vm_ids), 'VM was', 'VMs were')} found",
                *(f"{_who(kind)}: {size}" for kind, size in sizes.items()),
            ),
            tuple(sorted(group.vm_ids)),
        )


def _another_name(group: Group, seen: Seen) -> Iterator[Disagreement]:
    for cluster in known_as(group):
        guest = seen.told.guests.get(cluster.name.casefold())
        own = known_or(guest.name, None) if guest else None
        if own and short_name(own) != short_name(cluster.name):
            yield Disagreement(
                cluster.name,
                "the guest cluster that answers under this name calls itself otherwise",
                (f"the config calls it {cluster.name}", f"it calls itself {own}"),
            )


def _between(clusters: tuple[NamedGroup, ...], seen: Seen) -> Iterator[Disagreement]:
    cluster_of = {vm_id: one.group for one in clusters for vm_id in one.group.vm_ids}
    yield from _one_id_in_several(cluster_of, seen)
    for one in clusters:
        yield from _nodes_elsewhere(one, cluster_of, seen)


def _one_id_in_several(cluster_of: dict[VmId, Group], seen: Seen) -> Iterator[Disagreement]:
    """An id that guests of several guest clusters, or of none, say is theirs. Who lies is not known, so nobody is joined by it."""
    told = _told_ids(sorted(seen.told.queries), seen)
    claimants: dict[str, list[VmId]] = {}
    for vm_id, its_cluster in told.items():
        claimants.setdefault(its_cluster, []).append(vm_id)
    for vm_ids in claimants.values():
        groups = {cluster_of[vm_id].id for vm_id in vm_ids if vm_id in cluster_of}
        if not seen.not_shown and any(vm_id not in cluster_of for vm_id in vm_ids):
            groups.add("")  # in none: certain only where every disk was shown
        if len(groups) > 1:
            names = sorted({cluster_of[vm_id].name for vm_id in vm_ids if vm_id in cluster_of})
            yield Disagreement(
                " and ".join(names),
                "guests whose VMs share no VHD Set say that they are in the same cluster",
                _lines({vm_id: told[vm_id] for vm_id in vm_ids}, seen),
                tuple(vm_ids),
            )


def _nodes_elsewhere(
    cluster: NamedGroup, cluster_of: dict[VmId, Group], seen: Seen
) -> Iterator[Disagreement]:
    """Nodes that the guest cluster names, and that only a VM outside it could be."""
    missing = {short_name(node.name): node.name for node in cluster.nodes if node.vm_id is None}
    told = {short_name(n.name) for one in known_as(cluster.group) for n in guest_nodes(seen, one)}
    for short in sorted(missing.keys() & told):
        for vm_id in seen.bearers.get(short, ()):
            if vm_id not in cluster.group.vm_ids and (vm_id in cluster_of or not seen.not_shown):
                vm, home = seen.vms[vm_id], cluster_of.get(vm_id)
                where = f"guest cluster {home.name}" if home else "no guest cluster"
                yield Disagreement(
                    cluster.group.name,
                    f"it says that it has a node {missing[short]}, and the VM of that name shares none of its disks",
                    (f"{vm.name} ({vm.vm_id}) on {vm.node} is in {where}, as its disks say",),
                    (vm_id,),
                )


def _told_ids(vm_ids: list[VmId], seen: Seen) -> dict[VmId, str]:
    queries = ((vm_id, seen.told.queries.get(vm_id)) for vm_id in vm_ids)
    return {vm_id: told for vm_id, query in queries if query and (told := cluster_id(query))}


def _lines(told: dict[VmId, str], seen: Seen) -> tuple[str, ...]:
    return tuple(
        f"the guest of {seen.vms[vm_id].name} ({vm_id}): cluster {its_cluster}"
        for vm_id, its_cluster in told.items()
    )


def _who(kind: EvidenceKind) -> str:
    return {
        EvidenceKind.GUEST: "the guest cluster itself",
        EvidenceKind.QUERY: "its guests to their hosts",
    }.get(kind, "the config")
