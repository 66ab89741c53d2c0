"""Envelopes as pypsrp writes them, taken from pypsrp itself, with fixed ids."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from uuid import UUID

from pypsrp.shell import SignalCode, WinRS
from pypsrp.wsman import NAMESPACES, SelectorSet, WSMan

URI = "http://schemas.microsoft.com/powershell/Microsoft.PowerShell"
SHELL_ID = "6F1B6B5C-2A6D-4B7E-9C55-0D5E7C1B2A3F"
COMMAND_ID = UUID("1d9a2f0e-7b6c-4f5d-8e3a-2c4b6d8f0a1c")


class _Kept(Exception):  # noqa: N818 - carries an envelope out of pypsrp
    pass


class _Keeper:
    endpoint = "http://hv01:5985/wsman"

    def send(self, message: bytes, **_: object) -> bytes:
        raise _Kept(message)


def with_message_id(envelope: bytes, number: int) -> bytes:
    return re.sub(rb"(?<=MessageID>uuid:)[^<]*", b"%036d" % number, envelope)


def _envelope(write: Callable[[WinRS], object], message_id: int) -> bytes:
    wsman = WSMan("hv01", ssl=False, operation_timeout=20)
    wsman.transport = _Keeper()  # type: ignore[assignment] # pypsrp has no port for its transport
    shell = WinRS(wsman, resource_uri=URI, id=SHELL_ID, input_streams="stdin pr", output_streams="stdout")
    shell._selector_set = SelectorSet()
    shell._selector_set.add_option("ShellId", SHELL_ID)
    try:
        write(shell)
    except _Kept as kept:
        message: bytes = kept.args[0]
        return with_message_id(message, message_id)
    raise AssertionError("pypsrp sent nothing")


def _delete(shell: WinRS) -> None:
    shell.opened = True
    shell.close()


def _open(shell: WinRS) -> None:
    creation = ET.Element("creationXml", xmlns="http://schemas.microsoft.com/powershell")
    creation.text = "b3Blbg=="
    shell.open(None, creation)


CREATE = _envelope(_open, 1)
COMMAND = _envelope(lambda shell: shell.command("Invoke-Expression", ["cnVu"], command_id=str(COMMAND_ID)), 2)
SEND = _envelope(lambda shell: shell.send("stdin", b"more", command_id=str(COMMAND_ID)), 3)
RECEIVE = _envelope(lambda shell: shell.receive("stdout", command_id=str(COMMAND_ID)), 4)
POOL_RECEIVE = _envelope(lambda shell: shell.receive("stdout"), 5)
SIGNAL = _envelope(lambda shell: shell.signal(SignalCode.TERMINATE, str(COMMAND_ID).upper()), 6)
STOP = _envelope(lambda shell: shell.signal(SignalCode.PS_CTRL_C, str(COMMAND_ID).upper()), 7)
DELETE = _envelope(_delete, 8)


def streams(reply: bytes) -> list[str]:
    """The streams in the answer to a Receive, still in base64."""
    root = ET.fromstring(reply)  # noqa: S314 - our own lab wrote it
    return [stream.text or "" for stream in root.iter(f"{{{NAMESPACES['rsp']}}}Stream")]


def fault_code(reply: bytes) -> int | str | None:
    code: int | str | None = WSMan._parse_wsman_fault(reply.decode()).code
    return code
