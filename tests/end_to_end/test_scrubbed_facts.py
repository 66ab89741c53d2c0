"""A bug report that can be judged again: facts that say nothing of whose they are, and the same plan from them."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.end_to_end.rehearsal import Rehearsal, rehearsal
from vhdsfix.commands.requests import PlanRequest
from vhdsfix.lab import scenarios
from vhdsfix.model.plan import Accepted, ConfiguredGuestCluster, Plan
from vhdsfix.model.windows import FolderPath

SECRETS = (
    "demoguest",
    "lab-cluster",
    "hv0",
    "guestclusters",
    "ntfs-0",
    "corp",
    "lab.example",
    "d3599536",
    "anna",
)


def outline(plan: Plan) -> object:
    verdicts = sorted(vm.verdict for folder in plan.folders for vm in folder.vms)
    return (
        sorted((found.id, bool(found.accepted)) for found in plan.findings),
        verdicts,
        len(plan.actions),
        plan.complete,
    )


def replayed(lab: Rehearsal, facts: Path) -> Plan:
    target = msgspec.structs.replace(lab.target(), settings=msgspec.structs.replace(lab.settings, nodes=()))
    plan = lab.plan_result(PlanRequest(target, facts=facts)).data
    assert isinstance(plan, Plan)
    return plan


@pytest.mark.parametrize(
    "scenario", ["demo", "wide-reach", "renamed-vm", "node-down", "shared-folder", "moved-files"]
)
def test_scrubbed_facts_give_the_same_plan(scenario: str, tmp_path: Path) -> None:
    facts = tmp_path / "facts.json"
    with rehearsal(scenarios.build(scenarios.load(scenario)), tmp_path) as lab:
        plan = lab.plan_result(PlanRequest(lab.target(), facts_out=facts, scrub=True)).data
        assert isinstance(plan, Plan)

        assert outline(replayed(lab, facts)) == outline(plan)
        text = facts.read_text(encoding="utf-8").casefold()
        for name in (
            plan.cluster.name,
            *(vm.name for vm in plan.inventory.vms),
            *(vm.vm_id for vm in plan.inventory.vms),
        ):
            assert name.casefold() not in text


def test_what_was_asked_for_is_saved_and_scrubbed_with_the_facts(lab: Rehearsal, tmp_path: Path) -> None:
    folder = lab.plan().folders[0].path
    target = lab.target(
        guest_clusters=(
            ConfiguredGuestCluster("DemoGuestCluster", nodes=("DemoGuestNode1", "nobody.corp.example")),
        ),
        accepted=(Accepted("guest-node-unmatched", "nobody.corp.example", "Anna knows"),),
    )
    facts = tmp_path / "facts.json"
    request = PlanRequest(target, folders=(FolderPath(folder.upper()),), facts_out=facts, scrub=True)

    plan = lab.plan_result(request).data

    assert isinstance(plan, Plan)
    again = replayed(lab, facts)
    assert outline(again) == outline(plan)
    assert {found.id for found in again.findings if found.accepted} == {"guest-node-unmatched"}
    assert len(again.scope.folders) == 1
    text = facts.read_text(encoding="utf-8").casefold()
    assert [secret for secret in SECRETS if secret in text] == []
