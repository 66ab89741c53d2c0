"""Which questions the survey asks of whom, and what becomes of nodes that do not answer; over fake nodes, no wire."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec
import pytest

from tests.fakes.nodes import FakeNode
from vhdsfix import planner
from vhdsfix.errors import AuthError, CommandError, LostError, UnreachableError, UsageError
from vhdsfix.lab import scenarios
from vhdsfix.lab.world import World
from vhdsfix.model.facts import (
    NOT_ASKED,
    BackupService,
    ClusterFacts,
    Facts,
    FolderFacts,
    NodeChecks,
    NodeFacts,
    VhdSet,
)
from vhdsfix.model.plan import Scope, Tool
from vhdsfix.model.readings import Known, Unknown, known_or
from vhdsfix.model.windows import FolderPath, VmId
from vhdsfix.ports import GuestReader, Progress, Reader, ToCheck
from vhdsfix.survey import survey

T = TypeVar("T")
SHARED = FolderPath(r"C:\ClusterStorage\NTFS-03\GuestClustersSharedDisks")


class Node(FakeNode):
    """A fake node that counts what it is asked, and can be dead in one phase or all."""

    def __init__(self, world: World, name: str, known_as: str | None = None) -> None:
        super().__init__(world, name)
        self.asked: list[str] = []
        self.fails: dict[str, Exception] = {}
        self.known_as = known_as or name
        self.sets: tuple[VhdSet, ...] = ()

    def connect(self, accepted: Callable[[], None]) -> None:
        self._take("connect")
        super().connect(accepted)

    def cluster(self) -> ClusterFacts:
        self._take("cluster")
        return super().cluster()

    def itself(self) -> NodeFacts:
        self._take("itself")
        return super().itself()

    def checks(self, asked: ToCheck) -> NodeChecks:
        self._take("checks")
        checks = super().checks(asked)
        return msgspec.structs.replace(checks, vhd_sets=Known(self.sets)) if self.sets else checks

    def folders(self, paths: Sequence[FolderPath]) -> tuple[FolderFacts, ...]:
        self._take("folders")
        return super().folders(paths)

    def _take(self, phase: str) -> None:
        self.asked.append(phase)
        if phase in self.fails:
            raise self.fails[phase]


class Hosts:
    """Hosts over fake nodes, one task after another."""

    def __init__(self, nodes: Sequence[Node], given: Sequence[str]) -> None:
        self.nodes = {node.node: node for node in nodes}
        self._given = [self.nodes[name] for name in given]
        self.guest_readers: list[GuestReader] = []

    def given(self) -> Sequence[Node]:
        return self._given

    def guests(self) -> Sequence[GuestReader]:
        return self.guest_readers

    def remember_name(self, node: Reader, name: str) -> None:
        pass

    def reach(self, node_name: str, domain: str) -> Node:
        assert domain == "lab.example"
        return self.nodes[node_name]

    def at_once(self, tasks: Sequence[Callable[[], T]]) -> Sequence[T]:
        return [task() for task in tasks]


@pytest.fixture
def world() -> World:
    return scenarios.build(scenarios.load("demo"))


@pytest.fixture
def nodes(world: World) -> dict[str, Node]:
    return {node.name: Node(world, node.name) for node in world.nodes}


def look(
    nodes: dict[str, Node], *given: str, scope: Scope | None = None, expected: str | None = None
) -> Facts:
    hosts = Hosts(list(nodes.values()), given or ("HV01",))
    return survey(hosts, scope or Scope(), "2026-11-23T02:00:00Z", expected, lambda _step: None)


def test_folders_are_read_once_where_all_nodes_were_given(nodes: dict[str, Node]) -> None:
    facts = look(nodes, *nodes)
    asked = [phase for node in nodes.values() for phase in node.asked]
    assert isinstance(facts.folders[0].sddl, Known)
    assert asked.count("folders") == 1
    assert asked.count("checks") == len(nodes)


def test_a_folder_that_only_a_check_leads_to_is_read_then(nodes: dict[str, Node]) -> None:
    elsewhere = FolderPath(r"C:\ClusterStorage\NTFS-03\Checkpoints")
    disk = next(
        drive.path for drive in known_or(nodes["HV01"].itself().drives, ()) if drive.shared and drive.path
    )
    stem = disk.name.removesuffix(".vhds")
    told = VhdSet(disk, (disk, FolderPath(rf"{elsewhere}\{stem}_5CED1297-4598-4915-A5FC-AD21BB4D02A4.avhdx")))
    nodes["HV01"].sets = (told,)
    facts = look(nodes, *nodes)
    assert {folder.path for folder in facts.folders} == {SHARED, elsewhere}


def test_one_node_is_enough_the_others_are_found(nodes: dict[str, Node]) -> None:
    facts = look(nodes, "HV01")

    assert [node.name for node in facts.nodes] == ["HV01", "HV02", "HV03", "HV04"]
    assert [folder.path for folder in facts.folders] == [SHARED]
    assert sum("cluster" in node.asked for node in nodes.values()) == 1
    assert all(node.asked.count("itself") == 1 for node in nodes.values())
    assert sum(node.asked.count("folders") for node in nodes.values()) == 1


def test_the_next_given_node_tells_of_the_cluster_when_the_first_is_dead(nodes: dict[str, Node]) -> None:
    nodes["HV01"].fails = dict.fromkeys(
        ("connect", "cluster", "itself"), UnreachableError("HV01: connection refused")
    )

    facts = look(nodes, "HV01", "HV02")

    assert isinstance(facts.cluster.identity, Known)
    assert facts.nodes[0].host == Unknown("HV01: connection refused")
    assert {node.name for node in facts.nodes} == {"HV01", "HV02", "HV03", "HV04"}
    assert nodes["HV01"].asked == ["connect"]  # and not once more by its own name


def test_nobody_lets_us_in(nodes: dict[str, Node]) -> None:
    for node in nodes.values():
        node.fails = dict.fromkeys(("connect", "cluster", "itself"), AuthError("refused"))

    facts = look(nodes, "HV01", "HV02", "HV03", "HV04")

    assert all(isinstance(node.host, Unknown) for node in facts.nodes)
    assert isinstance(facts.cluster.identity, Unknown)
    assert facts.folders == ()
    assert [node.asked for node in nodes.values()] == [["connect"], ["connect"], [], []]  # accounts lock out


def test_a_session_that_lacks_commands_ends_the_run_only_if_no_other_node_answers(
    nodes: dict[str, Node],
) -> None:
    for phase in ("cluster", "itself"):
        nodes["HV01"].fails[phase] = CommandError("HV01: this session lacks Select-Object")
    facts = look(nodes, "HV01", "HV02")
    assert isinstance(facts.cluster.identity, Known)
    silent = next(node for node in facts.nodes if node.name == "HV01")
    assert silent.vms == Unknown("HV01: this session lacks Select-Object")
    nodes["HV02"].fails = dict.fromkeys(("connect", "cluster", "itself"), UnreachableError("HV02: dead"))
    with pytest.raises(CommandError, match="HV01: this session lacks Select-Object"):
        look(nodes, "HV01", "HV02")


def test_a_node_that_is_down_is_not_asked(world: World, nodes: dict[str, Node]) -> None:
    world.node("HV04").state = "Down"

    facts = look(nodes, "HV01")

    assert nodes["HV04"].asked == []
    assert facts.nodes[3].vms == Unknown("the cluster says that it is down")


def test_another_nodes_answer_says_nothing_about_the_node_we_meant(
    world: World, nodes: dict[str, Node]
) -> None:
    nodes["HV02"] = Node(world, "HV03")
    hosts = Hosts([], [])
    hosts.nodes = nodes
    hosts._given = [nodes["HV01"]]

    facts = survey(hosts, Scope(), "2026-11-23T02:00:00Z", None, lambda _step: None)

    hv02 = next(node for node in facts.nodes if node.name == "HV02")
    assert hv02.vms == Unknown("its address is answered by a node that calls itself HV03")


def test_a_folder_that_one_node_could_not_show_is_read_on_the_next(nodes: dict[str, Node]) -> None:
    nodes["HV01"].fails["folders"] = LostError("HV01: reset")

    facts = look(nodes, "HV01")

    assert facts.folders[0].read_on == "HV02"
    assert isinstance(facts.folders[0].sddl, Known)


def test_a_second_look_that_sees_less_does_not_replace_the_first(nodes: dict[str, Node]) -> None:
    seen = nodes["HV01"].folders

    def without_files(paths: Sequence[FolderPath]) -> tuple[FolderFacts, ...]:
        return tuple(msgspec.structs.replace(folder, files=Unknown("denied")) for folder in seen(paths))

    nodes["HV01"].folders = without_files  # type: ignore[method-assign]
    nodes["HV02"].fails["folders"] = LostError("HV02: reset")

    folder = look(nodes, "HV01").folders[0]

    assert isinstance(folder.sddl, Known)
    assert folder.files == Unknown("denied")


def test_a_folder_that_no_node_could_show_is_unknown_with_its_reason(nodes: dict[str, Node]) -> None:
    for node in nodes.values():
        node.fails["folders"] = LostError(f"{node.node}: reset")

    folder = look(nodes, "HV01").folders[0]

    assert isinstance(folder.sddl, Unknown)
    assert "reset" in folder.sddl.why


def test_another_cluster_than_expected_is_refused_before_its_folders_are_read(nodes: dict[str, Node]) -> None:
    with pytest.raises(UsageError, match="asked for host cluster OTHER, but the node belongs to LAB-CLUSTER"):
        look(nodes, "HV01", expected="OTHER")
    assert all("folders" not in node.asked for node in nodes.values())


def test_nodes_of_two_clusters_are_refused(world: World, nodes: dict[str, Node]) -> None:
    nodes["HV99"] = Node(world, "HV99")
    with pytest.raises(UsageError, match="HV99 is no node of LAB-CLUSTER"):
        look(nodes, "HV01", "HV99")
    assert "checks" not in nodes["HV99"].asked


def test_only_the_folders_of_the_scope_are_read(nodes: dict[str, Node]) -> None:
    with pytest.raises(UsageError, match=r"no folder C:\\Elsewhere in what was seen"):
        look(nodes, "HV01", scope=Scope(folders=(FolderPath(r"C:\Elsewhere"),)))


def test_every_node_is_checked_once_and_told_what_to_look_for(world: World, nodes: dict[str, Node]) -> None:
    world.cluster.config_store = SHARED
    facts = look(nodes, "HV01")

    assert [node.asked.count("checks") for node in nodes.values()] == [1, 1, 1, 1]
    assert [node.checks.sees for node in facts.nodes] == [Known((SHARED,))] * 4
    told = [[queried.vm_id for queried in node.checks.guest_queries] for node in facts.nodes]
    assert told == [[world.vm(f"DemoGuestNode{number}").id] for number in (1, 2, 3)] + [[]]


@pytest.mark.parametrize("path", ["", "Elsewhere", "\\\\server\\share"])
def test_a_config_store_that_no_node_can_look_at_is_not_looked_for(
    world: World, nodes: dict[str, Node], path: str
) -> None:
    world.cluster.config_store = path
    assert {node.checks.sees for node in look(nodes, "HV01").nodes} == {NOT_ASKED}


def test_a_node_that_does_not_answer_is_not_checked(nodes: dict[str, Node]) -> None:
    nodes["HV02"].fails["itself"] = LostError("HV02: reset")
    facts = look(nodes, "HV01")
    assert "checks" not in nodes["HV02"].asked
    assert facts.nodes[1].checks == NodeChecks()


def test_where_drives_are_not_known_nobody_knows_what_to_ask_about_them(nodes: dict[str, Node]) -> None:
    seen = nodes["HV01"].itself
    unknown = Unknown("denied")
    nodes["HV01"].itself = lambda: msgspec.structs.replace(seen(), drives=unknown)  # type: ignore[method-assign]
    checks = look(nodes, "HV01").nodes[0].checks
    assert {checks.vhd_sets, checks.backup_services, checks.guest_names, checks.checkpoints} == {NOT_ASKED}
    assert checks.merge_failures == Known(())


def test_a_guest_that_is_off_is_asked_nothing(world: World, nodes: dict[str, Node]) -> None:
    world.vm("DemoGuestNode2").state = "Off"
    checks = look(nodes, "HV01").nodes[1].checks
    assert (checks.guest_queries, checks.guest_names) == ((), Known(()))
    assert checks.backup_services == Known(
        (BackupService(VmId(world.vm("DemoGuestNode2").id), enabled=True),)
    )


def test_while_a_backup_runs_the_set_behind_a_checkpoint_is_asked_for(
    world: World, nodes: dict[str, Node]
) -> None:
    files = [path for path, _ in world.tree.children(SHARED) if path.endswith(".avhdx")]
    world.vm("DemoGuestNode1").drives[1].path = files[0]
    world.vm("DemoGuestNode2").drives[1].path = "\\\\server\\share\\a.vhds"
    first, second, *_ = (node.checks.vhd_sets for node in look(nodes, "HV01").nodes)
    assert isinstance(first, Known)
    assert [one.path for one in first.value] == [f"{SHARED}\\GuestClusterDisk.vhds"]
    assert second == Known(())  # on a file server: a second hop


def moving(world: World, nodes: dict[str, Node], vm: str, to: str) -> None:
    """The VM is on its way: the node that it comes to was asked just before, or both show it; then it is there."""
    asked_before = nodes[to].itself

    def then_it_moves() -> NodeFacts:
        facts = asked_before()
        world.move_vm(vm, to)
        nodes[to].itself = asked_before  # type: ignore[method-assign]
        return facts

    nodes[to].itself = then_it_moves  # type: ignore[method-assign]


def test_a_vm_that_was_on_no_node_while_it_moved_is_found_by_a_second_look(
    world: World, nodes: dict[str, Node]
) -> None:
    moving(world, nodes, "DemoGuestNode3", "HV02")  # HV02 is asked before HV03

    facts = look(nodes, "HV01")

    assert [node.asked.count("itself") for node in nodes.values()] == [2, 2, 2, 2]
    shown = [[vm.name for vm in node.vms.value] for node in facts.nodes if isinstance(node.vms, Known)]
    assert shown[1:3] == [["DemoGuestNode2", "DemoGuestNode3"], []]
    assert [len(node.checks.guest_queries) for node in facts.nodes] == [1, 2, 0, 0]


def test_a_vm_that_two_nodes_showed_is_looked_for_once_more_and_no_more(
    world: World, nodes: dict[str, Node]
) -> None:
    world.vm("DemoGuestNode3").also_on = "HV02"

    facts = look(nodes, "HV01")

    assert [node.asked.count("itself") for node in nodes.values()] == [2, 2, 2, 2]
    assert sum(world.vm("DemoGuestNode3").name in str(node.vms) for node in facts.nodes) == 2


def test_a_second_look_that_fails_does_not_replace_the_first(world: World, nodes: dict[str, Node]) -> None:
    world.vm("DemoGuestNode3").also_on = "HV02"
    seen = nodes["HV03"].itself

    def once() -> NodeFacts:
        facts = seen()
        nodes["HV03"].fails["itself"] = LostError("HV03: reset")
        return facts

    nodes["HV03"].itself = once  # type: ignore[method-assign]
    facts = look(nodes, "HV01")
    assert isinstance(facts.nodes[2].vms, Known)


def test_a_vm_that_cannot_be_shown_is_not_looked_for_again(world: World, nodes: dict[str, Node]) -> None:
    world.vm("DemoGuestNode3").configuration_state = "Offline"
    world.vm("DemoGuestNode2").node = "HV04"
    world.node("HV04").state = "Down"

    look(nodes, "HV01")

    assert [node.asked.count("itself") for node in nodes.values()] == [1, 1, 1, 0]


def test_every_step_is_told(nodes: dict[str, Node]) -> None:
    told: list[Progress] = []
    survey(Hosts(list(nodes.values()), ["HV01"]), Scope(), "2026-11-23T02:00:00Z", None, told.append)

    assert {step.subject for step in told} == {"HV01", "HV02", "HV03", "HV04"}


def test_the_facts_of_the_demo_make_the_plan_of_the_demo(nodes: dict[str, Node]) -> None:
    plan = planner.plan_from(look(nodes, "HV01"), Scope(), Tool("vhdsfix", "test"))

    assert [(action.vm_name, action.run_on) for action in plan.actions] == [
        ("DemoGuestNode2", "HV02"),
        ("DemoGuestNode3", "HV03"),
    ]
    assert [found.id for found in plan.findings] == ["grant-missing", "grant-missing", "config-store-unset"]
    assert plan.complete


def test_the_same_facts_in_any_order_make_the_same_plan(nodes: dict[str, Node]) -> None:
    facts = look(nodes, "HV01")
    turned = msgspec.structs.replace(facts, nodes=facts.nodes[::-1], folders=facts.folders[::-1])
    tool = Tool("vhdsfix", "test")

    assert planner.plan_from(turned, Scope(), tool) == planner.plan_from(facts, Scope(), tool)
