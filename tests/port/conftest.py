"""What keeps the ports' contract: each entry of LANDSCAPES makes the same small world and nodes that reach it.

Another implementation joins by one more entry: a function from the world to a node for each of its names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

import pytest

from tests.fakes.nodes import FakeNode
from tests.fakes.small_world import small_world
from vhdsfix.config import Secret
from vhdsfix.lab.auth import Account
from vhdsfix.lab.psrp import SimulatedShell
from vhdsfix.lab.server import Lab, LabNode
from vhdsfix.lab.world import World
from vhdsfix.ports import Writer
from vhdsfix.remote.connection import Connection
from vhdsfix.remote.node import RemoteWriter

Nodes = Mapping[str, Writer]


@contextmanager
def fakes(world: World) -> Iterator[Nodes]:
    yield {node.name: FakeNode(world, node.name) for node in world.nodes}


@contextmanager
def remote(world: World) -> Iterator[Nodes]:
    """The real client, over the real protocol, to the lab's nodes."""
    account = Account("LAB\\admin", "correct horse")

    def listed(name: str) -> LabNode:
        return LabNode(name, lambda _configuration: SimulatedShell(world, name), account)

    with Lab([listed(node.name) for node in world.nodes]) as lab:
        nodes = {
            at.name: RemoteWriter(
                Connection(at.name, at.address, at.port, transport="http", auth="ntlm", user=account.user),
                Secret(account.password),
            )
            for at in lab.endpoints
        }
        yield nodes
        for node in nodes.values():
            node.close()


LANDSCAPES: dict[str, Callable[[World], AbstractContextManager[Nodes]]] = {"fakes": fakes, "remote": remote}


@pytest.fixture
def world() -> World:
    return small_world()


@pytest.fixture(params=sorted(LANDSCAPES))
def nodes(request: pytest.FixtureRequest, world: World) -> Iterator[Nodes]:
    with LANDSCAPES[request.param](world) as reached:
        yield reached
