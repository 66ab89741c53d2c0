"""Every host may use the folders on file servers that guest clusters keep disks in."""

from __future__ import annotations

from vhdsfix.model.findings import Finding
from vhdsfix.model.inventory import Inventory, ShareUse
from vhdsfix.rules import fixes
from vhdsfix.rules.catalogue import finding
from vhdsfix.wording import counted


def every_share_is_open_to_the_hosts(inventory: Inventory) -> tuple[Finding, ...]:
    """Never a grant for a VM: the server does not see its account. From a host nobody can look there, so each is not known."""
    return tuple(_not_known(share) for share in inventory.shares)


def _not_known(share: ShareUse) -> Finding:
    accounts = ", ".join(f"{host}$" for host in share.hosts)
    return finding(
        "share-access-unknown",
        subject=share.path,
        summary=f"{counted(len(share.vm_ids), 'VM keeps', 'VMs keep')} shared disks on the file server {share.server}: there the hosts' computer "
        "accounts need full control, not the VMs, and whether they have it cannot be looked at from a host",
        evidence=(f"the accounts that need it: {accounts}", "a host's session does not reach another server"),
        fix=f"look on {share.server}: {fixes.share_command(share.share)} and {fixes.show_command(share.path)} must both show each "
        "of the accounts with full control",
        folder=share.path,
        incomplete=True,
    )
