"""A shell that answers five made-up commands, so that the wire is tested without the lab's PowerShell."""

from __future__ import annotations

import asyncio
import threading
from typing import Any
from uuid import UUID

from psrpcore import PSRPPayload, ServerPipeline, ServerRunspacePool, StreamType
from psrpcore.types import PSInvocationState

from vhdsfix.lab.shell import MAX_PAYLOAD, Received
from vhdsfix.lab.wsman_faults import INVALID_RESOURCE_URI, Fault


class ScriptedShell:
    """`Say TEXT…` outputs its arguments, `Fill N` N characters, `Wait` waits for `let_go`, `Break` is a bug."""

    def __init__(self, node: str = "") -> None:
        self.node = node
        self._released = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self.calls: list[str] = []
        self.polled = threading.Event()  # for a pipeline that has not ended
        self._pool = ServerRunspacePool()
        self._changed = asyncio.Condition()
        self._payloads: dict[UUID | None, list[bytes]] = {None: []}
        self._done: set[UUID | None] = set()
        self._waiting: set[asyncio.Task[None]] = set()

    def let_go(self) -> None:
        """From any thread: every `Wait` ends."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._released.set)

    async def open(self, payload: bytes) -> None:
        self._loop = asyncio.get_running_loop()
        self.calls.append("open")
        self._read(payload, None)
        await self._deliver(None)

    async def command(self, command_id: UUID, payload: bytes) -> None:
        self.calls.append("command")
        self._payloads[command_id] = []
        pipeline = ServerPipeline(self._pool, command_id)
        self._read(payload, command_id)
        await self._run_when_whole(pipeline, command_id)

    async def send(self, payload: bytes, command_id: UUID | None) -> None:
        self.calls.append("send")
        self._read(payload, command_id)
        if command_id is not None:
            await self._run_when_whole(self._pool.pipeline_table[command_id], command_id)

    async def receive(self, command_id: UUID | None) -> Received:
        async with self._changed:
            if command_id is not None and command_id not in self._done:
                self.polled.set()
            await self._changed.wait_for(lambda: self._payloads[command_id] or command_id in self._done)
            payloads, self._payloads[command_id] = self._payloads[command_id], []
            return Received(tuple(payloads), done=command_id in self._done)

    async def stop(self, _: UUID) -> None:
        self.calls.append("stop")
        self._released.set()

    async def release(self, _: UUID) -> None:
        self.calls.append("release")

    async def close(self) -> None:
        self.calls.append("close")
        for task in self._waiting:
            task.cancel()
        await asyncio.gather(*self._waiting, return_exceptions=True)

    def _read(self, payload: bytes, command_id: UUID | None) -> None:
        self._pool.receive_data(PSRPPayload(payload, StreamType.default, command_id))
        while self._pool.next_event() is not None:
            pass

    async def _run_when_whole(self, pipeline: Any, command_id: UUID) -> None:
        if pipeline.metadata is None or pipeline.state is not PSInvocationState.NotStarted:
            return
        command = pipeline.metadata.commands[0]
        arguments = [value for _, value in command.parameters]
        if command.command_text == "Break":
            raise RuntimeError("a bug in a shell")
        pipeline.start()
        if command.command_text == "Wait":
            task = asyncio.create_task(self._finish_when_let_go(pipeline, command_id))
            self._waiting.add(task)
            return
        for argument in ["x" * int(arguments[0])] if command.command_text == "Fill" else arguments:
            pipeline.write_output(argument)
        await self._finish(pipeline, command_id)

    async def _finish_when_let_go(self, pipeline: Any, command_id: UUID) -> None:
        await self._released.wait()
        pipeline.write_output("at last")
        await self._finish(pipeline, command_id)

    async def _finish(self, pipeline: Any, command_id: UUID) -> None:
        pipeline.complete()
        self._done.add(command_id)
        await self._deliver(command_id)

    async def _deliver(self, command_id: UUID | None) -> None:
        async with self._changed:
            while payload := self._pool.data_to_send(MAX_PAYLOAD):
                self._payloads[command_id].append(payload.data)
            self._changed.notify_all()


class OpenedShells:
    """A node's factory that remembers what it made; the one configuration that it knows is Microsoft.PowerShell."""

    def __init__(self, node: str) -> None:
        self._node = node
        self.made: list[ScriptedShell] = []

    def __call__(self, configuration_name: str) -> ScriptedShell:
        if configuration_name != "Microsoft.PowerShell":
            raise Fault(INVALID_RESOURCE_URI)
        self.made.append(ScriptedShell(self._node))
        return self.made[-1]
