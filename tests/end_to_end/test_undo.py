"""Plan, apply, apply again, undo: over the real protocol, and what undo refuses there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end.rehearsal import Rehearsal, rehearsal
from vhdsfix.apply import recovery
from vhdsfix.commands import undo as undo_command
from vhdsfix.commands import work
from vhdsfix.commands.requests import UndoRequest
from vhdsfix.commands.result import ApplyReport, exit_code
from vhdsfix.errors import (
    DeclinedError,
    ExitCode,
    JournalError,
    StalePlanError,
    TooMuchError,
    UsageError,
)
from vhdsfix.lab import scenarios
from vhdsfix.lab.world import Checkpoint, World
from vhdsfix.model.outcome import Done, Untouched
from vhdsfix.model.plan import Plan
from vhdsfix.model.readings import Unknown
from vhdsfix.model.windows import FolderPath

FOLDER = r"C:\ClusterStorage\NTFS-03\GuestClustersSharedDisks"


def run_of(report: ApplyReport) -> str:
    assert report.journal
    return Path(report.journal).stem


def outcomes(report: ApplyReport) -> list[str]:
    return [type(one.outcome).__name__ for one in report.outcomes]


def whys(report: ApplyReport) -> list[str]:
    return [one.outcome.why for one in report.outcomes if isinstance(one.outcome, Untouched)]


@pytest.mark.parametrize("scenario", ["demo", "new-node"])
def test_every_dacl_is_as_it_was_entry_by_entry(scenario: str, tmp_path: Path) -> None:
    world = scenarios.build(scenarios.load(scenario))
    with rehearsal(world, tmp_path) as lab:
        lab.plan()
        before = {path: entry["sddl"] for path, entry in world.tree.dump().items()}
        applied = lab.apply()
        assert set(outcomes(applied)) == {"Done"}
        assert lab.apply().outcomes == ()
        undone = lab.undo_result(UndoRequest(lab.target(), run_of(applied), max_changes=10_000))
        now = {path: entry["sddl"] for path, entry in world.tree.dump().items()}
    assert isinstance(undone.data, ApplyReport)
    assert set(outcomes(undone.data)) == {"Done"}
    assert len(undone.data.outcomes) == len(applied.outcomes)
    assert {path: now[path] for path in before} == before
    assert exit_code(undone.reasons, detailed=False) is ExitCode.DONE


def test_undo_twice_writes_once(lab: Rehearsal) -> None:
    run = run_of(lab.apply())
    lab.undo(run)
    written = len([1 for _, statements in lab.asked for one in statements if one[0].name == "icacls.exe"])
    again = lab.undo(run)
    assert again.outcomes == ()
    assert again.plan.actions == ()
    assert written == len(
        [1 for _, statements in lab.asked for one in statements if one[0].name == "icacls.exe"]
    )


def test_an_undo_is_itself_a_run_that_can_be_undone(lab: Rehearsal, world: World) -> None:
    applied = lab.apply()
    granted = world.tree.dump()
    undone = lab.undo(run_of(applied))
    assert outcomes(lab.undo(run_of(undone))) == ["Done", "Done"]
    assert sorted(str(world.tree.dump()[FOLDER]["sddl"]).split("(")) == sorted(
        str(granted[FOLDER]["sddl"]).split("(")
    )
    assert lab.plan().actions == ()


def test_only_a_vm_or_a_folder(lab: Rehearsal) -> None:
    run = run_of(lab.apply())
    first = lab.undo(run, vms=("demoguestnode3",))
    assert [one.action.vm_name for one in first.outcomes] == ["DemoGuestNode3"]
    second = lab.undo(
        run, vms=("{A0AF7903-94B4-4A2C-B3B3-16050D5F80F2}",), folders=(FolderPath(FOLDER.upper()),)
    )
    assert [one.action.vm_name for one in second.outcomes] == ["DemoGuestNode2"]
    assert len(lab.plan().actions) == 2


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"vms": ("Nobody",)}, "--vm Nobody: .* it changed: DemoGuestNode2, DemoGuestNode3"),
        ({"folders": (FolderPath("C:\\ClusterStorage\\Other"),)}, "--folder .* it changed: C:"),
    ],
)
def test_what_the_run_did_not_change_is_no_success(
    lab: Rehearsal, asked: dict[str, object], said: str
) -> None:
    run = run_of(lab.apply())
    with pytest.raises(UsageError, match=said):
        lab.undo(run, **asked)


def test_a_folder_that_changed_since_is_left_alone(lab: Rehearsal, world: World) -> None:
    run = run_of(lab.apply())
    world.set_sddl(FOLDER, world.tree.dump()[FOLDER]["sddl"].replace("(A;", "(A;;FR;;;BG)(A;", 1))
    before = world.tree.dump()
    result = lab.undo_result(UndoRequest(lab.target(), run))
    assert isinstance(result.data, ApplyReport)
    assert all("the folder changed since the run: (A;;FR;;;BG) is new" in why for why in whys(result.data))
    assert exit_code(result.reasons, detailed=False) is ExitCode.NOT_DONE
    assert world.tree.dump() == before
    assert {found.id for found in result.data.plan.findings} == {"undo-refused"}


def test_a_vm_with_a_recovery_checkpoint_is_left_alone_and_the_other_is_not(
    lab: Rehearsal, world: World
) -> None:
    run = run_of(lab.apply())
    world.vm("DemoGuestNode2").checkpoints.append(
        Checkpoint("DemoGuestNode2 - Backup", "2026-11-23T02:00:00Z")
    )
    report = lab.undo(run)
    assert {one.action.vm_name: type(one.outcome) for one in report.outcomes} == {
        "DemoGuestNode2": Untouched,
        "DemoGuestNode3": Done,
    }
    assert "recovery checkpoint" in whys(report)[0]


def test_a_vm_that_would_lose_a_file_it_uses_is_left_alone(lab: Rehearsal, world: World) -> None:
    run = run_of(lab.apply())
    world.add_file(FOLDER + r"\GuestClusterDisk_00000000-0000-4000-8000-000000000001.avhdx")
    report = lab.undo(run)
    assert outcomes(report) == ["Untouched", "Untouched"]
    assert all("without its own access to GuestClusterDisk_00000000" in why for why in whys(report))


def test_a_vm_that_no_node_has_is_told_with_what_the_folder_had(lab: Rehearsal, world: World) -> None:
    run = run_of(lab.apply())
    gone = world.vm("DemoGuestNode3")
    world.vms.remove(gone)
    report = lab.undo(run)
    assert {one.action.vm_name: type(one.outcome) for one in report.outcomes} == {
        "DemoGuestNode2": Done,
        "DemoGuestNode3": Untouched,
    }
    assert "just before its change the folder had O:BAG:SYD:AI(A;OI;FA" in whys(report)[0]


def test_a_vm_that_moved_is_served_where_it_is(lab: Rehearsal, world: World) -> None:
    run = run_of(lab.apply())
    world.move_vm("DemoGuestNode2", "HV04")
    report = lab.undo(run)
    assert outcomes(report) == ["Done", "Done"]
    assert {one.action.run_on for one in report.outcomes} == {"HV03", "HV04"}


def test_a_run_on_another_cluster_is_refused(lab: Rehearsal, world: World) -> None:
    run = run_of(lab.apply())
    world.cluster.name = "OTHER"
    before = world.tree.dump()
    with pytest.raises(StalePlanError, match="was on host cluster LAB-CLUSTER"):
        lab.undo(run)
    assert world.tree.dump() == before


def test_a_damaged_journal_is_refused_before_any_node_is_asked(lab: Rehearsal) -> None:
    report = lab.apply()
    asked = len(lab.asked)
    path = Path(report.journal or "")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], b"garbage\n", *lines[3:]]))
    with pytest.raises(JournalError, match="line 3"):
        lab.undo(run_of(report))
    assert len(lab.asked) == asked


def test_more_changes_than_are_allowed(lab: Rehearsal, world: World) -> None:
    run = run_of(lab.apply())
    before = world.tree.dump()
    with pytest.raises(TooMuchError, match="2 changes, and no more than 1"):
        lab.undo(run, max_changes=1)
    assert world.tree.dump() == before


def test_nobody_approves(lab: Rehearsal, world: World) -> None:
    run = run_of(lab.apply())
    before = world.tree.dump()
    with pytest.raises(DeclinedError):
        undo_command.run(
            UndoRequest(lab.target(), run), lambda _plan: False, lambda _step: None, lambda: False
        )
    assert world.tree.dump() == before


def test_what_happens_while_a_person_thinks_is_held_back(
    lab: Rehearsal, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_of(lab.apply())
    monkeypatch.setattr(work, "APPROVAL_HOLDS_S", -1)

    def think_long(_plan: Plan) -> bool:
        world.vm("DemoGuestNode2").checkpoints.append(Checkpoint("backup", "2026-11-23T02:00:00Z"))
        return True

    result = undo_command.run(UndoRequest(lab.target(), run), think_long, lambda _step: None, lambda: False)
    assert isinstance(result.data, ApplyReport)
    assert outcomes(result.data) == ["Untouched", "Done"]
    assert "recovery checkpoint" in whys(result.data)[0]


def test_an_undo_that_died_is_closed_by_the_next_run(lab: Rehearsal) -> None:
    run = run_of(lab.apply())
    undone = lab.undo(run, vms=("DemoGuestNode3",))
    journal = Path(undone.journal or "")
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:2]))
    report = lab.apply()
    assert [type(one.outcome) for one in report.recovered] == [Done]
    assert b'"recovered":true' in journal.read_bytes()


def test_a_run_that_was_still_at_work_when_its_journal_was_read_is_not_called_taken_back(
    lab: Rehearsal,
) -> None:
    applied = lab.apply()
    journal = Path(applied.journal or "")
    whole = journal.read_bytes()
    header, *rest = whole.splitlines(keepends=True)
    last = applied.outcomes[-1].action.id.encode()
    journal.write_bytes(header + b"".join(line for line in rest if last in line))

    def while_the_run_goes_on(_plan: Plan) -> bool:
        journal.write_bytes(whole)
        return True

    request = UndoRequest(lab.target(), run_of(applied))
    result = undo_command.run(request, while_the_run_goes_on, lambda _step: None, lambda: False)
    assert isinstance(result.data, ApplyReport)
    assert outcomes(result.data) == ["Done"]
    assert exit_code(result.reasons, detailed=False) is ExitCode.NOT_DONE
    assert "1 change that it made since is not taken back" in result.reasons[-1].why
    assert outcomes(lab.undo(run_of(applied))) == ["Done"]


def test_where_nobody_can_show_how_a_change_ended_nothing_is_changed_after_it(
    lab: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    applied = lab.apply()
    lab.undo(run_of(applied), vms=("DemoGuestNode3",))
    journal = Path(applied.journal or "")
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:2]))
    with monkeypatch.context() as patched:
        patched.setattr(recovery, "read_dacls", lambda *_args, **_kwargs: Unknown("a file is in use"))
        second = lab.apply()
    assert outcomes(second) == ["Untouched"]
    assert "no node could show how its change ended" in whys(second)[0]
    third = lab.apply()
    assert [type(one.outcome) for one in third.recovered] == [Done]
    assert outcomes(third) == ["Done"]
