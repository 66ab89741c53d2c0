"""PowerShell's own engine takes the lab's worlds, and shows them as the lab's rows say."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

from tests.powershell.engine import engines
from tests.powershell.worlds import to_engine, write_files
from vhdsfix.lab import scenarios
from vhdsfix.lab.auth import Account
from vhdsfix.lab.faults import Fault
from vhdsfix.lab.server import Lab, LabNode
from vhdsfix.lab.world import World

ENGINE = os.environ.get("VHDSFIX_POWERSHELL", "")

pytestmark = pytest.mark.skipif(
    not ENGINE, reason="VHDSFIX_POWERSHELL is not set: it names the program that starts the engine"
)

NODE = "HV01"
FOLDER = "C:\\ClusterStorage\\NTFS-03\\GuestClustersSharedDisks"
ENUMS = {
    "State": {"Up": 0, "Online": 2, "Running": 2},
    "ControllerType": {"SCSI": 1},
    "ParameterType": {"String": 3},
}

Commands = list[tuple[str, dict[str, Any]]]
Ask = Callable[[Commands, list[str]], list[dict[str, Any]]]


@pytest.fixture
def world() -> World:
    world = scenarios.build(scenarios.load("demo"))
    world.tree.add(FOLDER + "\\hidden.avhdx", file=True, hidden=True, size=5)
    world.faults = {NODE: {"Get-VMHost": Fault("terminating", error_id="Broken")}}
    return world


@pytest.fixture
def ask(world: World, tmp_path: Path) -> Iterator[Ask]:
    """Runs one pipeline on the engine as a node and gives these properties of its objects, from JSON."""
    shells = engines(ENGINE, {"Microsoft.PowerShell": write_files(world, tmp_path)[NODE]})
    with Lab([LabNode(NODE, shells, Account("lab", "secret"))]) as lab:
        at = lab.endpoints[0]
        wsman = WSMan(
            at.address, port=at.port, ssl=False, auth="ntlm", username="lab", password="secret", no_proxy=True
        )
        with wsman, RunspacePool(wsman) as pool:

            def answers(commands: Commands, properties: list[str]) -> list[dict[str, Any]]:
                with PowerShell(pool) as pipeline:
                    for name, parameters in commands:
                        pipeline.add_cmdlet(name).add_parameters(parameters)
                    pipeline.add_cmdlet("Select-Object").add_parameter("Property", properties)
                    pipeline.add_cmdlet("ConvertTo-Json").add_parameters({"Compress": True, "Depth": 3})
                    output = pipeline.invoke()
                    for error in pipeline.streams.error:
                        raise RuntimeError(str(error))
                (text,) = output
                answer = json.loads(text)
                return answer if isinstance(answer, list) else [answer]

            yield answers


def as_json(row: dict[str, Any]) -> dict[str, Any]:
    """A row as ConvertTo-Json writes it: enums as numbers."""
    return {name: ENUMS[name][value] if name in ENUMS else value for name, value in row.items()}


def names_only(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer with objects inside reduced to what identifies them."""
    return {
        name: value["Name"] if isinstance(value, dict) and "Name" in value else value
        for name, value in answer.items()
    }


def test_every_cmdlet_shows_the_rows_of_the_world(world: World, ask: Ask) -> None:
    piped: dict[str, Commands] = {
        "Get-VMHardDiskDrive": [("Get-VM", {}), ("Get-VMHardDiskDrive", {})],
        "Get-ClusterParameter": [
            ("Get-ClusterResource", {"Name": ["Virtual Machine*"]}),
            ("Get-ClusterParameter", {}),
        ],
    }
    for cmdlet in (
        "Get-Cluster",
        "Get-ClusterNode",
        "Get-ClusterSharedVolume",
        "Get-ClusterResource",
        "Get-VM",
        "Get-VMHardDiskDrive",
        "Get-ClusterParameter",
    ):
        rows = [as_json(row) for row in world.rows(NODE, cmdlet)]
        flat = [name for name in rows[0] if name not in ("DVDDrives", "SharedVolumeInfo")]
        answers = ask(piped.get(cmdlet, [(cmdlet, {})]), flat)
        expected = [{name: names_only(row)[name] for name in flat} for row in rows]
        key = str  # the resources that parameters are asked of come in their own order
        assert sorted(map(names_only, answers), key=key) == sorted(expected, key=key), cmdlet


def test_what_an_object_is_counts_as_its_name_and_volumes_say_where_they_are(world: World, ask: Ask) -> None:
    resources: tuple[str, dict[str, Any]] = ("Get-ClusterResource", {})
    only_vms = ("Where-Object", {"Property": "ResourceType", "Like": True, "Value": "Virtual Machine"})
    ids = ask([resources, only_vms, ("Get-ClusterParameter", {"Name": ["VmID"]})], ["Value"])
    assert {row["Value"] for row in ids} == {vm.id for vm in world.vms if vm.clustered}
    volumes = ask([("Get-ClusterSharedVolume", {})], ["SharedVolumeInfo"])
    assert [row["SharedVolumeInfo"][0]["FriendlyVolumeName"] for row in volumes] == [
        v.folder for v in world.volumes
    ]


def test_the_disks_are_the_worlds(world: World, ask: Ask) -> None:
    children = ask(
        [("Get-ChildItem", {"LiteralPath": [FOLDER], "Force": True}), ("Get-Acl", {})],
        ["PSChildName", "Sddl"],
    )
    expected = {path.rpartition("\\")[2]: entry.sddl for path, entry in world.tree.children(FOLDER)}
    assert {row["PSChildName"]: row["Sddl"] for row in children} == expected
    above = ["C:\\", "C:\\ClusterStorage", "C:\\ClusterStorage\\NTFS-03", FOLDER]
    items = ask([("Get-Item", {"LiteralPath": above, "Force": True})], ["FullName", "Attributes"])
    reparse_point = 0x400
    assert [bool(row["Attributes"] & reparse_point) for row in items] == [False, False, True, False]


def test_a_fault_of_the_world_is_the_engines(ask: Ask) -> None:
    with pytest.raises(RuntimeError, match="The operation failed"):
        ask([("Get-VMHost", {})], ["Name"])


def test_a_fault_that_the_engine_cannot_play_is_said(world: World) -> None:
    world.faults = {NODE: {"Get-VM": Fault("unknown")}}
    with pytest.raises(ValueError, match="unknown for Get-VM"):
        to_engine(world, NODE)
