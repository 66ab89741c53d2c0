"""Windows' own identifiers as values: VM ids, SIDs, paths of folders, access control entries."""

from __future__ import annotations

import re
import struct
import uuid
from enum import IntEnum
from functools import lru_cache
from typing import Self

import msgspec

_GUID = re.compile(r"\{?([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})\}?")
_SID = re.compile(r"S-1-((?:0|[1-9]\d{0,9})|0x[0-9A-F]{12})((?:-(?:0|[1-9]\d{0,9})){1,15})", re.ASCII)
_VM_SID = re.compile(r"S-1-5-83-1-(\d+)-(\d+)-(\d+)-(\d+)")
_LARGEST_SUB_AUTHORITY = 0xFFFF_FFFF
# Source: W32 FileIO/naming-a-file.md: what no name holds; with : after the drive it would be a stream of a file.
_PART = r'[^\\/<>:"|?*\x00-\x1f]+'
_FILE_NAME = re.compile(_PART)
_ABSOLUTE = re.compile(rf"[A-Za-z]:(?:\\{_PART})+|[A-Za-z]:\\|\\\\(?![.?]\\){_PART}\\{_PART}(?:\\{_PART})*")
_AS_WINDOWS_WRITES_IT = re.compile(rf"[A-Za-z]:(?:\\(?!\.\.?(?:\\|\Z)){_PART})+")
"""A path on a drive that needs no change; almost all are such."""
_DOTS = frozenset({".", ".."})
_BACKSLASHES_OF_A_SHARE = 3
_LONGEST_PATH = 32767
"""Source: W32 FileIO/naming-a-file.md."""
_PATHS_KEPT = 2**15
"""Each file of a VHD Set is told by every node that uses the set: it is read, and kept, once."""


def name_key(name: str) -> str:
    """A file's or folder's name as Windows compares it: letter by letter, so that ß stays apart from ss.

    Source: FACTS 4 (case-insensitive). Assumed: letters with no simple counterpart compare as they are.
    """
    if name.isascii():
        return name.upper()
    return "".join(upper if (upper := letter.upper()).lower() == letter else letter for letter in name)


def is_file_name(text: str) -> bool:
    """Whether a file can have this name: a node may send anything in its place, another folder's path for example."""
    return bool(_FILE_NAME.fullmatch(text)) and text not in _DOTS


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


class DomainAlias(str):
    """Two letters of SDDL for an account of the machine's domain, such as DA; its SID is not known here.

    It never equals a Sid, so it is never taken for an account of a VM's token (Assumed: a VM is in no domain group).
    """

    __slots__ = ()


class AceType(IntEnum):
    """What an entry does: the types that SDDL has letters for. Source: MS-DTYP 2.4.4.1 (AceType), 2.5.1.1."""

    ALLOW = 0
    DENY = 1
    AUDIT = 2
    ALARM = 3
    OBJECT_ALLOW = 5
    OBJECT_DENY = 6
    OBJECT_AUDIT = 7
    OBJECT_ALARM = 8
    CONDITIONAL_ALLOW = 9
    CONDITIONAL_DENY = 10
    CONDITIONAL_OBJECT_ALLOW = 11
    CONDITIONAL_AUDIT = 13
    MANDATORY_LABEL = 17
    RESOURCE_ATTRIBUTE = 18
    SCOPED_POLICY = 19
    PROCESS_TRUST_LABEL = 20
    ACCESS_FILTER = 21


class AceFlag(IntEnum):
    """Bits of an entry's flags. Source: MS-DTYP 2.4.4.1 (AceFlags)."""

    OBJECT_INHERIT = 0x01
    CONTAINER_INHERIT = 0x02
    NO_PROPAGATE = 0x04
    INHERIT_ONLY = 0x08
    INHERITED = 0x10
    CRITICAL = 0x20
    AUDIT_SUCCESS = 0x40
    AUDIT_FAILURE = 0x80


_ALLOW_TYPES = frozenset(
    {
        AceType.ALLOW,
        AceType.OBJECT_ALLOW,
        AceType.CONDITIONAL_ALLOW,
        AceType.CONDITIONAL_OBJECT_ALLOW,
    }
)
_DENY_TYPES = frozenset({AceType.DENY, AceType.OBJECT_DENY, AceType.CONDITIONAL_DENY})
_UNCONDITIONAL_TYPES = frozenset({AceType.ALLOW, AceType.DENY, AceType.OBJECT_ALLOW, AceType.OBJECT_DENY})


class Ace(msgspec.Struct, frozen=True, gc=False):
    """An access control entry. `flags`: bits of AceFlag; `mask`: 32 bits of rights, generic ones not mapped.

    `object_type` and `inherited_object_type` are GUIDs in lower case. `expression`: the condition of a conditional entry
    or the value of a resource attribute, as text with its parentheses.
    """

    type: AceType
    flags: int
    mask: int
    sid: Sid | DomainAlias
    object_type: str | None = None
    inherited_object_type: str | None = None
    expression: str | None = None

    @property
    def is_allow(self) -> bool:
        return self.type in _ALLOW_TYPES

    @property
    def is_deny(self) -> bool:
        return self.type in _DENY_TYPES

    @property
    def is_plain(self) -> bool:
        """An allow or deny that holds whatever the circumstances: no condition, no object type."""
        return (
            self.type in _UNCONDITIONAL_TYPES
            and self.object_type is None
            and self.inherited_object_type is None
        )

    @property
    def is_inherited(self) -> bool:
        return bool(self.flags & AceFlag.INHERITED)

    @property
    def is_inherit_only(self) -> bool:
        """It says nothing about the object it stands on, only about what is created below."""
        return bool(self.flags & AceFlag.INHERIT_ONLY)

    @property
    def reaches_files(self) -> bool:
        return bool(self.flags & AceFlag.OBJECT_INHERIT)

    @property
    def reaches_folders(self) -> bool:
        return bool(self.flags & AceFlag.CONTAINER_INHERIT)


class Acl(msgspec.Struct, frozen=True, gc=False):
    """A DACL or SACL in its order. `entries` None: a null DACL, which lets everybody do everything.

    `protected`, `inherit_required`, `auto_inherited`: SDDL's P, AR and AI.
    """

    entries: tuple[Ace, ...] | None
    protected: bool = False
    inherit_required: bool = False
    auto_inherited: bool = False


class SecurityDescriptor(msgspec.Struct, frozen=True, gc=False):
    """Who may do what with a folder or file. A part that was not there is None: nothing is known of it."""

    dacl: Acl | None
    owner: Sid | DomainAlias | None = None
    group: Sid | DomainAlias | None = None
    sacl: Acl | None = None

    @property
    def aces(self) -> tuple[Ace, ...]:
        """The DACL's entries; none for a null DACL and where no DACL was told."""
        return (self.dacl.entries or ()) if self.dacl else ()

    @property
    def has_null_dacl(self) -> bool:
        return self.dacl is not None and self.dacl.entries is None

    @property
    def is_protected(self) -> bool:
        """Nothing is inherited from the folder above (SDDL's P)."""
        return self.dacl is not None and self.dacl.protected


class FolderPath(str):
    """An absolute Windows path of a folder or file: drive or UNC, no trailing backslash.

    Two spellings of one path compare as text; `key` is what to compare. What could mean another place than it says is
    refused by ValueError: `.` and `..`, device paths, streams, characters that no name can have.
    """

    __slots__ = ("_key",)
    _key: str

    def __new__(cls, text: str) -> Self:
        return cls._read(text)

    @classmethod
    @lru_cache(maxsize=_PATHS_KEPT)
    def _read(cls, text: str) -> Self:
        if len(text) <= _LONGEST_PATH and _AS_WINDOWS_WRITES_IT.fullmatch(text):
            return cls._made(text)
        path = text.replace("/", "\\")
        path = path[:2] + re.sub(r"\\{2,}", r"\\", path[2:])
        path = path if re.fullmatch(r"[A-Za-z]:\\", path) else path.rstrip("\\")
        if (
            not _ABSOLUTE.fullmatch(path)
            or not _DOTS.isdisjoint(path.split("\\"))
            or len(path) > _LONGEST_PATH
        ):
            raise ValueError(f"{text[:80]!r} is not an absolute Windows path")
        return cls._made(path)

    @classmethod
    def _made(cls, path: str) -> Self:
        made = super().__new__(cls, path)
        made._key = name_key(path)  # each path is compared with many others
        return made

    @property
    def key(self) -> str:
        """The path as Windows compares it."""
        return self._key

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
        if above.endswith(":"):
            return FolderPath(above + "\\")
        if self.is_unc and above.count("\\") < _BACKSLASHES_OF_A_SHARE:
            return self
        return FolderPath(above)

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
