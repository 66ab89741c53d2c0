"""Kinds about the host cluster and its nodes."""

from __future__ import annotations

from vhdsfix.model.findings import Severity
from vhdsfix.rules.catalogue.kind import ARTICLE, KB, FindingKind

KINDS = (
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
        "config-store-off-csv",
        Severity.WARNING,
        "ConfigStoreRootPath is not on a cluster shared volume",
        "Every node must reach the path, so it has to be a cluster shared volume or a folder below one. Elsewhere, or where the volume was "
        "renamed, the nodes lose the configuration of VM collections, and everything that touches a collection fails with Generic failure.",
        "The path can be set only once: Windows refuses another value, and changing the registry is not supported. Give the volume its old "
        "name again where that is the cause; otherwise ask Microsoft's support. vhdsfix never sets it.",
        f"Microsoft KB4488568; {ARTICLE}",
    ),
    FindingKind(
        "config-store-volume-offline",
        Severity.ERROR,
        "The volume with ConfigStoreRootPath is not online",
        "The configuration of VM collections lies on this volume. While it is not online, no collection can be read or changed, so no backup "
        "of a guest cluster starts.",
        "Bring the volume online and look why it went offline.",
        "Microsoft KB4488568",
    ),
    FindingKind(
        "config-store-not-visible",
        Severity.WARNING,
        "A node does not see the folder of ConfigStoreRootPath",
        "The cluster names the folder, but a node that was asked for it says that it is not there. VM collections do not work on that node.",
        "Look from that node: the volume may not be mounted there, or the folder was renamed or deleted. Make the same folder available "
        "again; the setting itself can be made only once.",
        "Microsoft KB4488568",
    ),
    FindingKind(
        "config-store-resource-offline",
        Severity.WARNING,
        "The cluster resource behind ConfigStoreRootPath is not online",
        "The resource Virtual Machine Cluster WMI serves VM collections to the whole cluster. While it is not online, backup products "
        "that group the VMs of a guest cluster cannot do so.",
        "Get-ClusterResource -Name 'Virtual Machine Cluster WMI' | Start-ClusterResource",
        "Microsoft-Windows-Hyper-V-High-Availability events 21146 to 21151",
    ),
    FindingKind(
        "host-too-old",
        Severity.ERROR,
        "A node runs Windows from before VHD Sets",
        "VHD Sets need Windows Server 2016 (10.0.14393) or later on every node; with an older node host-level backups of the guest cluster "
        "fail with error 32775 or not at all.",
        "Upgrade the node, and then the cluster's functional level: Update-ClusterFunctionalLevel.",
        KB,
    ),
    FindingKind(
        "host-versions-mixed",
        Severity.WARNING,
        "The nodes run different versions of Windows",
        "A cluster in the middle of an upgrade works, but keeps to the older version's abilities: backup products report that changed block "
        "tracking is not available in a mixed cluster.",
        "Finish the upgrade, then Update-ClusterFunctionalLevel.",
        "Veeam, best practices (Hyper-V interaction)",
    ),
    FindingKind(
        "node-down",
        Severity.NOTE,
        "A node of the host cluster is down, and its VMs are seen elsewhere",
        "The cluster says that the node is down, so nobody asked it. Every clustered VM is shown by another node, so nothing of the guest "
        "clusters is missing here. A VM that only this node knows, outside the cluster, would not be seen.",
        "When it is back, run `vhdsfix plan` again.",
        "Microsoft, Get-ClusterNode (State)",
    ),
    FindingKind(
        "node-paused",
        Severity.NOTE,
        "A node of the host cluster is paused",
        "Somebody drained the node, usually for maintenance. VMs move away from it and back again, so a plan made now may name other nodes "
        "than one made later.",
        "Nothing to do; Resume-ClusterNode ends the pause.",
        "Microsoft, Get-ClusterNode (State)",
    ),
)
