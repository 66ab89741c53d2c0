"""What was found out and a person should know."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from vhdsfix.model.windows import FolderPath, VmId


class Severity(StrEnum):
    """An error breaks backups now, a warning may, a note is for information only."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Finding(msgspec.Struct, frozen=True):
    """`id` names the kind and never changes; `subject` is the folder, VM, node or cluster it is about.

    `evidence`: what was read, and where. `fix`: the exact command or step. `source`: who says so.
    `action`: the id of the planned action that mends it. `accepted`: the reason somebody gave for living with it.
    `incomplete`: it says that something could not be looked at.
    """

    id: str
    severity: Severity
    subject: str
    summary: str
    evidence: tuple[str, ...]
    fix: str
    source: str
    folder: FolderPath | None = None
    vm_id: VmId | None = None
    action: str | None = None
    accepted: str | None = None
    incomplete: bool = False

    @property
    def needs_a_person(self) -> bool:
        return self.severity is not Severity.NOTE and self.action is None and self.accepted is None
