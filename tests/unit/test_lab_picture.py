"""The lab's own picture of its world: what it says of nodes, VMs, files and who may do what."""

from __future__ import annotations

import pytest

from vhdsfix.lab import picture, scenarios
from vhdsfix.lab.dacl import parse
from vhdsfix.lab.picture import Branch, access_of
from vhdsfix.lab.world import World

FOLDER = "C:\\ClusterStorage\\NTFS-03\\GuestClustersSharedDisks"
VM = "S-1-5-83-1-1-2-3-4"


@pytest.fixture
def demo() -> World:
    return scenarios.build(scenarios.load("demo"))


def texts(branch: Branch) -> list[str]:
    return [branch.text, *(text for below in branch.below for text in texts(below))]


def find(branch: Branch, text: str) -> Branch:
    """The branch whose line begins so."""
    found = [branch] if branch.text.startswith(text) else []
    for below in branch.below:
        found += [one for one in [_found(below, text)] if one]
    assert found, text
    return found[0]


def _found(branch: Branch, text: str) -> Branch | None:
    try:
        return find(branch, text)
    except AssertionError:
        return None


@pytest.mark.parametrize(
    ("dacl", "access"),
    [
        (f"D:(A;;FA;;;{VM})", "yes"),
        (f"D:(A;;GA;;;{VM})", "yes"),
        (f"D:(A;;0x1f0000;;;{VM})(A;;0x1ff;;;{VM})", "yes"),
        (f"D:(A;;0x1301bf;;;{VM})", "no"),
        (f"D:(A;OIIO;FA;;;{VM})", "no"),
        ("D:(A;;FA;;;WD)", "no"),
        ("D:", "no"),
        (f"D:(D;;SD;;;WD)(A;;FA;;;{VM})", "denied"),
        (f"D:(D;;FA;;;S-1-5-83-0)(A;;FA;;;{VM})", "denied"),
        (f"D:(D;;SD;;;{VM})(A;;FA;;;{VM})", "denied"),
        (f"D:(D;OIIO;FA;;;WD)(A;;FA;;;{VM})", "yes"),
        (f"D:(D;;FA;;;BA)(A;;FA;;;{VM})", "yes"),
        (f"D:(A;;FA;;;{VM})(D;;FA;;;WD)", "yes"),
    ],
)
def test_the_own_entries_count_until_something_is_denied(dacl: str, access: str) -> None:
    assert access_of(VM, parse(dacl).aces) == access


def test_a_folder_with_shared_disks_says_who_may_work_there(demo: World) -> None:
    shared = find(picture.of(demo), "GuestClustersSharedDisks")
    assert shared.access == (("DemoGuestNode1", "yes"), ("DemoGuestNode2", "no"), ("DemoGuestNode3", "no"))
    assert [(file.text, file.access) for file in shared.below if file.access] == []
    assert len(shared.below) == 3


def test_a_file_says_where_it_differs_from_its_folder(demo: World) -> None:
    sid = demo.vm("DemoGuestNode2").sid
    demo.set_sddl(f"{FOLDER}\\GuestClusterDisk.vhds", f"D:P(A;;FA;;;{sid})")
    file = find(find(picture.of(demo), "GuestClustersSharedDisks"), "GuestClusterDisk.vhds")
    assert file.text == "GuestClusterDisk.vhds (does not inherit)"
    assert file.access == (("DemoGuestNode1", "no"), ("DemoGuestNode2", "yes"))


def test_a_file_that_was_moved_in_is_told(demo: World) -> None:
    demo.add_file(f"{FOLDER}\\moved.avhdx", "D:AI(A;ID;FA;;;BA)")
    moved = find(picture.of(demo), "moved.avhdx")
    assert moved.text == "moved.avhdx (lacks what its folder passes on)"
    assert moved.access == (("DemoGuestNode1", "no"),)


@pytest.mark.parametrize(
    ("sddl", "access"),
    [
        ("D:(A;;FA;;;{})", "not for new files"),
        ("D:NO_ACCESS_CONTROL", "cannot be told"),
        ("?", "cannot be told"),
    ],
)
def test_a_folder_that_is_not_simply_right_or_wrong(demo: World, sddl: str, access: str) -> None:
    demo.set_sddl(FOLDER, sddl.format(demo.vm("DemoGuestNode1").sid))
    assert dict(find(picture.of(demo), "GuestClustersSharedDisks").access)["DemoGuestNode1"] == access


def test_nodes_vms_and_drives_are_told_with_what_is_odd_about_them(demo: World) -> None:
    demo.vm("SQL01").registered = False
    demo.vm("FS01").clustered_as = "FS-OLD"
    demo.vm("DemoGuestNode1").also_on = "HV02"
    demo.node("HV04").state = "Paused"
    demo.vm("TEST01").drives[0].path = None
    told = texts(picture.of(demo))
    for line in (
        "LAB-CLUSTER, domain lab.example, ConfigStoreRootPath: not set",
        "HV04 (Paused)",
        "SQL01 (Running, no node shows it)",
        "disk 7 of the host",
        "FS01 (Running, clustered as FS-OLD)",
        "empty DVD drive",
        "empty drive",
        "TEST01 (Off, not clustered)",
        "DemoGuestNode1 (Running, moved here from HV02)",
        "DemoGuestNode1 (Running, moved to HV01, still shown)",
        f"GuestClusterDisk.vhds, shared, in {FOLDER}",
        "NTFS-03 (cluster shared volume NTFS-03, owned by HV03)",
    ):
        assert line in told


def test_links_and_hidden_things_are_told(demo: World) -> None:
    demo.tree.add(f"{FOLDER}\\sub", link="D:\\elsewhere", hidden=True, denied=True)
    assert "sub (a link to D:\\elsewhere, hidden, nobody may look at it)" in texts(picture.of(demo))


def test_a_long_folder_is_cut_and_counted(demo: World) -> None:
    for number in range(picture.MANY):
        demo.add_file(f"{FOLDER}\\x{number:03}.mrt")
    shared = find(picture.of(demo), "GuestClustersSharedDisks")
    assert len(shared.below) == picture.MANY + 1
    assert shared.below[-1].text == "and 3 more"
