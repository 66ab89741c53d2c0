"""Windows' own identifiers as values: VM ids, SIDs, paths of folders, access control entries."""

from __future__ import annotations

import re
import struct
import uuid
from typing import Self

_GUID = re.compile(r"\{?([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})\}?")
_SID = re.compile(r"S-1-(\d{1,15}|0x[0-9A-F]{12})((?:-\d{1,10}){0,15})")
_VM_SID = re.compile(r"S-1-5-83-1-(\d+)-(\d+)-(\d+)-(\d+)")
_LARGEST_SUB_AUTHORITY = 0xFFFF_FFFF


class Sid(str):
    """A security identifier in the form S-1-…; anything else raises ValueError."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        match = _SID.fullmatch(text)
        if not match or any(int(part) > _LARGEST_SUB_AUTHORITY for part in match[2].split("-")[1:]):
            raise ValueError(f"{text!r} is not a SID (S-1-authority-…)")
        return super().__new__(cls, text)

    @property
    def vm_id(self) -> VmId | None:
        """The VM whose SID this is; None for every other account."""
        match = _VM_SID.fullmatch(self)
        if not match:
            return None
        return VmId(str(uuid.UUID(bytes_le=struct.pack("<4I", *map(int, match.groups())))))


class VmId(str):
    """A VM's id, a GUID of 8-4-4-4-12 digits, kept in lower case; anything else raises ValueError."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        match = _GUID.fullmatch(text)
        if not match:
            raise ValueError(f"{text!r} is not a GUID (8-4-4-4-12 hexadecimal digits)")
        return super().__new__(cls, match[1].lower())

    @property
    def sid(self) -> Sid:
        """The VM's own SID. Source: FACTS 2.1 (JYTH security.rs; Hyper-V-Worker event 18590)."""
        words = struct.unpack("<4I", uuid.UUID(self).bytes_le)
        return Sid("S-1-5-83-1-" + "-".join(map(str, words)))

    @property
    def account(self) -> str:
        """The account name that icacls takes where the VM is registered. Source: FACTS 1.1, 3 (KB4230569, openvmm)."""
        return f"NT VIRTUAL MACHINE\\{self.upper()}"


class FolderPath(str):
    """An absolute Windows path of a folder or file: drive or UNC, no trailing backslash.

    Two spellings of one path compare as text; `key` is what to compare (Source: FACTS 4, names compare
    case-insensitively).
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        path = text.replace("/", "\\")
        path = path[:2] + re.sub(r"\\{2,}", r"\\", path[2:])
        path = path if re.fullmatch(r"[A-Za-z]:\\", path) else path.rstrip("\\")
        if not re.fullmatch(r"[A-Za-z]:\\.*|\\\\[^\\]+\\[^\\]+.*", path, re.DOTALL) or "\0" in path:
            raise ValueError(f"{text!r} is not an absolute Windows path")
        return super().__new__(cls, path)

    @property
    def key(self) -> str:
        """The path as Windows compares it."""
        return self.casefold()

    @property
    def is_unc(self) -> bool:
        return self.startswith("\\\\")

    @property
    def name(self) -> str:
        r"""The last part: of `C:\a\b.vhds` it is `b.vhds`."""
        return self.rpartition("\\")[2]

    @property
    def parent(self) -> FolderPath:
        """The folder it lies in; a drive's or a share's root is its own parent."""
        above = self.rpartition("\\")[0]
        if re.fullmatch(r"[A-Za-z]:", above):
            return FolderPath(above + "\\")
        try:
            return FolderPath(above)
        except ValueError:
            return self

    @property
    def ancestors(self) -> tuple[FolderPath, ...]:
        """Every folder above it, nearest first, its root last."""
        found: list[FolderPath] = []
        here: FolderPath = self
        while here.parent.key != here.key:
            here = here.parent
            found.append(here)
        return tuple(found)

    def is_below(self, folder: FolderPath) -> bool:
        """Whether it lies in the folder, at any depth; a folder is not below itself."""
        return self.key.startswith(folder.key.rstrip("\\") + "\\") and self.key != folder.key
