"""Which VHD Set each drive uses, and where the files of each set lie: its own folder, and those that a node which uses it tells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

import msgspec

from vhdsfix.membership.disks import key_of_set_beside, shared_disk
from vhdsfix.membership.shown import ids_on
from vhdsfix.model.facts import Drive, Facts, NodeFacts
from vhdsfix.model.inventory import DiskFiles
from vhdsfix.model.readings import Unknown, known_or
from vhdsfix.model.windows import FolderPath

NOBODY = "no node that uses it told its files"


class Disks(msgspec.Struct, frozen=True):
    """By a VHD Set's key: its files. By a drive's path's key: the set it belongs to, where that is not plain from its name."""

    files: dict[str, DiskFiles]
    sets_by_file: dict[str, FolderPath]

    def of(self, drive: Drive) -> FolderPath | None:
        """The VHD Set that a drive uses, if it uses one."""
        return _disk_of(drive, self.sets_by_file)


def disks_of(facts: Facts, drives: Sequence[Drive]) -> Disks:
    """Each VHD Set that a VM has attached.

    A path that a node tells counts only if it is tied to the disk: told by a node that shows a VM with that disk, of the disk's
    own name, on a cluster shared volume, and claimed by no other set; otherwise it is `doubtful`, and leads to nothing. That
    such a file is really there is for its folder's listing to show.
    """
    told = _Told(facts)
    sets_by_file = told.sets_by_file({drive.path.key for drive in drives if drive.path})
    attached: dict[str, list[Drive]] = {}
    for drive in drives:
        if disk := _disk_of(drive, sets_by_file):
            attached.setdefault(disk.key, []).append(drive)
    found = {key: told.files_of(key, own, sets_by_file) for key, own in attached.items()}
    return Disks(found, sets_by_file)


def unique(paths: Iterable[FolderPath]) -> tuple[FolderPath, ...]:
    """Each path once, whatever its case; the spelling that sorts first stays."""
    spelled: dict[str, FolderPath] = {}
    for path in sorted(paths):
        spelled.setdefault(path.key, path)
    return tuple(spelled[key] for key in sorted(spelled))


class _Told:
    """What the nodes told of the VHD Sets that their own VMs use."""

    def __init__(self, facts: Facts) -> None:
        self._below_mounts = tuple(
            volume.mount_folder.key.rstrip("\\") + "\\" for volume in known_or(facts.cluster.volumes, ())
        )
        self._sets: dict[str, FolderPath] = {}
        self._paths: dict[str, set[FolderPath]] = {}
        self._why: dict[str, str] = {}
        for node in sorted(facts.nodes, key=lambda node: node.name, reverse=True):
            self._listen_to(node, _disks_on(node))

    def _listen_to(self, node: NodeFacts, used: set[str]) -> None:
        for vhd_set in known_or(node.checks.vhd_sets, ()):
            key = vhd_set.path.key
            if key in used:
                self._sets[key] = min(vhd_set.path, self._sets.get(key, vhd_set.path))
                self._paths.setdefault(key, set()).update(vhd_set.all_paths)
        if isinstance(node.checks.vhd_sets, Unknown):
            self._why.update(dict.fromkeys(used, f"{node.name}: {node.checks.vhd_sets.why}"))

    def sets_by_file(self, attached: AbstractSet[str]) -> dict[str, FolderPath]:
        """A file that two sets claim belongs to neither; one beside an attached set of its name belongs to that one."""
        claims: dict[str, str | None] = {}
        for key, paths in self._paths.items():
            name = _name_in(key_of_set_beside(self._sets[key]))
            for path in paths:
                beside = key_of_set_beside(path)
                tied = path.key == key or (_name_in(beside) == name and self._may_be_elsewhere(path))
                if tied and (beside == key or beside not in attached):
                    claims[path.key] = key if claims.get(path.key, key) == key else None
        return {file: self._sets[key] for file, key in claims.items() if key is not None}

    def files_of(self, key: str, drives: list[Drive], sets_by_file: dict[str, FolderPath]) -> DiskFiles:
        disk = min(disk for drive in drives if (disk := _disk_of(drive, sets_by_file)))
        own = unique(drive.path.parent for drive in drives if drive.path)
        places = {folder.key for folder in own}
        elsewhere = unique(path for path in self._paths.get(key, ()) if path.parent.key not in places)
        tied = tuple(path for path in elsewhere if path.key in sets_by_file)
        return DiskFiles(
            disk=disk,
            folders=unique((*own, *(path.parent for path in tied))),
            unseen=None if key in self._paths else self._why.get(key, NOBODY),
            elsewhere=tied,
            doubtful=tuple(path for path in elsewhere if path.key not in sets_by_file),
        )

    def _may_be_elsewhere(self, path: FolderPath) -> bool:
        """A set has one .vhds. A share is no place for a grant, and stays to be shown."""
        return not path.key.endswith(".VHDS") and (path.is_unc or path.key.startswith(self._below_mounts))


def _disk_of(drive: Drive, sets_by_file: dict[str, FolderPath]) -> FolderPath | None:
    by_name = shared_disk(drive)
    if by_name is None or drive.path is None or by_name == drive.path:
        return by_name  # a .vhds is its own name
    return sets_by_file.get(drive.path.key, by_name)


def _name_in(key: str) -> str:
    return key.rpartition("\\")[2]


def _disks_on(node: NodeFacts) -> set[str]:
    own = ids_on(node)
    drives = (drive for drive in known_or(node.drives, ()) if drive.vm_id in own)
    return {disk.key for drive in drives if (disk := shared_disk(drive))}
