"""Whether all VMs of a guest cluster were found, and who says how many there are."""

from __future__ import annotations

from collections.abc import Iterator

from vhdsfix.membership.clusters import Group, guest_nodes
from vhdsfix.membership.evidence import known_as
from vhdsfix.membership.names import short_name
from vhdsfix.membership.seen import Seen
from vhdsfix.model.inventory import Completeness, EvidenceKind, GuestNode
from vhdsfix.model.readings import Unknown
from vhdsfix.wording import counted

_WHO = {
    EvidenceKind.GUEST: "the guest cluster says that it has",
    EvidenceKind.QUERY: "its guests told their hosts that it has",
    EvidenceKind.CONFIG: "the config names",
}


def completeness_of(group: Group, seen: Seen, nodes: tuple[GuestNode, ...]) -> Completeness:
    """Who says more than was found is believed; nobody is, who says less."""
    sizes = sizes_of(group, seen)
    found = len(group.vm_ids)
    not_found = tuple(_more(kind, size, nodes) for kind, size in sizes.items() if size > found)
    told_by = next(iter(sizes), None)
    uncertain = bool(not_found) or told_by is None
    return Completeness(
        found=found,
        expected=sizes[told_by] if told_by else None,
        told_by=told_by,
        not_found=not_found,
        not_seen=(
            *_silent_guests(group, seen),
            *_withheld(group),
            *(seen.clustered_not_shown if uncertain else ()),
        ),
    )


def sizes_of(group: Group, seen: Seen) -> dict[EvidenceKind, int]:
    """How many nodes the cluster has, by who says so: itself, its guests to their hosts (the most that one says), the config."""
    by_itself = {short_name(node.name) for cluster in known_as(group) for node in guest_nodes(seen, cluster)}
    queries = (seen.told.queries.get(vm_id) for vm_id in group.vm_ids)
    by_hosts = max((query.size or 0 for query in queries if query), default=0)
    by_config = {short_name(node) for one in group.configured for node in one.cluster.nodes}
    sizes = {
        EvidenceKind.GUEST: len(by_itself),
        EvidenceKind.QUERY: by_hosts,
        EvidenceKind.CONFIG: len(by_config),
    }
    return {kind: size for kind, size in sizes.items() if size > 0}


def _more(kind: EvidenceKind, size: int, nodes: tuple[GuestNode, ...]) -> str:
    missing = [node.name for node in nodes if node.vm_id is None] if kind is not EvidenceKind.QUERY else []
    names = f", and no VM of it is {', '.join(missing)}" if missing else ""
    return f"{_WHO[kind]} {counted(size, 'node')}{names}"


def _silent_guests(group: Group, seen: Seen) -> Iterator[str]:
    for cluster in known_as(group):
        guest = seen.told.guests.get(cluster.name.casefold())
        if guest and isinstance(guest.nodes, Unknown):
            yield f"the guest cluster itself could not be asked: {guest.nodes.why}"


def _withheld(group: Group) -> Iterator[str]:
    own = {disk.parent.key for disk in group.disks}
    for folder in group.withheld:
        if folder.key not in own:
            yield f"{folder}, which the config adds, was not judged: not every VM was shown, and another may bear the name"
