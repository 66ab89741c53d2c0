"""The small world's nodes, reached as a command reaches them, by any logon and transport."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from tests.fakes.small_world import NODES, small_world
from vhdsfix.commands import plan
from vhdsfix.commands.requests import PlanRequest, Target
from vhdsfix.commands.result import Result, exit_code
from vhdsfix.config import NodeAddress, Secret, Settings
from vhdsfix.errors import ExitCode
from vhdsfix.lab.auth import Account
from vhdsfix.lab.certificates import Tls
from vhdsfix.lab.psrp import SimulatedShell
from vhdsfix.lab.server import Lab, LabNode
from vhdsfix.lab.shell import OpenShell
from vhdsfix.lab.world import World
from vhdsfix.model.plan import Plan

ADMIN = Account("LAB\\admin", "correct horse")
STRANGER = Account("LAB\\stranger", "battery staple")


class Field:
    """A running lab, and the settings that reach its nodes; `requests` counts what each has been sent."""

    def __init__(self, lab: Lab, address: str, state_dir: Path) -> None:
        self.requests = lab.requests
        self.settings = Settings(
            nodes=tuple(NodeAddress(node.name, address, node.port) for node in lab.endpoints)
        )
        self._state_dir = state_dir

    def plan(self, password: str | None = None, **said: object) -> Result:
        settings = msgspec.structs.replace(self.settings, **said)
        target = Target(settings, self._state_dir, Secret(password) if password is not None else None)
        return plan.run(PlanRequest(target), lambda _step: None)


@contextmanager
def field(
    state_dir: Path, *, admin: Account = ADMIN, tls: Tls | None = None, address: str = "127.0.0.1"
) -> Iterator[Field]:
    world = small_world()
    nodes = [LabNode(name, _shells(world, name), admin, tls=tls, others=(STRANGER,)) for name in NODES]
    with Lab(nodes) as lab:
        yield Field(lab, address, state_dir)


def lets_in(result: Result) -> bool:
    """Whether all was seen: each VM's missing grant is planned."""
    return isinstance(result.data, Plan) and result.data.complete and len(result.data.actions) == 3


def refusal(result: Result) -> str:
    """The one line a person gets when no node let us in."""
    lines = {reason.why for reason in result.reasons if reason.code is ExitCode.NO_NODE}
    assert exit_code(result.reasons, detailed=False) is ExitCode.NO_NODE, result.reasons
    (line,) = lines
    assert line.isprintable()
    return line


def _shells(world: World, node: str) -> OpenShell:
    return lambda _configuration_name: SimulatedShell(world, node)
