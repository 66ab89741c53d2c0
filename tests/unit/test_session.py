"""A session against the lab's real WinRM: what it sends, how it ends, and what a person is told when it cannot."""

from __future__ import annotations

import asyncio
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest

from tests.fakes.small_world import FOLDER, VM_IDS, small_world
from vhdsfix.config import Auth, Secret
from vhdsfix.errors import AuthError, LostError
from vhdsfix.lab.auth import Account
from vhdsfix.lab.psrp import SimulatedShell
from vhdsfix.lab.server import Lab, LabNode
from vhdsfix.lab.shell import Received
from vhdsfix.lab.statements import Statement as Seen
from vhdsfix.lab.wsman_faults import OPERATION_ABORTED, Fault
from vhdsfix.model.readings import Known
from vhdsfix.remote import changes
from vhdsfix.remote.connection import Connection
from vhdsfix.remote.limits import TimeLimits
from vhdsfix.remote.node import RemoteReader, RemoteWriter
from vhdsfix.remote.session import Session
from vhdsfix.remote.statements import Effect

ACCOUNT = Account("LAB\\admin", "correct horse")
PASSWORD = Secret(ACCOUNT.password)
ONCE = TimeLimits(open_retry_s=0, lost_retry_s=0)


@pytest.fixture
def seen() -> list[tuple[Seen, ...]]:
    return []


@pytest.fixture
def lab(seen: list[tuple[Seen, ...]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    world = small_world()

    def watch(_node: str, statements: tuple[Seen, ...]) -> None:
        seen.append(statements)

    with Lab([LabNode("HV01", lambda _kind: SimulatedShell(world, "HV01", watch), ACCOUNT)]) as running:
        yield running


def to(lab: Lab, auth: Auth = "negotiate") -> Connection:
    return Connection("HV01", "127.0.0.1", lab.endpoints[0].port, "http", auth, ACCOUNT.user)


@pytest.fixture
def writer(lab: Lab) -> Iterator[RemoteWriter]:
    node = RemoteWriter(to(lab), PASSWORD)
    yield node
    node.close()


@pytest.mark.parametrize("auth", ["negotiate", "ntlm"])
def test_three_phases_cost_at_most_sixteen_requests_on_one_connection(lab: Lab, auth: Auth) -> None:
    reader = RemoteReader(to(lab, auth), PASSWORD)
    phases: tuple[Callable[[], object], ...] = (
        reader.itself,
        reader.cluster,
        lambda: reader.folders([FOLDER]),
    )
    for phase in phases:
        phase()
    reader.close()
    assert lab.requests["HV01"] <= 16
    assert lab.connections["HV01"] == 1


def test_one_phase_costs_at_most_ten_requests(lab: Lab) -> None:
    reader = RemoteReader(to(lab), PASSWORD)
    reader.itself()
    reader.close()
    assert lab.requests["HV01"] <= 10


def test_a_session_for_reading_refuses_a_change(lab: Lab, seen: list[tuple[Seen, ...]]) -> None:
    session = Session(to(lab), PASSWORD, Effect.READS)
    with pytest.raises(RuntimeError, match="only reads"):
        session.run("granting on", changes.grant(FOLDER, VM_IDS[0]).statements)
    session.close()
    assert seen == []
    assert lab.requests["HV01"] == 0


def test_a_change_is_alone_in_its_pipeline(writer: RemoteWriter, seen: list[tuple[Seen, ...]]) -> None:
    assert writer.grant(FOLDER, VM_IDS[0]).exit_code == 0
    assert [[command.name for statement in pipeline for command in statement] for pipeline in seen] == [
        ["icacls.exe", "Microsoft.PowerShell.Utility\\Get-Variable"]
    ]


def test_a_change_that_did_not_work_says_its_code_and_words(writer: RemoteWriter) -> None:
    answer = writer.grant(FOLDER, VM_IDS[1])
    assert answer.exit_code == 1332
    assert "No mapping between account names" in " ".join(answer.said)


def test_an_idle_connection_that_the_node_closed_is_logged_on_again(lab: Lab) -> None:
    reader = RemoteReader(to(lab), PASSWORD)
    reader.itself()
    drop_the_connection(reader)
    assert isinstance(reader.itself().host, Known)
    reader.close()
    assert lab.connections["HV01"] == 2


def drop_the_connection(reader: RemoteReader) -> None:
    session = reader._session
    assert session is not None
    for connection in session._sockets._connections:
        assert connection.sock is not None
        connection.sock.shutdown(socket.SHUT_RDWR)


def test_a_wrong_password_is_tried_once_and_never_shown(lab: Lab) -> None:
    reader = RemoteReader(to(lab), Secret("wrong guess"))
    with pytest.raises(AuthError) as refused:
        reader.itself()
    reader.close()
    assert "check the user and the password" in str(refused.value)
    assert "wrong guess" not in str(refused.value)
    assert lab.requests["HV01"] <= 3


def test_the_account_is_known_to_be_accepted_before_the_session_is_open(lab: Lab) -> None:
    reader = RemoteReader(to(lab), PASSWORD)
    requests: list[int] = []
    reader.connect(lambda: requests.append(lab.requests["HV01"]))
    reader.close()
    assert requests[0] == 4  # three to log on, and the shell is there
    assert lab.requests["HV01"] > requests[0]


def test_a_wrong_password_is_never_taken_for_accepted(lab: Lab) -> None:
    reader = RemoteReader(to(lab), Secret("wrong guess"))
    accepted: list[str] = []
    with pytest.raises(AuthError):
        reader.connect(lambda: accepted.append("accepted"))
    reader.close()
    assert accepted == []


def test_the_environments_proxy_is_not_used(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    reader = RemoteReader(to(lab), PASSWORD)
    assert isinstance(reader.itself().host, Known)
    reader.close()


def test_abort_while_a_change_runs_is_a_lost_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    running, go_on = threading.Event(), threading.Event()

    class Slow(SimulatedShell):
        async def receive(self, command_id: UUID | None) -> Received:
            if command_id is not None:
                running.set()
                await asyncio.to_thread(go_on.wait, 5)
            return await super().receive(command_id)

    world = small_world()
    with (
        Lab([LabNode("HV01", lambda _kind: Slow(world, "HV01"), ACCOUNT)]) as lab,
        ThreadPoolExecutor(1) as pool,
    ):
        writer = RemoteWriter(to(lab), PASSWORD)
        call = pool.submit(writer.grant, FOLDER, VM_IDS[0])
        assert running.wait(5)
        asked = lab.requests["HV01"]
        writer.abort()
        with pytest.raises(LostError, match="making the grant for VM"):
            call.result(5)
        writer.close()
        go_on.set()
        assert lab.requests["HV01"] == asked  # no signal, no delete: the change may still run
        assert isinstance(writer.itself().host, Known)  # the next question opens another session
        writer.close()


def test_a_shell_in_which_a_change_may_still_run_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    given_back: list[bool] = []

    class Faulty(SimulatedShell):
        async def receive(self, command_id: UUID | None) -> Received:
            if command_id is not None:
                raise Fault(OPERATION_ABORTED)
            return await super().receive(command_id)

        async def close(self) -> None:
            given_back.append(True)
            await super().close()

    with Lab([LabNode("HV01", lambda _kind: Faulty(small_world(), "HV01"), ACCOUNT)]) as lab:
        writer = RemoteWriter(to(lab), PASSWORD, ONCE)
        with pytest.raises(LostError, match="making the grant for VM"):
            writer.grant(FOLDER, VM_IDS[0])
        asked = lab.requests["HV01"]
        writer.close()
        assert lab.requests["HV01"] == asked
        with pytest.raises(LostError):
            writer.itself()
        assert given_back == [True]  # after a question the shell is given back
        writer.close()
