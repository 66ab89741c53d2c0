"""What the facts show, ready to be looked up by VM, by disk and by name."""

from __future__ import annotations

import msgspec

from vhdsfix.membership.disk_files import Disks, disks_of
from vhdsfix.membership.names import display_name
from vhdsfix.membership.shown import drives_of, not_shown, not_shown_of_clustered_vms, vms_of
from vhdsfix.membership.told import Told, told_by_guests
from vhdsfix.model.facts import Drive, Facts
from vhdsfix.model.inventory import Vm
from vhdsfix.model.windows import FolderPath, VmId


class SharedDrive(msgspec.Struct, frozen=True):
    """A drive whose file belongs to a VHD Set."""

    path: FolderPath
    disk: FolderPath


class Seen(msgspec.Struct, frozen=True):
    """VMs and drives as the nodes showed them, and what guests told.

    `shared`: by VM, its drives of VHD Sets. `bearers`: the VMs of each short name, as their hosts show them.
    `not_shown`: what may hide a VM or a disk, a line each; `clustered_not_shown`: what may hide a VM of the cluster database.
    """

    vms: dict[VmId, Vm]
    drives: tuple[Drive, ...]
    shared: dict[VmId, tuple[SharedDrive, ...]]
    bearers: dict[str, tuple[VmId, ...]]
    disks: Disks
    told: Told
    not_shown: tuple[str, ...]
    clustered_not_shown: tuple[str, ...]


def seen_in(facts: Facts) -> Seen:
    vms, drives = vms_of(facts), drives_of(facts)
    disks = disks_of(facts, drives)
    return Seen(
        vms={vm.vm_id: vm for vm in vms},
        drives=drives,
        shared=_shared(drives, disks),
        bearers=_bearers(vms),
        disks=disks,
        told=told_by_guests(facts),
        not_shown=not_shown(facts),
        clustered_not_shown=not_shown_of_clustered_vms(facts),
    )


def _shared(drives: tuple[Drive, ...], disks: Disks) -> dict[VmId, tuple[SharedDrive, ...]]:
    shared: dict[VmId, tuple[SharedDrive, ...]] = {}
    for drive in drives:
        disk = disks.of(drive)
        if drive.path and disk:
            one = SharedDrive(drive.path, disks.files[disk.key].disk)
            shared[drive.vm_id] = (*shared.get(drive.vm_id, ()), one)
    return shared


def _bearers(vms: tuple[Vm, ...]) -> dict[str, tuple[VmId, ...]]:
    bearers: dict[str, tuple[VmId, ...]] = {}
    for vm in vms:
        if name := display_name(vm.name):
            bearers[name] = (*bearers.get(name, ()), vm.vm_id)
    return bearers
