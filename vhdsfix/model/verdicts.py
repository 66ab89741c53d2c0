"""What a VM may do in a folder, as judged from the folder's and its files' DACLs."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from vhdsfix.model.windows import FolderPath, VmId


class VerdictKind(StrEnum):
    """The first of these that holds, in this order, is the verdict (DESIGN 3)."""

    UNKNOWN = "unknown"
    BLOCKED = "blocked"
    MISSING = "missing"
    PARTIAL = "partial"
    FILE_BEHIND = "file behind"
    FILE_BLOCKED = "file blocked"
    GRANTED = "granted"


class Verdict(msgspec.Struct, frozen=True):
    """A verdict, why in one line, and the names of the files it rests on (only for the two file verdicts)."""

    kind: VerdictKind
    why: str
    files: tuple[str, ...] = ()


class VmAccess(msgspec.Struct, frozen=True):
    """One VM's verdict on one folder."""

    folder: FolderPath
    vm_id: VmId
    verdict: Verdict
