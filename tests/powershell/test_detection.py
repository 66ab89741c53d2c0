"""What an engineer would be told, with PowerShell's own engine on every node: the same as the lab's simulation tells."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.end_to_end.rehearsal import rehearsal
from tests.powershell.engine import engines
from tests.powershell.worlds import write_files
from vhdsfix.lab import scenarios
from vhdsfix.lab.guests import GuestAnswer
from vhdsfix.lab.shell import OpenShell
from vhdsfix.lab.world import MergeFailure, World

Change = Callable[[World], None]


def renamed_off_and_seen_twice(world: World) -> None:
    vm = world.vm("DemoGuestNode2")
    vm.clustered_as, vm.name = vm.name, "prod second node [2022] 'x'"
    vm.also_on = "HV04"
    world.vm("DemoGuestNode3").state = "Off"


def an_empty_vm_list(world: World) -> None:
    for vm in world.vms_on("HV02"):
        vm.registered = False


def a_backup_running(world: World) -> None:
    for name in ("DemoGuestNode1", "DemoGuestNode2", "DemoGuestNode3"):
        for drive in world.vm(name).drives:
            if drive.shared and drive.path and drive.path.endswith(".vhds"):
                drive.path = f"{drive.path[:-5]}_7F5B5C3E-0D5F-4C39-9C0B-6A0D5C1E2A41.avhdx"
                if world.tree.get(drive.path) is None:
                    world.add_file(drive.path)


def not_in_order_and_a_backup_running(world: World) -> None:
    a_backup_running(world)
    an_hour_ago = (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    world.cluster.config_store = f"{world.volumes[0].folder}\\Collections"
    world.cluster.config_store_state = "Offline"
    world.volumes[0].state = "Failed"
    world.node("HV01").os_version = "10.0.17763"
    world.node("HV02").merge_failures = [MergeFailure(an_hour_ago, "DemoGuestNode2")]
    world.vm("DemoGuestNode1").version = "5.0"
    world.vm("DemoGuestNode1").backup_service = False
    world.vm("DemoGuestNode3").guest_answer = GuestAnswer(return_value=32768)


CHANGES = (renamed_off_and_seen_twice, an_empty_vm_list, not_in_order_and_a_backup_running)


@pytest.mark.parametrize("change", CHANGES, ids=[change.__name__ for change in CHANGES])
def test_the_engine_and_the_simulation_find_the_same(powershell: str, change: Change, tmp_path: Path) -> None:
    disks = tmp_path / "engine"
    disks.mkdir()
    shells: dict[str, OpenShell] = {
        node: engines(powershell, {"Microsoft.PowerShell": world})
        for node, world in write_files(demo(change), disks).items()
    }
    assert found(demo(change), tmp_path / "real", shells) == found(demo(change), tmp_path / "simulated")


def demo(change: Change) -> World:
    world = scenarios.build(scenarios.load("demo"))
    change(world)
    return world


def found(world: World, folder: Path, shells: dict[str, OpenShell] | None = None) -> object:
    """Every finding and every change; without the checkpoints, of which the stand-in makes an error where there are none."""
    folder.mkdir()
    with rehearsal(world, folder, shells) as lab:
        plan = lab.plan()
    findings = [
        (one.id, one.subject, one.summary)
        for one in plan.findings
        if "recovery checkpoints" not in one.subject
    ]
    return sorted(findings), [(action.vm_name, action.run_on) for action in plan.actions], plan.complete
