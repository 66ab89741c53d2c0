"""WS-Management without I/O: what a client asks for as a value, and the envelopes that Windows answers with.

Source: MS-WSMV 3.1.4 and MS-PSRP 3.2.5.3; the envelopes are shaped as in the traffic recorded in pypsrp's own tests.
"""

from __future__ import annotations

import base64
import binascii
import re
import xml.etree.ElementTree as ET
from typing import Any, NoReturn
from uuid import UUID, uuid4
from xml.sax.saxutils import escape, quoteattr

import msgspec

from vhdsfix.lab.shell import Received
from vhdsfix.lab.wsman_faults import (
    ACTION_NOT_SUPPORTED,
    INVALID_XML,
    MAX_ENVELOPE_SIZE_EXCEEDED,
    Fault,
    known,
)

SOAP = "http://www.w3.org/2003/05/soap-envelope"
ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
DMTF = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
POWERSHELL = "http://schemas.microsoft.com/powershell"
FAULT = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"
ANYONE = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"

_ENVELOPE_ROOM = 2048  # an answer without its streams is about 1,200 bytes
_STREAM_ROOM = 128


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What every request says about itself; `shell_id` is "" where no shell is named."""

    message_id: str
    resource_uri: str
    shell_id: str = ""
    max_envelope_size: int = 153600
    operation_timeout_s: float = 60.0


class Create(Request, frozen=True, kw_only=True):
    """Open a shell; `configuration_name` is None where the resource is no PowerShell.

    Source: New-PSTransportOption (IdleTimeoutSec): two hours where the client names no idle time-out.
    """

    configuration_name: str | None
    idle_timeout_s: float = 7200.0
    payload: bytes


class Command(Request, frozen=True, kw_only=True):
    command_id: UUID
    payload: bytes


class Send(Request, frozen=True, kw_only=True):
    command_id: UUID | None
    payload: bytes


class Receive(Request, frozen=True, kw_only=True):
    command_id: UUID | None


class Signal(Request, frozen=True, kw_only=True):
    """`terminate`: the client is done with the command; otherwise it wants it stopped (Ctrl-C)."""

    command_id: UUID
    terminate: bool


class Delete(Request, frozen=True, kw_only=True):
    pass


class Reply(msgspec.Struct, frozen=True):
    """An HTTP status and an envelope; `status` is 500 for a fault."""

    status: int
    body: bytes


class _WithoutDoctype(ET.TreeBuilder):
    """A document type can declare entities, and no SOAP message may have one (SOAP 1.2, part 1, section 5)."""

    def doctype(self, *_: object) -> NoReturn:
        raise Fault(INVALID_XML)


def parse(envelope: bytes) -> Request:
    """The request in an envelope; raises Fault for whatever is not one of those above."""
    header, body = _opened(envelope)
    action = header.findtext(f"{{{ADDRESSING}}}Action", "").strip()
    reader = _READERS.get(action)
    if reader is None:
        raise Fault(ACTION_NOT_SUPPORTED)
    try:
        return reader(_said(header), body)
    except (ValueError, binascii.Error) as cause:
        raise Fault(INVALID_XML) from cause


def message_id(envelope: bytes) -> str:
    """The message id of an envelope that may be anything, for the fault that answers it."""
    try:
        return _opened(envelope)[0].findtext(f"{{{ADDRESSING}}}MessageID", "")
    except Fault:
        return ""


def _opened(envelope: bytes) -> tuple[ET.Element, ET.Element]:
    parser = ET.XMLParser(target=_WithoutDoctype())  # noqa: S314 - entities cannot be declared without a document type
    try:
        parser.feed(envelope)
        root: ET.Element = parser.close()
    except (ET.ParseError, ValueError, LookupError) as cause:
        raise Fault(INVALID_XML) from cause
    header, body = root.find(f"{{{SOAP}}}Header"), root.find(f"{{{SOAP}}}Body")
    if header is None or body is None:
        raise Fault(INVALID_XML)
    return header, body


def _said(header: ET.Element) -> dict[str, Any]:
    """The fields of Request."""
    selectors = {s.get("Name"): s.text or "" for s in header.iter(f"{{{DMTF}}}Selector")}
    return {
        "message_id": header.findtext(f"{{{ADDRESSING}}}MessageID", ""),
        "resource_uri": header.findtext(f"{{{DMTF}}}ResourceURI", "").strip(),
        "shell_id": selectors.get("ShellId", "").upper(),
        "max_envelope_size": int(header.findtext(f"{{{DMTF}}}MaxEnvelopeSize", "153600")),
        "operation_timeout_s": _seconds(header.findtext(f"{{{DMTF}}}OperationTimeout", "PT60S")),
    }


def _seconds(duration: str) -> float:
    found = re.fullmatch(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?", duration.strip())
    if found is None:
        raise ValueError(duration)
    hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds


def _create(said: dict[str, Any], body: ET.Element) -> Create:
    shell = body.find(f"{{{SHELL}}}Shell")
    wished = shell.get("ShellId") if shell is not None else None
    said["shell_id"] = str(UUID(wished) if wished else uuid4()).upper()
    payload = _bytes(body.find(f".//{{{POWERSHELL}}}creationXml"))
    uri = said["resource_uri"]
    configuration = uri.removeprefix(f"{POWERSHELL}/")
    return Create(
        **said,
        configuration_name=configuration if configuration != uri else None,
        idle_timeout_s=_seconds(body.findtext(f"{{{SHELL}}}Shell/{{{SHELL}}}IdleTimeOut", "PT7200S")),
        payload=payload,
    )


def _command(said: dict[str, Any], body: ET.Element) -> Command:
    command_id = _id(body.find(f"{{{SHELL}}}CommandLine")) or uuid4()
    return Command(**said, command_id=command_id, payload=_bytes(body.find(f".//{{{SHELL}}}Arguments")))


def _send(said: dict[str, Any], body: ET.Element) -> Send:
    stream = body.find(f"{{{SHELL}}}Send/{{{SHELL}}}Stream")
    return Send(**said, command_id=_id(stream), payload=_bytes(stream))


def _receive(said: dict[str, Any], body: ET.Element) -> Receive:
    return Receive(**said, command_id=_id(body.find(f"{{{SHELL}}}Receive/{{{SHELL}}}DesiredStream")))


def _signal(said: dict[str, Any], body: ET.Element) -> Signal:
    command_id = _id(body.find(f"{{{SHELL}}}Signal"))
    if command_id is None:
        raise ValueError("a signal without a command")
    code = body.findtext(f"{{{SHELL}}}Signal/{{{SHELL}}}Code", "")
    return Signal(**said, command_id=command_id, terminate=code.lower().endswith("/signal/terminate"))


def _delete(said: dict[str, Any], _: ET.Element) -> Delete:
    return Delete(**said)


_READERS = {
    f"{TRANSFER}/Create": _create,
    f"{SHELL}/Command": _command,
    f"{SHELL}/Send": _send,
    f"{SHELL}/Receive": _receive,
    f"{SHELL}/Signal": _signal,
    f"{TRANSFER}/Delete": _delete,
}


def _id(element: ET.Element | None) -> UUID | None:
    text = element.get("CommandId") if element is not None else None
    return UUID(text) if text else None


def _bytes(element: ET.Element | None) -> bytes:
    return base64.b64decode((element.text if element is not None else None) or "")


def created(request: Create, owner: str) -> Reply:
    uri, shell_id = escape(request.resource_uri), escape(request.shell_id)
    return _reply(
        request,
        f"{TRANSFER}/CreateResponse",
        f"<x:ResourceCreated><a:Address>{ANYONE}</a:Address><a:ReferenceParameters><w:ResourceURI>{uri}</w:ResourceURI>"
        f'<w:SelectorSet><w:Selector Name="ShellId">{shell_id}</w:Selector></w:SelectorSet></a:ReferenceParameters>'
        f"</x:ResourceCreated><rsp:Shell><rsp:ShellId>{shell_id}</rsp:ShellId><rsp:ResourceUri>{uri}</rsp:ResourceUri>"
        f"<rsp:Owner>{escape(owner)}</rsp:Owner><rsp:ClientIP>127.0.0.1</rsp:ClientIP>"
        f"<rsp:IdleTimeOut>PT{request.idle_timeout_s:.3f}S</rsp:IdleTimeOut><rsp:InputStreams>stdin pr</rsp:InputStreams>"
        "<rsp:OutputStreams>stdout</rsp:OutputStreams></rsp:Shell>",
    )


def commanded(request: Command) -> Reply:
    command_id = f"<rsp:CommandId>{str(request.command_id).upper()}</rsp:CommandId>"
    return _reply(
        request, f"{SHELL}/CommandResponse", f"<rsp:CommandResponse>{command_id}</rsp:CommandResponse>"
    )


def sent(request: Send) -> Reply:
    return _reply(request, f"{SHELL}/SendResponse", "<rsp:SendResponse/>")


def signalled(request: Signal) -> Reply:
    return _reply(request, f"{SHELL}/SignalResponse", "<rsp:SignalResponse/>")


def deleted(request: Delete) -> Reply:
    return _reply(request, f"{TRANSFER}/DeleteResponse", "")


def split_to_fit(request: Receive, waiting: Received) -> tuple[Received, Received]:
    """What fits into the client's envelope, and the rest; raises Fault if not even the first payload does."""
    room = request.max_envelope_size - _ENVELOPE_ROOM
    fitting = 0
    for payload in waiting.payloads:
        room -= -(-len(payload) // 3) * 4 + _STREAM_ROOM
        if room < 0:
            break
        fitting += 1
    if waiting.payloads and not fitting:
        raise Fault(MAX_ENVELOPE_SIZE_EXCEEDED)
    now, later = waiting.payloads[:fitting], waiting.payloads[fitting:]
    return Received(now, done=waiting.done and not later), Received(later, done=waiting.done and bool(later))


def received(request: Receive, what: Received) -> Reply:
    command = f' CommandId="{str(request.command_id).upper()}"' if request.command_id else ""
    streams = "".join(
        f'<rsp:Stream Name="stdout"{command}>{base64.b64encode(payload).decode("ascii")}</rsp:Stream>'
        for payload in what.payloads
    )
    state = f"{SHELL}/CommandState/{'Done' if what.done else 'Running'}"
    running = f'<rsp:CommandState{command} State="{state}"/>' if command else ""
    return _reply(
        request, f"{SHELL}/ReceiveResponse", f"<rsp:ReceiveResponse>{streams}{running}</rsp:ReceiveResponse>"
    )


def faulted(relates_to: str, fault: Fault, machine: str) -> Reply:
    """The envelope of a fault, as a client reads its code and its reason (Source: MS-WSMV 2.2.4.43)."""
    kind = known(fault.code)
    reason = escape(str(fault))
    body = (
        f"<s:Fault><s:Code><s:Value>{kind.side}</s:Value><s:Subcode><s:Value>{kind.subcode}</s:Value></s:Subcode></s:Code>"
        f'<s:Reason><s:Text xml:lang="en-US">{reason}</s:Text></s:Reason><s:Detail>'
        f'<f:WSManFault xmlns:f="{FAULT}" Code="{fault.code}" Machine={quoteattr(machine)}>'
        f"<f:Message>{reason}</f:Message></f:WSManFault></s:Detail></s:Fault>"
    )
    return Reply(500, _envelope(relates_to, "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault", body))


def _reply(request: Request, action: str, body: str) -> Reply:
    return Reply(200, _envelope(request.message_id, action, body))


def _envelope(relates_to: str, action: str, body: str) -> bytes:
    return (
        f'<s:Envelope xml:lang="en-US" xmlns:s="{SOAP}" xmlns:a="{ADDRESSING}" xmlns:x="{TRANSFER}" xmlns:w="{DMTF}"'
        f' xmlns:rsp="{SHELL}"><s:Header><a:Action>{action}</a:Action><a:MessageID>uuid:{str(uuid4()).upper()}</a:MessageID>'
        f"<a:To>{ANYONE}</a:To><a:RelatesTo>{escape(relates_to)}</a:RelatesTo></s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()
