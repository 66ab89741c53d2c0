"""Every change that we can send: so far one."""

from __future__ import annotations

import msgspec

from vhdsfix.errors import UnreachableError
from vhdsfix.model.windows import FolderPath, VmId
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

    Raises UnreachableError for a volume's root: 5.1 quotes its last backslash wrongly (WIRE 7.5).
    """
    if folder.endswith("\\"):
        raise UnreachableError(
            f"nothing was sent: icacls cannot be given {one_line(folder)} as a folder; grant it by hand"
        )
    arguments = (str(folder), "/grant", f"{vm_id.account}:(OI)F")
    command = Command("icacls.exe", arguments=arguments, effect=Effect.WRITES)
    return Change(f"the grant for VM {vm_id} on {one_line(folder)}", command)
