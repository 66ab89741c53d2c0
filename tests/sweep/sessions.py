"""Sessions opened and closed one after another leave no thread, socket or shell behind."""

from __future__ import annotations

import threading
from pathlib import Path

from vhdsfix.config import Secret
from vhdsfix.lab import scenarios
from vhdsfix.lab.auth import Account
from vhdsfix.lab.psrp import SimulatedShell
from vhdsfix.lab.server import Lab, LabNode
from vhdsfix.lab.world import World
from vhdsfix.remote.connection import Connection
from vhdsfix.remote.node import RemoteReader

FULL = 1000
ACCOUNT = Account("LAB\\admin", "correct horse")
MOST_AT_ONCE = 4
"""Threads, and open files, that one session and the lab may have beside those of the lab alone."""


class Counted(SimulatedShell):
    def __init__(self, world: World, node: str, count: dict[str, int]) -> None:
        super().__init__(world, node)
        self._count = count
        count["opened"] += 1

    async def close(self) -> None:
        self._count["closed"] += 1
        await super().close()


def run(count: int, seed: int) -> str:
    """`seed` says nothing here: there is one way to do it."""
    del seed
    world = scenarios.build(scenarios.load("demo"))
    shells = {"opened": 0, "closed": 0}
    before = (threading.active_count(), _open_files())
    with Lab([LabNode("HV01", lambda _: Counted(world, "HV01", shells), ACCOUNT)]) as lab:
        alone = (threading.active_count(), _open_files())
        for _ in range(count):
            _one_session(lab)
            assert threading.active_count() <= alone[0] + MOST_AT_ONCE
            assert _open_files() <= alone[1] + MOST_AT_ONCE
        assert shells == {"opened": count, "closed": count}
    assert (threading.active_count(), _open_files()) == before
    return f"{count:,} sessions opened and closed, nothing left"


def _one_session(lab: Lab) -> None:
    at = lab.endpoints[0]
    to = Connection(at.name, at.address, at.port, transport="http", auth="ntlm", user=ACCOUNT.user)
    reader = RemoteReader(to, Secret(ACCOUNT.password))
    assert reader.itself().name == "HV01"
    reader.close()


def _open_files() -> int:
    """0 where the system does not tell."""
    folder = Path("/proc/self/fd")
    return sum(1 for _ in folder.iterdir()) if folder.exists() else 0
