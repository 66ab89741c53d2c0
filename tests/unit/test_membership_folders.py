"""Which folders guest clusters use, on what evidence, and what else lies there."""

from __future__ import annotations

import pytest

from tests.fakes.facts import CHECKPOINT, V1, V2, Host, facts_of, vm_id
from vhdsfix.membership import inventory_of
from vhdsfix.model.facts import Facts
from vhdsfix.model.inventory import FolderUse, Inventory
from vhdsfix.model.plan import ConfiguredGuestCluster
from vhdsfix.model.readings import Unknown

A = rf"{V1}\A\A.vhds"
MORE = rf"{V2}\More\A_{CHECKPOINT}.avhdx"


def inventory(facts: Facts, *configured: ConfiguredGuestCluster) -> Inventory:
    return inventory_of(facts, configured)


def folders(facts: Facts, *configured: ConfiguredGuestCluster) -> dict[str, FolderUse]:
    return {use.path: use for use in inventory(facts, *configured).folders}


class TestAllPaths:
    def test_every_folder_with_files_of_a_disk_is_used(self) -> None:
        host = (
            Host("HV01").vm("a1", A).vm("a2", A).tells_files(A, A, MORE, rf"{V1}\Third\A_{CHECKPOINT}.avhdx")
        )
        found = folders(facts_of(host))
        assert set(found) == {rf"{V1}\A", rf"{V1}\Third", rf"{V2}\More"}
        more = found[rf"{V2}\More"]
        assert (set(more.vm_ids), more.disks) == ({vm_id("a1"), vm_id("a2")}, (A,))
        assert more.attached == ()
        assert more.via == (f"files of a VHD Set that is attached to it lie here: A_{CHECKPOINT}.avhdx",) * 2

    def test_disks_of_one_vm_on_several_volumes(self) -> None:
        assert set(folders(facts_of(Host("HV01").vm("a1", A, rf"{V2}\B\B.vhds").vm("a2", A)))) == {
            rf"{V1}\A",
            rf"{V2}\B",
        }

    def test_where_no_node_told_it_is_the_disks_own_folder_and_says_so(self) -> None:
        host = Host("HV01").vm("a1", A)
        host.vhd_sets = Unknown("Get-VHDSet: access is denied")
        (disk,) = inventory(facts_of(host)).guest_clusters[0].disk_files
        assert (disk.folders, disk.unseen) == ((rf"{V1}\A",), "HV01: Get-VHDSet: access is denied")
        assert "not told (HV01: Get-VHDSet: access is denied)" in folders(facts_of(host))[rf"{V1}\A"].via[0]

    def test_one_node_that_told_is_enough(self) -> None:
        hosts = Host("HV01").vm("a1", A), Host("HV02").vm("a2", A).tells_files(A, A, MORE)
        assert set(folders(facts_of(*hosts))) == {rf"{V1}\A", rf"{V2}\More"}
        assert inventory(facts_of(*hosts)).guest_clusters[0].disk_files[0].unseen is None

    def test_nodes_that_tell_different_files_are_all_believed(self) -> None:
        third = rf"{V1}\Third\A_{CHECKPOINT}.avhdx"
        hosts = (
            Host("HV01").vm("a1", A).tells_files(A, A, third),
            Host("HV02").vm("a2", A).tells_files(A, MORE),
        )
        assert len(folders(facts_of(*hosts))) == 3

    @pytest.mark.parametrize(
        "told",
        [
            rf"C:\Windows\System32\A_{CHECKPOINT}.avhdx",  # off the cluster shared volumes
            rf"{V1}x\A_{CHECKPOINT}.avhdx",  # only spelled like one
            rf"{V2}\Other\B_{CHECKPOINT}.avhdx",  # of another disk's name
            rf"{V2}\Other\A.vhds",  # another set: a set has one .vhds
            rf"{V2}\Other",
        ],
    )
    def test_a_path_that_is_not_tied_to_the_disk_leads_nowhere(self, told: str) -> None:
        found = inventory(facts_of(Host("HV01").vm("a1", A).tells_files(A, A, told)))
        assert [use.path for use in found.folders] == [rf"{V1}\A"]
        assert found.guest_clusters[0].disk_files[0].doubtful == (told,)

    def test_a_node_that_runs_no_vm_with_the_disk_is_not_believed(self) -> None:
        hosts = Host("HV01").vm("a1", A), Host("HV02").vm("b1", rf"{V2}\B\B.vhds").tells_files(A, A, MORE)
        assert rf"{V2}\More" not in folders(facts_of(*hosts))

    def test_a_file_that_two_sets_claim_belongs_to_neither(self) -> None:
        twin = rf"{V1}\Twin\A.vhds"
        host = Host("HV01").vm("a1", A).vm("t1", twin).tells_files(A, A, MORE).tells_files(twin, twin, MORE)
        assert set(folders(facts_of(host))) == {rf"{V1}\A", rf"{V1}\Twin"}

    def test_a_file_beside_another_set_of_its_name_is_that_ones(self) -> None:
        """So no node's word brings guest cluster A into the folder of another disk that happens to be called A."""
        twin = rf"{V2}\Twin\A.vhds"
        theirs = rf"{V2}\Twin\A_{CHECKPOINT}.avhdx"
        host = Host("HV01").vm("a1", A).vm("t1", twin).tells_files(A, A, theirs)
        found = inventory(facts_of(host))
        assert len(found.guest_clusters) == 2
        assert [use.vm_ids for use in found.folders if use.path == rf"{V2}\Twin"] == [(vm_id("t1"),)]

    def test_where_the_volumes_are_not_known_only_the_disks_own_folder_counts(self) -> None:
        facts = facts_of(Host("HV01").vm("a1", A).tells_files(A, A, MORE))
        unknown = type(facts.cluster)(
            facts.cluster.identity,
            facts.cluster.nodes,
            Unknown("?"),
            facts.cluster.clustered_vms,
            Unknown("?"),
        )
        blind = Facts(facts.taken_at, unknown, facts.nodes, ())
        assert set(folders(blind)) == {rf"{V1}\A"}


class TestSpelling:
    @pytest.mark.parametrize(
        "folder",
        ["Größe [1] $x 'y'", "ドライブ", "Диски", "a & b (c)", "trailing ", "x" * 120, "Mount\\Below"],
    )
    def test_any_name_is_a_folder_of_its_own(self, folder: str) -> None:
        (use,) = inventory(facts_of(Host("HV01").vm("a1", rf"{V1}\{folder}\A.vhds"))).folders
        assert use.path == rf"{V1}\{folder}"

    def test_case_does_not_matter(self) -> None:
        hosts = (
            Host("HV01").vm("a1", A),
            Host("HV02").vm("a2", A.upper()).tells_files(A.lower(), MORE.upper()),
        )
        found = inventory(facts_of(*hosts))
        assert [len(use.vm_ids) for use in found.folders] == [2, 2]
        assert len(found.guest_clusters) == 1


class TestWhatElseLiesThere:
    def test_two_guest_clusters_in_one_folder_are_both_named(self) -> None:
        host = Host("HV01").vm("a1", A).vm("b1", rf"{V1}\A\B.vhds")
        (use,) = inventory(facts_of(host)).folders
        assert (set(use.clusters), set(use.vm_ids)) == ({"A", "B"}, {vm_id("a1"), vm_id("b1")})
        assert (use.foreign_disks, use.foreign_sets) == ((), ())

    def test_a_set_of_another_cluster_below_is_told_apart_from_ordinary_disks(self) -> None:
        below = rf"{V1}\A\Below\B.vhds"
        host = Host("HV01").vm("a1", A).vm("b1", below).vm("web", rf"{V1}\A\web.vhdx")
        use = folders(facts_of(host))[rf"{V1}\A"]
        assert use.foreign_sets == (f"{below} of B",)
        assert use.foreign_disks == (rf"{V1}\A\web.vhdx of web",)

    def test_files_of_another_cluster_below_count_by_what_nodes_tell(self) -> None:
        below = rf"{V1}\A\Below\B_{CHECKPOINT}.avhdx"
        b = rf"{V2}\B\B.vhds"
        host = Host("HV01").vm("a1", A).vm("b1", b).tells_files(b, b, below)
        assert folders(facts_of(host))[rf"{V1}\A"].foreign_sets == (f"{b} of B",)

    def test_a_configured_folder_that_no_disk_uses(self) -> None:
        configured = ConfiguredGuestCluster("SQL", folders=(V2,), nodes=("a1",))
        use = folders(facts_of(Host("HV01").vm("a1", A)), configured)[V2]
        assert (use.disks, use.attached) == ((), ())
        assert use.via == ("it belongs to guest cluster SQL, which uses this folder",)


class TestShares:
    SHARE = r"\\fs\vms\Shared"

    def test_a_share_is_no_folder_for_a_grant_and_names_who_needs_access(self) -> None:
        host = Host("HV01").vm("a1", rf"{self.SHARE}\A.vhds", A)
        found = inventory(facts_of(host, silent={"HV02": "timed out"}))
        (share,) = found.shares
        assert [use.path for use in found.folders] == [rf"{V1}\A"]
        assert (share.path, share.server, share.share) == (self.SHARE, "fs", "vms")
        assert (share.vm_ids, share.hosts) == ((vm_id("a1"),), ("HV01", "HV02"))

    def test_a_configured_share_is_one_too(self) -> None:
        configured = ConfiguredGuestCluster("SQL", folders=(type(V1)(self.SHARE),), nodes=("a1",))
        assert inventory(facts_of(Host("HV01").vm("a1", A)), configured).shares[0].path == self.SHARE
