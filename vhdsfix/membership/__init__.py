"""Facts → Inventory: which VMs there are, who is in which guest cluster, and which folders they use."""

from __future__ import annotations

from vhdsfix.membership.clusters import guest_clusters, is_named_by_its_folders
from vhdsfix.membership.folders import folder_uses
from vhdsfix.membership.guest_nodes import matched
from vhdsfix.membership.names import short_name
from vhdsfix.membership.shown import drives_of, everything_was_shown, hidden_vms, vms_of
from vhdsfix.model.facts import Facts
from vhdsfix.model.inventory import Inventory
from vhdsfix.model.plan import ConfiguredGuestCluster

__all__ = ["everything_was_shown", "inventory_of", "is_named_by_its_folders", "matched", "short_name"]


def inventory_of(facts: Facts, configured: tuple[ConfiguredGuestCluster, ...]) -> Inventory:
    """Everything that the facts show and the config adds; deterministic whatever the facts' order."""
    vms = vms_of(facts)
    drives = drives_of(facts)
    clusters = guest_clusters(drives, matched(facts, configured))
    return Inventory(
        vms=vms,
        guest_clusters=clusters,
        folders=folder_uses(clusters, {vm.vm_id: vm for vm in vms}, drives),
        hidden=hidden_vms(facts),
    )
