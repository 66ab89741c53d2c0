"""A small world in which things go wrong, and the real client that meets them."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.fakes.small_world import NODES, small_world
from tests.mischief.limits import SHORT
from vhdsfix.config import Secret, Transport
from vhdsfix.lab.auth import Account
from vhdsfix.lab.mischief import Mischiefs
from vhdsfix.lab.psrp import SimulatedShell
from vhdsfix.lab.server import Lab, LabNode
from vhdsfix.lab.statements import Statement
from vhdsfix.lab.world import World
from vhdsfix.lab.world_mischief import SpoiltWorld
from vhdsfix.remote.connection import Connection
from vhdsfix.remote.limits import TimeLimits
from vhdsfix.remote.node import RemoteWriter

ACCOUNT = Account("LAB\\admin", "correct horse")

Client = Callable[..., RemoteWriter]


@pytest.fixture(autouse=True)
def the_lab_itself_does_not_fail() -> Iterator[None]:
    with capture_logs() as logged:
        yield
    assert [line for line in logged if line["log_level"] == "error"] == []


@pytest.fixture
def world() -> World:
    return small_world()


@pytest.fixture
def mischiefs() -> Mischiefs:
    return Mischiefs()


@pytest.fixture
def sent() -> list[str]:
    """The first command of each pipeline that ran on any node."""
    return []


@pytest.fixture
def lab(
    world: World, mischiefs: Mischiefs, sent: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Lab]:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = set(threading.enumerate())
    spoilt = SpoiltWorld(mischiefs)

    def watch(_node: str, statements: tuple[Statement, ...]) -> None:
        sent.append(statements[0][0].name)

    def listed(name: str) -> LabNode:
        return LabNode(
            name,
            lambda _name: SimulatedShell(world, name, watch, run=spoilt.run),
            ACCOUNT,
            mischiefs=mischiefs,
        )

    with Lab([listed(name) for name in NODES]) as running:
        yield running
    assert set(threading.enumerate()) == before, "the lab left a thread behind"


@pytest.fixture
def client(lab: Lab) -> Iterator[Client]:
    """Makes a client of the first node."""
    with ExitStack() as opened:

        def made(transport: Transport = "http", limits: TimeLimits = SHORT) -> RemoteWriter:
            at = lab.endpoints[0]
            way = Connection(at.name, at.address, at.port, transport, auth="ntlm", user=ACCOUNT.user)
            writer = RemoteWriter(way, Secret(ACCOUNT.password), limits)
            opened.callback(writer.close)
            return writer

        yield made
