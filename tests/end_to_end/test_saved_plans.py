"""A plan that was saved, and what has changed until it is applied."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end.rehearsal import Rehearsal
from vhdsfix.commands import apply as apply_command
from vhdsfix.commands import work
from vhdsfix.commands.requests import ApplyRequest, PlanRequest
from vhdsfix.commands.result import ApplyReport, exit_code
from vhdsfix.errors import ExitCode, IncompletePlanError, RefusedError, StalePlanError, UsageError
from vhdsfix.lab.dacl import parse
from vhdsfix.lab.faults import Fault
from vhdsfix.lab.world import Drive, World
from vhdsfix.model.document import from_json, to_json
from vhdsfix.model.outcome import AlreadyRight, Done, Untouched
from vhdsfix.model.plan import Plan
from vhdsfix.model.windows import FolderPath, Sid
from vhdsfix.plan_document import action_id, read_plan, sealed, written
from vhdsfix.ports import Progress

FOLDER = r"C:\ClusterStorage\NTFS-03\GuestClustersSharedDisks"


@pytest.fixture
def saved(lab: Rehearsal) -> Path:
    path = lab.state_dir / "plan.json"
    lab.plan_result(PlanRequest(lab.target(), save=path))
    return path


def apply(lab: Rehearsal, saved: Path, **changed: object) -> list[str]:
    report = lab.apply(ApplyRequest(lab.target(), plan_file=saved, **changed))  # type: ignore[arg-type]
    return [
        f"{type(one.outcome).__name__} {getattr(one.outcome, 'why', '')}".strip() for one in report.outcomes
    ]


def test_it_is_done_as_it_was_saved(lab: Rehearsal, saved: Path) -> None:
    assert apply(lab, saved) == ["Done", "Done"]
    assert apply(lab, saved) == ["AlreadyRight", "AlreadyRight"]


def test_a_vm_that_no_longer_uses_the_folder_gets_no_grant(lab: Rehearsal, saved: Path, world: World) -> None:
    world.vm("DemoGuestNode3").drives = world.vm("DemoGuestNode3").drives[:1]
    before = world.tree.dump()

    first, second = apply(lab, saved)

    assert first == "Done"
    assert second.startswith("Untouched a fresh look says otherwise")
    assert world.vm("DemoGuestNode3").sid not in str(world.tree.dump()[FOLDER]["sddl"])
    assert before != world.tree.dump()


def test_a_subfolder_that_appeared_holds_every_grant_back(lab: Rehearsal, saved: Path, world: World) -> None:
    world.tree.add(FOLDER + r"\New folder")
    before = world.tree.dump()

    assert all(
        told.startswith("Untouched a fresh look says otherwise: a grant here") for told in apply(lab, saved)
    )
    assert world.tree.dump() == before


def test_another_spelling_of_the_folder_changes_nothing(lab: Rehearsal, saved: Path, world: World) -> None:
    for vm in world.vms:
        for drive in vm.drives:
            drive.path = drive.path.upper() if drive.path else None
    world.tree.add(FOLDER + r"\New folder")

    assert all(told.startswith("Untouched") for told in apply(lab, saved))


def test_a_grant_that_somebody_made_meanwhile_is_already_right(lab: Rehearsal, saved: Path) -> None:
    lab.apply()
    assert [type(one.outcome) for one in lab.apply(ApplyRequest(lab.target(), plan_file=saved)).outcomes] == [
        AlreadyRight
    ] * 2


def test_the_plan_of_another_cluster_is_refused(lab: Rehearsal, saved: Path, world: World) -> None:
    world.cluster.name = "OTHER"
    with pytest.raises(StalePlanError, match="the plan is of host cluster LAB-CLUSTER"):
        apply(lab, saved)


def test_a_plan_that_was_not_complete_is_refused_where_completeness_is_asked_for(
    lab: Rehearsal, saved: Path, world: World
) -> None:
    plan = read_plan(saved.read_bytes())
    raw = from_json(to_json(plan), dict)
    raw["complete"] = False
    raw["findings"][0]["incomplete"] = True
    saved.write_bytes(written(sealed(from_json(to_json(raw), Plan))))
    before = world.tree.dump()

    with pytest.raises(IncompletePlanError, match="nothing was changed"):
        apply(lab, saved, require_complete=True)
    assert world.tree.dump() == before


@pytest.mark.parametrize(
    ("made", "why"),
    [("2020-01-01T00:00:00Z", "no plan older than 7 day"), ("2999-01-01T00:00:00Z", "still to come")],
)
def test_a_plan_of_another_time_is_refused(lab: Rehearsal, saved: Path, made: str, why: str) -> None:
    raw = from_json(saved.read_bytes(), dict)
    raw["created_at"] = made
    saved.write_bytes(written(sealed(from_json(to_json(raw), Plan))))
    with pytest.raises(StalePlanError, match=why):
        apply(lab, saved)


@pytest.mark.parametrize("key", ["command", "sid", "id", "rights", "op"])
def test_an_action_that_was_altered_and_sealed_again_is_refused(
    lab: Rehearsal, saved: Path, key: str
) -> None:
    raw = from_json(saved.read_bytes(), dict)
    other = {"sid": raw["actions"][1]["sid"], "id": raw["actions"][1]["id"], "op": "remove"}
    raw["actions"][0][key] = other.get(key, "something else")
    saved.write_bytes(written(sealed(from_json(to_json(raw), Plan))))
    with pytest.raises(StalePlanError, match="is not the one its folder and VM call for"):
        apply(lab, saved)


def test_an_action_for_another_sid_than_its_vms_is_refused(lab: Rehearsal, saved: Path) -> None:
    raw = from_json(saved.read_bytes(), dict)
    action = raw["actions"][0]
    action["sid"] = "S-1-1-0"
    action["id"] = action_id(action["op"], FolderPath(action["folder"]), Sid(action["sid"]))
    saved.write_bytes(written(sealed(from_json(to_json(raw), Plan))))
    with pytest.raises(StalePlanError, match="is not the one its folder and VM call for"):
        apply(lab, saved)


def test_nothing_is_written_to_a_cluster_that_cannot_be_named(lab: Rehearsal, world: World) -> None:
    world.faults = {node.name: {"Get-Cluster": Fault("denied")} for node in world.nodes}
    before = world.tree.dump()

    assert lab.plan().actions
    with pytest.raises(RefusedError, match="no node could say which host cluster this is"):
        lab.apply()
    assert world.tree.dump() == before


def test_an_approval_that_took_long_is_held_against_a_fresh_look(
    lab: Rehearsal, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "APPROVAL_HOLDS_S", -1)

    def think_long(_plan: Plan) -> bool:
        world.tree.add(FOLDER + r"\New folder")
        return True

    result = apply_command.run(ApplyRequest(lab.target()), think_long, lambda _step: None, lambda: False)

    assert isinstance(result.data, ApplyReport)
    assert all(isinstance(one.outcome, Untouched) for one in result.data.outcomes)


def test_a_saved_plan_has_its_own_scope(lab: Rehearsal, saved: Path) -> None:
    with pytest.raises(UsageError, match="has its own scope"):
        apply(lab, saved, guest_clusters=("GuestClusterDisk",))


def test_a_run_that_was_cut_off_is_told_and_its_folder_held_back(
    lab: Rehearsal, saved: Path, world: World
) -> None:
    """The first run dies after its intent: its journal is cut off there, as a kill would leave it."""
    lab.apply(ApplyRequest(lab.target(), plan_file=saved))
    journal = next(lab.state_dir.glob("journal/*/*.jsonl"))
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:2]))
    world.tree.set_dacl(FOLDER, parse("D:(A;OICI;FR;;;WD)").explicit)

    result = lab.apply_result()

    assert exit_code(result.reasons, detailed=False) is ExitCode.NOT_DONE
    assert any("an earlier run was cut off on" in reason.why for reason in result.reasons)
    outcomes = [one.outcome for one in result.data.outcomes]  # type: ignore[attr-defined]
    assert {type(outcome) for outcome in outcomes} == {Untouched}
    assert b'"recovered":true' in journal.read_bytes()


def test_grants_that_were_made_stay_told_when_the_look_afterwards_fails(lab: Rehearsal, world: World) -> None:
    def rename_when_done(step: Progress) -> None:
        if step.step == "granting" and step.done == step.total:
            world.cluster.name = "RENAMED"

    target = lab.target(cluster_name="LAB-CLUSTER")
    result = apply_command.run(ApplyRequest(target), lambda _plan: True, rename_when_done, lambda: False)

    assert isinstance(result.data, ApplyReport)
    assert [type(one.outcome) for one in result.data.outcomes] == [Done, Done]
    assert result.data.after is None
    assert exit_code(result.reasons, detailed=False) is ExitCode.INCOMPLETE


SECOND = r"C:\ClusterStorage\NTFS-02\Second"


@pytest.fixture
def two_folders(lab: Rehearsal, world: World) -> Path:
    """A second guest cluster, in a folder of its own, and a plan for both."""
    world.tree.add(SECOND)
    world.tree.add(SECOND + r"\Disk.vhds", file=True)
    for name in ("FS01", "SQL01"):
        world.vm(name).drives.append(Drive(path=SECOND + r"\Disk.vhds", shared=True))
    path = lab.state_dir / "two.json"
    lab.plan_result(PlanRequest(lab.target(), save=path))
    return path


def test_a_folder_that_moved_is_skipped_and_the_other_is_done(
    lab: Rehearsal, two_folders: Path, world: World
) -> None:
    world.set_sddl(SECOND, "O:BAG:SYD:PAI(A;OICI;FA;;;BA)")
    assert [told.partition(" ")[0] for told in apply(lab, two_folders)] == [
        "Drifted",
        "Drifted",
        "Done",
        "Done",
    ]


@pytest.mark.parametrize("hindrance", ["moved", "unreadable", "gone", "held back"])
def test_all_or_nothing_is_nothing_where_one_folder_cannot_be_changed_as_planned(
    lab: Rehearsal, two_folders: Path, world: World, hindrance: str
) -> None:
    match hindrance:
        case "moved":
            world.set_sddl(SECOND, "O:BAG:SYD:PAI(A;OICI;FA;;;BA)")
        case "unreadable":
            world.faults = {"HV04": {"Get-Acl": Fault("denied")}}  # where SQL01 runs
        case "gone":
            world.vm("FS01").registered = False
        case "held back":
            world.tree.add(SECOND + r"\New folder")
    before, looked = world.tree.dump(), len(lab.asked)

    result = lab.apply_result(ApplyRequest(lab.target(), plan_file=two_folders, all_or_nothing=True))

    assert world.tree.dump() == before
    sent = {command.name for _, statements in lab.asked[looked:] for one in statements for command in one}
    assert "icacls.exe" not in sent
    assert exit_code(result.reasons, detailed=False) is ExitCode.NOT_DONE
    assert isinstance(result.data, ApplyReport)
    assert result.data.journal is None
    assert not any(one.is_right for one in result.data.outcomes)
    of_the_demo = [one.outcome for one in result.data.outcomes if one.action.folder == FOLDER]
    assert all(SECOND in getattr(outcome, "why", "") for outcome in of_the_demo)


def test_all_or_nothing_is_all_where_nothing_has_moved_or_is_in_place_already(
    lab: Rehearsal, two_folders: Path
) -> None:
    lab.apply(ApplyRequest(lab.target(), folders=(FolderPath(SECOND),)))
    assert apply(lab, two_folders, all_or_nothing=True) == ["AlreadyRight", "AlreadyRight", "Done", "Done"]


def test_the_same_plan_goes_on_where_a_run_was_stopped(lab: Rehearsal, saved: Path) -> None:
    begun: list[Progress] = []

    def count(step: Progress) -> None:
        begun.extend([step] if step.step == "granting" else [])

    request = ApplyRequest(lab.target(), plan_file=saved)
    stopped = apply_command.run(request, lambda _plan: True, count, lambda: bool(begun))

    assert exit_code(stopped.reasons, detailed=False) is ExitCode.INTERRUPTED
    assert isinstance(stopped.data, ApplyReport)
    assert [type(one.outcome) for one in stopped.data.outcomes] == [Done, Untouched]
    assert apply(lab, saved) == ["AlreadyRight", "Done"]


def test_a_vm_that_is_new_or_gone_is_told_and_one_that_moved_is_not(
    lab: Rehearsal, saved: Path, world: World
) -> None:
    world.vm("DemoGuestNode1").registered = False
    world.vm("DemoGuestNode3").drives = world.vm("DemoGuestNode3").drives[:1]
    world.vm("SQL01").drives.append(Drive(path=FOLDER + r"\GuestClusterDisk.vhds", shared=True))
    world.move_vm("DemoGuestNode2", "HV04")

    report = lab.apply(ApplyRequest(lab.target(), plan_file=saved))

    assert report.news == (
        f"SQL01 uses {FOLDER} now and is not in this plan (missing)",
        "DemoGuestNode1 is in this plan and no node shows it now",
        f"DemoGuestNode3 is in this plan and does not use {FOLDER} any more",
    )
    assert [type(one.outcome) for one in report.outcomes] == [Done, Untouched]
    assert lab.apply().news == ()
