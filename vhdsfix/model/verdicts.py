"""What a VM may do in a folder, as judged from the folder's and its files' DACLs."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from vhdsfix.model.windows import FolderPath, Sid, VmId


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
    """One VM's verdict on one folder, and what it would be after a grant, where a grant is what it needs.

    `through_groups`: the groups to which alone it owes full control.
    """

    folder: FolderPath
    vm_id: VmId
    verdict: Verdict
    after_grant: Verdict | None = None
    through_groups: tuple[Sid, ...] = ()


MENDED_BY_A_GRANT = frozenset({VerdictKind.MISSING, VerdictKind.PARTIAL, VerdictKind.FILE_BEHIND})
