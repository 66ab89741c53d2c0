"""The lab's nodes on loopback: a WinRM listener for each, all on one event loop in one thread."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import random
import ssl
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from types import TracebackType
from typing import Self

import h11
import msgspec
import structlog

from vhdsfix.errors import LabError
from vhdsfix.lab import certificates, wsman
from vhdsfix.lab.auth import ENCRYPTED, SEALED, Account, AccountFile, Authentication, Channel, NotSealedError
from vhdsfix.lab.http1 import Answer, Http1, Post, TooMuchError
from vhdsfix.lab.mischief import Mischiefs
from vhdsfix.lab.shell import OpenShell
from vhdsfix.lab.shells import Shells
from vhdsfix.lab.wire_mischief import Spoiler, Spoilt, SpoiltAnswer, deliver
from vhdsfix.lab.wsman_faults import ACCESS_DENIED, Fault

LOOPBACK = "127.0.0.1"
_NEW_OBJECTS = 10_000
"""The interpreter's own pace is one look at 700."""

_log = structlog.get_logger(__name__)


class LabNode(msgspec.Struct, frozen=True):
    """A node to simulate: what opens its shells, and who may come in. Port 0: any that is free. With `tls` it is HTTPS.

    `others` can log on, as whoever Kerberos proves can, and have no rights here. Each request takes `latency_ms` to get here
    and back, and up to `jitter_ms` more, by a dice that falls alike in every run.
    """

    name: str
    open_shell: OpenShell
    account: Account
    port: int = 0
    tls: certificates.Tls | None = None
    others: tuple[Account, ...] = ()
    mischiefs: Mischiefs | None = None
    latency_ms: int = 0
    jitter_ms: int = 0


class Endpoint(msgspec.Struct, frozen=True):
    """Where a simulated node answers."""

    name: str
    address: str
    port: int


class Lab:
    """A context manager: inside it the nodes answer; after it no thread, task, socket or file of theirs is left.

    `requests` and `connections` count, for each node's name, HTTP requests and TCP connections since the start.
    """

    def __init__(self, nodes: Sequence[LabNode]) -> None:
        self._nodes = tuple(nodes)
        self.endpoints: tuple[Endpoint, ...] = ()
        self.requests = dict.fromkeys((node.name for node in nodes), 0)
        self.connections = dict.fromkeys((node.name for node in nodes), 0)

    def __enter__(self) -> Self:
        """Raises LabError if a port cannot be had."""
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._started: Future[tuple[Endpoint, ...]] = Future()
        self._thread = threading.Thread(target=self._run, name="vhdsfix-lab", daemon=True)
        self._thread.start()
        try:
            self.endpoints = self._started.result()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: it has ended by itself
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        try:
            with _seldom_collecting(), asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                runner.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - whoever waits for the start must hear of it
            if self._started.done():
                _log.exception("the lab stopped")
            else:
                self._started.set_exception(error)

    async def _serve(self) -> None:
        listeners: list[_Listener] = []
        try:
            endpoints = []
            for node in self._nodes:
                listeners.append(_Listener(node, self))
                endpoints.append(await listeners[-1].start())
            self._started.set_result(tuple(endpoints))
            await self._stop.wait()
        finally:
            for listener in listeners:
                await listener.close()


class _Listener:
    """One node: its socket, its connections and its shells."""

    def __init__(self, node: LabNode, lab: Lab) -> None:
        self._node = node
        self._lab = lab
        self._accounts = AccountFile(node.account, *node.others)
        self._shells = Shells(node.name, node.open_shell)
        self._spoiler = Spoiler(node.name, node.mischiefs, self._go_down) if node.mischiefs else None
        self._closing: set[asyncio.Task[None]] = set()
        self._connections: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._dice = random.Random(node.name)  # noqa: S311 - no secret hangs on it

    async def start(self) -> Endpoint:
        try:
            self._server = await asyncio.start_server(self._connected, LOOPBACK, self._node.port)
        except (OSError, OverflowError) as error:
            at = f"{LOOPBACK}:{self._node.port}"
            raise LabError(
                f"lab node {self._node.name} cannot listen on {at}: {error}; choose another port"
            ) from error
        return Endpoint(self._node.name, LOOPBACK, self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        if self._server is not None:
            await _accept_no_more(self._server)
            self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await asyncio.gather(self._shells.close(), *self._closing)
        self._accounts.delete()

    def _go_down(self, for_good: bool) -> None:
        """As a node that reboots: all connections and shells are gone."""
        for connection in self._connections - {asyncio.current_task()}:
            connection.cancel()
        lost, self._shells = self._shells, Shells(self._node.name, self._node.open_shell)
        self._closing.add(asyncio.create_task(lost.close()))
        if for_good and self._server is not None:
            self._server.close()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._lab.connections[self._node.name] += 1
        connection = asyncio.create_task(self._serve(reader, writer))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)
        connection.add_done_callback(lambda _: writer.transport.abort())  # also of one that never began

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self._spoiler is None or not await self._spoiler.ends(reader, writer):
                await self._talk(reader, writer, await self._secured(writer))
            writer.close()
            await writer.wait_closed()
        except OSError as error:
            _log.debug("connection lost", node=self._node.name, why=str(error))

    async def _secured(self, writer: asyncio.StreamWriter) -> Channel | None:
        tls = self._node.tls
        if tls is None:
            return None
        await writer.start_tls(tls.context)
        secured: ssl.SSLObject = writer.get_extra_info("ssl_object")
        return Channel(tls.channel_binding, certificates.user_of(secured))

    async def _talk(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, channel: Channel | None
    ) -> None:
        wire, authentication = Http1(), Authentication(self._accounts, channel)
        while wire.reusable:
            try:
                post = await _next_post(wire, reader)
            except EOFError:
                return
            except (h11.RemoteProtocolError, TooMuchError) as error:
                _log.debug("not HTTP", node=self._node.name, why=repr(error))
                writer.write(_NOT_HTTP)
                await writer.drain()
                return
            self._lab.requests[self._node.name] += 1
            await self._travelled()
            answer = await self._answered(post, authentication)
            sent = wire.answered(answer)
            if isinstance(answer, SpoiltAnswer):
                await deliver(answer, sent, reader, writer)
                return
            writer.write(sent)
            await writer.drain()

    async def _travelled(self) -> None:
        late_ms = self._node.latency_ms + self._dice.uniform(0, self._node.jitter_ms)
        if late_ms:
            await asyncio.sleep(late_ms / 1000)

    async def _answered(self, post: Post, authentication: Authentication) -> Answer:
        try:
            return await self._answer(post, authentication)
        except Spoilt as spoilt:
            return spoilt.answer
        except Exception:  # noqa: BLE001 - a bug in one shell must not end another client's session
            _log.exception("a request failed inside the lab", node=self._node.name)
            return Answer(
                500, "text/html", b"<h2>Internal Server Error"
            )  # not XML, as HTTP.sys' own (WIRE 2)

    async def _answer(self, post: Post, authentication: Authentication) -> Answer:
        if post.method != "POST" or post.target.partition("?")[0].rstrip("/") != "/wsman":
            return Answer(404)
        authenticate = authentication.step(post.authorization)
        user = authentication.user
        if self._spoiler is not None and (user is None or not post.body):
            self._spoiler.logon()
        if user is None:
            return Answer(401, authenticate=authenticate)
        if not post.body:
            return Answer(200, authenticate=authenticate)  # the blank request that only authenticates
        if self._node.tls is not None and not post.body.startswith(SEALED):
            reply = await self._replied(post.body, user)
            return Answer(reply.status, _SOAP, reply.body, authenticate)
        try:
            envelope = authentication.open_sealed(post.body)
        except NotSealedError:
            return Answer(400)  # Source: WIRE 1; Assumed for a body that is not encrypted at all
        reply = await self._replied(envelope, user)
        return Answer(reply.status, ENCRYPTED, authentication.seal(reply.body), authenticate)

    async def _replied(self, envelope: bytes, user: str) -> wsman.Reply:
        if user.casefold() != self._node.account.user.casefold():
            return wsman.faulted(wsman.message_id(envelope), Fault(ACCESS_DENIED), self._node.name)
        if self._spoiler is None:
            return await self._shells.answer(envelope, user)
        return await self._spoiler.reply(envelope, lambda: self._shells.answer(envelope, user))


@contextlib.contextmanager
def _seldom_collecting() -> Iterator[None]:
    """Look for cycles seldom, and not in what is there already, a world above all: else it is a quarter of the work for a large one."""
    usual = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(max(usual[0], _NEW_OBJECTS) if usual[0] else 0, *usual[1:])  # 0: never
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()


async def _accept_no_more(server: asyncio.Server) -> None:
    """Whoever was just accepted gets a connection: Python loses its socket if the server is closed before (cpython issue 109564)."""
    loop = asyncio.get_running_loop()
    with contextlib.suppress(NotImplementedError):  # Windows' loop accepts otherwise
        for listening in server.sockets:
            loop.remove_reader(listening.fileno())
    for _ in range(3):  # to begin, to have a transport, to be told of it
        await asyncio.sleep(0)


_SOAP = "application/soap+xml;charset=UTF-8"
_NOT_HTTP = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


async def _next_post(wire: Http1, reader: asyncio.StreamReader) -> Post:
    while (post := wire.next_post()) is None:
        wire.take(await reader.read(65536))
    return post
