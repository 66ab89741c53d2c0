"""What a node is asked besides: which of its VMs share disks, and what is to be looked at there."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from vhdsfix.membership import shared_disk
from vhdsfix.model.facts import NOT_ASKED, ClusterFacts, NodeFacts
from vhdsfix.model.readings import Unknown, known_or
from vhdsfix.model.windows import FolderPath
from vhdsfix.ports import Notify, Progress, Reader, ToCheck

# Source: Microsoft.HyperV.PowerShell.VMState (FACTS 10).
OFF = 3


def paths_to_see(cluster: ClusterFacts) -> tuple[FolderPath, ...]:
    """What every node has to see: ConfigStoreRootPath, where it is set to a path that a node can look at by itself."""
    try:
        path = FolderPath(known_or(cluster.config_store, ""))
    except ValueError:
        return ()
    return () if path.is_unc else (path,)


def checked(reader: Reader, node: NodeFacts, paths: Sequence[FolderPath], notify: Notify) -> NodeFacts:
    """The node's facts with its checks; where its VMs' drives are not known, nobody knows what to ask about them."""
    if isinstance(node.host, Unknown):
        return node
    notify(Progress("checking", node.name))
    checks = reader.checks(_to_check(node, paths))
    if isinstance(node.drives, Unknown):
        about_vms = ("vhd_sets", "backup_services", "guest_names", "checkpoints")
        checks = msgspec.structs.replace(checks, **dict.fromkeys(about_vms, NOT_ASKED))
    return msgspec.structs.replace(node, checks=checks)


def _to_check(node: NodeFacts, paths: Sequence[FolderPath]) -> ToCheck:
    """A set that a checkpoint's file stands for is asked for, too; not one on a file server: that were a second hop (FACTS 6.1)."""
    drives = [drive for drive in known_or(node.drives, ()) if drive.shared or shared_disk(drive)]
    sets = {disk.key: disk for drive in drives if (disk := shared_disk(drive)) and not disk.is_unc}
    vms = tuple(dict.fromkeys(drive.vm_id for drive in drives))
    off = {vm.vm_id for vm in known_or(node.vms, ()) if vm.state == OFF}
    return ToCheck(
        vms=vms,
        running=tuple(vm_id for vm_id in vms if vm_id not in off),
        vhd_sets=tuple(sets.values()),
        paths=tuple(paths),
    )
