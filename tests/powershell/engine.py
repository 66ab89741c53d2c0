"""PowerShell's own engine behind the lab's WS-Management: one process is one shell.

It is started by the program that the environment variable VHDSFIX_POWERSHELL names, and speaks PSRP over its standard input and
output, one XML element a line, as PowerShell does between processes; a GUID of zeros stands for the pool.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import re
import struct
from collections.abc import Callable
from functools import partial
from pathlib import Path
from uuid import UUID

import msgspec

from vhdsfix.lab.shell import Received
from vhdsfix.lab.wsman_faults import INVALID_RESOURCE_URI, SHELL_NOT_FOUND, Fault

SESSIONS = Path(__file__).parent / "sessions"

_POOL = UUID(int=0)
_ELEMENT = re.compile(r"<(\w+)(?: Stream='\w+')? PSGuid='([0-9a-fA-F-]{36})'(?:\s*/>|>([^<]*)</\w+>)")
_PIPELINE_STATE, _POOL_STATE = 0x00041006, 0x00021005
_FRAGMENT = struct.Struct(">QQBI")  # object, number, flags (1 start, 2 end), length (MS-PSRP 2.2.4)
_START, _END = 1, 2

_ACK_S = 60.0  # the first command of a session loads its modules
_END_S = 10.0
_WHOLE_S = 5.0  # how long a pipeline's first answers wait for its last
_QUIET_S = 0.05  # how long the pool's first answers wait for the next
_ENOUGH = 100_000  # bytes; about what fits into one envelope


class EngineWorld(msgspec.Struct, frozen=True):
    """The files that the engine's stand-in cmdlets answer from, and what kind of session to open (None: the default)."""

    world: Path
    volumes: Path
    session: Path | None = None


def engines(start: str, worlds: dict[str, EngineWorld]) -> Callable[[str], EngineShell]:
    """A factory of shells, given for each configuration name the world and the session."""

    def open_shell(configuration_name: str) -> EngineShell:
        if configuration_name not in worlds:
            raise Fault(INVALID_RESOURCE_URI)
        return EngineShell(start, worlds[configuration_name])

    return open_shell


class _Stream:
    """What the engine has sent for the pool or for one pipeline and the client has not taken."""

    def __init__(self) -> None:
        self.payloads: list[bytes] = []
        self.done = False
        self.opened = False
        self._kinds: dict[int, int] = {}  # of messages that have begun and not ended

    def add(self, payload: bytes) -> None:
        self.payloads.append(payload)
        at = 0
        while at + _FRAGMENT.size <= len(payload):
            whole, _, flags, length = _FRAGMENT.unpack_from(payload, at)
            at += _FRAGMENT.size
            if flags & _START and length >= 8:
                (kind,) = struct.unpack_from("<I", payload, at + 4)
                self._kinds[whole] = kind
            if flags & _END:
                kind = self._kinds.pop(whole, 0)
                self.done = self.done or kind == _PIPELINE_STATE
                self.opened = self.opened or kind == _POOL_STATE
            at += length

    def has_more_than(self, payloads: int) -> bool:
        return len(self.payloads) > payloads


class EngineShell:
    """Keeps the port `vhdsfix.lab.shell.Shell`. Every wait is bounded; a process that does not end is killed."""

    def __init__(self, start: str, world: EngineWorld) -> None:
        self._start = start
        self._world = world
        self._engine: asyncio.subprocess.Process | None = None
        self._readers: tuple[asyncio.Task[None], ...] = ()
        self._streams: dict[UUID, _Stream] = {_POOL: _Stream()}
        self._changed = asyncio.Condition()
        self._acks: dict[tuple[str, UUID], asyncio.Future[None]] = {}
        self._complaint = ""
        self._gone = False

    async def open(self, payload: bytes) -> None:
        session = () if self._world.session is None else ("-c", str(self._world.session))
        self._engine = await asyncio.create_subprocess_exec(
            self._start,
            *session,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=os.environ | {"LAB_WORLD": str(self._world.world), "LAB_VOLUMES": str(self._world.volumes)},
            limit=1 << 24,
        )
        self._readers = (
            asyncio.create_task(self._read_output()),
            asyncio.create_task(self._read_complaints()),
        )
        await self._give(_POOL, payload)

    async def command(self, command_id: UUID, payload: bytes) -> None:
        self._streams[command_id] = _Stream()
        await self._ask("Command", command_id)
        await self._give(command_id, payload)

    async def send(self, payload: bytes, command_id: UUID | None) -> None:
        await self._give(command_id or _POOL, payload)

    async def receive(self, command_id: UUID | None) -> Received:
        stream = self._streams.get(command_id or _POOL)
        if stream is None:
            raise Fault(SHELL_NOT_FOUND)
        await self._until(lambda: bool(stream.payloads) or stream.done, None)
        with contextlib.suppress(TimeoutError):
            await self._hold_back(stream, pool=command_id is None)
        payloads, stream.payloads = stream.payloads, []
        return Received(tuple(payloads), done=stream.done and command_id is not None)

    async def stop(self, command_id: UUID) -> None:
        if command_id in self._streams and not self._streams[command_id].done:
            await self._ask("Signal", command_id)

    async def release(self, command_id: UUID) -> None:
        if command_id in self._streams:
            await self.stop(command_id)
            await self._ask("Close", command_id)
            del self._streams[command_id]

    async def close(self) -> None:
        engine = self._engine
        if engine is None or engine.stdin is None or engine.returncode is not None:
            return
        with contextlib.suppress(Fault, TimeoutError, OSError):
            async with asyncio.timeout(_END_S):
                await self._close_pool()
                engine.stdin.close()
                await engine.wait()
        if engine.returncode is None:
            engine.kill()
            await engine.wait()
        await asyncio.gather(*self._readers)

    async def _close_pool(self) -> None:
        # The pool does not close while it has pipelines.
        for command_id in self._streams.keys() - {_POOL}:
            await self.release(command_id)
        await self._ask("Close", _POOL)

    async def _hold_back(self, stream: _Stream, *, pool: bool) -> None:
        if not pool:
            await self._until(lambda: stream.done or sum(map(len, stream.payloads)) > _ENOUGH, _WHOLE_S)
            return
        while True:  # ends by _QUIET_S without anything new
            seen = len(stream.payloads)
            await self._until(partial(stream.has_more_than, seen), _QUIET_S)

    async def _until(self, reached: Callable[[], bool], limit_s: float | None) -> None:
        async with asyncio.timeout(limit_s), self._changed:
            await self._changed.wait_for(lambda: reached() or self._gone)
        if self._gone and not reached():
            raise Fault(SHELL_NOT_FOUND, f"the engine has ended: {self._complaint or 'it said nothing'}")

    async def _give(self, to: UUID, payload: bytes) -> None:
        await self._ask("Data", to, text=base64.b64encode(payload).decode("ascii"))

    async def _ask(self, what: str, about: UUID, text: str = "") -> None:
        engine = self._engine
        if self._gone or engine is None or engine.stdin is None:
            raise Fault(SHELL_NOT_FOUND, f"the engine has ended: {self._complaint or 'it said nothing'}")
        acknowledged = asyncio.get_running_loop().create_future()
        self._acks[f"{what}Ack", about] = acknowledged
        line = (
            f"<{what} PSGuid='{about}' />"
            if what != "Data"
            else f"<Data Stream='Default' PSGuid='{about}'>{text}</Data>"
        )
        engine.stdin.write(line.encode("ascii") + b"\n")
        try:
            await asyncio.wait_for(acknowledged, _ACK_S)
        except TimeoutError:
            raise Fault(SHELL_NOT_FOUND, f"the engine did not answer {what} within {_ACK_S:.0f} s") from None

    async def _read_output(self) -> None:
        assert self._engine is not None
        assert self._engine.stdout is not None
        try:
            async for line in self._engine.stdout:
                if found := _ELEMENT.match(line.decode("ascii", "replace").strip()):
                    await self._take(found[1], UUID(found[2]), found[3] or "")
        finally:
            await self._has_gone()

    async def _take(self, what: str, about: UUID, text: str) -> None:
        if what != "Data":
            acknowledged = self._acks.pop((what, about), None)
            if acknowledged is not None and not acknowledged.done():
                acknowledged.set_result(None)
            return
        async with self._changed:
            if about in self._streams:
                self._streams[about].add(base64.b64decode(text))
            self._changed.notify_all()

    async def _read_complaints(self) -> None:
        assert self._engine is not None
        assert self._engine.stderr is not None
        async for line in self._engine.stderr:
            self._complaint = line.decode("utf-8", "replace").strip()
            if not self._streams[
                _POOL
            ].opened:  # the session could not be made, and the process stays, silent
                await self._has_gone()

    async def _has_gone(self) -> None:
        self._gone = True
        for acknowledged in self._acks.values():
            if not acknowledged.done():
                acknowledged.set_exception(Fault(SHELL_NOT_FOUND, f"the engine has ended: {self._complaint}"))
        async with self._changed:
            self._changed.notify_all()
