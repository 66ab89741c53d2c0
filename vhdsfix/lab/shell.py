"""The port between WS-Management and what answers PSRP: one remote shell, opened by one client, on one simulated node.

Two things keep it: the lab's simulation (`psrp.SimulatedShell`), and PowerShell's own engine behind a relay in the tests.

Any method may raise `wsman_faults.Fault`: the client gets it as a WSManFault, and the shell stays as it is.
All methods run on the lab's event loop and must not block it: what takes time goes to a thread or is awaited. They are called
one after another, but for `receive`, which waits beside the others. Payloads are whole PSRP fragments as bytes, not base64.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol
from uuid import UUID

import msgspec

MAX_PAYLOAD = 32768
"""The most bytes in one payload that a shell gives: so is a fragment from Windows (Source: MS-PSRP 2.2.4, default size)."""


class Received(msgspec.Struct, frozen=True):
    """What the client has not seen yet, in order; `done` with the command's last payload, never before."""

    payloads: tuple[bytes, ...]
    done: bool = False


class Shell(Protocol):
    """One shell: a runspace pool and its pipelines, each known by its command id (the pipeline's PSRP id)."""

    async def open(self, payload: bytes, /) -> None:
        """The first fragments: SESSION_CAPABILITY and INIT_RUNSPACEPOOL. Called once, before everything else.

        Returns at once; the pool's answers come by `receive(None)`.
        """

    async def command(self, command_id: UUID, payload: bytes, /) -> None:
        """A new pipeline and its first fragments; the rest of CREATE_PIPELINE may follow by `send`. Returns at once."""

    async def send(self, payload: bytes, command_id: UUID | None, /) -> None:
        """More fragments, for the command or (None) for the pool."""

    async def receive(self, command_id: UUID | None, /) -> Received:
        """Wait until there is at least one payload or the end of the command, and take all that is there.

        It may hold back for a moment so that what belongs together comes together: the pool's opening in one answer, a small
        pipeline in one with its end. Nothing is lost when the call is cancelled while it waits. One call at a time for each id.
        The pool (None) is never done.
        """

    async def stop(self, command_id: UUID, /) -> None:
        """Ctrl-C: stop the pipeline if it runs; that it stopped comes by `receive`. An unknown id is no error."""

    async def release(self, command_id: UUID, /) -> None:
        """The client asks no more about this command: stop it if it runs and forget it. An unknown id is no error."""

    async def close(self) -> None:
        """End everything and wait until no thread, task or process is left. A second call does nothing."""


OpenShell = Callable[[str], Shell]
"""Makes a shell for a configuration name ("Microsoft.PowerShell"); raises
Fault(INVALID_RESOURCE_URI) for one that the node does not have. Called on the lab's event loop."""
