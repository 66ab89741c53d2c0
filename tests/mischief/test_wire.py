"""Whatever goes wrong on the wire, at whatever moment, is one of our own errors, in one line, and a write's fate is not guessed."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable

import msgspec
import pytest

from tests.fakes.small_world import FOLDER, VM_IDS
from tests.mischief.conftest import Client
from vhdsfix.errors import AuthError, CommandError, LostError, NodeError, QuotaError, UnreachableError
from vhdsfix.lab.faults import Fault
from vhdsfix.lab.mischief import (
    Faulted,
    Gone,
    Lost,
    Mangled,
    Message,
    Mischief,
    Mischiefs,
    OnTheWire,
    Status,
    What,
    Where,
)
from vhdsfix.lab.server import Lab
from vhdsfix.lab.world import World
from vhdsfix.model.readings import Known
from vhdsfix.remote.node import RemoteWriter

QUOTAS = (2150859173, 2150859174, 2150859179, 2150859241)
WHATS: dict[str, What] = {
    "reset before the work": Lost("reset"),
    "reset after it": Lost("reset", carried_out=True),
    "cut short": Mangled("cut short"),
    "garbled": Mangled("garbled"),
    "damaged": Mangled("damaged"),
    "wrong id": Mangled("wrong id"),
    "html": Mangled("html"),
    "reboot": Gone(1),
    "gone": Gone(),
    **{str(code): Status(code) for code in (401, 403, 500, 503)},
    **{str(code): Faulted(code) for code in (*QUOTAS, 5, 2150858843, "w:InternalError")},
}
MESSAGES: tuple[Message, ...] = ("Command", "Receive")
IN_PLACE_OF_THE_WORK = (Status, Faulted, Gone)
OPENING: dict[str, type[NodeError]] = {
    "5": AuthError,
    **{str(code): QuotaError for code in QUOTAS},
}


def asked(node: RemoteWriter) -> None:
    assert isinstance(node.itself().host, Known)


def granted(node: RemoteWriter) -> None:
    node.grant(FOLDER, VM_IDS[0])


def told(call: Callable[[RemoteWriter], None], node: RemoteWriter) -> NodeError:
    """The error, which is one of ours and says in one line who and what."""
    with pytest.raises(NodeError) as raised:
        call(node)
    text = str(raised.value)
    assert text.isprintable()
    assert "HV01" in text
    assert "correct horse" not in text
    return raised.value


@pytest.mark.parametrize("name", WHATS)
@pytest.mark.parametrize("call", [asked, granted])
def test_a_session_that_cannot_be_opened_is_told_as_one_error(
    client: Client, mischiefs: Mischiefs, world: World, call: Callable[[RemoteWriter], None], name: str
) -> None:
    """Nothing was sent to the node then: the disk is as before."""
    before = world.tree.dump()
    mischiefs.add(Where("HV01", message="Create", times=0), WHATS[name])
    if name == "damaged":  # Create's answer has no stream: what follows has
        mischiefs.add(Where("HV01", message="Receive", times=0), WHATS[name])
    assert type(told(call, client())) is OPENING.get(name, UnreachableError)
    assert world.tree.dump() == before


@pytest.mark.parametrize(
    "name", ["reset before the work", "html", "cut short", "gone", "401", "403", "500", "503"]
)
@pytest.mark.parametrize("call", [asked, granted])
def test_a_logon_that_fails_is_told_as_one_error(
    client: Client, mischiefs: Mischiefs, world: World, call: Callable[[RemoteWriter], None], name: str
) -> None:
    before = world.tree.dump()
    mischiefs.add(Where("HV01", message="Logon", times=0), WHATS[name])
    assert type(told(call, client())) in (UnreachableError, AuthError)
    assert world.tree.dump() == before


@pytest.mark.parametrize(
    ("what", "said"), [(Gone(), "refused"), (Gone(1), "broke"), (Lost("reset"), "broke")]
)
def test_a_connection_that_is_refused(client: Client, mischiefs: Mischiefs, what: What, said: str) -> None:
    mischiefs.add(Where("HV01", message="Connection"), what)
    node = client()
    error = told(asked, node)
    if what == Gone():
        error = told(asked, node)  # the first one met the node as it went
    assert type(error) is UnreachableError
    assert said in str(error)
    if what != Gone():
        node.close()
        mended(node)


def test_a_tls_alert(client: Client, mischiefs: Mischiefs) -> None:
    mischiefs.add(Where("HV01", message="Connection", times=0), Mangled("tls alert"))
    error = told(asked, client("https"))
    assert type(error) is UnreachableError
    assert "TLS failed" in str(error)


@pytest.mark.parametrize("message", MESSAGES)
@pytest.mark.parametrize("name", WHATS)
def test_a_question_whose_answer_is_lost(
    client: Client, mischiefs: Mischiefs, message: Message, name: str
) -> None:
    mischiefs.add(Where("HV01", message=message, command="Get-VMHost"), WHATS[name])
    node = client()
    if name == "damaged" and message == "Command":
        return asked(node)  # nothing in that answer can be damaged
    quota = name in OPENING and OPENING[name] is QuotaError and message == "Command"
    assert type(told(asked, node)) is (QuotaError if quota else LostError)
    if name == "reboot":
        assert type(told(asked, node)) is UnreachableError
    if name != "gone":
        mended(node)
    return None


@pytest.mark.parametrize("at", list(itertools.product(MESSAGES, WHATS)), ids="-".join)
def test_a_write_whose_answer_is_lost(
    client: Client, mischiefs: Mischiefs, world: World, lab: Lab, at: tuple[Message, str]
) -> None:
    """LostError unless the node said itself that it took no command; then nothing is written."""
    message, name = at
    before = world.tree.dump()
    what = WHATS[name]
    mischiefs.add(Where("HV01", message=message, command="icacls.exe"), what)
    node = client()
    if name == "damaged" and message == "Command":
        return granted(node)
    error = told(granted, node)
    quota = name in OPENING and OPENING[name] is QuotaError and message == "Command"
    assert type(error) is (QuotaError if quota else LostError)
    node.close()
    lab.__exit__(None, None, None)  # what still runs ends
    not_done = isinstance(what, IN_PLACE_OF_THE_WORK) or what == Lost("reset")
    if message == "Command":
        assert (world.tree.dump() == before) is not_done
    return None


CREATE = Where("HV01", message="Create")
QUESTION = Where("HV01", message="Command", command="Get-VMHost")
WRITE = Where("HV01", message="Command", command="icacls.exe")
MOMENTS = [(asked, CREATE, UnreachableError), (asked, QUESTION, LostError), (granted, WRITE, LostError)]


@pytest.mark.parametrize(("call", "where", "kind"), MOMENTS)
def test_a_silent_node_is_given_up(
    client: Client,
    mischiefs: Mischiefs,
    call: Callable[[RemoteWriter], None],
    where: Where,
    kind: type[NodeError],
) -> None:
    mischiefs.add(where, Lost("silence"))
    node = client()
    assert type(told(call, node)) is kind
    mended(node)


def test_a_session_that_has_no_icacls_made_no_change(client: Client, world: World) -> None:
    world.faults = {"HV01": {"icacls.exe": Fault("unknown")}}
    before = world.tree.dump()
    error = told(granted, client())
    assert type(error) is CommandError
    assert "no command icacls.exe" in str(error)
    assert world.tree.dump() == before


@pytest.mark.parametrize("carried_out", [False, True])
def test_the_answer_to_a_receive_is_asked_for_again(
    client: Client, mischiefs: Mischiefs, world: World, *, carried_out: bool
) -> None:
    """Source: WIRE 1: pypsrp sends the same Receive again; the node has kept what belongs to it."""
    mischiefs.add(
        Where("HV01", message="Receive", command="icacls.exe"), Lost("silence", carried_out=carried_out)
    )
    assert client().grant(FOLDER, VM_IDS[0]).exit_code == 0
    assert world.vm("Guest1").sid in str(world.tree.dump())


@pytest.mark.parametrize(("call", "where", "kind"), MOMENTS)
def test_a_node_that_drips_is_ended_by_the_watchdogs_abort(
    client: Client,
    mischiefs: Mischiefs,
    call: Callable[[RemoteWriter], None],
    where: Where,
    kind: type[NodeError],
) -> None:
    """No read times out while a byte comes now and then."""
    mischiefs.add(where, Mangled("drip"))
    node = client()
    watchdog = threading.Timer(0.5, node.abort)
    watchdog.start()
    error = told(call, node)
    watchdog.join()
    assert type(error) is kind
    assert "in the time allowed" in str(error)


def test_a_request_is_addressed_by_its_number(client: Client, mischiefs: Mischiefs, lab: Lab) -> None:
    """Create, Receive for the pool, Command."""
    mischiefs.add(Where("HV01", request=3), Lost("reset"))
    assert type(told(asked, client())) is LostError
    assert lab.connections["HV02"] == 0


def test_another_node_is_not_touched(client: Client, mischiefs: Mischiefs) -> None:
    mischiefs.add(Where("HV02", times=0), Gone())
    asked(client())


def test_the_second_of_a_kind_is_met(client: Client, mischiefs: Mischiefs) -> None:
    mischiefs.add(Where(message="Command", nth=2), Status(503))
    node = client()
    asked(node)
    assert type(told(asked, node)) is LostError
    mended(node)


def mended(node: RemoteWriter) -> None:
    """The same client asks again, in a session of its own making."""
    asked(node)


def test_every_kind_can_be_written_in_toml() -> None:
    text = b'where = { node = "HV02", command = "icacls.exe" }\nwhat = { kind = "lost", how = "reset", carried_out = true }'
    assert msgspec.toml.decode(text, type=Mischief) == Mischief(
        Where("HV02", command="icacls.exe"), Lost("reset", carried_out=True)
    )
    assert {type(what) for what in WHATS.values()} == set(OnTheWire.__subclasses__())
