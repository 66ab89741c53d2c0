"""Every kind of finding: its id, how bad it is, the story behind it, the fix, and who says so."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from vhdsfix.model.findings import Finding, Severity
from vhdsfix.model.windows import FolderPath, VmId

KB = "Microsoft KB4230569"
ARTICLE = "blog.workinghardinit.work, tag vhd-set"


class FindingKind(msgspec.Struct, frozen=True):
    """`id` never changes: configs and scripts name it. `story` and `fix` are read by `vhdsfix explain`."""

    id: str
    severity: Severity
    title: str
    story: str
    fix: str
    source: str


_KINDS = (
    FindingKind(
        "grant-missing",
        Severity.ERROR,
        "A VM has no grant of its own on a folder with its VHD Set",
        "While a host-level backup runs, each VM of the guest cluster merges checkpoint files in the folder of the VHD Set under its own "
        "account, NT VIRTUAL MACHINE\\<GUID>. Hyper-V does not give that account access to the folder by itself, least of all to a VM that "
        "joined later. Without it the background merge ends with event 19100 and 0x80070005 (access denied).",
        'On the node where the VM runs: icacls "<folder>" /grant "NT VIRTUAL MACHINE\\<GUID>:(OI)F". `vhdsfix apply` does it and proves it.',
        KB,
    ),
    FindingKind(
        "grant-partial",
        Severity.ERROR,
        "A VM's own grant on a folder is not enough",
        "The VM has an entry of its own, but it does not give full control of the folder, or does not pass full control on to new files. "
        "The merge creates and deletes files, so it needs both.",
        "The same grant as for a missing one; it adds to what is there. `vhdsfix apply` does it and proves it.",
        KB,
    ),
    FindingKind(
        "files-behind",
        Severity.ERROR,
        "The folder is right, but a disk file in it did not inherit the grant",
        "A file that was moved within its volume keeps its old permissions, and a propagation that was cut off leaves files behind. The "
        "folder then looks right while the file still refuses the VM.",
        "Granting again on the folder passes the entry on to every file below it. `vhdsfix apply` does it and proves it on the file.",
        f"{KB}; KB310316",
    ),
    FindingKind(
        "file-blocked",
        Severity.ERROR,
        "A disk file's own permissions keep the VM out",
        "The file does not inherit (its DACL is protected) or refuses the VM itself, so no grant on the folder reaches it.",
        'On the node where the VM runs: icacls "<file>" /grant "NT VIRTUAL MACHINE\\<GUID>:(F)", or let the file inherit again.',
        "Microsoft KB2249906",
    ),
    FindingKind(
        "grant-blocked",
        Severity.ERROR,
        "A deny entry takes away what the grant gives",
        "Somebody denied the VM, or a group that every VM belongs to. A grant does not help against it, and vhdsfix never removes a deny: "
        "it does not know why it is there.",
        "Find out who set the deny and why, remove it if it is a mistake, and run `vhdsfix plan` again.",
        "Microsoft, Order of ACEs in a DACL",
    ),
    FindingKind(
        "access-unknown",
        Severity.WARNING,
        "A VM's access could not be judged",
        "The permissions could not be read, or they hold an entry whose effect cannot be told from outside (conditional or object entries). "
        "vhdsfix then says neither that a grant is missing nor that it is there.",
        "Read the reason, make the folder readable for the account used, and run `vhdsfix plan` again.",
        "vhdsfix",
    ),
    FindingKind(
        "reach-too-wide",
        Severity.WARNING,
        "The grant would reach more than the shared disks",
        "(OI) is inherited at every depth: the grant gives each VM full control of every file below the folder. Here that includes "
        "subfolders, or disks of VMs that do not belong to these guest clusters.",
        "Move the VHD Set to a folder of its own, or accept the reach: --accept-reach FOLDER, or [[accept]] in the config.",
        "Microsoft, ACE Inheritance Rules",
    ),
    FindingKind(
        "share-access-unknown",
        Severity.WARNING,
        "Whether the hosts have access to a file server's folder could not be looked at",
        "A file server sees the computer account of the host that asks, HV01$ for example, and never the VM's own account, so a grant for "
        "the VM cannot help there. Every host needs full control of the share and of the folder. vhdsfix asks each host for itself alone; "
        "from there another server is a second hop, which Windows does not allow without delegation.",
        "On the file server: Get-SmbShareAccess -Name SHARE, and icacls on the folder. Each host's computer account must have full control "
        "in both.",
        "Microsoft, Get-SmbConnection; PS-remoting-second-hop",
    ),
    FindingKind(
        "null-dacl",
        Severity.WARNING,
        "A folder has no permissions at all: everybody may do everything",
        "A null DACL gives every account full control, so backups work, but so does everything else. vhdsfix grants nothing there, "
        "because a first entry would take access away from everybody who has none.",
        "Find out why the permissions were removed and set proper ones; then run `vhdsfix plan` again.",
        "Microsoft, Null DACLs and Empty DACLs",
    ),
    FindingKind(
        "target-refused",
        Severity.ERROR,
        "A grant is needed on a folder that vhdsfix does not touch",
        "Some places are too risky or too uncertain to change unattended: a volume's root, the ClusterStorage folder, a path that is not on "
        "a cluster shared volume, a share (there the hosts' computer accounts matter), a path through a link, a DACL in an unusual order, "
        "or files that would lose an entry.",
        "Read the reason, decide, and make the change by hand or mend the cause; then run `vhdsfix plan` again.",
        "vhdsfix",
    ),
    FindingKind(
        "config-store-unset",
        Severity.WARNING,
        "ConfigStoreRootPath is not set on the host cluster",
        "Collections of VMs keep their configuration below this path. While it is unset each node keeps its own copy and they drift apart, "
        "and backup products that group the VMs of a guest cluster fail in ways that do not name the cause.",
        "Choose a folder on a cluster shared volume and set it. It can be set only once: Windows refuses to change it later. vhdsfix "
        "never sets it.",
        f"{ARTICLE}; Microsoft KB4488568",
    ),
    FindingKind(
        "config-store-no-resource",
        Severity.WARNING,
        "The cluster has no resource that keeps ConfigStoreRootPath",
        "The setting belongs to a cluster resource of the type Virtual Machine Cluster WMI. It comes with the Hyper-V role on a cluster.",
        "Check that the Hyper-V role is installed on every node; then run `vhdsfix plan` again.",
        "Microsoft KB4488568",
    ),
    FindingKind(
        "config-store-set",
        Severity.NOTE,
        "ConfigStoreRootPath is set",
        "The host cluster knows where to keep the configuration of VM collections. It cannot be changed any more.",
        "Nothing to do.",
        "Microsoft KB4488568",
    ),
    FindingKind(
        "node-not-reached",
        Severity.WARNING,
        "A node of the host cluster could not be asked",
        "VMs that run there, and disks that only they use, may be missing from this plan. What was seen on the other nodes still holds.",
        "Read the reason, mend it, and run `vhdsfix plan` again.",
        "vhdsfix",
    ),
    FindingKind(
        "reading-unknown",
        Severity.WARNING,
        "Something could not be looked at",
        "A node answered, but not this question, or its answer contradicts another one. Nothing is concluded from a question without an "
        "answer.",
        "Read the reason, mend it, and run `vhdsfix plan` again.",
        "vhdsfix",
    ),
    FindingKind(
        "vm-not-shown",
        Severity.WARNING,
        "The cluster database knows a VM that no node showed",
        "Hyper-V shows nothing to an account without rights, and hides a VM whose configuration resource is offline. Its disks and its "
        "grants are not known.",
        "Use an account with Hyper-V rights on every node, and bring the VM's configuration resource online.",
        "containers/libhvee issue 224",
    ),
    FindingKind(
        "guest-node-unmatched",
        Severity.WARNING,
        "A configured guest cluster node matches no VM, or several",
        "The config names a guest node, but not exactly one VM bears that name, so nobody knows whose grant to look for.",
        "Correct the name in [[guest_cluster]], or name the VM like the node.",
        "vhdsfix",
    ),
    FindingKind(
        "undo-refused",
        Severity.WARNING,
        "Something that a run did is not taken back",
        "Undo puts back what each VM had before a run, and only that. It refuses where somebody changed the folder since, where a VM would "
        "lose its own access to a disk file that it uses, while a backup's recovery checkpoint is there, and where what was there before "
        "cannot be told to icacls or nobody can be asked.",
        "Read the reason and mend it, then say `vhdsfix undo` again; or put back by hand what the evidence shows.",
        "vhdsfix",
    ),
    FindingKind(
        "no-guest-cluster",
        Severity.NOTE,
        "No VM with a VHD Set was found",
        "None of the VMs that were shown has a .vhds file attached, and none is configured, so there is no folder to look at.",
        "If there should be one, check the account's rights and the cluster that was asked.",
        "vhdsfix",
    ),
)

CATALOGUE: Mapping[str, FindingKind] = MappingProxyType({kind.id: kind for kind in _KINDS})


def finding(
    kind_id: str,
    subject: str,
    summary: str,
    evidence: tuple[str, ...] = (),
    *,
    fix: str | None = None,
    folder: FolderPath | None = None,
    vm_id: VmId | None = None,
    incomplete: bool = False,
) -> Finding:
    """A finding of a kind; what the kind says of itself is filled in."""
    kind = CATALOGUE[kind_id]
    return Finding(
        id=kind.id,
        severity=kind.severity,
        subject=subject,
        summary=summary,
        evidence=evidence,
        fix=fix or kind.fix,
        source=kind.source,
        folder=folder,
        vm_id=vm_id,
        incomplete=incomplete,
    )
