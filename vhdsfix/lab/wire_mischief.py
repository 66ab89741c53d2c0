"""What goes wrong between a client and one node: answers that are lost, mangled, refused, or come when the node has gone."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Literal
from uuid import UUID

from vhdsfix.lab import wsman
from vhdsfix.lab.http1 import Answer
from vhdsfix.lab.mischief import (
    Faulted,
    Gone,
    Lost,
    Mangled,
    Mischiefs,
    Moment,
    OnTheWire,
    Status,
    plain_names,
)
from vhdsfix.lab.wsman_faults import Fault

_DRIP_S = 0.02
_NO_LINGER = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
_HANDSHAKE_FAILURE = b"\x15\x03\x03\x00\x02\x02\x28"  # Source: RFC 5246, 7.2
_PAGE = b"<!DOCTYPE html><html><body><h1>Service Unavailable</h1><p>HTTP Error 503.</body></html>"
_COMMAND = re.compile(
    rb'<S N="Cmd">([^<]*)</S>'
)  # Source: MS-PSRP 2.2.3.12; a pipeline as it crosses the wire
_MANGLED = {
    "garbled": (re.compile(rb"</s:Header>"), b"</s:Header"),
    "damaged": (re.compile(rb"(<rsp:Stream [^>]*>)[^<]*"), rb"\1AAAAAAAA"),
    "wrong id": (re.compile(rb"(<a:RelatesTo>)[^<]*"), rb"\1uuid:0"),
}


class SpoiltAnswer(Answer, frozen=True, kw_only=True):
    """An answer that is not sent as it should be."""

    how: Literal["reset", "silence", "cut short", "drip"]


class Spoilt(Exception):  # noqa: N818 - nothing failed: it is what was planned
    """What a client gets in place of the reply to its envelope."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


class Spoiler:
    """One node's wire. `go_down` ends its connections and shells, and where the argument says so its listener."""

    def __init__(self, node: str, mischiefs: Mischiefs, go_down: Callable[[bool], None]) -> None:
        self._node = node
        self._mischiefs = mischiefs
        self._go_down = go_down
        self._requests = 0
        self._refusals = 0
        self._commands: dict[UUID | None, frozenset[str]] = {}

    async def ends(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Whether this new connection is over already."""
        what = self._due(Moment(self._node, "Connection"))
        if isinstance(what, Gone):
            self._leave(what)
        if self._refusals or isinstance(what, Gone | Lost):
            self._refusals = max(0, self._refusals - 1)
            _reset(writer)
            return True
        if what is not None:
            await reader.read(65536)
            writer.write(_HANDSHAKE_FAILURE)
            await writer.drain()
        return what is not None

    def logon(self) -> None:
        """A request that has no envelope yet. Raises Spoilt."""
        self._spoil(self._due(Moment(self._node, "Logon")))

    async def reply(self, envelope: bytes, carry_out: Callable[[], Awaitable[wsman.Reply]]) -> wsman.Reply:
        """The reply to an envelope. Raises Spoilt where there is none."""
        self._requests += 1
        what = self._due(self._moment(envelope))
        if isinstance(what, Faulted):
            return _fault(what.code, wsman.message_id(envelope), self._node)
        if isinstance(what, Status | Gone) or (isinstance(what, Lost) and not what.carried_out):
            self._spoil(what)
        reply = await carry_out()
        if isinstance(what, Mangled) and what.how in _MANGLED:
            pattern, by = _MANGLED[what.how]
            return wsman.Reply(reply.status, pattern.sub(by, reply.body))
        self._spoil(what)
        return reply

    def _due(self, moment: Moment) -> OnTheWire | None:
        return next(iter(self._mischiefs.at(moment, OnTheWire)), None)

    def _spoil(self, what: OnTheWire | None) -> None:
        match what:
            case Status(code=401):
                raise Spoilt(Answer(401, authenticate="Negotiate"))
            case Status(code=code):
                raise Spoilt(Answer(code, "text/html", _PAGE))
            case Gone():
                self._leave(what)
                raise Spoilt(SpoiltAnswer(500, how="reset"))
            case Lost(how=how):
                raise Spoilt(SpoiltAnswer(500, how=how))
            case Mangled(how="cut short" | "drip" as how):
                raise Spoilt(SpoiltAnswer(200, "application/soap+xml", _PAGE * 20, how=how))
            case Mangled():
                raise Spoilt(Answer(200, "text/html", _PAGE))

    def _leave(self, what: Gone) -> None:
        self._refusals = what.refusals
        self._commands.clear()
        self._go_down(what.refusals == 0)

    def _moment(self, envelope: bytes) -> Moment:
        try:
            request = wsman.parse(envelope)
        except Fault:
            return Moment(self._node, request=self._requests)
        command_id = getattr(request, "command_id", None)
        names = self._commands.get(command_id, frozenset())
        if isinstance(request, wsman.Command | wsman.Send):
            said = (name.decode(errors="replace") for name in _COMMAND.findall(request.payload))
            names = self._commands[command_id] = names | plain_names(said)
        message = type(request).__name__
        return Moment(self._node, message, self._requests, names)  # type: ignore[arg-type] # wsman's names are Message's


def _fault(code: int | str, relates_to: str, node: str) -> wsman.Reply:
    if isinstance(code, int):
        return wsman.faulted(relates_to, Fault(code), node)
    reply = wsman.faulted(relates_to, Fault(0), node)
    without = re.sub(rb"<s:Detail>.*</s:Detail>", b"", reply.body)
    return wsman.Reply(reply.status, without.replace(b"w:InternalError", code.encode()))


def _reset(writer: asyncio.StreamWriter) -> None:
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    writer.transport.abort()


async def deliver(
    answer: SpoiltAnswer, sent: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Send what is sent of an answer; the connection is not to be used after it."""
    match answer.how:
        case "reset":
            _reset(writer)
        case "silence":
            while await reader.read(65536):
                pass
        case "cut short":
            writer.write(sent[: len(sent) // 2])
            await writer.drain()
        case "drip":
            for byte in sent:
                writer.write(bytes((byte,)))
                await writer.drain()
                await asyncio.sleep(_DRIP_S)
