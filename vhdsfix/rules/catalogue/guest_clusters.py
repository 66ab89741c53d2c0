"""Kinds about guest clusters: who is in them, and what they say of themselves."""

from __future__ import annotations

from vhdsfix.model.findings import Severity
from vhdsfix.rules.catalogue.kind import KB, FindingKind

KINDS = (
    FindingKind(
        "guest-node-unmatched",
        Severity.WARNING,
        "A configured guest cluster node matches no VM, or several",
        "The config names a guest node, but not exactly one VM bears that name, so nobody knows whose grant to look for. Or one does, "
        "but it shares no disk with the other nodes, while a VM that shares one bears none of the configured names: that VM may be the "
        "node, renamed, and a name alone lets nobody in.",
        "Correct the names in [[guest_cluster]], or name the VM like the node.",
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
    FindingKind(
        "guest-cluster-not-answering",
        Severity.WARNING,
        "A guest does not tell its host about its guest cluster (likely error 32768)",
        "Before a backup the host asks the guests about their cluster. Here the question came back without an answer. The usual cause is "
        "that the failover clustering feature is not installed, or the cluster service is not running, in that VM; the checkpoint of the "
        "collection then fails with 32768. The code alone proves nothing: it only means that something failed.",
        "In the guest: Get-Service -Name ClusSvc; Start-Service -Name ClusSvc. Every VM of the guest cluster needs it.",
        KB,
    ),
    FindingKind(
        "guest-disk-is-csv",
        Severity.WARNING,
        "A shared disk is a cluster shared volume inside the guest (likely error 32770)",
        "Several guests write to such a disk at once (active-active), and a host-level backup of it is not supported: the checkpoint of the "
        "collection fails with 32770.",
        "In the guest cluster, take the disk out of the cluster shared volumes: Remove-ClusterSharedVolume -Name <DISK>.",
        KB,
    ),
    FindingKind(
        "guest-disk-offline",
        Severity.WARNING,
        "A shared disk is offline in the guest cluster (likely error 32775)",
        "Every shared disk that a backup takes along must be online in the guest cluster; otherwise the checkpoint of the collection fails "
        "with 32775.",
        "In the guest cluster: Get-ClusterResource shows the disk's state, Start-ClusterResource -Name <DISK> brings it online.",
        KB,
    ),
    FindingKind(
        "guest-disk-not-owned-once",
        Severity.WARNING,
        "A shared disk is not owned by exactly one VM (likely error 32775)",
        "Of the guest cluster's VMs exactly one must own the disk while it is backed up. With none (the disk is offline, or no disk of the "
        "guest cluster at all) or several (a failover was cut off, or two guest clusters use it) the checkpoint fails with 32775.",
        "In the guest cluster: Get-ClusterResource shows the disk's owner and state. If it is just moving, run `vhdsfix plan` again.",
        f"{KB}; blog.workinghardinit.work (zero owners)",
    ),
    FindingKind(
        "shared-vhdx",
        Severity.ERROR,
        "VMs share a .vhdx, of which no checkpoint can be made",
        "A shared virtual disk of the older kind cannot be backed up from the host: checkpoints of it are not supported. A VHD Set (.vhds) "
        "can.",
        "Shut down every VM that uses it, detach it, and convert it: Convert-VHD -Path <FILE>.vhdx -DestinationPath <FILE>.vhds; attach the "
        ".vhds in its place, shared again.",
        "Microsoft, Create a VHD Set file",
    ),
    FindingKind(
        "guest-cluster-incomplete",
        Severity.WARNING,
        "Not every VM of a guest cluster was found",
        "A guest cluster can be backed up only if every one of its VMs has its grant. Here there are, or may be, more VMs than were found: on "
        "a node that did not answer, behind a configuration that is offline, or on another host cluster.",
        "Read what is missing, bring it back, and run `vhdsfix plan` again.",
        "vhdsfix",
    ),
    FindingKind(
        "guest-evidence-disagrees",
        Severity.WARNING,
        "What tells of a guest cluster does not agree",
        "Attached disks, the hosts' own query, the guest cluster itself and the guests' names each tell who belongs to it. Here one says "
        "something that another one rules out. Grants follow the attached disks and the config alone; what a guest says of itself never "
        "leads to one.",
        "Find out which of them is wrong: a disk that was attached to the wrong VM, a config that was copied, a guest that was cloned.",
        "vhdsfix",
    ),
    FindingKind(
        "vhd-set-path-not-counted",
        Severity.NOTE,
        "A VHD Set names a file that is not taken for its own",
        "A node tells all files of a VHD Set, and a grant is needed on the folder of each. A path off the cluster shared volumes, or of "
        "another disk's name, is not followed: a grant there would reach what may be somebody else's.",
        "Look at the path. If the file belongs to the disk, name its folder in [[guest_cluster]].",
        "Microsoft, Get-VHDSet",
    ),
)
