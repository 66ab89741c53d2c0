"""The shells of one node without a network: long polls, lost answers, ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from tests.wire import envelopes
from tests.wire.envelopes import (
    COMMAND,
    CREATE,
    DELETE,
    RECEIVE,
    SIGNAL,
    STOP,
    fault_code,
    streams,
    with_message_id,
)
from vhdsfix.lab import wsman
from vhdsfix.lab.shell import Received
from vhdsfix.lab.shells import Shells
from vhdsfix.lab.wsman_faults import ACCESS_DENIED, Fault

RECEIVE_AT_ONCE = with_message_id(RECEIVE.replace(b"PT20S", b"PT0S"), 40)


class Answers:
    """A shell that gives what the test puts into it, and nothing else."""

    def __init__(self) -> None:
        self.given: asyncio.Queue[Received] = asyncio.Queue()
        self.calls: list[str] = []

    async def open(self, payload: bytes) -> None:
        self.calls.append(f"open {payload!r}")

    async def command(self, _: UUID, payload: bytes) -> None:
        self.calls.append(f"command {payload!r}")

    async def send(self, payload: bytes, _: UUID | None) -> None:
        self.calls.append(f"send {payload!r}")

    async def receive(self, _: UUID | None) -> Received:
        return await self.given.get()

    async def stop(self, _: UUID) -> None:
        self.calls.append("stop")

    async def release(self, _: UUID) -> None:
        self.calls.append("release")

    async def close(self) -> None:
        self.calls.append("close")


class Node:
    """A node with one open shell and one command."""

    def __init__(self) -> None:
        self.shell = Answers()
        self._shells = Shells("HV01", lambda _: self.shell)

    async def ask(self, envelope: bytes) -> wsman.Reply:
        return await self._shells.answer(envelope, "LAB\\admin")

    async def close(self) -> None:
        await self._shells.close()


def on_a_node(story: Callable[[Node], Awaitable[None]]) -> None:
    async def told() -> None:
        node = Node()
        for envelope in (CREATE, COMMAND):
            assert (await node.ask(envelope)).status == 200
        async with asyncio.timeout(10):
            await story(node)
        await node.close()
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(told())


def test_the_same_receive_gets_the_same_bytes_again() -> None:
    async def story(node: Node) -> None:
        node.shell.given.put_nowait(Received((b"one",)))
        node.shell.given.put_nowait(Received((b"two",), done=True))
        first = await node.ask(RECEIVE)
        assert await node.ask(RECEIVE) == first
        assert streams(first.body) == ["b25l"]
        second = await node.ask(with_message_id(RECEIVE, 41))
        assert streams(second.body) == ["dHdv"]

    on_a_node(story)


def test_what_did_not_fit_comes_with_the_next_receive() -> None:
    async def story(node: Node) -> None:
        small = RECEIVE.replace(b"153600", b"50000")
        node.shell.given.put_nowait(Received((b"x" * 32768, b"y" * 32768), done=True))
        first = await node.ask(small)
        assert (len(streams(first.body)), b"CommandState/Running" in first.body) == (1, True)
        second = await node.ask(with_message_id(small, 41))
        assert (len(streams(second.body)), b"CommandState/Done" in second.body) == (1, True)
        assert streams(second.body) != streams(first.body)

    on_a_node(story)


def test_an_answer_that_comes_while_nobody_listens_is_kept() -> None:
    async def story(node: Node) -> None:
        lost = asyncio.create_task(node.ask(RECEIVE))
        await asyncio.sleep(0)
        lost.cancel()
        await asyncio.wait([lost])
        node.shell.given.put_nowait(Received((b"one",), done=True))
        assert streams((await node.ask(RECEIVE)).body) == ["b25l"]

    on_a_node(story)


def test_two_that_wait_for_the_same_receive_get_the_same() -> None:
    async def story(node: Node) -> None:
        both = asyncio.gather(node.ask(RECEIVE), node.ask(RECEIVE))
        await asyncio.sleep(0)
        node.shell.given.put_nowait(Received((b"one",), done=True))
        first, second = await both
        assert first == second

    on_a_node(story)


def test_a_new_receive_takes_over_from_one_that_still_waits() -> None:
    async def story(node: Node) -> None:
        old = asyncio.create_task(node.ask(RECEIVE))
        await asyncio.sleep(0)
        new = asyncio.create_task(node.ask(with_message_id(RECEIVE, 41)))
        assert fault_code((await old).body) == 995
        node.shell.given.put_nowait(Received((b"one",), done=True))
        assert streams((await new).body) == ["b25l"]

    on_a_node(story)


def test_nothing_in_time_is_the_fault_that_a_client_polls_again_on() -> None:
    async def story(node: Node) -> None:
        late = await node.ask(RECEIVE_AT_ONCE)
        assert (late.status, fault_code(late.body)) == (500, 2150858793)
        node.shell.given.put_nowait(Received((b"one",), done=True))
        assert streams((await node.ask(RECEIVE)).body) == ["b25l"]

    on_a_node(story)


@pytest.mark.parametrize(("envelope", "calls"), [(SIGNAL, ["release"]), (DELETE, ["close"])])
def test_the_end_of_what_is_waited_for_ends_the_wait(envelope: bytes, calls: list[str]) -> None:
    async def story(node: Node) -> None:
        waiting = asyncio.create_task(node.ask(RECEIVE))
        await asyncio.sleep(0)
        assert (await node.ask(envelope)).status == 200
        assert fault_code((await waiting).body) == 995
        assert node.shell.calls[2:] == calls

    on_a_node(story)


def test_ctrl_c_leaves_the_wait_for_what_comes_of_it() -> None:
    async def story(node: Node) -> None:
        waiting = asyncio.create_task(node.ask(RECEIVE))
        await asyncio.sleep(0)
        assert (await node.ask(STOP)).status == 200
        node.shell.given.put_nowait(Received((b"one",), done=True))
        assert b"CommandState/Done" in (await waiting).body
        assert node.shell.calls[2:] == ["stop"]

    on_a_node(story)


def test_the_same_shell_cannot_be_opened_twice() -> None:
    async def story(node: Node) -> None:
        assert fault_code((await node.ask(CREATE)).body) == 183

    on_a_node(story)


def test_a_shell_that_does_not_open_is_closed_and_gone() -> None:
    class Refusing(Answers):
        async def open(self, _: bytes) -> None:
            raise Fault(ACCESS_DENIED)

    async def told() -> None:
        node = Node()
        node.shell = Refusing()
        assert fault_code((await node.ask(CREATE)).body) == 5
        assert node.shell.calls == ["close"]
        assert fault_code((await node.ask(envelopes.COMMAND)).body) == 2150858843

    asyncio.run(told())


SHORT_LIVED = CREATE.replace(
    b"<rsp:InputStreams>", b"<rsp:IdleTimeOut>PT0.05S</rsp:IdleTimeOut><rsp:InputStreams>"
)


class Closing(Answers):
    def __init__(self) -> None:
        super().__init__()
        self.closed = asyncio.Event()

    async def close(self) -> None:
        self.calls.append("close")
        self.closed.set()


def test_a_shell_that_nobody_asks_any_more_goes() -> None:
    async def told() -> None:
        node = Node()
        node.shell = shell = Closing()
        created = await node.ask(SHORT_LIVED)
        assert b"<rsp:IdleTimeOut>PT0.050S<" in created.body
        async with asyncio.timeout(10):
            await shell.closed.wait()
        assert fault_code((await node.ask(COMMAND)).body) == 2150858843
        await node.close()
        assert shell.calls[1:] == ["close"]

    asyncio.run(told())


def test_a_shell_whose_client_waits_for_an_answer_is_not_idle() -> None:
    async def told() -> None:
        node = Node()
        node.shell = shell = Closing()
        await node.ask(SHORT_LIVED)
        await node.ask(COMMAND)
        late = await node.ask(RECEIVE.replace(b"PT20S", b"PT0.3S"))
        assert fault_code(late.body) == 2150858793
        assert not shell.closed.is_set()
        async with asyncio.timeout(10):
            await shell.closed.wait()
        await node.close()

    asyncio.run(told())


def test_one_user_has_thirty_shells_and_another_still_gets_one() -> None:
    async def story(node: Node) -> None:
        numbered = [CREATE.replace(b"6F1B6B5C", b"%08d" % number) for number in range(31)]
        codes = [fault_code((await node.ask(envelope)).body) for envelope in numbered[:30]]
        assert [code for code in codes if code] == [2150859173]  # one is open already
        assert (await node._shells.answer(numbered[30], "LAB\\other")).status == 200

    on_a_node(story)


def test_a_thousand_commands_that_nobody_ended_are_enough() -> None:
    async def story(node: Node) -> None:
        for number in range(1, 1000):
            asked = COMMAND.replace(b"1d9a2f0e", b"%08d" % number)
            assert (await node.ask(asked)).status == 200
        one_more = COMMAND.replace(b"1d9a2f0e", b"00001000")
        assert fault_code((await node.ask(one_more)).body) == 2150859241
        assert (await node.ask(SIGNAL)).status == 200
        assert (await node.ask(one_more)).status == 200

    on_a_node(story)


def test_a_command_that_was_never_begun_has_no_answer() -> None:
    async def story(node: Node) -> None:
        for envelope in (RECEIVE, envelopes.SEND):
            unknown = envelope.replace(b"1d9a2f0e", b"00000000").replace(b"1D9A2F0E", b"00000000")
            assert fault_code((await node.ask(unknown)).body) == 2150858843

    on_a_node(story)
