"""What the guests of a world tell: what they were made to tell, else what those of a healthy guest cluster do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from vhdsfix.lab.identifiers import stable_id

if TYPE_CHECKING:  # a world's VMs say what their guests were made to tell
    from vhdsfix.lab.world import Vm, World

_INVALID_STATE = 32775
"""Source: W32 msvm-vssservice-queryguestclusterinformation.md."""


class GuestDisk(msgspec.Struct, forbid_unknown_fields=True):
    """A shared disk as the guest's cluster sees it from one VM."""

    path: str
    clustered: bool = True
    online: bool = True
    owned: bool = False
    active_active: bool = False


class GuestAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """What the host's query of a VM's guest cluster returns. `as_text`: as XML; no `id`: the guest told nothing."""

    return_value: int = 0
    id: str | None = None
    size: int = 0
    disks: list[GuestDisk] = []
    as_text: bool = False


def name_of(world: World, vm: Vm) -> str:
    """What a guest calls itself: as its VM was first called, in the cluster's domain."""
    return f"{vm.clustered_as or vm.name}.{world.cluster.domain}" if vm.guest_name is None else vm.guest_name


Sharing = Mapping[str, list[tuple[int, "Vm"]]]
"""By a shared disk's path in lower case: the VMs that have it, each with its place in the world."""


def sharing_in(world: World) -> Sharing:
    sharing: dict[str, list[tuple[int, Vm]]] = {}
    for place, vm in enumerate(world.vms):
        disks = shared_disks(vm)
        for name in {disk.lower() for disk in disks} if disks else ():
            sharing.setdefault(name, []).append((place, vm))
    return sharing


def answer_of(vm: Vm, sharing: Sharing) -> GuestAnswer:
    """A healthy guest tells of all disks that it shares."""
    if vm.guest_answer is not None:
        return vm.guest_answer
    disks = shared_disks(vm)
    if not disks or vm.state != "Running":
        return GuestAnswer(return_value=_INVALID_STATE)
    members = _sharing_with(disks, sharing)
    owner = next(member for member in members if member.state == "Running")
    return GuestAnswer(
        id=stable_id(f"guest cluster {sorted(member.id for member in members)}"),
        size=len(members),
        disks=[GuestDisk(disk, owned=owner is vm) for disk in disks],
    )


def _sharing_with(disks: list[str], sharing: Sharing) -> list[Vm]:
    """The VMs that share one of the disks, or another disk with one of these, in the world's order."""
    found: dict[int, Vm] = {}
    seen: set[str] = set()
    left = {disk.lower() for disk in disks}
    while left:
        seen |= left
        new = {place: vm for disk in left for place, vm in sharing[disk] if place not in found}
        found |= new
        left = {disk.lower() for vm in new.values() for disk in shared_disks(vm)} - seen
    return [vm for _, vm in sorted(found.items())]


_CHECKPOINT = re.compile(r"(_[0-9A-Fa-f-]{36})?\.avhdx$")


def shared_disks(vm: Vm) -> list[str]:
    """The VHD Sets; a checkpoint's file stands for its own while a backup runs."""
    return [_vhd_set(drive.path) for drive in vm.drives if drive.shared and drive.path]


def _vhd_set(path: str) -> str:
    return path if path.endswith(".vhds") else _CHECKPOINT.sub(".vhds", path)
