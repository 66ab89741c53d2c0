"""Which VM a configured guest cluster node is."""

from __future__ import annotations

from collections import Counter

import msgspec

from vhdsfix.membership.names import short_name
from vhdsfix.membership.seen import Seen
from vhdsfix.model.plan import ConfiguredGuestCluster
from vhdsfix.model.windows import VmId


class ConfiguredNodes(msgspec.Struct, frozen=True):
    """A configured guest cluster, and which VM bears the name of each of its nodes: VM id by node's name.

    `decides`: every VM was shown, so that these are the nodes. Otherwise the real one may be elsewhere: then it is a name.
    """

    cluster: ConfiguredGuestCluster
    vm_ids: dict[str, VmId]
    decides: bool


def matched(seen: Seen, configured: tuple[ConfiguredGuestCluster, ...]) -> tuple[ConfiguredNodes, ...]:
    """A configured node is the one VM of its name: of the VMs with a VHD Set, else of all VMs if all were shown.

    Whoever may rename a VM can give it a guest node's name, so a name counts by itself only where nothing else can fit. What a
    guest calls itself never counts here.
    """
    return tuple(
        ConfiguredNodes(
            cluster, _without_others(_bearers_of(cluster, seen), seen), decides=not seen.not_shown
        )
        for cluster in configured
    )


def _bearers_of(cluster: ConfiguredGuestCluster, seen: Seen) -> dict[str, VmId]:
    return {node: found for node in cluster.nodes if (found := _the_one(node, seen))}


def _the_one(node: str, seen: Seen) -> VmId | None:
    bearers = seen.bearers.get(short_name(node), ())
    sharing = tuple(vm_id for vm_id in bearers if vm_id in seen.shared)
    fitting = sharing or (() if seen.not_shown else bearers)
    return fitting[0] if len(fitting) == 1 else None


def _without_others(named: dict[str, VmId], seen: Seen) -> dict[str, VmId]:
    """Only those joined by disks, where a VM that is joined to one of them bears none of the names.

    It may be a node that was renamed; then whoever bears the node's name by now is somebody else, whom a name must not let in.
    """
    if len(named) < 2:  # noqa: PLR2004 - one name joins nobody
        return named
    users = _users_of_disks(seen)
    joined = {vm_id: _joined_to(vm_id, users, seen) for vm_id in named.values()}
    if frozenset().union(*joined.values()) <= set(named.values()):
        return named
    most = Counter(vm_ids for vm_id, vm_ids in joined.items() if vm_id in seen.shared).most_common(2)
    if len(most) > 1 and most[0][1] == most[1][1]:
        return {}
    return {node: vm_id for node, vm_id in named.items() if vm_id in most[0][0]}


def _users_of_disks(seen: Seen) -> dict[str, set[VmId]]:
    users: dict[str, set[VmId]] = {}
    for vm_id, drives in seen.shared.items():
        for one in drives:
            users.setdefault(one.disk.key, set()).add(vm_id)
    return users


def _joined_to(vm_id: VmId, users: dict[str, set[VmId]], seen: Seen) -> frozenset[VmId]:
    """The VM, and those that share a VHD Set with it, directly or through others."""
    found, new = {vm_id}, [vm_id]
    while new:
        others = set().union(*(users[one.disk.key] for one in seen.shared.get(new.pop(), ()))) - found
        new += others
        found |= others
    return frozenset(found)
