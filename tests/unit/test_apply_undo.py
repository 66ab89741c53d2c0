"""A plan that takes back what a run did: what it puts back, and what it leaves alone and why."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from tests.fakes import faults
from tests.fakes.nodes import FakeNode, FakeRegistry
from tests.fakes.plans import plan_for
from tests.fakes.small_world import BACKING, DISK, FOLDER, NODES, VM_IDS, VOLUME, small_world
from vhdsfix.apply.dacls import Dacls, read_dacls
from vhdsfix.apply.folder import FolderAtWork
from vhdsfix.apply.journal import Journal, RunRecord, read
from vhdsfix.apply.made import made_by
from vhdsfix.apply.recovery import close_open_intents
from vhdsfix.apply.run import apart, grants_by_folder
from vhdsfix.apply.undo import ToTakeBack, Undoing, folders_to_read, plan_to_undo
from vhdsfix.errors import CommandError, LostError
from vhdsfix.lab.world import Drive
from vhdsfix.model.facts import Facts, NodeChecks, NodeFacts, RecoveryCheckpoint
from vhdsfix.model.outcome import AlreadyRight, Done, Drifted, Outcome, Stuck, Untouched
from vhdsfix.model.plan import HostCluster, Plan, Tool
from vhdsfix.model.readings import Known, Unknown
from vhdsfix.model.windows import FolderPath

TOOL = Tool("vhdsfix", "0")
BY_HAND = "(A;;FR;;;BG)"
FIRST = VM_IDS[0]
NO_CHECKPOINTS = NodeChecks(checkpoints=Known(()))


class Story:
    """The small world, in which a run grants, and another takes back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.world = small_world()
        self.nodes = {name: FakeNode(self.world, name) for name in NODES}
        self.checks: dict[str, NodeChecks] = dict.fromkeys(NODES, NO_CHECKPOINTS)
        self.runs = 0

    def carry_out(self, plan: Plan) -> tuple[RunRecord, list[Outcome]]:
        self.runs += 1
        journal = Journal.create(
            self.folder,
            cluster=HostCluster("LAB-CLUSTER", "1"),
            plan=plan.digest,
            who="me",
            clock=lambda: datetime(2026, 11, 23, tzinfo=UTC),
            token=f"{self.runs:04}",
        )
        registry = FakeRegistry(self.world, tuple(self.nodes.values()))
        outcomes = [
            at_work.carry_out(action)
            for group in apart(grants_by_folder(plan))
            for grants in group
            for at_work in [FolderAtWork(grants, registry, journal)]
            for action in grants.actions
        ]
        journal.end()
        return read(journal.path), outcomes

    def grant(self, *vm_ids: str) -> RunRecord:
        wanted = [vm_id for vm_id in VM_IDS if vm_id in vm_ids] if vm_ids else VM_IDS
        return self.carry_out(plan_for(self.world, wanted))[0]

    def facts(self, record: RunRecord) -> Facts:
        nodes = tuple(self._itself(node) for node in self.nodes.values())
        seen = Facts("2026-11-23T03:00:00Z", self.nodes["HV01"].cluster(), nodes, ())
        paths = tuple(folders_to_read(made_by(record), seen))
        return msgspec.structs.replace(seen, folders=self.nodes["HV01"].folders(paths))

    def _itself(self, node: FakeNode) -> NodeFacts:
        return msgspec.structs.replace(node.itself(), checks=self.checks[node.node])

    def undoing(self, record: RunRecord) -> Undoing:
        assert record.header
        made = made_by(record)
        return plan_to_undo(ToTakeBack(record.header.run, made, made), self.facts(record), (), TOOL)

    def refusals(self, record: RunRecord) -> list[str]:
        """Why nothing is taken back; every refusal is told in the plan as well."""
        undoing = self.undoing(record)
        assert undoing.plan.actions == ()
        whys = [one.outcome.why for one in undoing.refused if isinstance(one.outcome, Untouched)]
        assert [found.id for found in undoing.plan.findings] == ["undo-refused"] * len(whys)
        assert all(found.needs_a_person for found in undoing.plan.findings)
        return whys

    def undo(self, record: RunRecord) -> list[Outcome]:
        return self.carry_out(self.undoing(record).plan)[1]

    def sddl(self, path: str = FOLDER) -> str:
        entry = self.world.tree.get(path)
        assert entry
        return entry.sddl

    def add_entry(self, entry: str, path: str = FOLDER) -> None:
        head, _, aces = self.sddl(path).partition("(")
        self.world.set_sddl(path, f"{head}{entry}({aces}")

    def disk(self) -> dict[str, object]:
        return self.world.tree.dump()


@pytest.fixture
def story(tmp_path: Path) -> Story:
    return Story(tmp_path)


def test_what_was_granted_is_taken_away_entry_by_entry(story: Story) -> None:
    before = story.disk()
    record = story.grant()
    assert story.undo(record) == [Done(), Done(), Done()]
    assert story.disk() == before


def test_the_plan_says_what_it_does_where(story: Story) -> None:
    record = story.grant()
    plan = story.undoing(record).plan
    assert record.header
    assert (plan.kind, plan.undoes, plan.complete) == ("undo", record.header.run, True)
    action = plan.actions[0]
    assert (action.op, action.rights, action.run_on, action.vm_name) == ("remove", "", "HV01", "Guest1")
    assert action.command == f'icacls "{FOLDER}" /remove:g "{FIRST.account}"'
    assert "no entry of its own" in action.reason


def test_it_runs_where_the_vm_is_now(story: Story) -> None:
    record = story.grant(FIRST)
    story.world.move_vm("Guest1", "HV03")
    assert story.undo(record) == [Done()]
    assert story.nodes["HV03"].undone == [(FOLDER, FIRST)]


@pytest.mark.parametrize(
    ("entry", "rights"),
    [
        ("(A;OI;0x1301bf;;;{sid})", "(OI)M"),
        ("(A;;FA;;;{sid})", "F"),
        ("(A;OICI;0x1200a9;;;{sid})", "(OI)(CI)RX"),
    ],
)
def test_a_vm_that_had_an_entry_gets_that_one_back(story: Story, entry: str, rights: str) -> None:
    story.add_entry(entry.format(sid=FIRST.sid))
    before = story.disk()
    record = story.grant(FIRST)
    plan = story.undoing(record).plan
    assert [(action.op, action.rights) for action in plan.actions] == [("restore", rights)]
    assert plan.actions[0].command == f'icacls "{FOLDER}" /grant:r "{FIRST.account}:{rights}"'
    assert story.carry_out(plan)[1] == [Done()]
    assert story.sddl() == before[FOLDER]["sddl"]  # type: ignore[index]  # a dump's entries are dicts


@pytest.mark.parametrize(
    "entries",
    ["(A;OI;0x1301be;;;{sid})", "(A;OI;FR;;;{sid})(A;;FX;;;{sid})"],
    ids=["odd rights", "two entries"],
)
def test_what_one_entry_cannot_say_is_left_alone_and_told(story: Story, entries: str) -> None:
    story.add_entry(entries.format(sid=FIRST.sid))
    before = story.sddl()
    record = story.grant(FIRST)
    (why,) = story.refusals(record)
    assert "icacls cannot put back as one entry" in why
    assert before in why


def test_undone_already_there_is_nothing_to_undo(story: Story) -> None:
    record = story.grant()
    story.undo(record)
    undoing = story.undoing(record)
    assert (undoing.plan.actions, undoing.refused, undoing.plan.findings) == ((), (), ())


def test_an_undo_can_be_undone(story: Story) -> None:
    granted = story.grant()
    with_grants = story.disk()
    undone, _ = story.carry_out(story.undoing(granted).plan)
    again = story.undoing(undone).plan
    assert [(action.op, action.rights) for action in again.actions] == [("restore", "(OI)F")] * 3
    assert story.carry_out(again)[1] == [Done()] * 3
    assert sorted(story.sddl().split("(")) == sorted(with_grants[FOLDER]["sddl"].split("("))  # type: ignore[index]  # as above


def test_what_the_run_did_not_do_is_not_undone(story: Story) -> None:
    story.grant(VM_IDS[1])
    faults.fail_to_grant(story.nodes["HV03"], CommandError("icacls.exe is not known"))
    record = story.grant()
    assert [one.vm_id for one in made_by(record)] == [FIRST]


def granted_on_two_levels(story: Story) -> tuple[dict[str, object], RunRecord, FolderPath]:
    """The disk before, the run, and the lower of the two folders."""
    lower = FolderPath(f"{FOLDER}\\Lower")
    for path, file in ((lower, False), (f"{lower}\\Lower.vhds", True)):
        story.world.tree.add(path, file=file)
    for vm in story.world.vms:
        vm.drives.append(Drive(path=f"{lower}\\Lower.vhds", shared=True))
    before = story.disk()
    record, outcomes = story.carry_out(plan_for(story.world, folders=(FOLDER, lower)))
    assert outcomes == [Done()] * 6
    return before, record, lower


def test_a_folder_in_another_can_be_taken_back_first(story: Story) -> None:
    before, record, lower = granted_on_two_levels(story)
    made = made_by(record)
    below = tuple(one for one in made if one.folder == lower)
    part = plan_to_undo(ToTakeBack("run", made, below), story.facts(record), (), TOOL)
    assert story.carry_out(part.plan)[1] == [Done()] * 3
    assert story.undoing(record).refused == ()
    assert story.undo(record) == [Done()] * 3
    assert story.disk() == before


def test_a_folder_in_another_is_taken_back_with_it(story: Story) -> None:
    """A grant on the upper one reaches into the lower one: that is no change by somebody else."""
    before, record, _ = granted_on_two_levels(story)
    assert story.undoing(record).refused == ()
    assert story.undo(record) == [Done()] * 6
    assert story.disk() == before


def test_a_plan_goes_on_below_a_folder_on_which_it_was_carried_out_already(story: Story) -> None:
    """A node did not answer the first time; what the grants above have passed on since is the plan's own doing."""
    lower = FolderPath(f"{FOLDER}\\Lower")
    for path, file in ((lower, False), (f"{lower}\\Lower.vhds", True)):
        story.world.tree.add(path, file=file)
    for vm in story.world.vms:
        vm.drives.append(Drive(path=f"{lower}\\Lower.vhds", shared=True))
    plan = plan_for(story.world, folders=(FOLDER, lower))
    above = tuple(action for action in plan.actions if action.folder == FOLDER)
    assert story.carry_out(msgspec.structs.replace(plan, actions=above))[1] == [Done()] * 3
    assert story.carry_out(plan)[1] == [Done()] * 3 + [AlreadyRight()] * 3


def test_a_part_of_a_run_can_be_taken_back(story: Story) -> None:
    record = story.grant()
    made = made_by(record)
    for one in made:
        undoing = plan_to_undo(ToTakeBack("run", made, (one,)), story.facts(record), (), TOOL)
        assert [action.vm_id for action in undoing.plan.actions] == [one.vm_id]
        assert story.carry_out(undoing.plan)[1] == [Done()]


class TestItRefuses:
    @pytest.mark.parametrize("path", [FOLDER, DISK])
    @pytest.mark.parametrize(
        "change",
        [
            lambda story, path: story.add_entry(BY_HAND, path),
            lambda story, path: story.world.set_sddl(path, story.sddl(path).replace("D:AI", "D:PAI")),
            lambda story, path: story.add_entry(f"(D;;FR;;;{FIRST.sid})", path),
        ],
        ids=["an entry", "P", "a deny"],
    )
    def test_a_folder_that_changed_since(
        self, story: Story, path: str, change: Callable[[Story, str], None]
    ) -> None:
        record = story.grant()
        change(story, path)
        now = story.disk()
        whys = story.refusals(record)
        assert len(whys) == 3
        assert all("the folder changed since the run" in why for why in whys)
        assert story.undo(record) == []
        assert story.disk() == now

    def test_a_vm_whose_own_entry_somebody_changed(self, story: Story) -> None:
        record = story.grant(FIRST)
        story.world.set_sddl(
            FOLDER, story.sddl().replace(f"(A;OI;FA;;;{FIRST.sid})", f"(A;OI;FR;;;{FIRST.sid})")
        )
        (why,) = story.refusals(record)
        assert "the VM's own entries are others than the run left" in why

    def test_another_runs_grant_in_the_same_folder(self, story: Story) -> None:
        first = story.grant(FIRST)
        second = story.grant(VM_IDS[1])
        (why,) = story.refusals(first)
        assert f"{VM_IDS[1].sid}) is new" in why
        story.undo(second)
        assert story.undo(first) == [Done()]

    def test_a_vm_that_no_node_has(self, story: Story) -> None:
        before = story.sddl()
        record = story.grant(FIRST)
        story.world.vm("Guest1").registered = False
        story.world.vm("Guest1").clustered = False
        (why,) = story.refusals(record)
        assert "no node shows this VM now" in why
        assert before in why

    def test_a_vm_with_a_recovery_checkpoint(self, story: Story) -> None:
        record = story.grant(FIRST, VM_IDS[1])
        there: Known[tuple[RecoveryCheckpoint, ...]] = Known((RecoveryCheckpoint(FIRST, "backup", None),))
        story.checks["HV01"] = NodeChecks(checkpoints=there)
        undoing = story.undoing(record)
        assert [action.vm_id for action in undoing.plan.actions] == [VM_IDS[1]]
        (refused,) = undoing.refused
        assert isinstance(refused.outcome, Untouched)
        assert "recovery checkpoint" in refused.outcome.why

    def test_a_vm_whose_checkpoints_nobody_could_look_at(self, story: Story) -> None:
        record = story.grant(FIRST)
        story.checks["HV01"] = NodeChecks(checkpoints=Unknown("Access is denied."))
        (why,) = story.refusals(record)
        assert "Access is denied." in why
        assert not story.undoing(record).plan.complete

    def test_a_vm_that_uses_a_file_which_came_after_the_run(self, story: Story) -> None:
        record = story.grant(FIRST)
        story.world.add_file(f"{FOLDER}\\Disk_new.avhdx")
        (why,) = story.refusals(record)
        assert "left without its own access to Disk_new.avhdx" in why

    def test_a_vm_whose_own_disk_lies_further_down(self, story: Story) -> None:
        for path, file in ((f"{FOLDER}\\sub", False), (f"{FOLDER}\\sub\\Own.vhdx", True)):
            story.world.tree.add(path, file=file)
        story.world.vm("Guest1").drives.append(Drive(path=f"{FOLDER}\\sub\\Own.vhdx"))
        record = story.grant(FIRST)
        (why,) = story.refusals(record)
        assert "Own.vhdx" in why
        assert "comes from the grant on the folder above" in why

    def test_a_file_that_would_lose_what_it_inherited_elsewhere(self, story: Story) -> None:
        record = story.grant(FIRST)
        story.world.add_file(f"{FOLDER}\\moved.vhds", "O:BAG:SYD:AI(A;ID;FA;;;BG)(A;ID;FA;;;BA)")
        assert any("moved.vhds would lose" in why for why in story.refusals(record))

    @pytest.mark.parametrize("path", [FOLDER, DISK])
    def test_what_cannot_be_read(self, story: Story, path: str) -> None:
        record = story.grant(FIRST)
        entry = story.world.tree.get(path)
        assert entry
        entry.denied = True
        (why,) = story.refusals(record)
        assert "Access is denied." in why
        assert not story.undoing(record).plan.complete

    def test_a_folder_that_is_gone(self, story: Story) -> None:
        record = story.grant(FIRST)
        story.world.tree.remove(FOLDER)
        (why,) = story.refusals(record)
        assert "the folder is gone" in why

    def test_a_grant_that_only_reached_files(self, story: Story) -> None:
        story.grant(FIRST)
        behind = story.sddl(DISK).replace(f"(A;ID;FA;;;{FIRST.sid})", "")
        story.world.set_sddl(DISK, behind)
        record = story.grant(FIRST)
        (why,) = story.refusals(record)
        assert "Disk.vhds" in why
        assert "no change to the folder takes that back" in why

    def test_a_vm_that_only_its_own_disk_keeps_there(self, story: Story) -> None:
        """Nobody is asked for the checkpoints of a VM that shares no disk."""
        story.world.add_file(f"{FOLDER}\\Own.vhdx", "O:BAG:SYD:P(A;;FA;;;BA)")
        record = story.grant(FIRST)
        story.world.vm("Guest1").drives = [Drive(path=f"{FOLDER}\\Own.vhdx")]
        (why,) = story.refusals(record)
        assert "was not asked" in why


def test_a_file_of_another_vm_alone_is_nobody_elses_business(story: Story) -> None:
    record = story.grant(FIRST)
    story.world.add_file(f"{FOLDER}\\Other.vhdx")
    story.world.vm("Guest2").drives.append(Drive(path=f"{FOLDER}\\Other.vhdx"))
    assert story.undo(record) == [Done()]


def test_a_vm_that_left_the_folder_can_lose_its_grant(story: Story) -> None:
    record = story.grant(FIRST)
    story.world.vm("Guest1").drives = [Drive(path=f"{VOLUME}\\More\\More.vhds", shared=True)]
    story.world.add_file(f"{FOLDER}\\Disk_new.avhdx")
    assert story.undo(record) == [Done()]


def test_files_that_come_and_go_are_no_change(story: Story) -> None:
    record = story.grant(FIRST)
    story.world.tree.remove(BACKING)
    story.world.add_file(f"{FOLDER}\\moved.avhdx", "O:BAG:SYD:P(A;;FA;;;BA)")
    assert story.undo(record) == [Done()]


class TestTheUndoItself:
    def test_a_change_since_its_plan_is_drift(self, story: Story) -> None:
        plan = story.undoing(story.grant()).plan
        story.add_entry(BY_HAND)
        now = story.disk()
        assert all(isinstance(outcome, Drifted) for outcome in story.carry_out(plan)[1])
        assert story.disk() == now

    def test_a_lost_answer_is_never_called_untouched(self, story: Story) -> None:
        plan = story.undoing(story.grant(FIRST)).plan

        def lose(_folder: FolderPath, _option: str, _what: str) -> object:
            raise LostError("taking back on HV01: the connection was reset")

        story.nodes["HV01"].carry_out_undoing = lose  # type: ignore[assignment]  # it only raises
        (outcome,) = story.carry_out(plan)[1]
        assert isinstance(outcome, Stuck)
        assert "it may still land" in outcome.why

    def test_a_lost_answer_after_the_work_is_done(self, story: Story) -> None:
        plan = story.undoing(story.grant(FIRST)).plan
        node = story.nodes["HV01"]

        def lose(folder: FolderPath, option: str, what: str) -> object:
            node.run_icacls_with(folder, option, what)
            raise LostError("taking back on HV01: the connection was reset")

        node.carry_out_undoing = lose  # type: ignore[assignment]  # it only raises
        assert story.carry_out(plan)[1] == [Done()]

    def test_a_propagation_cut_in_half_is_stuck(self, story: Story) -> None:
        plan = story.undoing(story.grant(FIRST)).plan
        node = story.nodes["HV01"]

        def half(folder: FolderPath, option: str, what: str) -> object:
            before = story.sddl(DISK)
            answer = node.run_icacls_with(folder, option, what)
            story.world.set_sddl(DISK, before)
            return answer

        node.carry_out_undoing = half  # type: ignore[assignment]  # it returns what icacls did
        (outcome,) = story.carry_out(plan)[1]
        assert isinstance(outcome, Stuck)
        assert "Disk.vhds" in outcome.why

    def test_a_second_undo_finishes_what_the_first_left_behind(self, story: Story) -> None:
        before = story.disk()
        record = story.grant(FIRST)
        behind = story.sddl(DISK)
        assert story.undo(record) == [Done()]
        story.world.set_sddl(DISK, behind)
        assert story.undo(record) == [Done()]
        assert story.disk() == before

    def test_what_an_undo_that_was_cut_off_left_of_one_vm_keeps_no_other_from_its_turn(
        self, story: Story
    ) -> None:
        before = story.disk()
        record = story.grant()
        plan = story.undoing(record).plan
        node = story.nodes["HV01"]

        def half(folder: FolderPath, option: str, what: str) -> object:
            behind = story.sddl(DISK)
            answer = node.run_icacls_with(folder, option, what)
            story.world.set_sddl(DISK, behind)
            return answer

        node.carry_out_undoing = half  # type: ignore[assignment]  # it returns what icacls did
        assert [type(one) for one in story.carry_out(plan)[1]] == [Stuck, Untouched, Untouched]
        node.carry_out_undoing = node.run_icacls_with
        again = story.undoing(record).plan
        turned = msgspec.structs.replace(again, actions=tuple(reversed(again.actions)))
        assert story.carry_out(turned)[1] == [Done(), Done(), AlreadyRight()]
        assert story.disk() == before

    def test_what_was_taken_back_meanwhile_is_already_right(self, story: Story) -> None:
        plan = story.undoing(story.grant(FIRST)).plan
        story.nodes["HV01"].remove(FOLDER, FIRST)
        assert [type(one).__name__ for one in story.carry_out(plan)[1]] == ["AlreadyRight"]


class TestAnUndoThatDied:
    """Its intent says which change it was, so the next run can tell what became of it."""

    @pytest.mark.parametrize("entry", ["", "(A;OI;0x1301bf;;;{sid})"], ids=["remove", "restore"])
    @pytest.mark.parametrize("landed", [True, False])
    def test_it_is_closed_from_what_is_read(self, story: Story, entry: str, *, landed: bool) -> None:
        if entry:
            story.add_entry(entry.format(sid=FIRST.sid))
        (action,) = story.undoing(story.grant(FIRST)).plan.actions
        journal = Journal.create(
            story.folder,
            cluster=HostCluster("LAB-CLUSTER", "1"),
            plan="0",
            who="me",
            clock=lambda: datetime(2026, 11, 23, tzinfo=UTC),
            token="dead",
        )
        before = read_dacls(story.nodes["HV01"], FOLDER)
        assert isinstance(before, Dacls)
        journal.intend(action, before.texts)
        if landed:
            option, what = (
                ("/grant:r", f"{FIRST.account}:{action.rights}") if entry else ("/remove:g", FIRST.account)
            )
            story.nodes["HV01"].run_icacls_with(FOLDER, option, what)
        now = datetime(2026, 11, 23, 1, tzinfo=UTC)
        (closed,) = close_open_intents(read(journal.path), tuple(story.nodes.values()), lambda: now)
        assert isinstance(closed.outcome, Done if landed else Untouched)
