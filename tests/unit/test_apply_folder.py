from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from tests.fakes import faults
from tests.fakes.nodes import FakeNode, FakeRegistry
from tests.fakes.plans import plan_for
from tests.fakes.small_world import BACKING, DISK, FOLDER, NODES, VM_IDS, small_world
from vhdsfix.apply.folder import READS_AFTER_A_LOST_ANSWER, FolderAtWork
from vhdsfix.apply.journal import Intent, Journal, Result, read
from vhdsfix.apply.made import made_by
from vhdsfix.apply.run import grants_by_folder
from vhdsfix.apply.told import told
from vhdsfix.errors import AuthError, CommandError, LostError, QuotaError, ReplyError, UnreachableError
from vhdsfix.model.outcome import AlreadyRight, Done, Drifted, Outcome, Stuck, Untouched, WriteAnswer
from vhdsfix.model.plan import HostCluster, Plan
from vhdsfix.model.windows import FolderPath, VmId

GONE = UnreachableError("connecting to HV01: no route to host")
BY_HAND = "(A;;FR;;;BG)"


class Story:
    """The small world, a plan made of it, and a run of the plan's first folder."""

    def __init__(self, folder: Path) -> None:
        self.world = small_world()
        self.nodes = {name: FakeNode(self.world, name) for name in NODES}
        self.hv01 = self.nodes["HV01"]
        self.registry = FakeRegistry(self.world, tuple(self.nodes.values()))
        self.plan = plan_for(self.world)
        self.journal = Journal.create(
            folder,
            cluster=HostCluster("LAB-CLUSTER", "1"),
            plan="0",
            who="me",
            clock=lambda: datetime(2026, 11, 23, tzinfo=UTC),
            token="0000",
        )

    def run(self, plan: Plan | None = None) -> list[Outcome]:
        plan = plan or self.plan
        grants = grants_by_folder(plan)[0]
        at_work = FolderAtWork(grants, self.registry, self.journal)
        return [at_work.carry_out(action) for action in grants.actions]

    def run_one(self) -> Outcome:
        """Only the first VM's grant, which is HV01's."""
        return self.run(msgspec.structs.replace(self.plan, actions=self.plan.actions[:1]))[0]

    def sddl(self, path: str = FOLDER) -> str:
        entry = self.world.tree.get(path)
        assert entry
        return entry.sddl

    def add_entry(self, entry: str, path: str = FOLDER) -> None:
        """Somebody writes an explicit entry with a tool that passes nothing on."""
        head, _, aces = self.sddl(path).partition("(")
        self.world.set_sddl(path, f"{head}{entry}({aces}")

    def disk(self) -> dict[str, object]:
        return self.world.tree.dump()

    def grants(self) -> list[tuple[FolderPath, VmId]]:
        return [grant for node in self.nodes.values() for grant in node.grants]

    def journalled(self) -> list[str]:
        """The intents and how each ended, in order."""
        return [
            "intent" if isinstance(line, Intent) else type(line.outcome).__name__
            for line in read(self.journal.path).lines
            if isinstance(line, Intent | Result)
        ]


@pytest.fixture
def story(tmp_path: Path) -> Story:
    return Story(tmp_path)


def answer_without_work(story: Story, exit_code: int | None) -> None:
    story.hv01.carry_out_grant = lambda _folder, _vm_id: WriteAnswer(exit_code)


def acknowledged_and_seen_elsewhere(
    story: Story, reached: tuple[str, ...], and_then: Callable[[], None] = lambda: None
) -> None:
    """The first node says that it wrote and shows nothing; where the VM is now, these paths have the grant."""

    def grant(folder: FolderPath, vm_id: VmId) -> WriteAnswer:
        before: dict[str, str] = {path: story.sddl(path) for path in (FOLDER, DISK, BACKING)}
        answer = story.hv01.run_icacls(folder, vm_id)
        after = {path: story.sddl(path) for path in reached}
        put(before)
        story.world.move_vm("Guest1", "HV03")

        def lands() -> None:
            if story.nodes["HV03"].reads == 1:
                put(after)
                and_then()

        story.nodes["HV03"].before_read = lands
        return answer

    def put(descriptors: dict[str, str]) -> None:
        for path, sddl in descriptors.items():
            story.world.set_sddl(path, sddl)

    story.hv01.carry_out_grant = grant


def test_every_vm_gets_its_grant_on_its_own_node(story: Story) -> None:
    assert story.run() == [Done(), Done(), Done()]
    for name, vm_id in zip(NODES, VM_IDS, strict=True):
        assert story.nodes[name].grants == [(FOLDER, vm_id)]
        assert f"(A;OI;FA;;;{vm_id.sid})" in story.sddl()
        assert f"(A;ID;FA;;;{vm_id.sid})" in story.sddl(DISK)


def test_the_journal_says_what_was_before_and_after(story: Story) -> None:
    before, file_before = story.sddl(), story.sddl(DISK)
    story.run_one()
    intent, result = read(story.journal.path).lines
    assert isinstance(intent, Intent)
    assert isinstance(result, Result)
    assert (intent.before["."], intent.before["Disk.vhds"]) == (before, file_before)
    assert result.after is not None
    assert (result.after["."], result.after["Disk.vhds"]) == (story.sddl(), story.sddl(DISK))
    assert "readme.txt" not in intent.before


def test_the_intent_is_written_before_the_grant_is_sent(story: Story) -> None:
    seen: list[list[str]] = []
    faults.meanwhile(story.hv01, lambda: seen.append(story.journalled()))
    story.run_one()
    assert seen == [["intent"]]


def test_what_is_right_already_is_not_written(story: Story) -> None:
    story.run()
    story.journal.intend(story.plan.actions[0], {})  # a mark
    marked = story.journalled()
    assert story.run() == [AlreadyRight()] * 3
    assert len(story.grants()) == 3
    assert story.journalled() == marked


def test_right_already_counts_before_drift(story: Story) -> None:
    story.run_one()
    story.add_entry(BY_HAND)
    assert story.run_one() == AlreadyRight()


@pytest.mark.parametrize(
    "change",
    [
        lambda story: story.add_entry(BY_HAND),
        lambda story: story.world.set_sddl(FOLDER, story.sddl().replace("D:AI", "D:PAI")),
        lambda story: story.add_entry(BY_HAND, DISK),
        lambda story: story.world.set_sddl(DISK, story.sddl(DISK).replace("D:AI", "D:PAI")),
        lambda story: story.add_entry(f"(A;;FR;;;{VM_IDS[0].sid})"),
        lambda story: story.add_entry(f"(A;;FR;;;{VM_IDS[1].sid})"),
        lambda story: story.add_entry(f"(D;;FA;;;{VM_IDS[1].sid})"),
    ],
    ids=["entry", "P", "file's entry", "file's P", "own entry", "another planned VM's", "a deny"],
)
def test_what_someone_changed_since_the_plan_is_drift(story: Story, change: Callable[[Story], None]) -> None:
    change(story)
    now = story.disk()
    outcome = story.run_one()
    assert isinstance(outcome, Drifted)
    assert "changed since the plan" in outcome.why
    assert (story.disk(), story.grants(), story.journalled()) == (now, [], [])


def test_a_grant_of_a_planned_vm_made_by_hand_is_no_drift(story: Story) -> None:
    story.nodes["HV02"].run_icacls(FOLDER, VM_IDS[1])
    assert story.run() == [Done(), AlreadyRight(), Done()]


def test_files_that_come_and_go_since_the_plan_are_no_drift(story: Story) -> None:
    entries = story.disk()
    del entries[BACKING]
    story.world.tree = type(story.world.tree).load(entries)
    story.world.add_file(f"{FOLDER}\\Checkpoint.avhdx")
    assert story.run_one() == Done()


def test_a_folder_that_is_gone_has_drifted(story: Story) -> None:
    entries = {path: entry for path, entry in story.disk().items() if not path.startswith(FOLDER)}
    story.world.tree = type(story.world.tree).load(entries)
    assert isinstance(story.run_one(), Drifted)


def test_a_file_moved_in_that_would_lose_an_entry_stops_the_grant(story: Story) -> None:
    story.world.add_file(f"{FOLDER}\\moved.vhds", "O:BAG:SYD:AI(A;ID;FA;;;BG)(A;ID;FA;;;BA)")
    outcome = story.run_one()
    assert isinstance(outcome, Untouched)
    assert "moved.vhds" in outcome.why
    assert story.grants() == []


def test_a_file_that_is_behind_is_mended_by_the_same_grant(story: Story) -> None:
    story.hv01.run_icacls(FOLDER, VM_IDS[0])
    story.world.set_sddl(DISK, story.sddl(DISK).replace(f"(A;ID;FA;;;{VM_IDS[0].sid})", ""))
    story.plan = plan_for(story.world)
    # icacls that finds its entry there already still passes on what the folder has
    assert story.run_one() == Done()
    assert f"(A;ID;FA;;;{VM_IDS[0].sid})" in story.sddl(DISK)


@pytest.mark.parametrize("path", [FOLDER, DISK])
def test_what_cannot_be_read_is_not_written(story: Story, path: str) -> None:
    entry = story.world.tree.get(path)
    assert entry
    entry.denied = True
    outcome = story.run_one()
    assert isinstance(outcome, Untouched)
    assert "Access is denied." in outcome.why
    assert story.grants() == []


@pytest.mark.parametrize("path", [FOLDER, DISK])
def test_a_malformed_sddl_is_unknown_and_never_missing(story: Story, path: str) -> None:
    story.world.set_sddl(path, "D:(A;;nonsense")
    outcome = story.run_one()
    assert isinstance(outcome, Untouched)
    assert "cannot be read" in outcome.why
    assert story.grants() == []


def test_a_listing_without_an_attached_disk_is_not_believed(story: Story) -> None:
    story.world.tree = type(story.world.tree).load(
        {path: entry for path, entry in story.disk().items() if path != DISK}
    )
    outcome = story.run_one()
    assert isinstance(outcome, Untouched)
    assert "did not list Disk.vhds" in outcome.why


def test_a_file_that_keeps_the_vm_out_needs_a_person(story: Story) -> None:
    story.world.set_sddl(DISK, "O:BAG:SYD:P(A;;FA;;;BA)")
    story.plan = plan_for(story.world)
    first, *rest = story.run()
    assert isinstance(first, Stuck)
    assert "Disk.vhds has a protected DACL" in first.why
    assert all(
        isinstance(outcome, Stuck) for outcome in rest
    )  # foreseen: the others get their grant all the same
    assert len(story.grants()) == 3


def test_a_grant_that_cannot_mend_is_not_written(story: Story) -> None:
    story.hv01.run_icacls(FOLDER, VM_IDS[0])
    story.world.set_sddl(DISK, "O:BAG:SYD:P(A;;FA;;;BA)")
    story.plan = plan_for(story.world)
    outcome = story.run_one()
    assert isinstance(outcome, Untouched)
    assert "would not mend" in outcome.why
    assert len(story.grants()) == 0


class TestTheVmMoves:
    def test_it_is_granted_where_it_is_now(self, story: Story) -> None:
        story.world.move_vm("Guest1", "HV03")
        assert story.run_one() == Done()
        assert story.registry.looked_again == [VM_IDS[0]]
        assert story.nodes["HV03"].grants == [(FOLDER, VM_IDS[0])]
        assert story.journalled() == ["intent", "Untouched", "intent", "Done"]

    def test_it_is_tried_only_once_more(self, story: Story) -> None:
        story.world.move_vm("Guest1", "HV03")
        faults.meanwhile(story.nodes["HV03"], lambda: story.world.move_vm("Guest1", "HV02"))
        outcome = story.run_one()
        assert isinstance(outcome, Untouched)
        assert "1332" in outcome.why
        assert len(story.grants()) == 2
        assert story.registry.looked_again == [VM_IDS[0]]

    def test_where_it_has_not_moved_nothing_is_tried_again(self, story: Story) -> None:
        answer_without_work(story, exit_code=5)
        before = story.disk()
        outcome = story.run_one()
        assert isinstance(outcome, Untouched)
        assert "exit code 5" in outcome.why
        assert "nothing changed" in outcome.why
        assert len(story.grants()) == 1
        assert story.disk() == before
        assert story.journalled() == ["intent", "Untouched"]

    @pytest.mark.parametrize("exit_code", [0, None])
    def test_what_the_node_does_not_call_a_failure_may_still_land(
        self, story: Story, exit_code: int | None
    ) -> None:
        answer_without_work(story, exit_code)
        first, *rest = story.run()
        assert isinstance(first, Stuck)
        assert "may still land" in first.why
        assert {type(outcome) for outcome in rest} == {Untouched}
        assert len(story.grants()) == 1
        assert story.hv01.reads == 1 + READS_AFTER_A_LOST_ANSWER
        assert story.registry.looked_again == [VM_IDS[0]]

    def test_it_is_granted_where_it_is_now_though_the_first_node_said_that_it_was_done(
        self, story: Story
    ) -> None:
        story.world.move_vm("Guest1", "HV03")
        answer_without_work(story, 0)
        assert story.run_one() == Done()
        assert story.journalled() == ["intent", "Stuck", "intent", "Done"]

    @pytest.mark.parametrize("error", [UnreachableError("HV03 is down"), CommandError("no icacls")])
    def test_a_second_node_that_refuses_does_not_make_the_first_ones_word_undone(
        self, story: Story, error: UnreachableError | CommandError
    ) -> None:
        story.world.move_vm("Guest1", "HV03")
        answer_without_work(story, 0)
        faults.fail_to_grant(story.nodes["HV03"], error)
        outcome = story.run_one()
        assert isinstance(outcome, Stuck)
        assert "HV01 answered with exit code 0" in outcome.why

    @pytest.mark.parametrize("reached", [(FOLDER, DISK, BACKING), (FOLDER,)], ids=["whole", "in part"])
    def test_what_the_first_nodes_write_came_to_is_this_runs_doing(
        self, story: Story, reached: tuple[str, ...]
    ) -> None:
        """It says that it wrote, the VM moves, and only there its work is seen, or the first part of it."""
        before = {path: story.sddl(path) for path in (FOLDER, DISK, BACKING)}
        acknowledged_and_seen_elsewhere(story, reached)

        assert story.run_one() == Done()

        record = read(story.journal.path)
        (made,) = made_by(record)
        assert made.before == {
            ".": before[FOLDER],
            **{FolderPath(path).name: before[path] for path in (DISK, BACKING)},
        }
        assert made.after
        assert made.after["."] == story.sddl()
        assert not record.open_intents
        assert [change.outcome for change in told(record, ()).changes] == [Done()]
        assert len(story.grants()) == (1 if DISK in reached else 2)

    def test_somebody_elses_change_beside_it_is_noticed_all_the_same(self, story: Story) -> None:
        acknowledged_and_seen_elsewhere(
            story, (FOLDER, DISK, BACKING), and_then=lambda: story.add_entry(BY_HAND)
        )
        outcome = story.run_one()
        assert isinstance(outcome, Stuck)
        assert "(A;;FR;;;BG) is new" in outcome.why
        assert story.journalled() == ["intent", "Stuck", "Stuck"]

    def test_a_vm_that_no_node_shows_is_untouched(self, story: Story) -> None:
        story.world.vm("Guest1").registered = False
        story.registry = FakeRegistry(story.world, tuple(story.nodes.values()))
        assert story.run_one() == Untouched("no node shows this VM now")


class TestTheAnswerIsLost:
    def test_after_the_work_the_disk_shows_that_it_was_done(self, story: Story) -> None:
        faults.lose_the_answer_after_the_work(story.hv01)
        assert story.run_one() == Done()
        assert len(story.grants()) == 1

    def test_unchanged_is_stuck_and_stops_the_folder(self, story: Story) -> None:
        faults.lose_the_answer_before_the_work(story.hv01)
        first, *rest = story.run()
        assert isinstance(first, Stuck)
        assert "it may still land" in first.why
        assert [type(outcome) for outcome in rest] == [Untouched, Untouched]
        assert len(story.grants()) == 1
        assert story.registry.looked_again == []

    @pytest.mark.parametrize(
        ("after_reads", "kind", "reads"), [(0, Done, 3), (1, Done, 4), (2, Stuck, 3), (9, Stuck, 3)]
    )
    def test_it_is_read_until_two_readings_agree(
        self, story: Story, after_reads: int, kind: type[Outcome], reads: int
    ) -> None:
        faults.land_late(story.hv01, after_reads=after_reads)
        assert isinstance(story.run_one(), kind)
        assert story.hv01.reads == reads

    def test_a_reading_that_fails_in_between_is_tried_again(self, story: Story) -> None:
        faults.lose_the_answer_after_the_work(story.hv01)
        faults.fail_reads(story.hv01, GONE, first=2, last=3)
        assert story.run_one() == Done()

    def test_a_folder_that_keeps_changing_is_stuck(self, story: Story) -> None:
        faults.lose_the_answer_after_the_work(story.hv01)

        def another_entry() -> None:
            if story.hv01.reads > 1:
                story.add_entry(f"(A;;FR;;;S-1-5-21-1-1-1-{1000 + story.hv01.reads})")

        story.hv01.before_read = another_entry
        outcome = story.run_one()
        assert isinstance(outcome, Stuck)
        assert "kept changing" in outcome.why

    def test_an_answer_that_is_none_is_a_lost_one(self, story: Story) -> None:
        faults.fail_to_grant(story.hv01, ReplyError("granting on HV01: not an answer"))
        assert isinstance(story.run_one(), Stuck)


class TestNothingWasDone:
    @pytest.mark.parametrize("error", [GONE, AuthError("HV01 did not let us in")])
    def test_what_was_not_sent_is_untouched_and_not_asked_again(self, story: Story, error: Exception) -> None:
        assert isinstance(error, UnreachableError | AuthError)
        faults.fail_to_grant(story.hv01, error)
        first, *rest = story.run()
        assert isinstance(first, Untouched)
        assert "nothing was sent" in first.why
        assert rest == [Done(), Done()]
        assert story.hv01.reads == 1
        assert story.journalled()[:2] == ["intent", "Untouched"]

    @pytest.mark.parametrize("error", [CommandError("icacls.exe is not known"), QuotaError("no room")])
    def test_what_the_node_refused_is_proved_by_reading(self, story: Story, error: Exception) -> None:
        assert isinstance(error, CommandError | QuotaError)
        faults.fail_to_grant(story.hv01, error)
        outcome = story.run_one()
        assert isinstance(outcome, Untouched)
        assert str(error) in outcome.why
        assert story.hv01.reads == 2

    def test_a_node_that_cannot_be_read_is_not_written(self, story: Story) -> None:
        faults.fail_reads(story.hv01, GONE)
        first, *rest = story.run()
        assert isinstance(first, Untouched)
        assert "no route to host" in first.why
        assert rest == [Done(), Done()]
        assert story.hv01.grants == []


class TestTheProofFails:
    def test_a_write_that_cannot_be_read_back_is_stuck(self, story: Story) -> None:
        faults.fail_reads(story.hv01, GONE, first=2)
        first, *rest = story.run()
        assert isinstance(first, Stuck)
        assert "could not be read back" in first.why
        assert all(isinstance(outcome, Untouched) for outcome in rest)
        last = read(story.journal.path).lines[-1]
        assert isinstance(last, Result)
        assert last.after is None

    @pytest.mark.parametrize("path", [FOLDER, DISK])
    def test_what_another_admin_changes_meanwhile_is_stuck(self, story: Story, path: str) -> None:
        faults.meanwhile(story.hv01, lambda: story.add_entry(BY_HAND, path))
        outcome = story.run_one()
        assert isinstance(outcome, Stuck)
        assert "(A;;FR;;;BG) is new" in outcome.why

    def test_files_that_come_and_go_meanwhile_are_no_failure(self, story: Story) -> None:
        def checkpoint() -> None:
            entries = story.disk()
            del entries[BACKING]
            story.world.tree = type(story.world.tree).load(entries)
            story.world.add_file(f"{FOLDER}\\moved.avhdx", "O:BAG:SYD:P(A;;FA;;;BA)")

        faults.meanwhile(story.hv01, checkpoint)
        assert story.run_one() == Done()

    def test_a_propagation_cut_in_half_is_stuck(self, story: Story) -> None:
        def grant(folder: FolderPath, vm_id: VmId) -> WriteAnswer:
            file_before = story.sddl(DISK)
            answer = story.hv01.run_icacls(folder, vm_id)
            story.world.set_sddl(DISK, file_before)
            return answer

        story.hv01.carry_out_grant = grant
        outcome = story.run_one()
        assert isinstance(outcome, Stuck)
        assert "has not reached Disk.vhds" in outcome.why

    def test_less_than_was_wanted_is_stuck(self, story: Story) -> None:
        def grant(folder: FolderPath, vm_id: VmId) -> WriteAnswer:
            story.add_entry(f"(A;OI;FR;;;{vm_id.sid})", folder)
            return WriteAnswer(0)

        story.hv01.carry_out_grant = grant
        outcome = story.run_one()
        assert isinstance(outcome, Stuck)
        assert "not as wanted" in outcome.why


class TestTheJournalFails:
    def test_before_a_write_nothing_is_written_any_more(self, story: Story) -> None:
        story.journal.path.unlink()
        before = story.disk()
        outcomes = story.run()
        assert all(isinstance(outcome, Untouched) and "journal" in outcome.why for outcome in outcomes)
        assert (story.disk(), story.grants()) == (before, [])
        assert story.journal.failure

    def test_after_a_write_its_outcome_stands_and_the_rest_is_not_tried(self, story: Story) -> None:
        faults.meanwhile(story.hv01, story.journal.path.unlink)
        first, *rest = story.run()
        assert first == Done()
        assert all(isinstance(outcome, Untouched) and "journal" in outcome.why for outcome in rest)
        assert story.journal.failure


def test_a_lost_answer_is_told_with_what_came_back(story: Story) -> None:
    faults.fail_to_grant(story.hv01, LostError("granting on HV01: the connection was reset"))
    outcome = story.run_one()
    assert isinstance(outcome, Stuck)
    assert "the connection was reset" in outcome.why
    assert "\n" not in outcome.why
