"""pypsrp's real client against the lab, with Negotiate or NTLM and message encryption."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from pypsrp.complex_objects import PSInvocationState
from pypsrp.exceptions import AuthenticationError, WinRMTransportError, WSManFaultError
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

from tests.wire.conftest import ACCOUNT, Connect
from tests.wire.scripted_shell import OpenedShells
from vhdsfix.lab.auth import Account
from vhdsfix.lab.server import Lab, LabNode


def pipeline(pool: RunspacePool, command: str, *arguments: object) -> PowerShell:
    powershell = PowerShell(pool)
    powershell.add_cmdlet(command)
    for argument in arguments:
        powershell.add_argument(argument)
    return powershell


@pytest.mark.parametrize("auth", ["ntlm", "negotiate"])
@pytest.mark.parametrize(("pipelines", "most"), [(1, 10), (2, 13), (3, 16)])
def test_requests_of_a_session_on_one_connection(
    lab: Lab, connect: Connect, auth: str, pipelines: int, most: int
) -> None:
    with RunspacePool(connect(auth=auth)) as pool:
        for number in range(pipelines):
            powershell = pipeline(pool, "Say", f"ja {number}")
            assert powershell.invoke() == [f"ja {number}"]
            powershell.close()
    assert lab.requests["HV01"] <= most
    assert lab.connections["HV01"] == 1


def test_shell_hears_of_everything_and_is_closed(connect: Connect, shells: OpenedShells) -> None:
    with RunspacePool(connect()) as pool:
        powershell = pipeline(pool, "Say", 1)
        powershell.invoke()
        powershell.close()
    assert shells.made[0].calls == ["open", "command", "release", "close"]


def test_a_request_of_several_envelopes_arrives_whole(connect: Connect, shells: OpenedShells) -> None:
    with RunspacePool(connect()) as pool:
        assert pipeline(pool, "Say", "x" * 1_000_000).invoke() == ["x" * 1_000_000]
    assert shells.made[0].calls.count("send") >= 2


@pytest.mark.parametrize(
    "size", [60_000, 150_000, 500_000]
)  # pypsrp takes its default of 153600 as leave to raise it
def test_large_output_keeps_to_the_clients_envelope(
    lab: Lab, connect: Connect, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    wsman = connect(max_envelope_size=size)
    longest = _watched(wsman, monkeypatch)
    with RunspacePool(wsman) as pool:
        before = lab.requests["HV01"]
        assert pipeline(pool, "Fill", 500_000).invoke() == ["x" * 500_000]
        receives = lab.requests["HV01"] - before - 1
    assert size // 2 < max(longest) <= size
    assert receives >= 500_000 * 4 // 3 // size


def test_an_envelope_too_small_for_any_answer_is_a_fault(connect: Connect) -> None:
    with RunspacePool(connect()) as pool:
        pool.connection.max_envelope_size = 8192
        with pytest.raises(WSManFaultError) as raised:
            pipeline(pool, "Fill", 50_000).invoke()
    assert raised.value.code == 2150858824


def _watched(wsman: WSMan, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of all answers from now on."""
    sizes: list[int] = []
    send = wsman.transport.send

    def measured(*arguments: Any, **options: Any) -> bytes:
        answer = send(*arguments, **options)
        sizes.append(len(answer))
        return answer

    monkeypatch.setattr(wsman.transport, "send", measured)
    return sizes


def test_long_poll_ends_by_its_time_and_goes_on(lab: Lab, connect: Connect, shells: OpenedShells) -> None:
    with RunspacePool(connect(operation_timeout=1)) as pool:
        powershell = pipeline(pool, "Wait")
        powershell.begin_invoke()
        before = lab.requests["HV01"]
        powershell.poll_invoke()  # pypsrp swallows fault 2150858793 here
        assert powershell.state == PSInvocationState.RUNNING
        assert lab.requests["HV01"] == before + 1
        shells.made[0].let_go()
        assert powershell.end_invoke() == ["at last"]


def test_stopping_reaches_the_shell(connect: Connect, shells: OpenedShells) -> None:
    with RunspacePool(connect()) as pool:
        powershell = pipeline(pool, "Wait")
        powershell.begin_invoke()
        powershell.stop()
        assert shells.made[0].calls[-1] == "stop"


def test_a_late_answer_is_fetched_again_over_a_new_connection(
    lab: Lab, connect: Connect, shells: OpenedShells, monkeypatch: pytest.MonkeyPatch
) -> None:
    wsman = connect(read_timeout=0.3, reconnection_backoff=0.01)
    send = wsman.transport._send_request

    def impatient(request: requests.PreparedRequest, **options: Any) -> bytes:
        try:
            return send(request, **options)
        except requests.ReadTimeout:
            shells.made[0].let_go()  # the node has its answer only after the client has given up on it
            raise

    monkeypatch.setattr(wsman.transport, "_send_request", impatient)
    with RunspacePool(wsman) as pool:
        assert pipeline(pool, "Wait").invoke() == ["at last"]
    assert lab.connections["HV01"] == 2


@pytest.mark.parametrize("auth", ["ntlm", "negotiate"])
def test_wrong_password_is_refused_and_the_right_one_still_works(
    connect: Connect, shells: OpenedShells, auth: str
) -> None:
    with pytest.raises(AuthenticationError):
        RunspacePool(connect(auth=auth, password="wrong horse")).open()
    with pytest.raises(AuthenticationError):
        RunspacePool(connect(auth=auth, username="LAB\\nobody")).open()
    assert shells.made == []
    with RunspacePool(connect(auth=auth)) as pool:
        assert pipeline(pool, "Say", 1).invoke() == [1]


def test_unencrypted_message_is_refused(connect: Connect, shells: OpenedShells) -> None:
    with pytest.raises(WinRMTransportError, match="400"):
        RunspacePool(connect(encryption="never")).open()
    assert shells.made == []


def test_unknown_configuration_is_the_fault_that_windows_gives(connect: Connect) -> None:
    with pytest.raises(WSManFaultError, match="resource URI is missing") as raised:
        RunspacePool(connect(), configuration_name="Nobody.Knows").open()
    assert raised.value.code == 2150858811
    assert raised.value.machine == "HV01"


def test_shell_that_is_gone_is_the_fault_that_windows_gives(connect: Connect) -> None:
    pool = RunspacePool(connect())
    pool.open()
    pool.shell.wsman.delete(pool.shell.resource_uri, selector_set=pool.shell._selector_set)
    with pytest.raises(WSManFaultError, match="shell was not found") as raised:
        pipeline(pool, "Say", 1).invoke()
    assert raised.value.code == 2150858843


def test_a_bug_in_one_shell_ends_no_other_session(connect: Connect) -> None:
    with RunspacePool(connect()) as good, RunspacePool(connect()) as bad:
        with pytest.raises(WinRMTransportError, match="500"):
            pipeline(bad, "Break").invoke()
        assert pipeline(good, "Say", 1).invoke() == [1]
        assert pipeline(bad, "Say", 2).invoke() == [2]


def test_a_silent_node_does_not_hold_up_another() -> None:
    first, second = OpenedShells("HV01"), OpenedShells("HV02")
    with Lab([LabNode("HV01", first, ACCOUNT), LabNode("HV02", second, Account("admin", "other"))]) as lab:
        one, two = (
            WSMan("127.0.0.1", port=e.port, ssl=False, username=user, password=password, no_proxy=True)
            for e, (user, password) in zip(
                lab.endpoints, [("LAB\\admin", ACCOUNT.password), ("admin", "other")], strict=True
            )
        )
        with (
            one,
            two,
            RunspacePool(one) as waiting,
            RunspacePool(two) as pool,
            ThreadPoolExecutor(1) as other,
        ):
            ended = other.submit(pipeline(waiting, "Wait").invoke)
            assert pipeline(pool, "Say", "here").invoke() == ["here"]
            assert not ended.done()
            first.made[0].let_go()
            assert ended.result(20) == ["at last"]
        assert lab.requests["HV01"] > 0 < lab.requests["HV02"]
