"""Commands against a world that a test holds in its hand: the real client, the real protocol, the lab's nodes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from vhdsfix.commands import apply, plan, undo
from vhdsfix.commands.requests import ApplyRequest, PlanRequest, Target, UndoRequest
from vhdsfix.commands.result import ApplyReport, Result
from vhdsfix.config import NodeAddress, Secret, Settings
from vhdsfix.lab.auth import Account
from vhdsfix.lab.mischief import Mischiefs
from vhdsfix.lab.pipeline import run_pipeline
from vhdsfix.lab.psrp import Run, SimulatedShell
from vhdsfix.lab.server import Lab, LabNode
from vhdsfix.lab.shell import OpenShell
from vhdsfix.lab.statements import Statement
from vhdsfix.lab.world import World
from vhdsfix.lab.world_mischief import SpoiltWorld
from vhdsfix.model.plan import Plan

USER = "LAB\\admin"
PASSWORD = "correct horse"


class Rehearsal:
    """A running lab. `asked`: each pipeline that a node was sent. `settle`: what was to come later comes now."""

    def __init__(
        self,
        lab: Lab,
        asked: list[tuple[str, tuple[Statement, ...]]],
        state_dir: Path,
        spoilt: SpoiltWorld | None = None,
    ) -> None:
        self.lab = lab
        self.asked = asked
        self.state_dir = state_dir
        self.settle = spoilt.settle if spoilt else lambda: None
        self.settings = Settings(
            nodes=tuple(NodeAddress(node.name, node.address, node.port) for node in lab.endpoints),
            user=USER,
            transport="http",
        )

    def target(self, *, password: str = PASSWORD, **changed: object) -> Target:
        settings = msgspec.structs.replace(self.settings, **changed)
        return Target(settings, self.state_dir, Secret(password))

    def plan(self, target: Target | None = None) -> Plan:
        result = self.plan_result(PlanRequest(target or self.target()))
        assert isinstance(result.data, Plan)
        return result.data

    def plan_result(self, request: PlanRequest) -> Result:
        return plan.run(request, lambda _step: None)

    def apply(self, request: ApplyRequest | None = None) -> ApplyReport:
        result = self.apply_result(request)
        assert isinstance(result.data, ApplyReport)
        return result.data

    def undo(self, run: str, **changed: object) -> ApplyReport:
        result = self.undo_result(UndoRequest(self.target(), run, **changed))  # type: ignore[arg-type]  # its other fields
        assert isinstance(result.data, ApplyReport)
        return result.data

    def undo_result(self, request: UndoRequest) -> Result:
        return undo.run(request, lambda _plan: True, lambda _step: None, lambda: False)

    def apply_result(self, request: ApplyRequest | None = None) -> Result:
        request = request or ApplyRequest(self.target())
        return apply.run(request, lambda _plan: True, lambda _step: None, lambda: False)


Asked = list[tuple[str, tuple[Statement, ...]]]


@contextmanager
def rehearsal(
    world: World,
    state_dir: Path,
    shells: Mapping[str, OpenShell] | None = None,
    mischiefs: Mischiefs | None = None,
) -> Iterator[Rehearsal]:
    """The world's nodes, answered by the simulation, or by what opens a shell for each node's name."""
    asked: Asked = []
    spoilt = SpoiltWorld(mischiefs) if mischiefs else None
    run = spoilt.run if spoilt else run_pipeline
    opened = shells or {node.name: _simulated(world, node.name, asked, run) for node in world.nodes}
    account = Account(USER, PASSWORD)
    up = [node.name for node in world.nodes if node.state != "Down"]
    with Lab([LabNode(name, opened[name], account, mischiefs=mischiefs) for name in up]) as lab:
        yield Rehearsal(lab, asked, state_dir, spoilt)


def _simulated(world: World, name: str, asked: Asked, run: Run) -> OpenShell:
    def watch(node: str, statements: tuple[Statement, ...]) -> None:
        asked.append((node, statements))

    return lambda _configuration_name: SimulatedShell(world, name, watch, run=run)
