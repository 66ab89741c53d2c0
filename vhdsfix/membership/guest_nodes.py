"""Which VM a configured guest cluster node is."""

from __future__ import annotations

import re

import msgspec

from vhdsfix.membership.disks import shared_disk
from vhdsfix.membership.names import short_name
from vhdsfix.membership.shown import drives_of, everything_was_shown, vms_of
from vhdsfix.model.facts import Facts
from vhdsfix.model.inventory import Vm
from vhdsfix.model.plan import ConfiguredGuestCluster
from vhdsfix.model.windows import VmId

_COMPUTER_NAME = re.compile(r"[\w-]+(\.[\w-]+)*")


class ConfiguredNodes(msgspec.Struct, frozen=True):
    """A configured guest cluster, and which VM each of its nodes is, as far as that is certain: VM id by node's name."""

    cluster: ConfiguredGuestCluster
    vm_ids: dict[str, VmId]


def matched(facts: Facts, configured: tuple[ConfiguredGuestCluster, ...]) -> tuple[ConfiguredNodes, ...]:
    """A configured node is the one VM of its name: of the VMs with a VHD Set, else of all VMs if all were shown.

    Whoever may rename a VM can give it a guest node's name, so a name counts by itself only where nothing else can fit.
    """
    vms = vms_of(facts)
    sharing = {drive.vm_id for drive in drives_of(facts) if shared_disk(drive)}
    candidates = [[vm for vm in vms if vm.vm_id in sharing], list(vms) if everything_was_shown(facts) else []]
    return tuple(
        ConfiguredNodes(
            cluster, {node: found for node in cluster.nodes if (found := _the_one(node, candidates))}
        )
        for cluster in configured
    )


def bears_name(vm_name: str, node: str) -> bool:
    """Whether a VM's display name is the node's, each with or without its domain."""
    is_computer_name = _COMPUTER_NAME.fullmatch(vm_name)
    return short_name(vm_name if is_computer_name else "") == short_name(node)


def _the_one(node: str, candidates: list[list[Vm]]) -> VmId | None:
    for vms in candidates:
        same = [vm.vm_id for vm in vms if bears_name(vm.name, node)]
        if same:
            return same[0] if len(same) == 1 else None
    return None
