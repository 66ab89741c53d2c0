"""The shells that clients have open on one simulated node: which envelope is for which, long polls, answers given twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

import structlog

from vhdsfix.lab import wsman
from vhdsfix.lab.shell import OpenShell, Received, Shell
from vhdsfix.lab.wsman_faults import (
    ALREADY_EXISTS,
    INVALID_RESOURCE_URI,
    OPERATION_ABORTED,
    OPERATION_TIMED_OUT,
    SHELL_NOT_FOUND,
    TOO_MANY_COMMANDS,
    TOO_MANY_SHELLS,
    Fault,
)

MAX_SHELLS = 30
"""Of one user on one node. Source: FACTS 6.4."""

MAX_COMMANDS = 1000
"""In one shell, until the client says that it is done with them. Source: FACTS 6.5."""

_log = structlog.get_logger(__name__)


class Shells:
    """All shells of one node."""

    def __init__(self, node: str, open_shell: OpenShell) -> None:
        self._node = node
        self._open_shell = open_shell
        self._by_id: dict[str, _OpenedShell] = {}
        self._expired: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        """How many are open."""
        return len(self._by_id)

    async def answer(self, envelope: bytes, owner: str) -> wsman.Reply:
        """The answer to one envelope, whatever it holds; a Receive may take as long as its OperationTimeout."""
        try:
            request = wsman.parse(envelope)
        except Fault as fault:
            return wsman.faulted(wsman.message_id(envelope), fault, self._node)
        try:
            return await self._answer(request, owner)
        except Fault as fault:
            _log.debug("fault", node=self._node, request=type(request).__name__, code=fault.code)
            return wsman.faulted(request.message_id, fault, self._node)

    async def close(self) -> None:
        """Close every shell; one that fails to close does not keep the others open."""
        await self._closed(*(self._by_id.pop(shell_id) for shell_id in tuple(self._by_id)))
        await asyncio.gather(*self._expired)

    async def _closed(self, *shells: _OpenedShell) -> None:
        for failure in await asyncio.gather(*(shell.close() for shell in shells), return_exceptions=True):
            if isinstance(failure, BaseException):
                _log.warning("a shell did not close", node=self._node, why=repr(failure))

    async def _answer(self, request: wsman.Request, owner: str) -> wsman.Reply:
        match request:
            case wsman.Create():
                await self._create(request, owner)
                return wsman.created(request, owner)
            case wsman.Delete():
                await self._opened(request, gone=True).close()
                return wsman.deleted(request)
            case _:
                with self._opened(request).in_use() as opened:
                    return await opened.answer(request, self._node)

    async def _create(self, request: wsman.Create, owner: str) -> None:
        if request.configuration_name is None:
            raise Fault(INVALID_RESOURCE_URI)
        if request.shell_id in self._by_id:
            raise Fault(ALREADY_EXISTS)
        if sum(opened.owner == owner for opened in self._by_id.values()) >= MAX_SHELLS:
            raise Fault(TOO_MANY_SHELLS)
        opened = _OpenedShell(
            self._open_shell(request.configuration_name),
            owner,
            request.idle_timeout_s,
            lambda: self._expire(request.shell_id),
        )
        self._by_id[request.shell_id] = opened
        try:
            with opened.in_use():
                await opened.shell.open(request.payload)
        except BaseException:
            self._by_id.pop(request.shell_id, None)
            await opened.close()
            raise

    def _expire(self, shell_id: str) -> None:
        _log.debug("a shell was idle for too long", node=self._node)
        closing = asyncio.create_task(self._closed(self._by_id.pop(shell_id)))
        self._expired.add(closing)
        closing.add_done_callback(self._expired.discard)

    def _opened(self, request: wsman.Request, *, gone: bool = False) -> _OpenedShell:
        opened = self._by_id.pop(request.shell_id, None) if gone else self._by_id.get(request.shell_id)
        if opened is None:
            raise Fault(SHELL_NOT_FOUND)
        return opened


class _Poll:
    """One Receive of a client: the message it came in and the answer, which the same message gets again.

    Source: pypsrp sends a Receive once more when its answer does not come in time, and relies on the same data (WIRE 2).
    """

    def __init__(self, request: wsman.Receive, answer: asyncio.Task[wsman.Reply]) -> None:
        self.message_id = request.message_id
        self.answer = answer


class _OpenedShell:
    """One shell with what it has given and the client has not taken, and the last Receive for each command.

    `expire` is called when it has been idle for its time: no request, a waiting Receive included.
    """

    def __init__(self, shell: Shell, owner: str, idle_timeout_s: float, expire: Callable[[], None]) -> None:
        self.shell = shell
        self.owner = owner
        self._idle_timeout_s = idle_timeout_s
        self._expire = expire
        self._requests = 0
        self._expiry: asyncio.TimerHandle | None = None
        self._closed = False
        self._commands: set[UUID] = set()
        self._untaken: dict[UUID | None, Received] = {}
        self._polls: dict[UUID | None, _Poll] = {}

    @contextmanager
    def in_use(self) -> Iterator[_OpenedShell]:
        """Its idle time begins when the last of its requests is answered."""
        self._requests += 1
        self._keep()
        try:
            yield self
        finally:
            self._requests -= 1
            if not self._requests and not self._closed:
                self._expiry = asyncio.get_running_loop().call_later(self._idle_timeout_s, self._expire)

    async def answer(self, request: wsman.Request, node: str) -> wsman.Reply:
        match request:
            case wsman.Command():
                if len(self._commands) >= MAX_COMMANDS:
                    raise Fault(TOO_MANY_COMMANDS)
                self._commands.add(request.command_id)
                await self.shell.command(request.command_id, request.payload)
                return wsman.commanded(request)
            case wsman.Send():
                self._must_know(request.command_id)
                await self.shell.send(request.payload, request.command_id)
                return wsman.sent(request)
            case wsman.Receive():
                self._must_know(request.command_id)
                return await self._receive(request, node)
            case wsman.Signal():
                await self._signal(request)
                return wsman.signalled(request)
            case _:
                raise TypeError(type(request).__name__)

    def _must_know(self, command_id: UUID | None) -> None:
        """Assumed: the same fault as for a shell that is not there."""
        if command_id is not None and command_id not in self._commands:
            raise Fault(SHELL_NOT_FOUND)

    def _keep(self) -> None:
        if self._expiry is not None:
            self._expiry.cancel()

    async def _receive(self, request: wsman.Receive, node: str) -> wsman.Reply:
        poll = self._polls.get(request.command_id)
        if poll is None or poll.message_id != request.message_id:
            if poll is not None:
                await _given_up(poll.answer)
            poll = _Poll(request, asyncio.create_task(self._polled(request, node)))
            self._polls[request.command_id] = poll
        try:
            # A connection that breaks must not take the answer with it: the client comes back for it.
            return await asyncio.shield(poll.answer)
        except asyncio.CancelledError:
            if poll.answer.cancelled():
                raise Fault(OPERATION_ABORTED) from None
            raise

    async def _signal(self, request: wsman.Signal) -> None:
        if not request.terminate:
            await self.shell.stop(request.command_id)
            return
        self._commands.discard(request.command_id)
        await self._forget(request.command_id)
        await self.shell.release(request.command_id)

    async def close(self) -> None:
        self._closed = True
        self._keep()
        for command_id in tuple(self._polls):
            await self._forget(command_id)
        await self.shell.close()

    async def _polled(self, request: wsman.Receive, node: str) -> wsman.Reply:
        try:
            async with asyncio.timeout(request.operation_timeout_s):
                return wsman.received(request, await self._next(request))
        except TimeoutError:
            return wsman.faulted(request.message_id, Fault(OPERATION_TIMED_OUT), node)
        except Fault as fault:
            return wsman.faulted(request.message_id, fault, node)

    async def _next(self, request: wsman.Receive) -> Received:
        waiting = self._untaken.pop(request.command_id, None) or await self.shell.receive(request.command_id)
        self._untaken[request.command_id] = waiting  # until it is known that it fits
        now, later = wsman.split_to_fit(request, waiting)
        del self._untaken[request.command_id]
        if later.payloads:
            self._untaken[request.command_id] = later
        return now

    async def _forget(self, command_id: UUID | None) -> None:
        self._untaken.pop(command_id, None)
        poll = self._polls.pop(command_id, None)
        if poll is not None:
            await _given_up(poll.answer)


async def _given_up(answer: asyncio.Task[wsman.Reply]) -> None:
    answer.cancel()
    await asyncio.wait([answer])
