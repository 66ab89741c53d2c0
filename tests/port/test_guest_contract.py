"""What every GuestReader does, whatever is behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from tests.fakes.nodes import FakeGuest
from tests.fakes.small_world import small_world
from vhdsfix.config import Secret
from vhdsfix.errors import AuthError
from vhdsfix.lab.auth import Account
from vhdsfix.lab.faults import Fault, Kind
from vhdsfix.lab.psrp import SimulatedShell
from vhdsfix.lab.server import Lab, LabNode
from vhdsfix.lab.world import World
from vhdsfix.model.facts import ClusterNode
from vhdsfix.model.readings import Known, Unknown
from vhdsfix.ports import GuestReader
from vhdsfix.remote.connection import Connection
from vhdsfix.remote.guest import RemoteGuest
from vhdsfix.remote.guest_facts import MOST_NODES

ACCOUNT = Account("GUESTS\\admin", "inside")


@contextmanager
def fake(world: World, _password: str) -> Iterator[GuestReader]:
    yield FakeGuest(world, "SQL", "sqlg1")


@contextmanager
def remote(world: World, password: str = ACCOUNT.password) -> Iterator[GuestReader]:
    listening = LabNode("sqlg1", lambda _configuration: SimulatedShell(world, world.nodes[0].name), ACCOUNT)
    with Lab([listening]) as lab:
        (at,) = lab.endpoints
        to = Connection(at.name, at.address, at.port, transport="http", auth="ntlm", user=ACCOUNT.user)
        guest = RemoteGuest("SQL", to, Secret(password))
        yield guest
        guest.close()


LANDSCAPES: dict[str, Callable[[World, str], AbstractContextManager[GuestReader]]] = {
    "fake": fake,
    "remote": remote,
}


@pytest.fixture
def world() -> World:
    """The guests' own: its nodes are the guests, and there is nothing else."""
    made = small_world()
    made.cluster.name = "SQLGUEST"
    return made


@pytest.fixture(params=sorted(LANDSCAPES))
def guest(request: pytest.FixtureRequest, world: World) -> Iterator[GuestReader]:
    with LANDSCAPES[request.param](world, ACCOUNT.password) as reached:
        yield reached


def test_it_says_whose_it_is_who_logs_on_and_where(guest: GuestReader) -> None:
    assert (guest.guest_cluster, guest.account, guest.node) == ("SQL", "guests\\admin", "sqlg1")


def test_it_tells_the_clusters_name_and_its_nodes_with_their_states(guest: GuestReader, world: World) -> None:
    world.nodes[1].state = "Down"
    guest.connect()
    facts = guest.itself()
    assert (facts.configured, facts.name) == ("SQL", Known("SQLGUEST"))
    assert isinstance(facts.nodes, Known)
    assert [(node.name, node.state) for node in facts.nodes.value] == [("HV01", 0), ("HV02", 1), ("HV03", 0)]
    assert all(isinstance(node, ClusterNode) for node in facts.nodes.value)


def test_a_wrong_password_is_refused_and_not_shown(world: World) -> None:
    with remote(world, "not this one") as guest, pytest.raises(AuthError) as refused:
        guest.connect()
    assert "sqlg1" in str(refused.value)
    assert "not this one" not in str(refused.value)


def test_a_guest_that_names_more_nodes_than_a_cluster_has_is_not_believed(world: World) -> None:
    world.nodes = [type(world.nodes[0])(f"N{number}") for number in range(MOST_NODES + 1)]
    with remote(world) as guest:
        nodes = guest.itself().nodes
    assert isinstance(nodes, Unknown)
    assert "more than a cluster can have" in nodes.why


def test_a_name_longer_than_any_is_not_believed(world: World) -> None:
    world.nodes[2].name = "n" * 256
    world.cluster.name = "c" * 256
    with remote(world) as guest:
        facts = guest.itself()
    assert isinstance(facts.nodes, Unknown)
    assert isinstance(facts.name, Unknown)


@pytest.mark.parametrize("kind", ["unknown", "terminating", "nonterminating", "denied", "empty"])
def test_a_guest_that_cannot_list_its_nodes_still_tells_its_name(world: World, kind: Kind) -> None:
    world.faults = {world.nodes[0].name: {"Get-ClusterNode": Fault(kind)}}
    with remote(world) as guest:
        facts = guest.itself()
    assert isinstance(facts.nodes, Unknown)
    assert "sqlg1 did not tell the cluster's nodes" in facts.nodes.why
    assert facts.name == Known("SQLGUEST")


@pytest.mark.parametrize("kind", ["unknown", "terminating", "nonterminating", "denied", "empty"])
def test_a_guest_that_cannot_tell_its_name_still_lists_its_nodes(world: World, kind: Kind) -> None:
    world.faults = {world.nodes[0].name: {"Get-Cluster": Fault(kind)}}
    with remote(world) as guest:
        facts = guest.itself()
    assert isinstance(facts.name, Unknown)
    assert isinstance(facts.nodes, Known)


@pytest.mark.parametrize("name", ["Name", "State"])
def test_a_null_where_there_must_be_something_is_unknown(world: World, name: str) -> None:
    world.faults = {world.nodes[0].name: {"Get-ClusterNode": Fault("null", property=name)}}
    with remote(world) as guest:
        assert isinstance(guest.itself().nodes, Unknown)
