"""Which folders guest clusters use, who needs access there, and whose other disks lie there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from vhdsfix.membership.clusters import Group
from vhdsfix.membership.disk_files import unique
from vhdsfix.membership.disks import shared_disk
from vhdsfix.membership.seen import Seen
from vhdsfix.model.facts import ClusterNode, Drive
from vhdsfix.model.inventory import FolderUse, ShareUse
from vhdsfix.model.windows import FolderPath, VmId, name_key


class Use(msgspec.Struct, frozen=True):
    """A folder, the guest clusters that use it, and the drives whose files lie in it or below."""

    path: FolderPath
    groups: list[Group]
    drives: list[Drive]


def folders_of(group: Group, seen: Seen) -> tuple[FolderPath, ...]:
    """Where its VMs' disks have files, and what the config adds."""
    of_disks = (folder for disk in group.disks for folder in seen.disks.files[disk.key].folders)
    return unique((*of_disks, *group.folders))


def uses_of(groups: tuple[Group, ...], seen: Seen) -> tuple[Use, ...]:
    """Every folder that a guest cluster uses, on volumes and on file servers."""
    used = [(folder, group) for group in groups for folder in folders_of(group, seen)]
    uses = {path.key: Use(path, [], []) for path in unique(folder for folder, _ in used)}
    for folder, group in used:
        uses[folder.key].groups.append(group)
    for drive in seen.drives:
        for key in _keys_above(drive.path) if drive.path else ():
            if key in uses:
                uses[key].drives.append(drive)
    return tuple(uses.values())


def folder_uses(uses: tuple[Use, ...], groups: tuple[Group, ...], seen: Seen) -> tuple[FolderUse, ...]:
    """A folder's VMs are those of every guest cluster that uses it (KB4230569: all VMs that use the folder)."""
    used_by = _group_of_each_vm(groups)
    sets_below = _sets_below(uses, groups, seen)
    return tuple(
        _folder_use(use, used_by, sets_below.get(use.path.key, []), seen)
        for use in uses
        if not use.path.is_unc
    )


def share_uses(uses: tuple[Use, ...], nodes: tuple[ClusterNode, ...], seen: Seen) -> tuple[ShareUse, ...]:
    """Folders on file servers. Every node of the host cluster may come to run a VM that uses one."""
    hosts = tuple(sorted({node.name for node in nodes}, key=lambda name: (name.casefold(), name)))
    return tuple(ShareUse(use.path, _members(use, seen), hosts) for use in uses if use.path.is_unc)


def _folder_use(
    use: Use, group_of: dict[VmId, Group], sets_below: list[tuple[FolderPath, Group]], seen: Seen
) -> FolderUse:
    members = _members(use, seen)
    here = [drive for drive in use.drives if drive.path and drive.path.parent.key == use.path.key]
    files = [seen.disks.files[disk.key] for group in use.groups for disk in group.disks]
    return FolderUse(
        path=use.path,
        vm_ids=members,
        via=tuple(_via(vm_id, use.path, group_of[vm_id], seen) for vm_id in members),
        foreign_disks=tuple(_foreign_disks(use, set(members), group_of, seen)),
        attached=_names(drive.path for drive in here if drive.path == shared_disk(drive)),
        private=_names(drive.path for drive in here if shared_disk(drive) is None),
        clusters=tuple(group.name for group in use.groups),
        disks=unique(one.disk for one in files if any(f.key == use.path.key for f in one.folders)),
        foreign_sets=tuple(f"{disk} of {group.name}" for disk, group in sets_below),
    )


def _members(use: Use, seen: Seen) -> tuple[VmId, ...]:
    vm_ids = {vm_id for group in use.groups for vm_id in group.vm_ids}
    return tuple(sorted(vm_ids, key=lambda vm_id: (seen.vms[vm_id].name.casefold(), vm_id)))


def _via(vm_id: VmId, folder: FolderPath, group: Group, seen: Seen) -> str:
    """Why a VM needs access there: its disk is there, or has files there, or its guest cluster uses the folder."""
    own, node = seen.shared.get(vm_id, ()), seen.vms[vm_id].node
    here = [one for one in own if one.path.parent.key == folder.key]
    if here:
        shown = f"{node} shows {', '.join(_names(one.path for one in here))} attached to it"
        unseen = [why for one in here if (why := seen.disks.files[one.disk.key].unseen)]
        return (
            f"{shown}; whether its other files lie elsewhere was not told ({unseen[0]})" if unseen else shown
        )
    elsewhere = {path for one in own for path in seen.disks.files[one.disk.key].elsewhere}
    told = _names(path for path in sorted(elsewhere) if path.parent.key == folder.key)
    if told:
        return f"files of a VHD Set that is attached to it lie here: {', '.join(told)}"
    belongs = f"it belongs to guest cluster {group.name}, which uses this folder"
    return belongs if own else f"{belongs}: it bears the name of a configured node"


def _foreign_disks(use: Use, members: set[VmId], group_of: dict[VmId, Group], seen: Seen) -> Iterator[str]:
    """Disks in or below the folder that VMs outside its guest clusters have attached, each with its VM."""
    for drive in use.drives:
        is_a_set_of_another = drive.vm_id in group_of and shared_disk(drive) is not None
        if drive.vm_id not in members and not is_a_set_of_another:
            yield f"{drive.path} of {seen.vms[drive.vm_id].name}"


def _sets_below(
    uses: tuple[Use, ...], groups: tuple[Group, ...], seen: Seen
) -> dict[str, list[tuple[FolderPath, Group]]]:
    """By a folder's key: VHD Sets with files below it, of guest clusters that do not use the folder itself."""
    using = {use.path.key: {group.id for group in use.groups} for use in uses}
    found: dict[str, list[tuple[FolderPath, Group]]] = {}
    for group in groups:
        for disk in group.disks:
            folders = seen.disks.files[disk.key].folders
            above = {key for folder in folders for key in _keys_above(folder)}
            for key in above & using.keys():
                if group.id not in using[key]:
                    found.setdefault(key, []).append((disk, group))
    return {key: sorted(sets, key=lambda one: one[0].key) for key, sets in found.items()}


def _group_of_each_vm(groups: tuple[Group, ...]) -> dict[VmId, Group]:
    return {vm_id: group for group in groups for vm_id in group.vm_ids}


def _keys_above(path: FolderPath) -> Iterator[str]:
    """The keys of all folders above, nearest first."""
    key = path.key
    while "\\" in key[2:]:
        key = key.rpartition("\\")[0]
        yield f"{key}\\" if key.endswith(":") else key


def _names(paths: Iterable[FolderPath | None]) -> tuple[str, ...]:
    """The files' names, each once."""
    names = {name_key(path.name): path.name for path in paths if path}
    return tuple(names[key] for key in sorted(names))
