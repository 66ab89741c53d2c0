"""What an engineer would be told before the backup window, over the real protocol."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.end_to_end.rehearsal import Rehearsal
from vhdsfix.lab.faults import Fault
from vhdsfix.lab.guests import GuestAnswer
from vhdsfix.lab.world import Checkpoint, MergeFailure, World
from vhdsfix.model.plan import Plan

VMS = ("DemoGuestNode1", "DemoGuestNode2", "DemoGuestNode3")
LACKING = {"DemoGuestNode2", "DemoGuestNode3"}
ALWAYS = {"grant-missing", "config-store-unset"}
"""What the demo's story is about."""


def ago(hours: float) -> str:
    return (datetime.now(UTC) - timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def said(plan: Plan) -> dict[str, str]:
    """By kind of finding, its subject; without what the demo always has."""
    return {found.id: found.subject for found in plan.findings if found.id not in ALWAYS}


def granted_to(plan: Plan) -> set[str]:
    return {action.vm_name for action in plan.actions}


def test_a_vm_that_was_renamed_after_it_was_clustered(lab: Rehearsal, world: World) -> None:
    vm = world.vm("DemoGuestNode2")
    vm.clustered_as, vm.name = vm.name, "prod second node [2022]"

    plan = lab.plan()

    assert granted_to(plan) == {"prod second node [2022]", "DemoGuestNode3"}
    assert plan.complete
    assert said(plan) == {}


def test_a_guest_cluster_with_a_node_that_is_off(lab: Rehearsal, world: World) -> None:
    world.vm("DemoGuestNode3").state = "Off"

    plan = lab.plan()

    assert granted_to(plan) == LACKING
    assert plan.complete
    assert said(plan) == {}


def test_a_backup_that_is_running(lab: Rehearsal, world: World) -> None:
    """The drives show the checkpoint's files, and the checkpoint is young: nothing is wrong with that."""
    vm = world.vm("DemoGuestNode1")
    vm.checkpoints = [Checkpoint("DemoGuestNode1 - Backup", ago(0.5))]
    for name in VMS:
        for drive in world.vm(name).drives:
            if drive.shared and drive.path and drive.path.endswith(".vhds"):
                drive.path = f"{drive.path[:-5]}_7F5B5C3E-0D5F-4C39-9C0B-6A0D5C1E2A41.avhdx"
                if world.tree.get(drive.path) is None:
                    world.add_file(drive.path)

    plan = lab.plan()

    assert granted_to(plan) == LACKING
    assert not {"recovery-checkpoint-left", "avhdx-of-no-disk"} & said(plan).keys()


def test_a_checkpoint_that_a_backup_left(lab: Rehearsal, world: World) -> None:
    world.vm("DemoGuestNode1").checkpoints = [Checkpoint("DemoGuestNode1 - Backup", ago(72))]
    assert said(lab.plan()) == {"recovery-checkpoint-left": "DemoGuestNode1"}


def test_a_node_that_answers_and_shows_no_vm(lab: Rehearsal, world: World) -> None:
    for vm in world.vms_on("HV02"):
        vm.registered = False

    plan = lab.plan()

    assert not plan.complete
    assert granted_to(plan) == {"DemoGuestNode3"}
    assert {"vm-not-shown", "guest-cluster-incomplete"} <= said(plan).keys()
    assert "stale-entry" not in said(plan)


def test_a_vm_that_is_seen_twice_for_a_moment(lab: Rehearsal, world: World) -> None:
    world.vm("DemoGuestNode2").also_on = "HV04"

    plan = lab.plan()

    assert [action.run_on for action in plan.actions if action.vm_name == "DemoGuestNode2"] == ["HV02"]
    assert plan.complete
    assert said(plan) == {}


@pytest.mark.parametrize("language", ["de", "pl"])
def test_a_localised_host(lab: Rehearsal, world: World, language: str) -> None:
    for node in world.nodes:
        node.language = "de" if language == "de" else "pl"
    world.vm("DemoGuestNode1").backup_service = False
    world.node("HV01").merge_failures = [MergeFailure(ago(1), "DemoGuestNode1", "0x80070020")]

    plan = lab.plan()

    assert granted_to(plan) == LACKING
    assert said(plan) == {"backup-service-off": "DemoGuestNode1", "merge-locked": "DemoGuestNode1"}


def test_a_merge_that_was_refused_and_the_grant_that_mends_it(lab: Rehearsal, world: World) -> None:
    """Afterwards the journal knows that the grant is younger than the event, which is then only a note."""
    world.node("HV02").merge_failures = [MergeFailure(ago(1), "DemoGuestNode2")]
    assert [found.action is not None for found in lab.plan().findings if found.id == "merge-denied"] == [True]

    lab.apply()

    (found,) = (found for found in lab.plan().findings if found.id.startswith("merge-denied"))
    assert found.id == "merge-denied-earlier"
    assert any("made and proved at" in line for line in found.evidence)


def test_errors_before_they_happen(lab: Rehearsal, world: World) -> None:
    world.vm("DemoGuestNode3").guest_answer = GuestAnswer(return_value=32768)
    assert said(lab.plan())["guest-cluster-not-answering"] == "DemoGuestNode3"


def test_a_host_cluster_that_is_not_in_order(lab: Rehearsal, world: World) -> None:
    world.cluster.config_store = f"{world.volumes[0].folder}\\Collections"
    world.cluster.config_store_state = "Offline"
    world.volumes[0].state = "Failed"
    world.node("HV03").os_version = "6.3.9600"
    world.vm("DemoGuestNode1").version = "5.0"

    assert set(said(lab.plan())) >= {
        "config-store-resource-offline",
        "config-store-volume-offline",
        "host-too-old",
        "host-versions-mixed",
        "vm-version-old",
    }


@pytest.mark.parametrize(
    "command", ["Get-VHDSet", "Get-VMIntegrationService", "Get-VMSnapshot", "Get-WinEvent", "Get-CimInstance"]
)
def test_a_check_that_cannot_be_made_is_one_note_and_costs_nothing_else(
    lab: Rehearsal, world: World, command: str
) -> None:
    world.faults = {node.name: {command: Fault("denied")} for node in world.nodes}

    plan = lab.plan()

    assert plan.complete
    assert granted_to(plan) == LACKING
    assert said(plan).keys() == {"check-not-made"}


def test_entries_of_vms_that_are_gone(lab: Rehearsal, world: World) -> None:
    folder = lab.plan().folders[0].path
    stale = "S-1-5-83-1-3655396106-1351506743-3915871121-3476744365"
    entry = world.tree.get(folder)
    assert entry
    world.set_sddl(folder, entry.sddl.replace("(A;", f"(A;OI;FA;;;{stale})(A;", 1))
    assert said(lab.plan()) == {"stale-entry": folder}

    world.node("HV04").state = "Down"
    world.vm("DemoGuestNode3").registered = False
    assert "stale-entry" not in said(lab.plan())
