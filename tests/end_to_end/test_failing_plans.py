"""Each command that a plan asks, each way of failing, on every node at once: what the plan then says.

The places of a batch are test_failing_questions.py's: here it counts that no failure makes a grant unnecessary or a VM missing.
"""

from __future__ import annotations

import pytest

from tests.end_to_end.rehearsal import Rehearsal
from vhdsfix.lab.faults import Fault, Kind
from vhdsfix.lab.world import World
from vhdsfix.model.plan import Plan

KINDS: tuple[Kind, ...] = ("unknown", "denied", "terminating", "nonterminating", "null", "empty")
ALL = {"DemoGuestNode2", "DemoGuestNode3"}
NULL_IN = {
    "Get-Cluster": "Name",
    "Get-ClusterNode": "State",
    "Get-ClusterSharedVolume": "Name",
    "Get-ClusterResource": "Name",
    "Get-ClusterParameter": "Value",
    "Get-VMHost": "Name",
    "Get-VM": "Id",
    "Get-VMHardDiskDrive": "VMId",
    "Get-Item": "Attributes",
    "Get-ChildItem": "PSIsContainer",
    "Get-Acl": "Sddl",
}
CONSEQUENCES = {"grant-missing", "guest-cluster-incomplete"}
# What a plan says when the command fails on every node: findings besides these, and whose grants it still plans.
SAYS: dict[str, tuple[set[str], set[str]]] = {
    "Get-Cluster": ({"reading-unknown", "config-store-unset"}, ALL),
    "Get-ClusterNode": ({"reading-unknown", "config-store-unset"}, ALL),
    "Get-ClusterSharedVolume": ({"reading-unknown", "config-store-unset"}, set()),
    "Get-ClusterResource": ({"reading-unknown"}, ALL),
    "Get-ClusterParameter": ({"reading-unknown"}, ALL),
    "Get-VMHost": ({"reading-unknown", "access-unknown", "config-store-unset"}, set()),
    "Get-VM": ({"reading-unknown", "vm-not-shown", "config-store-unset"}, set()),
    "Get-VMHardDiskDrive": ({"reading-unknown", "config-store-unset"}, set()),
    "Get-Item": ({"reading-unknown", "config-store-unset"}, set()),
    "Get-ChildItem": ({"reading-unknown", "access-unknown", "config-store-unset"}, set()),
    "Get-Acl": ({"access-unknown", "config-store-unset"}, set()),
}


# Null and empty are how an unset ConfigStoreRootPath looks (FACTS 1.3); an empty VM list is no error, just not believed.
SAYS_BESIDES = {
    ("Get-ClusterParameter", "null"): {"reading-unknown", "config-store-unset"},
    ("Get-ClusterParameter", "empty"): {"reading-unknown", "config-store-unset"},
    ("Get-VM", "empty"): {"vm-not-shown", "config-store-unset"},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("command", SAYS)
def test_what_the_plan_says(lab: Rehearsal, world: World, command: str, kind: Kind) -> None:
    fault = Fault(kind, property=NULL_IN[command]) if kind == "null" else Fault(kind)
    world.faults = {node.name: {command: fault} for node in world.nodes}

    plan = lab.plan()

    said, still_granted = SAYS[command]
    said = SAYS_BESIDES.get((command, kind), said)
    assert not plan.complete
    assert {found.id for found in plan.findings} - CONSEQUENCES == said
    assert {action.vm_name for action in plan.actions} == still_granted
    assert verdicts(plan) <= {("DemoGuestNode1", "granted"), *((vm, "missing") for vm in ALL), *unknown()}


# What no grant rests on: a property that may not be null, in what is asked of each command.
BESIDES = {
    "Get-VHDSet": "AllPaths",
    "Get-VMIntegrationService": "Enabled",
    "Get-VMSnapshot": "VMId",
    "Get-WinEvent": "TimeCreated",
    "Get-CimInstance": "GuestIntrinsicExchangeItems",
    "Get-CimAssociatedInstance": "Name",
    "Invoke-CimMethod": "ReturnValue",
}
IN_ORDER = {"grant-missing", "config-store-unset"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("command", BESIDES)
def test_what_no_grant_rests_on_takes_none_away(
    lab: Rehearsal, world: World, command: str, kind: Kind
) -> None:
    fault = Fault(kind, property=BESIDES[command]) if kind == "null" else Fault(kind)
    world.faults = {node.name: {command: fault} for node in world.nodes}

    plan = lab.plan()

    assert {action.vm_name for action in plan.actions} == ALL
    assert plan.complete
    assert {found.id for found in plan.findings} - IN_ORDER <= {"check-not-made"}
    if kind in ("unknown", "denied", "terminating"):
        assert "check-not-made" in {found.id for found in plan.findings}


def verdicts(plan: Plan) -> set[tuple[str, str]]:
    return {(vm.name, vm.verdict) for folder in plan.folders for vm in folder.vms}


def unknown() -> set[tuple[str, str]]:
    return {(vm, "unknown") for vm in (*ALL, "DemoGuestNode1")}
