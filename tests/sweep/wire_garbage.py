"""Whatever arrives, the lab answers it or ends that connection; another session goes on, and memory stays where it is."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import random
import tracemalloc
from uuid import UUID

import h11
from psrpcore import ClientPowerShell

from tests.wire import envelopes
from tests.wire.psrp_session import AT_ONCE, HandMadeSession, addressed, carrying
from vhdsfix.lab import endpoints, scenarios, wsman
from vhdsfix.lab.http1 import Answer, Http1, TooMuchError
from vhdsfix.lab.shells import Shells

FULL = 100_000
GOOD, BAD = UUID(int=1), UUID(int=2)
OTHERS_EVERY = 250
"""So many messages later the good session is asked again, and the bad one's shell is closed and opened."""

MOST_GROWTH = 3_000_000
"""Bytes of Python's memory that the last four fifths of a run may add."""

PARTS = (
    b"",
    b"<",
    b"&amp;",
    b"&#0;",
    b"\x00",
    b"\xff\xfe",
    b"<!DOCTYPE a>",
    b"Z" * 4000,
    b"<a>" * 300,
    b"-1",
    b"9" * 400,
)


def run(count: int, seed: int) -> str:
    return asyncio.run(_run(count, random.Random(seed)))  # noqa: S311 - a test that can be run again


async def _run(count: int, dice: random.Random) -> str:
    world = scenarios.build(scenarios.load("demo"))
    shells = Shells("HV01", endpoints.shells(world, "HV01"))
    good = HandMadeSession(shells, "LAB\\admin", GOOD)
    await good.open()
    expected = await good.answers("Hyper-V\\Get-VM")
    assert expected
    messages = _messages()
    waiting: set[asyncio.Task[wsman.Reply]] = set()
    at_a_fifth = grown = 0
    tracemalloc.start()
    for number in range(count):
        if number % OTHERS_EVERY == 0:
            assert await good.answers("Hyper-V\\Get-VM") == expected
            await _ended(waiting)
            await shells.answer(addressed(envelopes.DELETE, BAD), "LAB\\other")
            await shells.answer(messages[0], "LAB\\other")
        if number == count // 5:
            at_a_fifth = _memory()
        _through_http(dice, await _answered(shells, _garbled(dice, dice.choice(messages)), waiting))
    await _ended(waiting)
    grown = _memory() - at_a_fifth
    tracemalloc.stop()
    assert await good.answers("Hyper-V\\Get-VM") == expected
    await shells.close()
    assert len(asyncio.all_tasks()) == 1, asyncio.all_tasks()
    assert grown < MOST_GROWTH, f"{grown:,} bytes more than after a fifth"
    return f"{count:,} messages answered, another session unharmed, memory {grown / 1000:+,.0f} kB after the first fifth"


def _messages() -> list[bytes]:
    """What a client might send, right in every detail; the first one opens the bad one's shell."""
    fresh = HandMadeSession(Shells("", lambda _: None), "", BAD)  # type: ignore[arg-type, return-value] # opens nothing
    creation = fresh.creation()
    pipeline = ClientPowerShell(fresh._pool)
    pipeline.add_command("Get-VM")
    fresh._pool.state = type(fresh._pool.state)["Opened"]
    pipeline.start()
    command = fresh._to_send()
    of = pipeline.pipeline_id
    return [
        carrying(addressed(envelopes.CREATE, BAD), creation),
        carrying(addressed(envelopes.COMMAND, BAD, of), command),
        carrying(addressed(envelopes.SEND, BAD, of), command),
        addressed(envelopes.RECEIVE, BAD, of).replace(b"PT20S", AT_ONCE),
        addressed(envelopes.POOL_RECEIVE, BAD).replace(b"PT20S", AT_ONCE),
        addressed(envelopes.SIGNAL, BAD, of),
        addressed(envelopes.STOP, BAD, of),
        addressed(envelopes.DELETE, BAD),
    ]


def _garbled(dice: random.Random, message: bytes) -> bytes:
    """As it is, or with a few places cut out, doubled or replaced; now and then nothing but noise."""
    if dice.random() < 0.02:
        return dice.randbytes(dice.randrange(2000))
    for _ in range(dice.choice((0, 1, 1, 2, 5))):
        start = dice.randrange(len(message) + 1)
        end = min(len(message), start + dice.choice((0, 1, 1, 4, 40, 400)))
        instead = dice.choice(
            (*PARTS, message[start:end] * 2, dice.randbytes(3), b"%d" % dice.randrange(10**6))
        )
        message = message[:start] + instead + message[end:]
    return message


async def _answered(shells: Shells, envelope: bytes, waiting: set[asyncio.Task[wsman.Reply]]) -> bytes:
    """Every answer is an envelope; a Receive that may wait longer is left waiting."""
    task = asyncio.create_task(shells.answer(envelope, "LAB\\other"))
    done, _ = await asyncio.wait([task], timeout=0.02)
    if not done:
        waiting.add(task)
        return envelope
    reply = task.result()
    assert reply.status in (200, 500)
    assert reply.body.startswith(b"<s:Envelope"), reply.body
    return envelope


async def _ended(waiting: set[asyncio.Task[wsman.Reply]]) -> None:
    for task in waiting:
        task.cancel()
    if waiting:
        await asyncio.wait(waiting)
    waiting.clear()


def _through_http(dice: random.Random, envelope: bytes) -> None:
    """The same bytes as a request, its head garbled too: a request, or the errors that end a connection."""
    head = b"POST /wsman HTTP/1.1\r\nHost: hv01\r\nContent-Length: %d\r\n\r\n" % len(envelope)
    sent = (_garbled(dice, head) if dice.random() < 0.5 else head) + envelope
    wire, cut = Http1(), dice.randrange(len(sent) + 1)
    with contextlib.suppress(h11.RemoteProtocolError, EOFError, TooMuchError):
        for part in (sent[:cut], sent[cut:]):
            wire.take(part)
            if wire.next_post() is not None:
                wire.answered(Answer(200))


def _memory() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]
