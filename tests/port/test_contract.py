"""What every Reader and Writer does, whatever is behind it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import pytest

from tests.fakes.small_world import BACKING, DISK, FOLDER, NODES, OTHER_FOLDER, VM_IDS, VOLUME
from vhdsfix.errors import UnreachableError
from vhdsfix.lab import guests
from vhdsfix.lab import world as lab
from vhdsfix.lab.world import Checkpoint, Vm, World
from vhdsfix.model.facts import (
    NOT_ASKED,
    BackupService,
    ClusteredVm,
    ClusterNode,
    Drive,
    FolderFacts,
    GuestDisk,
    GuestName,
    GuestQuery,
    MergeFailure,
    QueriedVm,
    RecoveryCheckpoint,
    SharedVolume,
    VhdSet,
    VmFacts,
)
from vhdsfix.model.readings import Absent, Known, Unknown
from vhdsfix.model.windows import Ace, AceFlag, AceType, FolderPath, VmId
from vhdsfix.ports import ToCheck, Writer

ABOUT_GUEST2 = ToCheck((VM_IDS[1],), (VM_IDS[1],), (DISK,))
Nodes = Mapping[str, Writer]
MISSING = FolderPath(f"{VOLUME}\\Missing")
EXPLICIT = f"(A;OI;FA;;;{VM_IDS[0].sid})"
INHERITED = f"(A;ID;FA;;;{VM_IDS[0].sid})"


def seen(node: Writer, path: FolderPath = FOLDER) -> FolderFacts:
    (facts,) = node.folders((path,))
    return facts


def sddl_of(node: Writer, path: FolderPath = FOLDER) -> str:
    facts = seen(node, path)
    assert isinstance(facts.sddl, Known)
    return facts.sddl.value


def files_of(node: Writer, path: FolderPath = FOLDER) -> dict[str, str]:
    facts = seen(node, path)
    assert isinstance(facts.files, Known)
    return {file.name: file.sddl.value for file in facts.files.value if isinstance(file.sddl, Known)}


def test_a_node_has_its_name(nodes: Nodes) -> None:
    assert {name: node.node for name, node in nodes.items()} == {name: name for name in NODES}


class TestCluster:
    def test_every_node_tells_of_the_same_cluster(self, nodes: Nodes, world: World) -> None:
        first = nodes["HV01"].cluster()
        assert isinstance(first.identity, Known)
        assert first.identity.value.name == "LAB-CLUSTER"
        assert first.identity.value.id.casefold() == world.cluster.id.casefold()
        assert all(node.cluster() == first for node in nodes.values())

    def test_it_lists_nodes_volumes_and_clustered_vms(self, nodes: Nodes, world: World) -> None:
        world.node("HV02").state = "Paused"
        world.node("HV02").os_version = "10.0.14393"
        cluster = nodes["HV01"].cluster()
        assert cluster.nodes == Known(
            (
                ClusterNode("HV01", 0, "10.0.20348"),
                ClusterNode("HV02", 2, "10.0.14393"),
                ClusterNode("HV03", 0, "10.0.20348"),
            )
        )
        assert cluster.volumes == Known((SharedVolume("Volume1", FolderPath(VOLUME), 2),))
        assert isinstance(cluster.clustered_vms, Known)
        assert {vm.vm_id: vm.owner_node for vm in cluster.clustered_vms.value} == dict(
            zip(VM_IDS, NODES, strict=True)
        )
        assert all(isinstance(vm, ClusteredVm) and vm.resource for vm in cluster.clustered_vms.value)

    @pytest.mark.parametrize(
        ("value", "reading"), [("", Known("")), (VOLUME, Known(VOLUME)), (None, Absent())]
    )
    def test_the_config_store_is_unset_set_or_not_there(
        self, nodes: Nodes, world: World, value: str | None, reading: Known[str] | Absent
    ) -> None:
        world.cluster.config_store = value
        assert nodes["HV01"].cluster().config_store == reading

    def test_states_are_told_of_volumes_configurations_and_the_config_store(
        self, nodes: Nodes, world: World
    ) -> None:
        world.volumes[0].state = "Failed"
        world.vm("Guest2").configuration_state = "Offline"
        world.cluster.config_store_state = "Offline"
        cluster = nodes["HV01"].cluster()
        assert isinstance(cluster.volumes, Known)
        assert isinstance(cluster.clustered_vms, Known)
        assert [volume.state for volume in cluster.volumes.value] == [4]
        assert [vm.configuration_state for vm in cluster.clustered_vms.value] == [2, 3, 2]
        assert cluster.config_store_state == Known(3)
        assert nodes["HV02"].itself().vms == Known(())  # Hyper-V does not show it

    def test_without_the_config_stores_resource_it_has_no_state(self, nodes: Nodes, world: World) -> None:
        world.cluster.config_store = None
        assert nodes["HV01"].cluster().config_store_state == Absent()


class TestItself:
    def test_it_tells_its_name_and_only_its_own_vms(self, nodes: Nodes) -> None:
        facts = nodes["HV02"].itself()
        assert (facts.name, facts.host) == ("HV02", Known("HV02"))
        assert facts.vms == Known((VmFacts(VM_IDS[1], "Guest2", clustered=True, state=2, version="10.0"),))
        assert facts.drives == Known((Drive(VM_IDS[1], DISK, shared=True),))

    def test_a_drive_without_a_path_is_no_error(self, nodes: Nodes, world: World) -> None:
        drive = type(world.vm("Guest1").drives[0])(disk_number=7)
        world.vm("Guest1").drives.append(drive)
        facts = nodes["HV01"].itself()
        assert isinstance(facts.drives, Known)
        assert Drive(VM_IDS[0], None, shared=False) in facts.drives.value

    def test_no_vms_are_an_empty_list(self, nodes: Nodes, world: World) -> None:
        world.move_vm("Guest1", "HV02")
        facts = nodes["HV01"].itself()
        assert (facts.vms, facts.drives) == (Known(()), Known(()))

    def test_a_vm_that_is_not_clustered_says_so(self, nodes: Nodes, world: World) -> None:
        vm_id = VmId("0b8f6a1d-3c57-4e92-a1d4-7f60b2c98e35")
        world.add_vm(Vm(id=vm_id, name="Alone", node="HV03", clustered=False, state="Off", version="5.0"))
        facts = nodes["HV03"].itself()
        assert isinstance(facts.vms, Known)
        assert VmFacts(vm_id, "Alone", clustered=False, state=3, version="5.0") in facts.vms.value


class TestChecks:
    def test_it_tells_what_its_sharing_vms_have(self, nodes: Nodes, world: World) -> None:
        world.vm("Guest2").backup_service = False
        world.vm("Guest2").checkpoints = [Checkpoint("Backup <1>", "2026-11-20T22:30:00Z")]
        world.vhd_sets = {DISK: [f"{OTHER_FOLDER}\\Disk_old.avhdx"]}
        checks = nodes["HV02"].checks(ABOUT_GUEST2)
        files = (DISK, BACKING, FolderPath(f"{OTHER_FOLDER}\\Disk_old.avhdx"))
        assert checks.vhd_sets == Known((VhdSet(DISK, files),))
        assert checks.backup_services == Known((BackupService(VM_IDS[1], enabled=False),))
        assert checks.checkpoints == Known(
            (RecoveryCheckpoint(VM_IDS[1], "Backup <1>", "2026-11-20T22:30:00Z"),)
        )
        assert checks.guest_names == Known((GuestName(VM_IDS[1], "Guest2.lab.example"),))

    @pytest.mark.parametrize("as_text", [False, True])
    def test_it_passes_on_what_a_guest_tells_of_its_cluster(
        self, nodes: Nodes, world: World, as_text: bool
    ) -> None:
        disk = guests.GuestDisk(DISK, online=False, owned=True)
        world.vm("Guest2").guest_answer = guests.GuestAnswer(
            id="{0-1}", size=3, disks=[disk], as_text=as_text
        )
        (told,) = nodes["HV02"].checks(ABOUT_GUEST2).guest_queries
        seen = GuestDisk(DISK, is_clustered=True, is_online=False, is_owned=True, is_active_active=False)
        assert told == QueriedVm(VM_IDS[1], Known(GuestQuery(0, "{0-1}", 3, (seen,))))

    def test_a_query_that_fails_says_how(self, nodes: Nodes, world: World) -> None:
        world.vm("Guest2").guest_answer = guests.GuestAnswer(return_value=32768)
        (told,) = nodes["HV02"].checks(ABOUT_GUEST2).guest_queries
        assert told.answer == Known(GuestQuery(32768))

    def test_failed_merges_come_newest_first(self, nodes: Nodes, world: World) -> None:
        world.node("HV02").merge_failures = [
            lab.MergeFailure("2026-11-19T22:00:00Z", "Guest2", "0x80070020"),
            lab.MergeFailure("2026-11-20T22:00:00Z", "Guest3"),
        ]
        checks = nodes["HV02"].checks(ABOUT_GUEST2)
        assert checks.merge_failures == Known(
            (
                MergeFailure("2026-11-20T22:00:00Z", VM_IDS[2], 0x80070005),
                MergeFailure("2026-11-19T22:00:00Z", VM_IDS[1], 0x80070020),
            )
        )
        assert nodes["HV01"].checks(ABOUT_GUEST2).merge_failures == Known(())

    def test_it_says_which_paths_are_there(self, nodes: Nodes) -> None:
        checks = nodes["HV02"].checks(ToCheck(paths=(FOLDER, MISSING)))
        assert checks.sees == Known((FOLDER,))
        assert nodes["HV02"].checks(ToCheck(paths=(MISSING,))).sees == Known(())

    def test_where_nothing_is_asked_of_vms_nothing_is_missing(self, nodes: Nodes) -> None:
        checks = nodes["HV01"].checks(ToCheck())
        assert (checks.vhd_sets, checks.backup_services) == (Known(()), Known(()))
        assert (checks.guest_names, checks.checkpoints) == (Known(()), Known(()))
        assert (checks.merge_failures, checks.guest_queries, checks.sees) == (Known(()), (), NOT_ASKED)

    def test_a_guest_that_is_off_is_not_asked(self, nodes: Nodes) -> None:
        checks = nodes["HV02"].checks(msgspec.structs.replace(ABOUT_GUEST2, running=()))
        assert (checks.guest_names, checks.guest_queries) == (Known(()), ())


class TestFolders:
    def test_one_answer_for_each_path_in_the_order_asked(self, nodes: Nodes) -> None:
        asked = (OTHER_FOLDER, MISSING, FOLDER)
        answers = nodes["HV01"].folders(asked)
        assert tuple(answer.path for answer in answers) == asked
        assert {answer.read_on for answer in answers} == {"HV01"}

    def test_nothing_asked_nothing_answered(self, nodes: Nodes) -> None:
        assert nodes["HV01"].folders(()) == ()

    def test_every_node_sees_the_same(self, nodes: Nodes) -> None:
        assert {sddl_of(node) for node in nodes.values()} == {sddl_of(nodes["HV01"])}

    def test_a_missing_folder_is_absent(self, nodes: Nodes) -> None:
        facts = seen(nodes["HV01"], MISSING)
        assert (facts.sddl, facts.files, facts.subfolders) == (Absent(), Absent(), Absent())

    def test_disk_files_are_shown_and_other_files_are_not(self, nodes: Nodes) -> None:
        assert set(files_of(nodes["HV01"])) == {DISK.name, BACKING.name}

    def test_a_hidden_disk_file_is_shown(self, nodes: Nodes, world: World) -> None:
        world.tree.add(f"{FOLDER}\\hidden.avhdx", file=True, hidden=True)
        assert "hidden.avhdx" in files_of(nodes["HV01"])

    def test_when_a_file_was_written_to_is_told(self, nodes: Nodes, world: World) -> None:
        entry = world.tree.get(DISK)
        assert entry
        entry.written = "2026-11-20T23:59:59Z"
        facts = seen(nodes["HV01"])
        assert isinstance(facts.files, Known)
        assert {file.name: file.written_at for file in facts.files.value}[DISK.name] == "2026-11-20T23:59:59Z"

    def test_subfolders_are_named(self, nodes: Nodes) -> None:
        facts = seen(nodes["HV01"], FolderPath(VOLUME))
        assert isinstance(facts.subfolders, Known)
        assert set(facts.subfolders.value) == {FOLDER.name, OTHER_FOLDER.name}
        assert facts.files == Known(())

    def test_reparse_points_on_the_way_are_named(self, nodes: Nodes, world: World) -> None:
        world.tree.add(f"{VOLUME}\\Link", link=FOLDER)
        world.tree.add(f"{VOLUME}\\Link\\Below")
        facts = seen(nodes["HV01"], FolderPath(f"{VOLUME}\\Link\\Below"))
        assert facts.links == Known((FolderPath(f"{VOLUME}\\Link"),))

    def test_what_may_not_be_read_is_unknown_and_the_rest_is_shown(self, nodes: Nodes, world: World) -> None:
        entry = world.tree.get(DISK)
        assert entry
        entry.denied = True
        facts = seen(nodes["HV01"])
        assert isinstance(facts.files, Known)
        readings = {file.name: file.sddl for file in facts.files.value}
        assert isinstance(readings[DISK.name], Unknown)
        assert isinstance(readings[BACKING.name], Known)
        assert isinstance(facts.sddl, Known)

    def test_an_sddl_comes_as_it_is(self, nodes: Nodes, world: World) -> None:
        world.set_sddl(FOLDER, "D:(A;;nonsense <&> \u00e9")
        assert sddl_of(nodes["HV01"]) == "D:(A;;nonsense <&> \u00e9"


class TestGrant:
    def test_where_the_vm_is_registered_folder_and_files_get_it(self, nodes: Nodes) -> None:
        assert nodes["HV01"].grant(FOLDER, VM_IDS[0]).exit_code == 0
        assert EXPLICIT in sddl_of(nodes["HV02"])
        assert all(INHERITED in sddl for sddl in files_of(nodes["HV02"]).values())
        assert EXPLICIT not in sddl_of(nodes["HV02"], OTHER_FOLDER)

    def test_elsewhere_it_answers_1332_and_changes_nothing(self, nodes: Nodes, world: World) -> None:
        before = world.tree.dump()
        answer = nodes["HV02"].grant(FOLDER, VM_IDS[0])
        assert answer.exit_code == 1332
        assert any("1332" in line or "mapping" in line for line in answer.said)
        assert world.tree.dump() == before

    def test_a_vm_is_known_where_it_has_moved_to(self, nodes: Nodes, world: World) -> None:
        world.move_vm("Guest1", "HV02")
        assert nodes["HV01"].grant(FOLDER, VM_IDS[0]).exit_code == 1332
        assert nodes["HV02"].grant(FOLDER, VM_IDS[0]).exit_code == 0
        assert EXPLICIT in sddl_of(nodes["HV01"])

    def test_a_second_grant_changes_nothing(self, nodes: Nodes, world: World) -> None:
        nodes["HV01"].grant(FOLDER, VM_IDS[0])
        before = world.tree.dump()
        assert nodes["HV01"].grant(FOLDER, VM_IDS[0]).exit_code == 0
        assert world.tree.dump() == before

    def test_it_stands_beside_another_vms_grant(self, nodes: Nodes) -> None:
        nodes["HV01"].grant(FOLDER, VM_IDS[0])
        nodes["HV02"].grant(FOLDER, VM_IDS[1])
        assert EXPLICIT in sddl_of(nodes["HV01"])
        assert f"(A;OI;FA;;;{VM_IDS[1].sid})" in sddl_of(nodes["HV01"])

    def test_a_protected_file_is_left_alone(self, nodes: Nodes, world: World) -> None:
        protected = "O:BAG:SYD:P(A;;FA;;;BA)"
        world.set_sddl(DISK, protected)
        nodes["HV01"].grant(FOLDER, VM_IDS[0])
        files = files_of(nodes["HV01"])
        assert files[DISK.name] == protected
        assert INHERITED in files[BACKING.name]

    def test_a_missing_folder_is_an_answer_and_no_success(self, nodes: Nodes) -> None:
        assert nodes["HV01"].grant(MISSING, VM_IDS[0]).exit_code != 0

    def test_a_folder_with_spaces_and_letters_of_any_kind(self, nodes: Nodes, world: World) -> None:
        folder = FolderPath(f"{VOLUME}\\Gäste & Platten (neu) 'x'")
        world.tree.add(folder)
        assert nodes["HV01"].grant(folder, VM_IDS[0]).exit_code == 0
        assert EXPLICIT in sddl_of(nodes["HV01"], folder)


def allowing(mask: int, flags: int = AceFlag.OBJECT_INHERIT) -> Ace:
    return Ace(AceType.ALLOW, flags, mask, VM_IDS[0].sid)


class TestRemove:
    def test_it_takes_the_grant_off_folder_and_files(self, nodes: Nodes, world: World) -> None:
        before = world.tree.dump()
        nodes["HV01"].grant(FOLDER, VM_IDS[0])
        assert nodes["HV01"].remove(FOLDER, VM_IDS[0]).exit_code == 0
        assert world.tree.dump() == before

    def test_it_takes_every_entry_of_that_vm_and_no_other(self, nodes: Nodes, world: World) -> None:
        nodes["HV02"].grant(FOLDER, VM_IDS[1])
        without = world.tree.dump()
        nodes["HV01"].restore(FOLDER, VM_IDS[0], allowing(0x1301BF, AceFlag.CONTAINER_INHERIT))
        nodes["HV01"].grant(FOLDER, VM_IDS[0])
        nodes["HV01"].remove(FOLDER, VM_IDS[0])
        assert world.tree.dump() == without

    def test_a_deny_and_what_is_inherited_stay(self, nodes: Nodes, world: World) -> None:
        sid = VM_IDS[0].sid
        world.set_sddl(FOLDER, f"O:BAG:SYD:P(D;;FR;;;{sid})(A;;FR;;;{sid})(A;OICIID;FX;;;{sid})")
        nodes["HV01"].remove(FOLDER, VM_IDS[0])
        assert sddl_of(nodes["HV01"]).startswith("O:BAG:SYD:P")
        assert sddl_of(nodes["HV01"]).endswith(f"(D;;FR;;;{sid})(A;OICIID;FX;;;{sid})")

    def test_elsewhere_it_answers_1332_and_changes_nothing(self, nodes: Nodes, world: World) -> None:
        nodes["HV01"].grant(FOLDER, VM_IDS[0])
        before = world.tree.dump()
        assert nodes["HV02"].remove(FOLDER, VM_IDS[0]).exit_code == 1332
        assert world.tree.dump() == before

    def test_nothing_to_take_is_no_error(self, nodes: Nodes, world: World) -> None:
        before = world.tree.dump()
        assert nodes["HV01"].remove(FOLDER, VM_IDS[0]).exit_code == 0
        assert world.tree.dump() == before


class TestRestore:
    @pytest.mark.parametrize(
        ("entry", "written"),
        [
            (allowing(0x1301BF), "(A;OI;0x1301bf;;;{sid})"),
            (allowing(0x1F01FF, 0), "(A;;FA;;;{sid})"),
            (
                allowing(0x1200A9, AceFlag.CONTAINER_INHERIT | AceFlag.INHERIT_ONLY),
                "(A;CIIO;0x1200a9;;;{sid})",
            ),
            (allowing(0x120089, AceFlag.OBJECT_INHERIT | AceFlag.NO_PROPAGATE), "(A;OINP;0x120089;;;{sid})"),
            (allowing(0x100116), "(A;OI;0x100116;;;{sid})"),
        ],
    )
    def test_one_entry_stands_in_place_of_all(self, nodes: Nodes, entry: Ace, written: str) -> None:
        nodes["HV01"].grant(FOLDER, VM_IDS[0])
        assert nodes["HV01"].restore(FOLDER, VM_IDS[0], entry).exit_code == 0
        assert written.format(sid=VM_IDS[0].sid) in sddl_of(nodes["HV01"])
        assert sddl_of(nodes["HV01"]).count(VM_IDS[0].sid) == 1

    def test_files_follow(self, nodes: Nodes) -> None:
        nodes["HV01"].grant(FOLDER, VM_IDS[0])
        nodes["HV01"].restore(FOLDER, VM_IDS[0], allowing(0x1301BF))
        assert all(f"(A;ID;0x1301bf;;;{VM_IDS[0].sid})" in sddl for sddl in files_of(nodes["HV02"]).values())

    def test_elsewhere_it_answers_1332_and_changes_nothing(self, nodes: Nodes, world: World) -> None:
        before = world.tree.dump()
        assert nodes["HV02"].restore(FOLDER, VM_IDS[0], allowing(0x1301BF)).exit_code == 1332
        assert world.tree.dump() == before

    @pytest.mark.parametrize(
        "entry",
        [
            allowing(0x1301BE),
            allowing(0x1301BF, AceFlag.INHERITED),
            Ace(AceType.DENY, AceFlag.OBJECT_INHERIT, 0x1301BF, VM_IDS[0].sid),
            Ace(AceType.ALLOW, AceFlag.OBJECT_INHERIT, 0x1301BF, VM_IDS[1].sid),
        ],
        ids=["rights without a letter", "inherited", "a deny", "another VM's"],
    )
    def test_what_icacls_cannot_be_told_is_never_sent(self, nodes: Nodes, world: World, entry: Ace) -> None:
        before = world.tree.dump()
        with pytest.raises(UnreachableError):
            nodes["HV01"].restore(FOLDER, VM_IDS[0], entry)
        assert world.tree.dump() == before
