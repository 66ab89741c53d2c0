"""A pypsrp client that asks a shell behind the lab's WS-Management server, and every PSRP message that it gets."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

from vhdsfix.lab.auth import Account
from vhdsfix.lab.server import Lab, LabNode
from vhdsfix.lab.shell import OpenShell, Received, Shell

_ACCOUNT = Account("LAB\\admin", "correct horse")
_KINDS = {0x00041004: "PIPELINE_OUTPUT", 0x00041005: "ERROR_RECORD", 0x00041006: "PIPELINE_STATE"}
_FRAGMENT = struct.Struct(">QQBI")  # object, number, flags, length (MS-PSRP 2.2.4)
_HEADER = 40  # bytes of destination, kind and the two ids before the text (MS-PSRP 2.2.1)

Statements = list[list[dict[str, Any]]]
Message = dict[str, str]
Ask = Callable[[Statements], list[Message]]


@contextmanager
def with_client(open_shell: OpenShell) -> Iterator[Ask]:
    """Asks one shell; for each pipeline all its messages as {type, clixml}."""
    tapped: list[_TappedShell] = []

    def tap(configuration_name: str) -> Shell:
        tapped.append(_TappedShell(open_shell(configuration_name)))
        return tapped[-1]

    with (
        Lab([LabNode("HV01", tap, _ACCOUNT)]) as lab,
        _client(lab) as connection,
        RunspacePool(connection) as pool,
    ):
        yield lambda statements: _asked(pool, tapped[0], statements)


def _client(lab: Lab) -> WSMan:
    at = lab.endpoints[0]
    return WSMan(
        at.address,
        port=at.port,
        ssl=False,
        auth="negotiate",
        username=_ACCOUNT.user,
        password=_ACCOUNT.password,
        no_proxy=True,
    )


def _asked(pool: RunspacePool, tapped: _TappedShell, statements: Statements) -> list[Message]:
    pipeline = PowerShell(pool)
    for index, statement in enumerate(statements):
        if index:
            pipeline.add_statement()
        for command in statement:
            _add(pipeline, command)
    pipeline.invoke()
    pipeline.close()
    return tapped.messages(UUID(pipeline.id))


def _add(pipeline: PowerShell, command: dict[str, Any]) -> None:
    if "script" in command:
        pipeline.add_script(command["script"])
        return
    pipeline.add_cmdlet(command["command"])
    for name, value in command.get("parameters", {}).items():
        pipeline.add_parameter(name, value)
    for argument in command.get("arguments", []):
        pipeline.add_argument(argument)


class _TappedShell:
    """A shell that keeps what it gives to its client."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._given: dict[UUID | None, bytes] = {}
        self.open, self.command, self.send = shell.open, shell.command, shell.send
        self.stop, self.release, self.close = shell.stop, shell.release, shell.close

    async def receive(self, command_id: UUID | None) -> Received:
        received = await self._shell.receive(command_id)
        self._given[command_id] = self._given.get(command_id, b"") + b"".join(received.payloads)
        return received

    def messages(self, command_id: UUID) -> list[Message]:
        given, at = self._given.pop(command_id), 0
        parts: dict[int, bytes] = {}
        while at < len(given):
            whole, _, _, length = _FRAGMENT.unpack_from(given, at)
            at += _FRAGMENT.size + length
            parts[whole] = parts.get(whole, b"") + given[at - length : at]
        return [_message(part) for part in parts.values()]


def _message(part: bytes) -> Message:
    kind = struct.unpack_from("<I", part, 4)[0]
    return {"type": _KINDS[kind], "clixml": part[_HEADER:].decode("utf-8-sig")}
