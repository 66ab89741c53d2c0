"""The lab's worlds: what `demo` holds, and what a scenario's file can say."""

from __future__ import annotations

from typing import Any

import pytest

from vhdsfix.errors import LabError
from vhdsfix.lab import scenarios
from vhdsfix.lab.world import Vm, World, from_json, to_json

FOLDER = "C:\\ClusterStorage\\NTFS-03\\GuestClustersSharedDisks"

SMALL = """
about = "small"
[cluster]
name = "C"
domain = "d.example"
[[node]]
name = "N1"
[[node]]
name = "N2"
state = "Down"
[[volume]]
name = "V1"
folder = 'C:\\ClusterStorage\\V1'
owner = "N1"
[[vm]]
id = "{D9E0EB0A-5B37-508E-9173-67E9ADE83ACF}"
name = "A1"
node = "n1"
"""


@pytest.fixture
def demo() -> World:
    return scenarios.build(scenarios.load("demo"))


def small(more: str) -> World:
    return scenarios.build(scenarios.read(SMALL + more, "small"))


def sddl(world: World, path: str) -> str:
    entry = world.tree.get(path)
    assert entry is not None
    return entry.sddl


def names(rows: list[dict[str, Any]]) -> list[str]:
    return [row["Name"] for row in rows]


def test_demo_is_among_the_labs_scenarios() -> None:
    assert "demo" in scenarios.names()
    assert scenarios.load("demo").about


def test_in_demo_one_of_three_vms_has_its_grant_on_folder_and_files(demo: World) -> None:
    guests = [demo.vm(f"DemoGuestNode{number}") for number in (1, 2, 3)]
    assert len({vm.node for vm in guests}) == 3
    items = [sddl(demo, FOLDER), *(entry.sddl for _, entry in demo.tree.children(FOLDER))]
    assert len(items) == 4
    for text in items:
        assert [vm.sid in text for vm in guests] == [True, False, False]


def test_in_demo_each_node_shows_its_own_vms_and_drives(demo: World) -> None:
    shown = {node.name: names(demo.rows(node.name, "Get-VM")) for node in demo.nodes}
    assert shown == {
        "HV01": ["DemoGuestNode1", "FS01"],
        "HV02": ["DemoGuestNode2"],
        "HV03": ["DemoGuestNode3"],
        "HV04": ["SQL01", "TEST01"],
    }
    shared = [
        row["Path"]
        for row in demo.rows("HV02", "Get-VMHardDiskDrive")
        if row["SupportPersistentReservations"]
    ]
    assert shared == [FOLDER + "\\GuestClusterDisk.vhds"]
    no_path = [row for row in demo.rows("HV04", "Get-VMHardDiskDrive") if row["Path"] is None]
    assert [row["DiskNumber"] for row in no_path] == [7]
    (fs01,) = (row for row in demo.rows("HV01", "Get-VM") if row["Name"] == "FS01")
    assert [drive["Path"] for drive in fs01["DVDDrives"]] == [None]


def test_in_demo_every_drives_file_is_there(demo: World) -> None:
    for vm in demo.vms:
        for drive in vm.drives:
            assert drive.path is None or demo.tree.get(drive.path), drive.path


def test_the_cluster_shows_the_same_on_every_node(demo: World) -> None:
    for cmdlet in ("Get-Cluster", "Get-ClusterNode", "Get-ClusterSharedVolume", "Get-ClusterResource"):
        assert demo.rows("HV01", cmdlet) == demo.rows("HV04", cmdlet)
    (cluster,) = demo.rows("HV01", "Get-Cluster")
    assert (cluster["Name"], cluster["Domain"]) == ("LAB-CLUSTER", "lab.example")
    assert cluster["SharedVolumesRoot"] == "C:\\ClusterStorage"
    mounted = [
        row["SharedVolumeInfo"][0]["FriendlyVolumeName"]
        for row in demo.rows("HV01", "Get-ClusterSharedVolume")
    ]
    assert mounted == [f"C:\\ClusterStorage\\NTFS-0{number}" for number in (1, 2, 3)]


def test_each_clustered_vm_has_its_resources_with_its_id_and_owner(demo: World) -> None:
    owners = {row["Name"]: row["OwnerNode"]["Name"] for row in demo.rows("HV04", "Get-ClusterResource")}
    assert owners["Virtual Machine SQL01"] == "HV04"
    assert "Virtual Machine TEST01" not in owners
    parameters = {
        (row["ClusterObject"], row["Name"]): row["Value"] for row in demo.rows("HV04", "Get-ClusterParameter")
    }
    assert parameters["Virtual Machine SQL01", "VmID"] == demo.vm("SQL01").id
    assert parameters["Virtual Machine Cluster WMI", "ConfigStoreRootPath"] == ""
    assert {resource for resource, _ in parameters} <= set(owners)


def test_a_migrated_vm_is_shown_and_owned_by_its_new_node(demo: World) -> None:
    demo.move_vm("DemoGuestNode2", "hv04")
    assert names(demo.rows("HV02", "Get-VM")) == []
    assert "DemoGuestNode2" in names(demo.rows("HV04", "Get-VM"))
    owners = {row["Name"]: row["OwnerNode"]["Name"] for row in demo.rows("HV01", "Get-ClusterResource")}
    assert owners["Virtual Machine DemoGuestNode2"] == "HV04"


def test_a_vm_on_its_way_is_shown_by_two_nodes_and_owned_by_one() -> None:
    world = scenarios.build(scenarios.load("migrating"))
    shown = {node.name: names(world.rows(node.name, "Get-VM")) for node in world.nodes}
    assert shown == {"ZRH-HV01": ["HIS-N1"], "ZRH-HV02": ["HIS-N1", "HIS-N2"], "ZRH-HV03": []}
    owners = {row["Name"]: row["OwnerNode"]["Name"] for row in world.rows("ZRH-HV03", "Get-ClusterResource")}
    assert owners["Virtual Machine HIS-N1"] == "ZRH-HV02"
    world.move_vm("HIS-N1", "ZRH-HV02")
    assert names(world.rows("ZRH-HV01", "Get-VM")) == []


def test_a_renamed_vms_resources_keep_the_name_it_had() -> None:
    world = scenarios.build(scenarios.load("renamed-vm"))
    resources = set(names(world.rows("CGN-HV01", "Get-ClusterResource")))
    assert {"Virtual Machine CRM-N2 (new)", "Virtual Machine Configuration CRM-N2 (new)"} < resources
    parameters = {
        row["ClusterObject"]: row["Value"] for row in world.rows("CGN-HV01", "Get-ClusterParameter")
    }
    assert parameters["Virtual Machine CRM-N2 (new)"] == world.vm("prod CRM second node [WS2022]").id
    assert names(world.rows("CGN-HV02", "Get-VM")) == ["prod CRM second node [WS2022]"]


def test_a_moved_file_has_what_it_inherited_where_it_was_made() -> None:
    world = small("""
[[folder]]
path = 'C:\\ClusterStorage\\V1\\old'
sddl = 'D:P(A;OICI;FA;;;S-1-5-21-1)'
[[folder]]
path = 'C:\\ClusterStorage\\V1\\new'
grants = ["A1"]
[[file]]
path = 'C:\\ClusterStorage\\V1\\new\\a.vhds'
moved_from = 'C:\\ClusterStorage\\V1\\old'
""")
    assert sddl(world, "C:\\ClusterStorage\\V1\\new\\a.vhds") == "O:BAG:SYD:AI(A;ID;FA;;;S-1-5-21-1)"
    assert world.tree.children("C:\\ClusterStorage\\V1\\old") == ()


def test_a_cmdlet_without_rows_is_an_error(demo: World) -> None:
    with pytest.raises(LabError, match="Get-VHD"):
        demo.rows("HV01", "Get-VHD")


@pytest.mark.parametrize(
    ("given", "sid"),
    [
        ("D9E0EB0A-5B37-508E-9173-67E9ADE83ACF", "S-1-5-83-1-3655396106-1351506743-3915871121-3476744365"),
        ("BCBD8064-6BB4-42EF-A9C0-7C14211C9E02", "S-1-5-83-1-3166535780-1122986932-343720105-43916321"),
        ("AFF04EB7-A25D-40BD-A809-9325ADD90B37", "S-1-5-83-1-2951761591-1086169693-630393256-923523501"),
    ],
)
def test_a_vms_sid_follows_from_its_id(given: str, sid: str) -> None:
    assert Vm(given, "A", "N").sid == sid


def test_a_scenario_can_say_what_the_tests_need() -> None:
    world = small("""
[[vm]]
id = "11111111-2222-3333-4444-555555555555"
name = "B1"
node = "N2"
registered = false
drives = [{ path = 'C:\\ClusterStorage\\V1\\shared\\b.vhds', shared = true }]
[[folder]]
path = 'C:\\ClusterStorage\\V1\\shared\\sub'
[[folder]]
path = 'C:\\ClusterStorage\\V1\\shared'
sddl = 'D:P(D;;FA;;;{B1})'
grants = ["A1"]
files = ["a.vhds"]
[[file]]
path = 'C:\\ClusterStorage\\V1\\shared\\moved.avhdx'
sddl = 'D:P(A;;FA;;;{A1})'
hidden = true
""")
    a1, b1 = world.vm("A1"), world.vm("B1")
    shared = "C:\\ClusterStorage\\V1\\shared"
    assert sddl(world, shared) == f"D:PAI(D;;FA;;;{b1.sid})(A;OI;FA;;;{a1.sid})"
    assert sddl(world, shared + "\\sub") == f"O:BAG:SYD:AI(A;OIIOID;FA;;;{a1.sid})"
    assert sddl(world, shared + "\\a.vhds") == f"O:BAG:SYD:AI(A;ID;FA;;;{a1.sid})"
    assert sddl(world, shared + "\\b.vhds") == f"O:BAG:SYD:AI(A;ID;FA;;;{a1.sid})"
    assert sddl(world, shared + "\\moved.avhdx") == f"D:P(A;;FA;;;{a1.sid})"
    assert names(world.rows("N2", "Get-VM")) == []
    assert "Virtual Machine B1" in names(world.rows("N1", "Get-ClusterResource"))
    assert "Virtual Machine Cluster WMI" not in names(world.rows("N1", "Get-ClusterResource"))
    assert [row["State"] for row in world.rows("N1", "Get-ClusterNode")] == ["Up", "Down"]
    assert a1.id == "d9e0eb0a-5b37-508e-9173-67e9ade83acf"


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ('[[nod]]\nname = "N3"', "nod"),
        ('[[node]]\nname = "N3"\nport = 1', "port"),
        ('[[node]]\nname = "N3"\nstate = "Asleep"', "Asleep"),
        ("[[folder]]\npath = 3", "path"),
        ("[[folder", "small"),
        ("[[folder]]\npath = 'C:\\f'\ngrants = [\"Z9\"]", "Z9"),
        ("[[folder]]\npath = 'f'", "f"),
        ("[[folder]]\npath = 'C:\\f'\n[[folder]]\npath = 'c:\\F'", "F"),
        ("[[folder]]\npath = 'C:\\f'\nsddl = 'D:x'\ngrants = [\"A1\"]", "D:x"),
        ("[[vm]]\nid = '1'\nname = 'B1'\nnode = 'N1'", "B1"),
        ("[[vm]]\nid = 'd9e0eb0a-5b37-508e-9173-67e9ade83acf'\nname = 'B1'\nnode = 'N1'", "taken"),
        ("[[vm]]\nid = '11111111-2222-3333-4444-555555555555'\nname = 'B1'\nnode = 'N9'", "N9"),
    ],
)
def test_what_a_scenario_cannot_mean_is_one_clear_line(more: str, message: str) -> None:
    with pytest.raises(LabError) as error:
        small(more)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_an_unknown_scenario_is_an_error_that_names_those_there_are() -> None:
    with pytest.raises(LabError, match="demo"):
        scenarios.load("../demo")


def test_a_world_is_read_back_as_it_was(demo: World) -> None:
    demo.move_vm("FS01", "HV03")
    demo.add_file(FOLDER + "\\new.avhdx", sddl="rubbish")
    text = to_json(demo)
    assert to_json(from_json(text)) == text
    assert from_json(text).vm("FS01").node == "HV03"


def test_a_vhd_sets_files_elsewhere_are_its_own() -> None:
    text = """
about = "x"
[cluster]
name = "C"
domain = "d"
[[node]]
name = "HV01"
[[volume]]
name = "V"
folder = 'C:\\ClusterStorage\\V'
owner = "HV01"
[[vm]]
id = "d3599536-222a-4d6e-bb10-a6019c3f2b9b"
name = "A"
node = "HV01"
drives = [{ path = 'C:\\ClusterStorage\\V\\F\\a.vhds', shared = true }]
[vhd_sets]
'C:\\ClusterStorage\\V\\F\\a.vhds' = ['C:\\ClusterStorage\\V\\G\\a_1.avhdx']
"""
    world = scenarios.build(scenarios.read(text, "x"))
    (row,) = world.rows("HV01", "Get-VHDSet")
    assert row["AllPaths"] == [r"C:\ClusterStorage\V\F\a.vhds", r"C:\ClusterStorage\V\G\a_1.avhdx"]
    assert world.tree.get(r"C:\ClusterStorage\V\G\a_1.avhdx") is not None
