"""Which VHD Set a drive's file belongs to."""

from __future__ import annotations

import re

from vhdsfix.model.facts import Drive
from vhdsfix.model.windows import FolderPath, name_key

# A checkpoint's file carries the name of its disk and an id: Disk_<GUID>.avhdx. Source: FACTS 1.6 (Create-VHDSet-file.md);
# Assumed: nothing else is appended. A wrong guess joins VMs whose shared disks of one name lie in one folder.
_CHECKPOINT_SUFFIX = re.compile(r"_[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_ITS_LENGTH = len("_01234567-0123-0123-0123-0123456789ab")


def shared_disk(drive: Drive) -> FolderPath | None:
    """The VHD Set that a drive uses; an .avhdx with persistent reservations stands for its .vhds (DESIGN 2)."""
    if drive.path is None:
        return None
    kind = name_key(drive.path.rpartition(".")[2])
    if kind == "VHDS":
        return drive.path
    if kind == "AVHDX" and drive.shared:
        return FolderPath(_set_beside(drive.path))
    return None


def key_of_set_beside(path: FolderPath) -> str:
    """The VHD Set that a file's name points to, in the file's own folder, as paths compare."""
    folder, _, name = path.key.rpartition("\\")
    return f"{folder}\\{_without_checkpoint(name)}.VHDS"


def _set_beside(path: FolderPath) -> str:
    folder = path.rpartition("\\")[0]
    return f"{folder}\\{_without_checkpoint(path.name)}.vhds"


def disk_key(file_name: str) -> str:
    """What a disk's file, its checkpoints' and its tracking files have in common: their name without id and ending."""
    return name_key(_without_checkpoint(file_name))


def _without_checkpoint(file_name: str) -> str:
    """Without the ids of all checkpoints: one of a checkpoint has two."""
    name = file_name.rpartition(".")[0] or file_name
    while _CHECKPOINT_SUFFIX.fullmatch(name[-_ITS_LENGTH:]):
        name = name[:-_ITS_LENGTH]
    return name
