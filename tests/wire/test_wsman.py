"""WS-Management as values: what each envelope says, and what is refused."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypsrp.wsman import WSMan

from tests.wire import envelopes
from tests.wire.envelopes import COMMAND_ID, SHELL_ID, URI
from vhdsfix.lab import wsman, wsman_faults
from vhdsfix.lab.shell import Received
from vhdsfix.lab.wsman_faults import Fault


def said(message_id: int) -> dict[str, Any]:
    """What the headers of each envelope say."""
    return {
        "message_id": f"uuid:{message_id:036d}",
        "resource_uri": URI,
        "shell_id": SHELL_ID,
        "max_envelope_size": 153600,
        "operation_timeout_s": 20.0,
    }


def test_create() -> None:
    expected = wsman.Create(**said(1), configuration_name="Microsoft.PowerShell", payload=b"open")
    assert wsman.parse(envelopes.CREATE) == expected


def test_create_of_what_is_no_powershell() -> None:
    cmd = envelopes.CREATE.replace(
        URI.encode(), b"http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd"
    )
    request = wsman.parse(cmd)
    assert isinstance(request, wsman.Create)
    assert request.configuration_name is None


def test_the_rest() -> None:
    assert wsman.parse(envelopes.COMMAND) == wsman.Command(**said(2), command_id=COMMAND_ID, payload=b"run")
    assert wsman.parse(envelopes.SEND) == wsman.Send(**said(3), command_id=COMMAND_ID, payload=b"more")
    assert wsman.parse(envelopes.RECEIVE) == wsman.Receive(**said(4), command_id=COMMAND_ID)
    assert wsman.parse(envelopes.POOL_RECEIVE) == wsman.Receive(**said(5), command_id=None)
    assert wsman.parse(envelopes.SIGNAL) == wsman.Signal(**said(6), command_id=COMMAND_ID, terminate=True)
    assert wsman.parse(envelopes.STOP) == wsman.Signal(**said(7), command_id=COMMAND_ID, terminate=False)
    assert wsman.parse(envelopes.DELETE) == wsman.Delete(**said(8))


BOMB = b'<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("envelope", "code"),
    [
        (b"", wsman_faults.INVALID_XML),
        (b"\xff\xfe", wsman_faults.INVALID_XML),
        (b"<a/>", wsman_faults.INVALID_XML),
        (BOMB + envelopes.DELETE, wsman_faults.INVALID_XML),
        (
            BOMB.decode().encode("utf-16") + envelopes.DELETE.decode().encode("utf-16-le"),
            wsman_faults.INVALID_XML,
        ),
        (b'<?xml version="1.0" encoding="no-such"?>' + envelopes.DELETE, wsman_faults.INVALID_XML),
        (envelopes.RECEIVE.replace(b"PT20S", b"P1Y"), wsman_faults.INVALID_XML),
        (envelopes.RECEIVE.replace(b"153600", b"many"), wsman_faults.INVALID_XML),
        (envelopes.RECEIVE.replace(str(COMMAND_ID).encode(), b"7"), wsman_faults.INVALID_XML),
        (envelopes.COMMAND.replace(b"cnVu", b"cnV"), wsman_faults.INVALID_XML),
        (envelopes.SIGNAL.replace(b"CommandId=", b"Other="), wsman_faults.INVALID_XML),
        (envelopes.DELETE.replace(b"transfer/Delete", b"transfer/Put"), wsman_faults.ACTION_NOT_SUPPORTED),
    ],
)
def test_what_cannot_be_read_is_a_fault(envelope: bytes, code: int) -> None:
    with pytest.raises(Fault) as raised:
        wsman.parse(envelope)
    assert raised.value.code == code


@given(at=st.integers(0, len(envelopes.SEND) - 1), instead=st.binary(max_size=4))
def test_a_damaged_envelope_is_a_request_or_a_fault(at: int, instead: bytes) -> None:
    with contextlib.suppress(Fault):
        wsman.parse(envelopes.SEND[:at] + instead + envelopes.SEND[at + 1 :])


@pytest.mark.parametrize(
    ("code", "part"),
    [
        (5, "Access is denied"),
        (2150859173, "concurrent shells"),
        (2150859174, "concurrent operations"),
        (77, "cannot"),
    ],
)
def test_a_fault_as_pypsrp_reads_it(code: int, part: str) -> None:
    reply = wsman.faulted("uuid:1", Fault(code), 'HV"01&')
    fault = WSMan._parse_wsman_fault(reply.body.decode())
    assert (reply.status, fault.code, fault.machine) == (500, code, 'HV"01&')
    assert part in fault.reason


SIZES = st.lists(st.integers(1, 32768), max_size=12) | st.builds(lambda n: [1] * n, st.integers(0, 3000))


@given(sizes=SIZES, room=st.integers(50_000, 500_000), done=st.booleans())
def test_split_to_fit_keeps_everything_in_order_and_within_the_envelope(
    sizes: list[int], room: int, done: bool
) -> None:
    request = wsman.Receive(
        message_id="uuid:1",
        resource_uri=URI,
        shell_id=SHELL_ID,
        max_envelope_size=room,
        command_id=COMMAND_ID,
    )
    everything = Received(tuple(bytes([at % 256]) * size for at, size in enumerate(sizes)), done=done)
    now, later = wsman.split_to_fit(request, everything)
    assert now.payloads + later.payloads == everything.payloads
    assert len(wsman.received(request, now).body) <= room
    assert (now.done, later.done) == ((done, False) if not later.payloads else (False, done))
