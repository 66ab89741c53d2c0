"""The commands that a person would type on a node, ready to be copied."""

from __future__ import annotations

from vhdsfix.model.windows import FolderPath, Sid, VmId

# PowerShell expands $ and ` between double quotes and takes the last ones as quotes (about_Quoting_Rules); cmd expands %.
_NEEDS_SINGLE_QUOTES = frozenset("$`%\u2018\u2019\u201a\u201b\u201c\u201d\u201e")

# Source: FACTS 1.6: the ids are the same in every language, the names are not.
BACKUP_SERVICE = "5CED1297-4598-4915-A5FC-AD21BB4D02A4"

CONFIG_STORE = (
    "Get-ClusterResource -Name 'Virtual Machine Cluster WMI' | "
    "Set-ClusterParameter -Name ConfigStoreRootPath -Value '<FOLDER ON A CSV>'"
)


def grant_command(folder: FolderPath, vm_id: VmId) -> str:
    """What gives a VM its grant on a folder, on the node where the VM runs. Source: FACTS 1.1 (KB4230569)."""
    return f"icacls {quoted(folder)} /grant {quoted(f'{vm_id.account}:(OI)F')}"


def remove_command(folder: FolderPath, vm_id: VmId) -> str:
    """What takes away all that a folder itself allows a VM. Source: FACTS 3 (/remove:g takes every allow entry)."""
    return f"icacls {quoted(folder)} /remove:g {quoted(vm_id.account)}"


def restore_command(folder: FolderPath, vm_id: VmId, rights: str) -> str:
    """What puts one entry in place of all that a folder itself allows a VM. Source: FACTS 3 (/grant:r)."""
    return f"icacls {quoted(folder)} /grant:r {quoted(f'{vm_id.account}:{rights}')}"


def file_grant_command(file: FolderPath, vm_id: VmId) -> str:
    """What gives a VM full control of one file that inherits nothing. Source: FACTS 1.6 (KB2249906)."""
    return f"icacls {quoted(file)} /grant {quoted(f'{vm_id.account}:(F)')}"


def show_command(path: FolderPath) -> str:
    """What shows a folder's or a file's permissions."""
    return f"icacls {quoted(path)}"


def share_command(share: str) -> str:
    """What shows, on a file server, who may do what with a share. Source: FACTS 5 (Get-SmbShareAccess.md)."""
    return f"Get-SmbShareAccess -Name {quoted(share)}"


def quoted(text: str) -> str:
    """One argument, for cmd and PowerShell alike where that is possible, else for PowerShell."""
    if _NEEDS_SINGLE_QUOTES.isdisjoint(text):
        return f'"{text}"'
    return literal(text)


def enable_backup_service(vm_id: VmId) -> str:
    """What switches on a VM's backup integration service, whatever it is called there. Source: FACTS 1.6."""
    return (
        f"Get-VM -Id {vm_id} | Get-VMIntegrationService | "
        f"Where-Object -Property Id -Like -Value '*{BACKUP_SERVICE}' | Enable-VMIntegrationService"
    )


def update_version(vm_id: VmId) -> str:
    """What raises a VM's configuration version to its host's; it must be off. Source: FACTS 1.6."""
    return f"Get-VM -Id {vm_id} | Update-VMVersion"


def remove_recovery_checkpoints(vm_id: VmId) -> str:
    """What takes away a backup's checkpoints. Source: FACTS 1.6 (cannot-delete-recovery-checkpoint-vm)."""
    return f"Get-VM -Id {vm_id} | Get-VMSnapshot -SnapshotType Recovery | Remove-VMSnapshot"


def start_configuration(vm_resource: str) -> str:
    """What brings a VM's configuration online: it is in the group of the VM's own resource. Source: FACTS 4."""
    return (
        f"(Get-ClusterResource -Name {literal(vm_resource)}).OwnerGroup | Get-ClusterResource | "
        "Where-Object -Property ResourceType -Like -Value 'Virtual Machine Configuration' | Start-ClusterResource"
    )


def remove_entries(folder: FolderPath, sids: tuple[Sid, ...]) -> str:
    """What removes the entries of accounts that have no name any more, which icacls cannot. Source: FACTS 2.3, 3."""
    purges = "; ".join(
        f"$acl.PurgeAccessRules([System.Security.Principal.SecurityIdentifier]'{sid}')" for sid in sids
    )
    path = literal(folder)
    return f"$acl = Get-Acl -LiteralPath {path}; {purges}; Set-Acl -LiteralPath {path} -AclObject $acl"


def literal(text: str) -> str:
    """One argument for PowerShell alone, in which nothing is expanded."""
    return (
        "'"
        + "".join(
            character * 2 if character in "'\u2018\u2019\u201a\u201b" else character for character in text
        )
        + "'"
    )
