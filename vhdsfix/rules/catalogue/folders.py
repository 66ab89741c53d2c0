"""Kinds about a folder that holds shared disks."""

from __future__ import annotations

from vhdsfix.model.findings import Severity
from vhdsfix.rules.catalogue.kind import KB, FindingKind

KINDS = (
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
        "dacl-not-canonical",
        Severity.NOTE,
        "A folder's permissions are in an unusual order",
        "Windows expects denials before grants, and what stands on the folder itself before what it inherits. Here something wrote another "
        "order. Nothing is wrong today, but icacls and Explorer may reorder the list when they next write it, and what holds then may "
        "differ. vhdsfix makes no grant on such a folder.",
        "Look at the list, and let Explorer's security page reorder it after you know what each entry is for.",
        "Microsoft, Order of ACEs in a DACL",
    ),
    FindingKind(
        "grant-would-take-entries",
        Severity.NOTE,
        "A change of a folder's permissions would take entries away from files in it",
        "A file that was moved in within its volume keeps what it inherited where it came from. When the folder's permissions are next set, "
        "by a grant too, Windows makes what its files inherit anew, and whoever had access through the old entries loses it. vhdsfix makes "
        "no grant on such a folder, and says so where one is needed (target-refused).",
        "Find out whom the entries are for, and give them their access on the folder first.",
        "Microsoft KB310316; Automatic Propagation of Inheritable ACEs",
    ),
    FindingKind(
        "stale-entry",
        Severity.NOTE,
        "A folder's permissions name VMs that exist no more",
        "A VM that was deleted, or rebuilt under a new id, leaves its entry behind. It is harmless: nobody can log on as that VM again. "
        "icacls cannot remove it, because the id of a VM that is registered nowhere has no account name any more. It is said only where "
        "every node of the host cluster showed its VMs; a VM of another host cluster, or a replica, would look the same.",
        "Leave it, or remove it by Get-Acl and Set-Acl, or in Explorer; vhdsfix never removes an entry it did not make.",
        "Microsoft, icacls; public projects: it refuses a SID without a name (1332)",
    ),
    FindingKind(
        "guest-clusters-share-a-folder",
        Severity.NOTE,
        "Disks of several guest clusters lie in one folder",
        "A grant on a folder reaches every file in it. Microsoft asks for the grant of every VM that uses the folder, so here each guest "
        "cluster's VMs can also open the other's disks.",
        "If the guest clusters do not trust each other, give each a folder of its own: move its VHD Set while its VMs are off.",
        KB,
    ),
    FindingKind(
        "folder-off-csv",
        Severity.WARNING,
        "A VHD Set lies outside the cluster shared volumes",
        "Only a cluster shared volume has the same path on every node. On a node's own disk the VMs of one guest cluster can run together on "
        "that node only, and a VM that fails over loses its disk.",
        "Move the VHD Set to a cluster shared volume while its VMs are off.",
        "Microsoft, Use Cluster Shared Volumes in a failover cluster",
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
)
