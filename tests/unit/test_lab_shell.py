"""The simulated shell by itself: what it does with garbage, with a stop, and when it closes."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from psrpcore import ClientPowerShell, ClientRunspacePool, PipelineStateEvent, PSRPPayload, StreamType
from psrpcore.types import PSInvocationState

from tests.recordings.small_lab import small_lab
from vhdsfix.lab.binding import Bound
from vhdsfix.lab.cmdlets.catalog import CMDLETS
from vhdsfix.lab.cmdlets.cmdlet import Call, Cmdlet
from vhdsfix.lab.psrp import SimulatedShell
from vhdsfix.lab.statements import Command, Statement
from vhdsfix.lab.wsman_faults import Fault

_Told = list[tuple[str, tuple[Statement, ...]]]


class _Client:
    """psrpcore's client in front of one shell."""

    def __init__(self, shell: SimulatedShell) -> None:
        self.shell = shell
        self.pool = ClientRunspacePool()

    async def open(self) -> None:
        self.pool.open()
        await self.shell.open(self._sent())
        await self.hear(None)

    async def begin(self, *names: str) -> UUID:
        pipeline = ClientPowerShell(self.pool)
        for name in names:
            pipeline.add_command(name)
        pipeline.start()
        await self.shell.command(pipeline.pipeline_id, self._sent())
        return pipeline.pipeline_id

    async def hear(self, command_id: UUID | None) -> list[Any]:
        received = await self.shell.receive(command_id)
        for payload in received.payloads:
            self.pool.receive_data(PSRPPayload(payload, StreamType.default, command_id))
        return list(iter(self.pool.next_event, None))

    def _sent(self) -> bytes:
        payload = self.pool.data_to_send()
        assert payload is not None
        return payload.data


def _run(story: Callable[[_Client], Awaitable[None]], **options: Any) -> None:
    async def told() -> None:
        client = _Client(SimulatedShell(small_lab(), "HV01", **options))
        await client.open()
        try:
            await story(client)
        finally:
            await client.shell.close()

    before = set(threading.enumerate())
    asyncio.run(told())
    assert set(threading.enumerate()) == before


def _ended_as(events: list[Any]) -> PSInvocationState:
    states = [event.state for event in events if isinstance(event, PipelineStateEvent)]
    assert len(states) == 1
    return PSInvocationState(states[0])


def test_a_watcher_is_told_what_is_asked() -> None:
    told: _Told = []

    async def story(client: _Client) -> None:
        command = await client.begin("Get-VM", "Select-Object")
        assert _ended_as(await client.hear(command)) is PSInvocationState.Completed

    _run(story, watch=lambda node, statements: told.append((node, statements)))
    assert told == [("HV01", ((Command("Get-VM"), Command("Select-Object")),))]


@pytest.mark.parametrize("garbage", [b"", b"x", b"\x00" * 21, b"\xff" * 64, b"\x00" * 19 + b"\x01\x05hello"])
def test_garbage_is_refused_and_harms_nothing(garbage: bytes) -> None:
    async def story(client: _Client) -> None:
        other = SimulatedShell(small_lab(), "HV01")
        with contextlib.suppress(Fault):
            await other.open(garbage)
        await other.close()
        assert _ended_as(await client.hear(await client.begin("Get-VM"))) is PSInvocationState.Completed

    _run(story)


@pytest.mark.parametrize("garbage", [b"\x00" * 3, b"\xff" * 64, b"\x00" * 24])
def test_a_command_that_was_garbage_does_not_spoil_the_next_one(garbage: bytes) -> None:
    async def story(client: _Client) -> None:
        with pytest.raises(Fault):
            await client.shell.command(UUID(int=1), garbage)
        assert _ended_as(await client.hear(await client.begin("Get-VM"))) is PSInvocationState.Completed

    _run(story)


def test_a_stopped_pipeline_says_so_at_once_and_its_answer_is_not_heard() -> None:
    may_end = threading.Event()

    def slow(_call: Call, records: Iterator[Bound]) -> Iterator[Any]:
        assert may_end.wait(10)
        yield from records

    async def story(client: _Client) -> None:
        command = await client.begin("Get-VMHost")
        await client.shell.stop(command)
        assert _ended_as(await client.hear(command)) is PSInvocationState.Stopped
        may_end.set()
        await client.shell.release(command)
        received = await client.shell.receive(command)
        assert (received.payloads, received.done) == ((), True)

    _run(story, cmdlets={**CMDLETS, "Get-VMHost": Cmdlet(CMDLETS["Get-VMHost"].signature, slow)})


def test_a_bug_in_the_lab_fails_the_pipeline_and_leaves_nobody_waiting() -> None:
    def broken(_call: Call, _records: Iterator[Bound]) -> Iterator[Any]:
        raise KeyError("a bug")

    async def story(client: _Client) -> None:
        events = await client.hear(await client.begin("Get-VMHost"))
        assert _ended_as(events) is PSInvocationState.Failed
        assert events[-1].reason.FullyQualifiedErrorId == "LabFailed"

    _run(story, cmdlets={**CMDLETS, "Get-VMHost": Cmdlet(CMDLETS["Get-VMHost"].signature, broken)})


def test_unknown_commands_are_no_error_to_stop_or_release() -> None:
    async def story(client: _Client) -> None:
        await client.shell.stop(UUID(int=7))
        await client.shell.release(UUID(int=7))
        await client.shell.close()

    _run(story)
