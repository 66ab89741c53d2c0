"""The simulated node's end of PSRP: a shell that runs structured commands over the lab's world.

psrpcore's server side speaks the protocol; its caveats (WIRE 2) are met here: Windows sends no Running state, and what the
pool has to send is sorted by pipeline.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

import structlog
from psrpcore import (
    PSRPPayload,
    ServerPipeline,
    ServerRunspacePool,
    StreamType,
)
from psrpcore._payload import PSRPMessage, create_message
from psrpcore.types import PSInvocationState, PSRPMessageType

from vhdsfix.lab import clixml, pipeline_request
from vhdsfix.lab.cmdlets.catalog import CMDLETS
from vhdsfix.lab.cmdlets.cmdlet import Cmdlet
from vhdsfix.lab.error_records import ErrorRecord
from vhdsfix.lab.pipeline import Output, PipelineEnd, run_pipeline
from vhdsfix.lab.remarks import write_remarks
from vhdsfix.lab.runspace import Runspace
from vhdsfix.lab.shell import MAX_PAYLOAD, Received
from vhdsfix.lab.statements import Statement
from vhdsfix.lab.world import World
from vhdsfix.lab.wsman_faults import INVALID_XML, Fault

_log = structlog.get_logger(__name__)

Watch = Callable[[str, tuple[Statement, ...]], None]
"""Told of each pipeline before it runs: the node, and what it is asked."""


Run = Callable[[Runspace, tuple[Statement, ...], Mapping[str, Cmdlet]], PipelineEnd]
"""How a pipeline is run: `run_pipeline`, or that with mischief around it."""


class _Outbox:
    """What one command, or the pool, has to send and the client has not taken."""

    def __init__(self) -> None:
        self.payloads: list[bytes] = []
        self.done = False
        self.filled = asyncio.Event()

    async def take(self) -> Received:
        await self.filled.wait()
        taken, self.payloads = tuple(self.payloads), []
        if not self.done:
            self.filled.clear()
        return Received(taken, self.done)


class _Asked(NamedTuple):
    command_id: UUID
    request: pipeline_request.PipelineRequest


class _Pool(ServerRunspacePool):
    """Reads pipelines, and writes what they put out, without psrpcore's objects."""

    def next_event(self) -> Any:
        """An event of psrpcore's, or _Asked."""
        return super().next_event()

    def put(self, written: bytes, kind: PSRPMessageType, command_id: UUID) -> None:
        """What psrpcore's `prepare_message` does, with what is CLIXML already."""
        message = create_message(False, kind, written, self.runspace_pool_id, command_id)
        number = self._fragment_counter
        self._send_buffer.append(
            PSRPMessage(kind, bytearray(message), self.runspace_pool_id, command_id, number)
        )

    def forget_rest(self) -> None:
        """What is left of a request that was refused must not spoil the next one."""
        self._receive_buffer.clear()
        self._incoming_fragments.clear()

    def _process_message(self, message: Any) -> Any:
        if message.message_type is not PSRPMessageType.CreatePipeline:
            return super()._process_message(message)
        if message.pipeline_id not in self.pipeline_table:
            raise ValueError(f"a pipeline {message.pipeline_id} that no command began")
        return _Asked(message.pipeline_id, pipeline_request.read(bytes(message.data)))


class SimulatedShell:
    """One runspace pool of one runspace on one node; keeps the port `shell.Shell`."""

    def __init__(
        self,
        world: World,
        node: str,
        watch: Watch | None = None,
        cmdlets: Mapping[str, Cmdlet] = CMDLETS,
        run: Run = run_pipeline,
        *,
        loads_modules: bool = True,
    ) -> None:
        self._runspace = Runspace(world, node, loads_modules=loads_modules)
        self._watch = watch
        self._cmdlets = cmdlets
        self._run_pipeline = run
        self._pool = _Pool()
        self._outboxes: dict[UUID | None, _Outbox] = {None: _Outbox()}
        self._running: set[asyncio.Task[None]] = set()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"lab-{node}")

    async def open(self, payload: bytes) -> None:
        self._take(payload, None)

    async def command(self, command_id: UUID, payload: bytes) -> None:
        self._outboxes[command_id] = _Outbox()
        ServerPipeline(self._pool, command_id)
        self._take(payload, command_id)

    async def send(self, payload: bytes, command_id: UUID | None) -> None:
        self._take(payload, command_id)

    async def receive(self, command_id: UUID | None) -> Received:
        outbox = self._outboxes.get(command_id)
        return Received((), done=True) if outbox is None else await outbox.take()

    async def stop(self, command_id: UUID) -> None:
        """The client hears at once that it stopped; what is running ends unheard."""
        pipeline = self._pool.pipeline_table.get(command_id)
        if pipeline is not None and not self._outboxes[command_id].done:
            pipeline.state = PSInvocationState.Running
            pipeline.stop()
            self._finish(command_id)

    async def release(self, command_id: UUID) -> None:
        await self.stop(command_id)
        self._outboxes.pop(command_id, None)
        self._pool.pipeline_table.pop(command_id, None)

    async def close(self) -> None:
        self._runspace.ending.set()
        await asyncio.gather(*self._running, return_exceptions=True)
        self._thread.shutdown()

    def _take(self, payload: bytes, command_id: UUID | None) -> None:
        try:
            self._pool.receive_data(PSRPPayload(payload, StreamType.default, command_id))
            while event := self._pool.next_event():
                if isinstance(event, _Asked):
                    self._begin(*event)
        except Exception as error:  # psrpcore lets out whatever untrusted fragments provoke
            self._pool.forget_rest()
            _log.debug("not PSRP", node=self._runspace.node, why=repr(error))
            raise Fault(INVALID_XML) from error
        self._deliver()

    def _begin(self, command_id: UUID, asked: pipeline_request.PipelineRequest) -> None:
        task = asyncio.get_running_loop().create_task(self._run(command_id, asked))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _run(self, command_id: UUID, asked: pipeline_request.PipelineRequest) -> None:
        try:
            messages = _messages(await self._ended(asked.statements), asked)
        except Exception as error:  # noqa: BLE001 - the client must not wait for ever
            _log.exception("the lab itself failed", node=self._runspace.node)
            messages = _messages(PipelineEnd((), _own_failure(error)), asked)
        outbox = self._outboxes.get(command_id)
        if outbox is not None and not outbox.done:
            if self._runspace.is_talkative:
                write_remarks(self._pool.pipeline_table[command_id])
            for message, kind in messages:
                self._pool.put(message, kind, command_id)
            self._finish(command_id)

    async def _ended(self, statements: tuple[Statement, ...]) -> PipelineEnd:
        if self._watch is not None:
            self._watch(self._runspace.node, statements)
        run = partial(self._run_pipeline, self._runspace, statements, self._cmdlets)
        lock = self._runspace.world.tree.lock
        if not self._may_wait() and lock.acquire(blocking=False):
            try:
                return run()  # in less time than it takes to hand it over
            finally:
                lock.release()
        return await asyncio.get_running_loop().run_in_executor(self._thread, run)

    def _may_wait(self) -> bool:
        """For the pipeline before it, by mischief, or for a command that is slow."""
        faults = self._runspace.world.faults.get(self._runspace.node, {})
        return (
            len(self._running) > 1
            or self._run_pipeline is not run_pipeline
            or any(fault.kind == "slow" for fault in faults.values())
        )

    def _finish(self, command_id: UUID) -> None:
        self._outboxes[command_id].done = True
        self._deliver()
        self._outboxes[command_id].filled.set()

    def _deliver(self) -> None:
        while payload := self._pool.data_to_send(MAX_PAYLOAD):
            outbox = self._outboxes.get(payload.pipeline_id)
            if outbox is not None:
                outbox.payloads.append(payload.data)
                outbox.filled.set()


def _messages(
    end: PipelineEnd, asked: pipeline_request.PipelineRequest
) -> list[tuple[bytes, PSRPMessageType]]:
    """What the client gets for one pipeline, its end last."""
    messages: list[tuple[bytes, PSRPMessageType]] = []
    for message in end.messages:
        if isinstance(message, Output):
            messages.append((clixml.output(message.value), PSRPMessageType.PipelineOutput))
        else:
            record = clixml.error(message, with_invocation=asked.with_invocation)
            messages.append((record, PSRPMessageType.ErrorRecord))
    return [*messages, (clixml.state(end.failure), PSRPMessageType.PipelineState)]


def _own_failure(error: Exception) -> ErrorRecord:
    """A bug in the lab is an answer that nobody takes for PowerShell's, and no client waits for."""
    exceptions = (f"vhdsfix.lab.{type(error).__name__}",)
    return ErrorRecord(f"the lab failed: {error}", "LabFailed", "NotSpecified", exceptions)
