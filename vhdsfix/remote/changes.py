"""Every change that we can send: a VM's grant on a folder made, taken away, or put back as it was."""

from __future__ import annotations

import msgspec

from vhdsfix import access
from vhdsfix.errors import UnreachableError
from vhdsfix.model.windows import Ace, FolderPath, VmId
from vhdsfix.remote.one_line import one_line
from vhdsfix.remote.questions import LAST_EXIT_CODE
from vhdsfix.remote.statements import Command, Effect, Statement


class Change(msgspec.Struct, frozen=True):
    """`name` completes "it is not known what became of …". Reading the exit code follows in the same pipeline (WIRE 7.5)."""

    name: str
    command: Command

    @property
    def statements(self) -> tuple[Statement, ...]:
        return ((self.command,), LAST_EXIT_CODE)


def grant(folder: FolderPath, vm_id: VmId) -> Change:
    r"""Run icacls FOLDER /grant "NT VIRTUAL MACHINE\GUID:(OI)F". Source: KB4230569 (FACTS 1.1).

    Raises UnreachableError, as all of these do, for a volume's root: 5.1 quotes its last backslash wrongly (WIRE 7.5).
    """
    return _icacls("the grant for", folder, vm_id, "/grant", f"{vm_id.account}:(OI)F")


def remove(folder: FolderPath, vm_id: VmId) -> Change:
    r"""Run icacls FOLDER /remove:g "NT VIRTUAL MACHINE\GUID": all explicit grants of the VM there. Source: FACTS 3."""
    return _icacls("the removal of the grants of", folder, vm_id, "/remove:g", vm_id.account)


def restore(folder: FolderPath, vm_id: VmId, entry: Ace) -> Change:
    r"""Run icacls FOLDER /grant:r "NT VIRTUAL MACHINE\GUID:RIGHTS": one entry in place of all explicit grants. Source: FACTS 3.

    Raises UnreachableError also for an entry that icacls cannot be told so, and for another account's.
    """
    rights = access.icacls_rights(entry)
    if rights is None or entry.sid != vm_id.sid:
        raise UnreachableError(
            f"nothing was sent: icacls cannot be told to restore this entry on {one_line(folder)}; do it by hand"
        )
    return _icacls("the restoring of the grant of", folder, vm_id, "/grant:r", f"{vm_id.account}:{rights}")


def _icacls(what: str, folder: FolderPath, vm_id: VmId, option: str, argument: str) -> Change:
    if folder.endswith("\\"):
        raise UnreachableError(
            f"nothing was sent: icacls cannot be given {one_line(folder)} as a folder; change it by hand"
        )
    command = Command("icacls.exe", arguments=(str(folder), option, argument), effect=Effect.WRITES)
    return Change(f"{what} VM {vm_id} on {one_line(folder)}", command)
