"""A session by hand: psrpcore's client, whose payloads go into envelopes as pypsrp writes them, without a network."""

from __future__ import annotations

import base64
import itertools
import re
import xml.etree.ElementTree as ET
from uuid import UUID

from psrpcore import ClientPowerShell, ClientRunspacePool, PipelineOutputEvent, PSRPPayload, StreamType

from tests.wire import envelopes
from vhdsfix.lab.shells import Shells

_numbers = itertools.count(100)
AT_ONCE = b"PT0S"


def addressed(envelope: bytes, shell_id: UUID, command_id: UUID = envelopes.COMMAND_ID) -> bytes:
    """The envelope for another shell and command, with a message id of its own."""
    known = re.escape(str(envelopes.COMMAND_ID).encode())
    envelope = re.sub(known, str(command_id).encode(), envelope, flags=re.IGNORECASE)
    envelope = envelope.replace(envelopes.SHELL_ID.encode(), str(shell_id).upper().encode())
    return envelopes.with_message_id(envelope, next(_numbers))


def carrying(envelope: bytes, payload: bytes) -> bytes:
    """The envelope with this in place of the payload it has in tests.wire.envelopes."""
    placeholder = re.compile(b"b3Blbg==|cnVu|bW9yZQ==")
    return placeholder.sub(base64.b64encode(payload), envelope)


class HandMadeSession:
    """One shell of one owner."""

    def __init__(self, shells: Shells, owner: str, shell_id: UUID) -> None:
        self._shells = shells
        self._owner = owner
        self._id = shell_id
        self._pool = ClientRunspacePool()

    async def open(self) -> None:
        self._pool.open()
        await self._ask(carrying(addressed(envelopes.CREATE, self._id), self._to_send()))
        while self._pool.state.name != "Opened":
            await self._receive(addressed(envelopes.POOL_RECEIVE, self._id), None)

    async def answers(self, command: str) -> list[str]:
        """What one command puts out, as text."""
        pipeline = ClientPowerShell(self._pool)
        pipeline.add_command(command)
        pipeline.start()
        to = pipeline.pipeline_id
        await self._ask(carrying(addressed(envelopes.COMMAND, self._id, to), self._to_send()))
        output: list[str] = []
        while pipeline.state.name not in ("Completed", "Failed"):
            output += await self._receive(addressed(envelopes.RECEIVE, self._id, to), to)
        await self._ask(addressed(envelopes.SIGNAL, self._id, to))
        del self._pool.pipeline_table[to]
        return output

    def creation(self) -> bytes:
        """What opens a pool, for who sends it himself."""
        self._pool.open()
        return self._to_send()

    def _to_send(self) -> bytes:
        payload = self._pool.data_to_send(10_000_000)
        assert payload is not None
        return payload.data

    async def _receive(self, envelope: bytes, command_id: UUID | None) -> list[str]:
        for stream in envelopes.streams(await self._ask(envelope)):
            self._pool.receive_data(PSRPPayload(base64.b64decode(stream), StreamType.default, command_id))
        output = []
        while event := self._pool.next_event():
            if isinstance(event, PipelineOutputEvent):
                output.append(str(event.data))
        return output

    async def _ask(self, envelope: bytes) -> bytes:
        reply = await self._shells.answer(envelope, self._owner)
        assert reply.status == 200, reply.body
        ET.fromstring(reply.body)  # noqa: S314 - our own lab wrote it
        return reply.body
