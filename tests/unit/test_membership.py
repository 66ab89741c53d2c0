"""Who is in which guest cluster, by which evidence, and whether that is all of it."""

from __future__ import annotations

from typing import ClassVar, TypeVar

import msgspec
import pytest

from tests.fakes.facts import CHECKPOINT, V1, V2, Host, facts_of, guest, vm_id
from vhdsfix.membership import inventory_of
from vhdsfix.model.facts import Facts, GuestFacts, QueriedVm
from vhdsfix.model.inventory import EvidenceKind, GuestCluster, Inventory
from vhdsfix.model.plan import ConfiguredGuestCluster
from vhdsfix.model.readings import Known, Unknown
from vhdsfix.model.windows import FolderPath

T = TypeVar("T")
A = rf"{V1}\A\A.vhds"
B = rf"{V2}\B\B.vhds"
SQL = ConfiguredGuestCluster("SQL", nodes=("sqlg1", "sqlg2"))
CONNECTED = ConfiguredGuestCluster("SQL")


def two_clusters() -> tuple[Host, Host]:
    """The guest cluster A of a1 and a2, and B of b1 and b2."""
    return Host("HV01").vm("a1", A).vm("b1", B), Host("HV02").vm("a2", A).vm("b2", B)


def inventory(facts: Facts, *configured: ConfiguredGuestCluster) -> Inventory:
    return inventory_of(facts, configured)


def the_one(facts: Facts, *configured: ConfiguredGuestCluster) -> GuestCluster:
    (cluster,) = inventory(facts, *configured).guest_clusters
    return cluster


def kinds(cluster: GuestCluster) -> dict[str, list[EvidenceKind]]:
    return {member.vm_id: [one.kind for one in member.evidence] for member in cluster.members}


def members(found: Inventory) -> list[set[str]]:
    return [set[str](cluster.vm_ids) for cluster in found.guest_clusters]


SEPARATE: list[set[str]] = [{vm_id("a1"), vm_id("a2")}, {vm_id("b1"), vm_id("b2")}]


def by_id(sets: list[set[str]]) -> list[set[str]]:
    return sorted(sets, key=lambda one: ",".join(sorted(one)))


class TestEvidence:
    def test_a_disk_is_evidence_and_says_where_it_was_seen(self) -> None:
        cluster = the_one(facts_of(Host("HV01").vm("a1", A).vm("a2", A)))
        assert kinds(cluster) == {key: [EvidenceKind.DISK] for key in cluster.vm_ids}
        assert cluster.members[0].evidence[0].says == "HV01 shows A.vhds attached to it"

    def test_all_four_kinds_are_shown_for_one_vm(self) -> None:
        host = (
            Host("HV01")
            .vm("sqlg1", A)
            .vm("sqlg2", A)
            .queried("sqlg1", "{C-1}", 2)
            .called("sqlg1", "SQLG1.corp")
        )
        cluster = the_one(facts_of(host, guests=(guest("SQL", "sqlg1", "sqlg2"),)), SQL)
        assert kinds(cluster)[vm_id("sqlg1")] == [
            EvidenceKind.DISK,
            EvidenceKind.CONFIG,
            EvidenceKind.QUERY,
            EvidenceKind.GUEST,
            EvidenceKind.NAME,
        ]
        assert "cluster c-1, of 2 nodes" in str(cluster.members)

    def test_a_checkpoint_on_a_shared_drive_stands_for_its_disk(self) -> None:
        running = rf"{V1}\A\A_{CHECKPOINT}.avhdx"
        assert the_one(facts_of(Host("HV01").vm("a1", A).vm("a2", running))).disks == (A,)

    def test_a_checkpoint_elsewhere_belongs_to_the_set_that_a_node_says_it_is_of(self) -> None:
        running = rf"{V2}\Other\A_{CHECKPOINT}.avhdx"
        hosts = Host("HV01").vm("a1", A).tells_files(A, A, running), Host("HV02").vm("a2", running)
        cluster = the_one(facts_of(*hosts))
        assert (len(cluster.vm_ids), cluster.disks) == (2, (A,))

    def test_vms_that_are_off_or_not_clustered_count_by_their_disks(self) -> None:
        cluster = the_one(facts_of(Host("HV01").vm("a1", A).vm("a2", A, clustered=False)))
        assert set(cluster.vm_ids) == {vm_id("a1"), vm_id("a2")}

    def test_a_query_that_failed_is_no_evidence(self) -> None:
        host = Host("HV01").vm("a1", A).vm("a2", A).queried("a1", "c-1", 9, code=32768)
        host.queries.append(QueriedVm(vm_id("a2"), Unknown("an empty answer")))
        cluster = the_one(facts_of(host))
        assert kinds(cluster) == {key: [EvidenceKind.DISK] for key in cluster.vm_ids}
        assert cluster.completeness.expected is None

    def test_what_a_node_says_of_another_nodes_vm_does_not_count(self) -> None:
        hosts = Host("HV01").vm("a1", A), Host("HV02").vm("a2", A).queried("a1", "c-1", 9).called("a1", "x")
        cluster = the_one(facts_of(*hosts))
        assert cluster.completeness.expected is None

    def test_nor_does_what_it_says_of_another_nodes_guests_name(self) -> None:
        hosts = (
            Host("HV01").vm("sqlg1", A).vm("x", A),
            Host("HV02").vm("web", rf"{V1}\web.vhdx").called("x", "sqlg2"),
        )
        (cluster,) = inventory(facts_of(*hosts), SQL).guest_clusters
        assert [node.vm_id for node in cluster.nodes] == [vm_id("sqlg1"), None]

    def test_a_vm_on_two_nodes_is_one_vm(self) -> None:
        found = inventory(facts_of(Host("HV01").vm("a1", A), Host("HV02").vm("a1", A)))
        assert [(vm.node, vm.also_on) for vm in found.vms] == [("HV02", ("HV01",))]
        assert members(found) == [{vm_id("a1")}]


class TestGuestsSayWhatTheyLike:
    """A guest that lies is in the worst case wrong about itself; it never comes to another guest cluster's disks."""

    def all_separate(self, facts: Facts, *configured: ConfiguredGuestCluster) -> Inventory:
        found = inventory(facts, *configured)
        assert by_id(members(found)) == by_id(SEPARATE)
        for use in found.folders:
            assert len(use.clusters) == 1
        return found

    def test_one_that_claims_another_clusters_id_joins_nobody_and_is_reported(self) -> None:
        first, second = two_clusters()
        first.queried("a1", "id-a", 2).queried("b1", "id-a", 2)
        second.queried("a2", "id-a", 2)
        (one,) = self.all_separate(facts_of(first, second)).disagreements
        assert one.cluster == "A and B"
        assert set(one.vm_ids) == {vm_id("a1"), vm_id("a2"), vm_id("b1")}
        assert any("b1" in line and "id-a" in line for line in one.says)

    def test_a_vm_without_a_shared_disk_that_claims_an_id_gets_nothing(self) -> None:
        host = Host("HV01").vm("a1", A).vm("a2", A).vm("evil", rf"{V1}\evil\os.vhdx")
        host.queried("a1", "id-a", 2).queried("a2", "id-a", 2).queried("evil", "id-a", 2)
        found = inventory(facts_of(host))
        assert vm_id("evil") not in found.folders[0].vm_ids
        assert vm_id("evil") in found.disagreements[0].vm_ids

    def test_one_that_calls_itself_a_configured_node_is_not_it(self) -> None:
        """Neither where its VM has a disk of another cluster, nor where it has none."""
        configured = ConfiguredGuestCluster("A", nodes=("a1", "a3"), folders=(V1,))
        first, second = two_clusters()
        first.called("b1", "a3.corp.example")
        found = self.all_separate(facts_of(first, second), configured)
        a3 = [node for cluster in found.guest_clusters for node in cluster.nodes if node.name == "a3"]
        assert [node.vm_id for node in a3] == [None]

    def test_a_guest_cluster_that_names_another_ones_nodes_gets_none_of_them(self) -> None:
        configured = (
            ConfiguredGuestCluster("A", nodes=("a1", "a2")),
            ConfiguredGuestCluster("B", nodes=("b1",)),
        )
        guests = (guest("B", "b1", "b2", "a1", "a2"),)
        found = self.all_separate(facts_of(*two_clusters(), guests=guests), *configured)
        assert {vm for one in found.disagreements for vm in one.vm_ids} >= {vm_id("a1"), vm_id("a2")}

    def test_a_guest_cluster_brings_no_configured_folder_by_its_word(self) -> None:
        """Which VMs are meant by a name alone is the guest's word: it gives them a name, never a folder."""
        named = ConfiguredGuestCluster("Name", folders=())
        facts = facts_of(*two_clusters(), guests=(guest("Name", "b1", "b2"), guest("Folders", "b1", "b2")))
        found = inventory(facts, named, ConfiguredGuestCluster("Folders", folders=(V1,)))
        assert {cluster.name: cluster.folders for cluster in found.guest_clusters} == {
            "A": (rf"{V1}\A",),
            "Name": (rf"{V2}\B",),
        }

    def test_one_that_names_nodes_of_two_clusters_names_neither(self) -> None:
        found = self.all_separate(facts_of(*two_clusters(), guests=(guest("SQL", "a1", "b1"),)), CONNECTED)
        assert {cluster.name for cluster in found.guest_clusters} == {"A", "B"}

    def test_two_answers_of_two_nodes_about_one_vm_cancel_each_other(self) -> None:
        hosts = Host("HV01").vm("a1", A).queried("a1", "x", 2), Host("HV02").vm("a1", A).queried("a1", "y", 3)
        assert the_one(facts_of(*hosts)).completeness.expected is None


class TestNamesWhileNotEverythingWasShown:
    """Whoever may rename a VM can give it a guest node's name, while the real one is where nobody could look."""

    CONFIGURED = ConfiguredGuestCluster("A", nodes=("a1", "a2"), folders=(FolderPath(rf"{V2}\Extra"),))
    SILENT: ClassVar = {"HV03": "timed out"}

    def test_a_vm_of_another_cluster_that_bears_a_nodes_name_comes_to_nothing(self) -> None:
        """a2 is on HV03; somebody named a VM of B like it."""
        host = Host("HV01").vm("a1", A).vm("b1", B, name="a2").vm("b2", B)
        found = inventory(facts_of(host, silent=self.SILENT, hidden=("a2",)), self.CONFIGURED)
        assert {cluster.name: set(cluster.vm_ids) for cluster in found.guest_clusters} == {
            "A": {vm_id("a1")},
            "B": {vm_id("b1"), vm_id("b2")},
        }
        assert not any("Extra" in use.path for use in found.folders)

    def test_a_folder_that_only_the_config_adds_waits_and_says_so(self) -> None:
        host = Host("HV01").vm("a1", A).vm("a2", A)
        cluster = the_one(facts_of(host, silent=self.SILENT), self.CONFIGURED)
        assert (cluster.name, cluster.folders) == ("A", (rf"{V1}\A",))
        assert any(
            "Extra, which the config adds, was not judged" in why for why in cluster.completeness.not_seen
        )
        assert kinds(cluster)[vm_id("a1")] == [EvidenceKind.DISK, EvidenceKind.NAME]

    def test_where_everything_was_shown_the_name_decides(self) -> None:
        host = Host("HV01").vm("a1", A).vm("a2", rf"{V2}\a2\os.vhdx")
        cluster = the_one(facts_of(host), self.CONFIGURED)
        assert set(cluster.vm_ids) == {vm_id("a1"), vm_id("a2")}
        assert cluster.folders == (rf"{V1}\A", rf"{V2}\Extra")
        assert kinds(cluster)[vm_id("a2")] == [EvidenceKind.CONFIG]


class TestNames:
    def test_a_renamed_vm_is_found_by_what_its_guest_calls_itself_within_its_cluster(self) -> None:
        host = Host("HV01").vm("sqlg1", A).vm("x", A, name="Old name").called("x", "SQLG2.corp")
        cluster = the_one(facts_of(host), SQL)
        assert {node.name: node.vm_id for node in cluster.nodes} == {
            "sqlg1": vm_id("sqlg1"),
            "sqlg2": vm_id("x"),
        }
        assert kinds(cluster)[vm_id("x")] == [EvidenceKind.DISK, EvidenceKind.NAME]

    def test_the_clusters_own_name_for_every_guest_says_nothing(self) -> None:
        """Source: FACTS 7: the name that a guest tells may be that of the cluster's virtual server."""
        host = Host("HV01").vm("x", A).vm("y", A).called("x", "sqlg1").called("y", "sqlg1")
        found = inventory(facts_of(host), SQL)
        assert (found.guest_clusters[0].nodes, found.disagreements) == ((), ())

    def test_two_vms_of_one_name_are_not_told_apart_by_it(self) -> None:
        host = Host("HV01").vm("1", A, name="sqlg1").vm("2", A, name="sqlg1").vm("sqlg2", A)
        cluster = the_one(facts_of(host), SQL)
        assert {node.name: node.vm_id for node in cluster.nodes} == {"sqlg1": None, "sqlg2": vm_id("sqlg2")}

    def test_of_two_vms_of_one_name_the_one_whose_guest_says_so_too(self) -> None:
        host = Host("HV01").vm("1", A, name="sqlg1").vm("2", A, name="sqlg1").vm("sqlg2", A)
        cluster = the_one(facts_of(host.called("1", "sqlg1").called("2", "other")), SQL)
        assert cluster.nodes[0].vm_id == vm_id("1")

    def test_swapped_names_are_reported(self) -> None:
        host = Host("HV01").vm("sqlg1", A).vm("sqlg2", A).called("sqlg1", "sqlg2").called("sqlg2", "sqlg1")
        found = inventory(facts_of(host), SQL)
        assert [one.summary for one in found.disagreements] == [
            "which of its VMs is its node sqlg1 is not certain",
            "which of its VMs is its node sqlg2 is not certain",
        ]

    def test_another_name_than_the_config_gives_is_reported(self) -> None:
        facts = facts_of(
            Host("HV01").vm("sqlg1", A).vm("sqlg2", A), guests=(guest("SQL", "sqlg1", name="HR"),)
        )
        assert "it calls itself HR" in str(inventory(facts, SQL).disagreements)


class TestCompleteness:
    HOST = Host("HV01").vm("sqlg1", A).vm("sqlg2", A)

    @pytest.mark.parametrize(
        ("facts", "configured", "told_by"),
        [
            (facts_of(HOST), SQL, EvidenceKind.CONFIG),
            (facts_of(HOST, guests=(guest("SQL", "sqlg1", "sqlg2"),)), SQL, EvidenceKind.GUEST),
            (facts_of(HOST, guests=(guest("SQL", "sqlg1", "sqlg2"),)), CONNECTED, EvidenceKind.GUEST),
            (
                facts_of(Host("HV01").vm("sqlg1", A).vm("sqlg2", A).queried("sqlg1", "c", 2)),
                CONNECTED,
                EvidenceKind.QUERY,
            ),
        ],
    )
    def test_all_were_found_and_it_says_who_knows(
        self, facts: Facts, configured: ConfiguredGuestCluster, told_by: EvidenceKind
    ) -> None:
        found = the_one(facts, configured).completeness
        assert (found.found, found.expected, found.told_by) == (2, 2, told_by)
        assert not found.is_incomplete

    def test_nobody_says_how_many_there_are(self) -> None:
        found = the_one(facts_of(self.HOST)).completeness
        assert (found.found, found.expected, found.is_incomplete) == (2, None, False)

    def test_nobody_says_and_a_node_was_not_reached(self) -> None:
        found = the_one(facts_of(self.HOST, silent={"HV02": "timed out"})).completeness
        assert found.not_seen == ("HV02: timed out",)

    def test_a_vm_in_the_database_that_no_node_showed(self) -> None:
        found = the_one(facts_of(self.HOST, hidden=("sqlg3",))).completeness
        assert found.not_seen == ("Virtual Machine sqlg3 is in the cluster database, and no node showed it",)

    def test_the_guest_cluster_has_a_node_more_and_a_host_was_not_reached(self) -> None:
        facts = facts_of(
            self.HOST, silent={"HV02": "timed out"}, guests=(guest("SQL", "sqlg1", "sqlg2", "sqlg3"),)
        )
        found = the_one(facts, SQL).completeness
        assert (found.found, found.expected) == (2, 3)
        assert found.not_found == ("the guest cluster says that it has 3 nodes, and no VM of it is sqlg3",)
        assert found.not_seen == ("HV02: timed out",)

    def test_the_hosts_query_says_more(self) -> None:
        host = Host("HV01").vm("sqlg1", A).vm("sqlg2", A).queried("sqlg1", "c", 3).queried("sqlg2", "c", 3)
        found = the_one(facts_of(host), SQL).completeness
        assert (found.expected, found.not_found) == (
            3,
            ("its guests told their hosts that it has 3 nodes",),
        )

    def test_the_config_names_a_node_that_is_not_there(self) -> None:
        found = the_one(facts_of(Host("HV01").vm("sqlg1", A)), SQL).completeness
        assert found.not_found == ("the config names 2 nodes, and no VM of it is sqlg2",)

    def test_a_guest_cluster_that_was_to_be_asked_and_did_not_answer(self) -> None:
        silent = GuestFacts("SQL", Unknown("x"), Unknown("sqlg1 refused the logon"))
        found = the_one(facts_of(self.HOST, guests=(silent,)), SQL).completeness
        assert found.not_seen == ("the guest cluster itself could not be asked: sqlg1 refused the logon",)

    def test_sizes_that_differ_are_reported(self) -> None:
        host = Host("HV01").vm("sqlg1", A).vm("sqlg2", A).vm("x", A).queried("x", "c", 4)
        (one,) = inventory(facts_of(host), SQL).disagreements
        assert one.says == ("3 VMs were found", "its guests to their hosts: 4", "the config: 2")


class TestDrainedNodes:
    def test_a_node_that_is_down_and_has_no_vm_is_drained(self) -> None:
        facts = facts_of(Host("HV01").vm("a1", A), silent={"HV02": "it is down"}, states={"HV02": 1})
        assert inventory(facts).drained == ("HV02",)
        assert not the_one(facts).completeness.is_incomplete

    @pytest.mark.parametrize("state", [0, 3])
    def test_one_that_should_answer_is_not(self, state: int) -> None:
        facts = facts_of(Host("HV01").vm("a1", A), silent={"HV02": "timed out"}, states={"HV02": state})
        assert inventory(facts).drained == ()

    def test_one_that_may_have_a_vm_is_not(self) -> None:
        facts = facts_of(
            Host("HV01").vm("a1", A), silent={"HV02": "it is down"}, states={"HV02": 1}, hidden=("a2",)
        )
        assert inventory(facts).drained == ()

    def test_nobody_knows_without_the_cluster_database(self) -> None:
        facts = facts_of(Host("HV01").vm("a1", A), silent={"HV02": "it is down"}, states={"HV02": 1})
        cluster = msgspec.structs.replace(facts.cluster, clustered_vms=Unknown("denied"))
        assert inventory(msgspec.structs.replace(facts, cluster=cluster)).drained == ()


def test_the_order_of_everything_does_not_matter() -> None:
    first, second = two_clusters()
    first.queried("a1", "id-a", 2).queried("b1", "id-b", 3).called("a1", "a2").tells_files(A, A)
    second.queried("a2", "id-b", 5).called("a2", "a1").tells_files(A, A, rf"{V2}\X\A_{CHECKPOINT}.avhdx")
    facts = facts_of(first, second, guests=(guest("A", "a1"), guest("A", "a2", "a1")))
    turned = msgspec.structs.replace(
        facts,
        nodes=tuple(
            msgspec.structs.replace(
                node,
                vms=_turned(node.vms),
                drives=_turned(node.drives),
                checks=msgspec.structs.replace(
                    node.checks,
                    vhd_sets=_turned(node.checks.vhd_sets),
                    guest_queries=node.checks.guest_queries[::-1],
                ),
            )
            for node in reversed(facts.nodes)
        ),
        guests=facts.guests[::-1],
    )
    configured = (ConfiguredGuestCluster("A", nodes=("a1", "a2")), ConfiguredGuestCluster("B", nodes=("b1",)))
    assert inventory(turned, *configured) == inventory(facts, *configured)


def _turned(reading: Known[tuple[T, ...]] | Unknown) -> Known[tuple[T, ...]] | Unknown:
    return Known(reading.value[::-1]) if isinstance(reading, Known) else reading
