"""The lab's scenarios: what plan, apply and plan say of each."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end.story import Told, played
from vhdsfix.commands.requests import ApplyRequest
from vhdsfix.errors import ExitCode, IncompletePlanError
from vhdsfix.lab.dacl import parse
from vhdsfix.lab.guests import GuestAnswer, answer_of, sharing_in
from vhdsfix.lab.world import Drive, World
from vhdsfix.model.windows import FolderPath


def test_new_node(tmp_path: Path) -> None:
    with played("new-node", tmp_path) as story:
        before = {"SQLFCI-N1 in SQLFCI-Shared": "granted", "SQLFCI-N2 in SQLFCI-Shared": "granted"}
        n3 = "SQLFCI-N3 in SQLFCI-Shared"
        assert story.plan() == Told(
            ExitCode.CHANGES_PENDING,
            {**before, n3: "missing"},
            ["grant SQLFCI-N3, on MUC-HV03"],
            ["grant-missing"],
        )
        assert story.apply() == (ExitCode.DONE, ["SQLFCI-N3: Done"])
        assert story.plan() == Told(ExitCode.DONE, {**before, n3: "granted"}, [], [])


def test_moved_files(tmp_path: Path) -> None:
    """One grant mends the files for both VMs; where it would cost somebody else an entry, nothing is done."""
    with played("moved-files", tmp_path) as story:
        archive = {"FS-N1 in FS-Archive": "file behind", "FS-N2 in FS-Archive": "file behind"}
        assert story.plan() == Told(
            ExitCode.CHANGES_PENDING,
            {"FS-N1 in FS-Shared": "file behind", "FS-N2 in FS-Shared": "file behind", **archive},
            ["grant FS-N1, on LEJ-HV01", "grant FS-N2, on LEJ-HV02"],
            ["files-behind"] * 4 + ["grant-would-take-entries", "target-refused"],
        )
        disks = story.world.tree.children("C:\\ClusterStorage\\Volume2\\FS-Archive")
        untouched = [entry.sddl for _, entry in disks]
        assert story.apply() == (ExitCode.DONE, ["FS-N1: Done", "FS-N2: AlreadyRight"])
        assert story.plan() == Told(
            ExitCode.NEEDS_A_PERSON,
            {"FS-N1 in FS-Shared": "granted", "FS-N2 in FS-Shared": "granted", **archive},
            [],
            ["files-behind"] * 2 + ["grant-would-take-entries", "target-refused"],
        )
        assert [entry.sddl for _, entry in disks] == untouched


def test_broken_inheritance(tmp_path: Path) -> None:
    """A propagation that was cut off is made again; a file that does not inherit needs a person."""
    with played("broken-inheritance", tmp_path) as story:
        unchanged = {
            "MQ-N1 in MQ-Logs": "granted",
            "MQ-N2 in MQ-Logs": "file blocked",
            "MQ-N1 in MQ-Queues": "granted",
        }
        assert story.plan() == Told(
            ExitCode.CHANGES_PENDING,
            {**unchanged, "MQ-N2 in MQ-Queues": "file behind"},
            ["grant MQ-N2, on HAM-HV02"],
            ["file-blocked", "files-behind"],
        )
        (blocked,) = (found for found in story.look().findings if found.id == "file-blocked")
        assert "Logs_DD2EE150-D284-4277-B89C-1AF40CE8FCC9.avhdx" in blocked.fix
        assert story.apply() == (ExitCode.DONE, ["MQ-N2: Done"])
        assert story.plan() == Told(
            ExitCode.NEEDS_A_PERSON, {**unchanged, "MQ-N2 in MQ-Queues": "granted"}, [], ["file-blocked"]
        )


def test_denied(tmp_path: Path) -> None:
    """A grant stands before what the folder inherits, and behind what is denied on the folder itself."""
    with played("denied", tmp_path) as story:
        blocked = {"ERP-N1 in ERP-Shared": "blocked", "ERP-N2 in ERP-Shared": "blocked"}
        assert story.plan() == Told(
            ExitCode.CHANGES_PENDING,
            {"ERP-N1 in ERP": "missing", "ERP-N2 in ERP": "missing", **blocked},
            ["grant ERP-N1, on FRA-HV01", "grant ERP-N2, on FRA-HV02"],
            ["grant-blocked", "grant-blocked", "grant-missing", "grant-missing"],
        )
        assert story.apply() == (ExitCode.DONE, ["ERP-N1: Done", "ERP-N2: Done"])
        in_archive = {"ERP-N1 in ERP": "granted", "ERP-N2 in ERP": "granted"}
        assert story.plan() == Told(
            ExitCode.NEEDS_A_PERSON, {**in_archive, **blocked}, [], ["grant-blocked", "grant-blocked"]
        )

        take_the_deny_away(story.world, "C:\\ClusterStorage\\Volume1\\ERP-Shared")
        allowed = dict.fromkeys(blocked, "granted")
        assert story.plan() == Told(ExitCode.DONE, {**in_archive, **allowed}, [], [])


def take_the_deny_away(world: World, folder: str) -> None:
    entry = world.tree.get(folder)
    assert entry is not None
    explicit = parse(entry.sddl).explicit
    world.tree.set_dacl(folder, tuple(ace for ace in explicit if ace.kind != "D"))


def test_node_down(tmp_path: Path) -> None:
    """What is seen is repaired; a VM that nobody shows is no reason for calling its cluster in order."""
    with played("node-down", tmp_path) as story:
        unseen = ["guest-cluster-incomplete", "node-not-reached", "node-paused", "vm-not-shown"]
        assert story.plan() == Told(
            ExitCode.INCOMPLETE,
            {"MAIL-N1 in MAIL-Shared": "granted", "MAIL-N2 in MAIL-Shared": "missing"},
            ["grant MAIL-N2, on BER-HV01"],
            ["grant-missing", *unseen],
        )
        with pytest.raises(IncompletePlanError):
            story.lab.apply_result(ApplyRequest(story.target, require_complete=True))
        assert story.apply() == (ExitCode.INCOMPLETE, ["MAIL-N2: Done"])
        seen = {"MAIL-N1 in MAIL-Shared": "granted", "MAIL-N2 in MAIL-Shared": "granted"}
        assert story.plan() == Told(ExitCode.INCOMPLETE, seen, [], unseen)


def test_node_down_and_its_vm_started_elsewhere(tmp_path: Path) -> None:
    with played("node-down", tmp_path) as story:
        story.world.move_vm("MAIL-N3", "BER-HV04")
        story.world.vm("MAIL-N3").registered = True
        assert story.plan() == Told(
            ExitCode.CHANGES_PENDING,
            {
                "MAIL-N1 in MAIL-Shared": "granted",
                "MAIL-N2 in MAIL-Shared": "missing",
                "MAIL-N3 in MAIL-Shared": "missing",
            },
            ["grant MAIL-N2, on BER-HV01", "grant MAIL-N3, on BER-HV04"],
            ["grant-missing", "grant-missing", "node-down", "node-paused"],
        )
        assert story.apply() == (ExitCode.DONE, ["MAIL-N2: Done", "MAIL-N3: Done"])


def test_renamed_vm(tmp_path: Path) -> None:
    """The disk says whose VM it is, and the grant goes by its id; which node it is, its guest says."""
    with played("renamed-vm", tmp_path) as story:
        renamed = "prod CRM second node [WS2022]"
        assert story.plan() == Told(
            ExitCode.CHANGES_PENDING,
            {"CRM-N1 in CRM-Shared": "granted", f"{renamed} in CRM-Shared": "missing"},
            [f"grant {renamed}, on CGN-HV02"],
            ["grant-missing"],
        )
        assert story.apply() == (ExitCode.DONE, [f"{renamed}: Done"])
        granted = {"CRM-N1 in CRM-Shared": "granted", f"{renamed} in CRM-Shared": "granted"}
        assert story.plan() == Told(ExitCode.DONE, granted, [], [])


def test_renamed_vm_whose_guest_has_another_name(tmp_path: Path) -> None:
    """The grant is right all the same; the config's name fits nobody, and that is asked about."""
    with played("renamed-vm", tmp_path) as story:
        story.world.vm("prod CRM second node [WS2022]").guest_name = "CRM-N9.corp.example"
        told = story.plan()
        assert told.actions == ["grant prod CRM second node [WS2022], on CGN-HV02"]
        assert (told.code, told.findings) == (ExitCode.INCOMPLETE, ["grant-missing", "guest-node-unmatched"])


def test_shared_folder(tmp_path: Path) -> None:
    with played("shared-folder", tmp_path) as story:
        folder = "Gäste [gemeinsam] & Söhne"
        print_vms = {f"PRINT-N1 in {folder}": "granted", f"PRINT-N2 in {folder}": "granted"}
        assert story.plan() == Told(
            ExitCode.CHANGES_PENDING,
            {**print_vms, f"SCADA-N1 in {folder}": "missing", f"SCADA-N2 in {folder}": "missing"},
            ["grant SCADA-N1, on WIE-HV01", "grant SCADA-N2, on WIE-HV02"],
            ["grant-missing", "grant-missing", "guest-clusters-share-a-folder"],
        )
        assert {guest.name for guest in story.look().inventory.guest_clusters} == {"PRINT", "SCADA"}
        assert story.apply() == (ExitCode.DONE, ["SCADA-N1: Done", "SCADA-N2: Done"])
        scada = {f"SCADA-N1 in {folder}": "granted", f"SCADA-N2 in {folder}": "granted"}
        shared = ["guest-clusters-share-a-folder"]
        assert story.plan() == Told(ExitCode.DONE, {**print_vms, **scada}, [], shared)


def test_a_guest_that_claims_another_clusters_id_and_name_gets_nothing(tmp_path: Path) -> None:
    """Whoever is administrator in an ordinary VM may let it tell anything."""
    with played("demo", tmp_path) as story:
        world = story.world
        victim, liar = world.vm("DemoGuestNode1"), world.vm("FS01")
        before = story.plan()
        liar.drives.append(Drive(path=r"C:\ClusterStorage\NTFS-02\FS01\Own.vhds", shared=True))
        world.add_file(r"C:\ClusterStorage\NTFS-02\FS01\Own.vhds")
        liar.guest_name = "DemoGuestNode3.lab.example"
        liar.guest_answer = GuestAnswer(id=answer_of(victim, sharing_in(world)).id, size=3)
        after = story.plan()

        shared = {who: verdict for who, verdict in after.grants.items() if "GuestClustersSharedDisks" in who}
        assert shared == before.grants
        assert [action for action in after.actions if "FS01" not in action] == before.actions
        assert "guest-evidence-disagrees" in after.findings


def test_wide_reach(tmp_path: Path) -> None:
    """Nothing is done until somebody accepts the reach; then the other VMs' disks have the entries, too."""
    with played("wide-reach", tmp_path) as story:
        missing = Told(
            ExitCode.NEEDS_A_PERSON,
            {"WEB-N1 in VMs": "missing", "WEB-N2 in VMs": "missing"},
            [],
            ["grant-missing", "grant-missing", "reach-too-wide"],
        )
        assert story.plan() == missing
        assert story.apply() == (ExitCode.DONE, [])
        assert story.plan() == missing

        accepted = FolderPath("C:\\ClusterStorage\\Volume1\\VMs")
        assert story.apply(accepted) == (ExitCode.DONE, ["WEB-N1: Done", "WEB-N2: Done"])
        of_another = story.world.tree.get("C:\\ClusterStorage\\Volume1\\VMs\\DC02\\OS.vhdx")
        assert of_another is not None
        assert story.world.vm("WEB-N1").sid in of_another.sddl


def test_migrating(tmp_path: Path) -> None:
    """A VM that two nodes show is where the database says; one that none shows is there at the second look."""
    with played("migrating", tmp_path) as story:
        seen = {"HIS-N1 in HIS-Shared": "missing", "HIS-N2 in HIS-Shared": "granted"}
        assert story.plan() == Told(
            ExitCode.INCOMPLETE,
            seen,
            ["grant HIS-N1, on ZRH-HV02"],
            ["grant-missing", "guest-cluster-incomplete", "vm-not-shown"],
        )
        assert story.plan() == Told(
            ExitCode.CHANGES_PENDING,
            {**seen, "HIS-N3 in HIS-Shared": "missing"},
            ["grant HIS-N1, on ZRH-HV02", "grant HIS-N3, on ZRH-HV01"],
            ["grant-missing", "grant-missing"],
        )
        assert story.apply() == (ExitCode.DONE, ["HIS-N1: Done", "HIS-N3: Done"])


def test_migrating_while_it_is_repaired(tmp_path: Path) -> None:
    with played("migrating", tmp_path) as story:
        assert story.apply() == (ExitCode.DONE, ["HIS-N1: Done"])
        assert story.plan().actions == ["grant HIS-N3, on ZRH-HV01"]


def test_unset_config_store(tmp_path: Path) -> None:
    with played("unset-config-store", tmp_path) as story:
        told = Told(
            ExitCode.NEEDS_A_PERSON,
            {"DMS-N1 in DMS-Shared": "granted", "DMS-N2 in DMS-Shared": "granted"},
            [],
            ["config-store-unset"],
        )
        assert story.plan() == told
        assert story.apply() == (ExitCode.DONE, [])
        assert story.plan() == told
        assert story.world.cluster.config_store == ""
