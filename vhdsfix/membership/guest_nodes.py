"""Which VM a configured guest cluster node is."""

from __future__ import annotations

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
            cluster,
            {node: found for node in cluster.nodes if (found := _the_one(node, seen))},
            decides=not seen.not_shown,
        )
        for cluster in configured
    )


def _the_one(node: str, seen: Seen) -> VmId | None:
    bearers = seen.bearers.get(short_name(node), ())
    sharing = tuple(vm_id for vm_id in bearers if vm_id in seen.shared)
    fitting = sharing or (() if seen.not_shown else bearers)
    return fitting[0] if len(fitting) == 1 else None
