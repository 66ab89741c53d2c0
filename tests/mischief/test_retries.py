"""What is tried again: a question, for a time; never a change that may have been sent, never a logon that was refused."""

from __future__ import annotations

import threading
from contextlib import closing

import msgspec
import pytest

from tests.fakes.small_world import FOLDER, VM_IDS
from tests.mischief.conftest import Client
from tests.mischief.limits import SHORT
from tests.mischief.test_wire import QUOTAS, WHATS, asked, granted, told
from vhdsfix.commands.guarded import GuardedWriter
from vhdsfix.commands.time_allowed import TimeAllowed
from vhdsfix.commands.watchdog import Watchdog
from vhdsfix.errors import AuthError, LostError, NodeError, QuotaError, UnreachableError
from vhdsfix.lab.mischief import Faulted, Gone, Lost, Message, Mischiefs, Status, Where
from vhdsfix.lab.server import Lab
from vhdsfix.lab.world import World
from vhdsfix.remote.node import RemoteWriter

PERSISTENT = msgspec.structs.replace(SHORT, open_retry_s=20.0, lost_retry_s=20.0)
ACCESS_DENIED = "5"
PASSES = [name for name in WHATS if name not in ("gone", ACCESS_DENIED)]
QUESTION = "Get-VMHost"
CHANGE = "icacls.exe"


@pytest.fixture
def node(client: Client) -> RemoteWriter:
    return client(limits=PERSISTENT)


@pytest.mark.parametrize("message", ["Command", "Receive"])
@pytest.mark.parametrize("name", PASSES)
def test_a_question_whose_answer_is_lost_is_asked_again(
    node: RemoteWriter, mischiefs: Mischiefs, message: Message, name: str
) -> None:
    mischiefs.add(Where(message=message, command=QUESTION), WHATS[name])
    asked(node)


@pytest.mark.parametrize("name", ["reset after it", "garbled", "503", "2150858843"])
def test_a_question_is_asked_again_more_than_once(
    node: RemoteWriter, mischiefs: Mischiefs, name: str
) -> None:
    mischiefs.add(Where(message="Receive", command=QUESTION, times=3), WHATS[name])
    asked(node)


def test_a_question_on_a_silent_node_is_asked_again(node: RemoteWriter, mischiefs: Mischiefs) -> None:
    mischiefs.add(Where(message="Command", command=QUESTION), Lost("silence"))
    asked(node)


@pytest.mark.parametrize("message", ["Command", "Receive"])
def test_an_account_that_is_refused_is_not_tried_again(
    client: Client, mischiefs: Mischiefs, lab: Lab, message: Message
) -> None:
    node = client(limits=msgspec.structs.replace(SHORT, lost_retry_s=2.0))
    mischiefs.add(Where(message=message, command=QUESTION, times=0), WHATS[ACCESS_DENIED])
    assert type(told(asked, node)) is LostError
    assert lab.connections["HV01"] == 1


def test_a_logon_that_is_refused_when_a_question_is_asked_again(
    node: RemoteWriter, mischiefs: Mischiefs, lab: Lab
) -> None:
    """The password was changed meanwhile: the answer is lost, and the new session's logon is the last."""
    mischiefs.add(Where(message="Receive", command=QUESTION), Lost("reset"))
    node.connect()
    mischiefs.add(Where(message="Logon", times=0), Status(401))
    assert type(told(asked, node)) is AuthError
    assert lab.connections["HV01"] == 2


def test_a_logon_that_is_refused_on_an_open_session_is_the_last(
    client: Client, mischiefs: Mischiefs, lab: Lab
) -> None:
    """The node has closed the connection, and the password was changed meanwhile."""
    with closing(Watchdog()) as watchdog:
        node = GuardedWriter(client(limits=PERSISTENT), watchdog, TimeAllowed())
        node.itself()
        assert node._reader._session
        node._reader._session._sockets.close()
        mischiefs.add(Where(message="Logon", times=0), Status(401))
        for _ in range(3):
            with pytest.raises(NodeError, match="refused the user and password"):
                node.itself()
        node.close()
    assert lab.connections["HV01"] == 2


@pytest.mark.parametrize("message", ["Command", "Receive"])
@pytest.mark.parametrize("name", [name for name in WHATS if name != "damaged"])
def test_a_change_is_sent_once(
    node: RemoteWriter, mischiefs: Mischiefs, sent: list[str], message: Message, name: str
) -> None:
    mischiefs.add(Where(message=message, command=CHANGE), WHATS[name])
    quota = name in map(str, QUOTAS) and message == "Command"
    assert type(told(granted, node)) is (QuotaError if quota else LostError)
    assert sent.count(CHANGE) <= 1


@pytest.mark.parametrize("what", [Gone(2), Lost("reset")])
def test_before_a_change_was_sent_the_session_is_tried_again(
    node: RemoteWriter, mischiefs: Mischiefs, sent: list[str], what: Gone | Lost
) -> None:
    mischiefs.add(Where(message="Connection"), what)
    assert node.grant(FOLDER, VM_IDS[0]).exit_code == 0
    assert sent == [CHANGE]


@pytest.mark.parametrize("what", [Faulted(QUOTAS[0]), Status(503)])
def test_a_busy_node_is_tried_again_before_a_change(
    node: RemoteWriter, mischiefs: Mischiefs, sent: list[str], what: Faulted | Status
) -> None:
    mischiefs.add(Where(message="Create", times=2), what)
    assert node.grant(FOLDER, VM_IDS[0]).exit_code == 0
    assert sent == [CHANGE]


def test_a_question_that_is_never_answered_is_given_up_after_its_time(
    client: Client, mischiefs: Mischiefs, world: World
) -> None:
    before = world.tree.dump()
    mischiefs.add(Where(message="Receive", command=QUESTION, times=0), Lost("reset"))
    node = client(limits=msgspec.structs.replace(SHORT, lost_retry_s=0.3))
    assert type(told(asked, node)) is LostError
    assert world.tree.dump() == before


def test_abort_ends_the_trying(client: Client, mischiefs: Mischiefs) -> None:
    """It waits between two tries, or is in one; either way it ends."""
    mischiefs.add(Where(message="Connection", times=0), Lost("reset"))
    node = client(limits=msgspec.structs.replace(SHORT, open_retry_s=60.0))
    watchdog = threading.Timer(0.3, node.abort)
    watchdog.start()
    assert type(told(asked, node)) is UnreachableError
    watchdog.join()
