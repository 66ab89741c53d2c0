"""Each VM of a guest cluster is set up for host-level backups."""

from __future__ import annotations

from vhdsfix.model.facts import Facts
from vhdsfix.model.findings import Finding
from vhdsfix.model.inventory import GuestCluster, Inventory, Vm
from vhdsfix.model.readings import known_or
from vhdsfix.rules import fixes
from vhdsfix.rules.catalogue import finding
from vhdsfix.rules.host_versions import version_numbers
from vhdsfix.rules.in_question import (
    checks_in_question,
    guest_clusters_in_question,
    told_by_their_nodes,
)
from vhdsfix.wording import counted

# Source: FACTS 1.6 (Upgrade-virtual-machine-version; Veeam's best practices for RCT).
_NEEDED_FOR = (((6, 2), "VM groups and production checkpoints"), ((8, 0), "resilient change tracking (RCT)"))


def every_vm_has_a_recent_version(facts: Facts, inventory: Inventory) -> tuple[Finding, ...]:
    """One finding for a guest cluster: its VMs are usually raised together."""
    versions = {
        vm_id: vm.version
        for vm_id, vm in told_by_their_nodes(facts, inventory).items()
        if vm.version and version_numbers(vm.version)
    }
    return tuple(
        _old(cluster, old)
        for cluster, members in guest_clusters_in_question(inventory)
        if (old := [(vm, versions[vm.vm_id]) for vm in members if _lacks(versions.get(vm.vm_id))])
    )


def _lacks(version: str | None) -> str:
    """What a VM of this version cannot do, in words; nothing for one that nobody told."""
    numbers = version_numbers(version or "")
    return ", ".join(ability for needed, ability in _NEEDED_FOR if numbers and numbers < needed)


def _old(cluster: GuestCluster, old: list[tuple[Vm, str]]) -> Finding:
    return finding(
        "vm-version-old",
        subject=cluster.name,
        summary=f"{len(old)} of {counted(len(cluster.vm_ids), 'VM')} have an old configuration version",
        evidence=tuple(
            f"{vm.name} on {vm.node} has version {version}: too old for {_lacks(version)}"
            for vm, version in old
        ),
        fix="when no older host has to run it (there is no way back), and with the VM off: "
        + "; ".join(f"on {vm.node}: {fixes.update_version(vm.vm_id)}" for vm, _ in old),
    )


def every_vm_lets_the_host_back_it_up(facts: Facts, inventory: Inventory) -> tuple[Finding, ...]:
    return tuple(
        _service_off(vm)
        for vm, checks in checks_in_question(facts, inventory)
        for service in known_or(checks.backup_services, ())
        if service.vm_id == vm.vm_id and not service.enabled
    )


def _service_off(vm: Vm) -> Finding:
    return finding(
        "backup-service-off",
        subject=vm.name,
        summary=f"the backup (VSS) integration service of {vm.name} is switched off on its host",
        evidence=(f"read on {vm.node}: the integration service {fixes.BACKUP_SERVICE} is not enabled",),
        fix=f"on {vm.node}: {fixes.enable_backup_service(vm.vm_id)}",
        vm_id=vm.vm_id,
    )
