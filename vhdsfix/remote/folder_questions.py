"""What is asked about one folder: its own security descriptor, what is in it, its disk files', and reparse points above."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from vhdsfix.model.windows import FolderPath
from vhdsfix.remote.moments import Moment
from vhdsfix.remote.questions import Question, answered_as, where
from vhdsfix.remote.statements import Command

_FILES = "Microsoft.PowerShell.Management\\"
_GET_ACL = "Microsoft.PowerShell.Security\\Get-Acl"
DISK_EXTENSIONS = (".vhds", ".avhdx", ".vhdx", ".vhd", ".avhd", ".mrt", ".rct")
"""Disks, checkpoints, and the change tracking files beside them."""

# Source: PowerShell's LocationGlobber (PathNotFound) and AclCommands.cs (the other two); seen on the engine.
# Assumed: a folder that may not be seen gives another id (ItemExistsUnauthorizedAccessError) besides.
NO_SUCH_PATH = frozenset({"PathNotFound", "GetAcl_PathNotFound", "GetAcl_PathNotFound_Exception"})


class ItemRow(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """Source: System.IO.FileSystemInfo; JSON gives an enum's number (WIRE 7.4)."""

    full_name: str
    attributes: int


class ChildRow(
    msgspec.Struct,
    frozen=True,
    rename={"name": "Name", "is_folder": "PSIsContainer", "written": "LastWriteTimeUtc"},
):
    """Source: System.IO.FileSystemInfo, and the property that PowerShell's file system provider adds."""

    name: str
    is_folder: bool
    written: Moment | None


class FolderAclRow(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """Source: contract Get-Acl."""

    sddl: str


class FileAclRow(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    r"""Source: contract Get-Acl; `path` begins with the provider's name (Microsoft.PowerShell.Core\FileSystem::C:\…)."""

    path: str
    sddl: str


class FolderQuestions(NamedTuple):
    """The questions about one folder, as one pipeline asks them."""

    links: Question[ItemRow]
    sddl: Question[FolderAclRow]
    children: Question[ChildRow]
    file_sddls: Question[FileAclRow]


def about_folder(folder: FolderPath) -> FolderQuestions:
    children = Command(_FILES + "Get-ChildItem", {"LiteralPath": folder, "Force": True})
    return FolderQuestions(
        links=_about_links(folder),
        sddl=Question(
            f"the SDDL of {folder}",
            answered_as(FolderAclRow, _acl(folder)),
            FolderAclRow,
            NO_SUCH_PATH,
        ),
        children=Question(f"what is in {folder}", answered_as(ChildRow, children), ChildRow, NO_SUCH_PATH),
        file_sddls=Question(
            f"the SDDL of the disk files in {folder}",
            answered_as(FileAclRow, children, where("Extension", "In", DISK_EXTENSIONS), Command(_GET_ACL)),
            FileAclRow,
            NO_SUCH_PATH,
        ),
    )


def about_file(folder: FolderPath, name: str) -> Question[FolderAclRow]:
    """One file's SDDL: Get-Acl on several ends at the first that may not be read (FACTS 4)."""
    path = f"{folder}\\{name}"
    return Question(f"the SDDL of {path}", answered_as(FolderAclRow, _acl(path)), FolderAclRow, NO_SUCH_PATH)


def is_disk_file(name: str) -> bool:
    return name.casefold().endswith(DISK_EXTENSIONS)


def paths_to_root(folder: FolderPath) -> tuple[FolderPath, ...]:
    """The folder and those above it; without the volume's root, which is never a reparse point, unless it is that itself."""
    return (folder, *folder.ancestors[:-1])


def _about_links(folder: FolderPath) -> Question[ItemRow]:
    paths = tuple(str(path) for path in paths_to_root(folder))
    items = Command(_FILES + "Get-Item", {"LiteralPath": paths, "Force": True})
    return Question(f"the reparse points above {folder}", answered_as(ItemRow, items), ItemRow)


def _acl(path: str) -> Command:
    return Command(_GET_ACL, {"LiteralPath": str(path)})
