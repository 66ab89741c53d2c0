"""A lab's scenario, played over the real protocol, and what plan and apply say of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.end_to_end.rehearsal import Rehearsal, rehearsal
from vhdsfix.commands.requests import ApplyRequest, PlanRequest
from vhdsfix.commands.result import ApplyReport, exit_code
from vhdsfix.errors import ExitCode
from vhdsfix.lab import picture, scenarios
from vhdsfix.lab.mischief import Mischiefs
from vhdsfix.lab.world import World
from vhdsfix.model.plan import ConfiguredGuestCluster, Plan
from vhdsfix.model.windows import FolderPath

IN_ORDER = "config-store-set"
"""Every story but one has it, so plans are told without it."""


class Told(NamedTuple):
    """What a plan says: its exit code with --detailed-exitcode, who may work where, what it would do, what it found."""

    code: ExitCode
    grants: dict[str, str]
    actions: list[str]
    findings: list[str]


class Story:
    """A scenario that is being played, with the config that its admin would have."""

    def __init__(self, lab: Rehearsal, world: World, guests: tuple[ConfiguredGuestCluster, ...]) -> None:
        self.lab = lab
        self.world = world
        self.target = lab.target(guest_clusters=guests)

    def look(self) -> Plan:
        return self.lab.plan(self.target)

    def plan(self) -> Told:
        result = self.lab.plan_result(PlanRequest(self.target))
        assert isinstance(result.data, Plan)
        self.agrees_with_the_labs_own_reading(result.data)
        found = sorted(one.id for one in result.data.findings if one.id != IN_ORDER)
        actions = [f"grant {action.vm_name}, on {action.run_on}" for action in result.data.actions]
        return Told(exit_code(result.reasons, detailed=True), verdicts(result.data), actions, found)

    def agrees_with_the_labs_own_reading(self, plan: Plan) -> None:
        """Both know who may work on a folder and on all its files, though neither asks the other."""
        may = may_work(picture.of(self.world))
        granted = {who: verdict == "granted" for who, verdict in verdicts(plan).items()}
        assert granted == {who: may[who] for who in granted}

    def apply(self, *accept_reach: FolderPath) -> tuple[ExitCode, list[str]]:
        """The exit code, and how each action ended."""
        result = self.lab.apply_result(ApplyRequest(self.target, accept_reach=accept_reach))
        assert isinstance(result.data, ApplyReport)
        ended = [f"{one.action.vm_name}: {type(one.outcome).__name__}" for one in result.data.outcomes]
        return exit_code(result.reasons, detailed=False), ended


def verdicts(plan: Plan) -> dict[str, str]:
    return {f"{vm.name} in {folder.path.name}": vm.verdict for folder in plan.folders for vm in folder.vms}


@contextmanager
def played(name: str, tmp_path: Path) -> Iterator[Story]:
    scenario = scenarios.load(name)
    world = scenarios.build(scenario)
    guests = tuple(
        ConfiguredGuestCluster(guest.name, nodes=tuple(guest.nodes)) for guest in scenario.guest_cluster
    )
    mischiefs = Mischiefs(scenario.mischief) if scenario.mischief else None
    with rehearsal(world, tmp_path, mischiefs=mischiefs) as lab:
        yield Story(lab, world, guests)


def may_work(branch: picture.Branch) -> dict[str, bool]:
    """By VM and folder: full control of the folder and of every file in it."""
    name = branch.text.partition(" (")[0]
    told = {
        f"{vm} in {name}": access == "yes" and not any(vm in dict(file.access) for file in branch.below)
        for vm, access in branch.access
        if branch.below
    }
    for below in branch.below:
        told |= may_work(below)
    return told
