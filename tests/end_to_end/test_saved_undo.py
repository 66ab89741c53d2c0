"""`undo RUN --save FILE`, a second person's look, `undo FILE --approve DIGEST`: what it takes back, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from tests.end_to_end.rehearsal import Rehearsal
from vhdsfix.commands import show, undo
from vhdsfix.commands.requests import ApplyRequest, UndoRequest
from vhdsfix.commands.result import ApplyReport, Result, exit_code
from vhdsfix.errors import DeclinedError, ExitCode, StalePlanError, TooMuchError, UsageError
from vhdsfix.lab.world import Checkpoint, World
from vhdsfix.model.outcome import AlreadyRight, Done, Drifted, Untouched
from vhdsfix.model.plan import Plan
from vhdsfix.plan_document import RESTORE, action_id, command_of, read_plan, sealed, written

FOLDER = r"C:\ClusterStorage\NTFS-03\GuestClustersSharedDisks"
VM2 = "DemoGuestNode2"


@pytest.fixture
def run(lab: Rehearsal) -> str:
    journal = lab.apply().journal
    assert journal
    return Path(journal).stem


@pytest.fixture
def saved(lab: Rehearsal, run: str) -> Path:
    return save(lab, run)


def save(lab: Rehearsal, run: str, **asked: object) -> Path:
    path = lab.state_dir / "undo.json"
    request = UndoRequest(lab.target(require_approval=True), run, **asked)  # type: ignore[arg-type]  # its other fields
    result = undo.plan(request, path, lambda _step: None)
    assert read_plan(path.read_bytes()) == result.data
    return path


def plan_in(saved: Path) -> Plan:
    return read_plan(saved.read_bytes())


def approved(lab: Rehearsal, saved: Path) -> Result:
    """As the second person has it done, where the config asks for one."""
    digest = plan_in(saved).digest[:12]
    return lab.undo_result(
        UndoRequest(lab.target(require_approval=True), str(saved), approved_digest=digest, max_age_days=1)
    )


def report_of(result: Result) -> ApplyReport:
    assert isinstance(result.data, ApplyReport)
    return result.data


def kinds(result: Result) -> list[type]:
    return [type(one.outcome) for one in report_of(result).outcomes]


def changes_sent(lab: Rehearsal) -> int:
    return sum(one[0].name == "icacls.exe" for _, statements in lab.asked for one in statements)


def test_two_people_take_a_run_back(lab: Rehearsal, world: World) -> None:
    before = {path: entry["sddl"] for path, entry in world.tree.dump().items()}
    run = Path(lab.apply().journal or "").stem
    sent = changes_sent(lab)
    saved = save(lab, run)
    assert changes_sent(lab) == sent
    assert show.run(str(saved), lab.state_dir).data == plan_in(saved)

    result = approved(lab, saved)

    assert kinds(result) == [Done, Done]
    assert exit_code(result.reasons, detailed=False) is ExitCode.DONE
    assert {path: entry["sddl"] for path, entry in world.tree.dump().items()} == before
    journal = Path(report_of(result).journal or "").read_bytes().splitlines()
    assert json.loads(journal[0])["plan"] == plan_in(saved).digest
    assert json.loads(journal[0])["undoes"] == run
    assert kinds(approved(lab, saved)) == [AlreadyRight, AlreadyRight]


@pytest.mark.parametrize("digest", [None, "000000000000", ""])
def test_one_person_is_not_enough(lab: Rehearsal, world: World, saved: Path, digest: str | None) -> None:
    before, asked = world.tree.dump(), len(lab.asked)
    target = lab.target(require_approval=True)
    with pytest.raises(DeclinedError):
        lab.undo_result(UndoRequest(target, str(saved), approved_digest=digest))
    assert (world.tree.dump(), len(lab.asked)) == (before, asked)


def test_a_run_cannot_be_taken_back_without_a_saved_plan(lab: Rehearsal, world: World, run: str) -> None:
    before = world.tree.dump()
    target = lab.target(require_approval=True)
    with pytest.raises(
        DeclinedError, match=r"second person.*undo RUN --save FILE.*undo FILE --approve DIGEST"
    ):
        lab.undo_result(UndoRequest(target, run))
    with pytest.raises(UsageError, match="undo FILE --approve"):
        lab.undo_result(UndoRequest(target, run, approved_digest="000000000000"))
    assert world.tree.dump() == before


def test_a_folder_that_changed_since_the_plan_has_drifted(lab: Rehearsal, world: World, saved: Path) -> None:
    world.set_sddl(FOLDER, world.tree.dump()[FOLDER]["sddl"].replace("(A;", "(A;;FR;;;BG)(A;", 1))
    before = world.tree.dump()
    result = approved(lab, saved)
    assert kinds(result) == [Drifted, Drifted]
    assert world.tree.dump() == before


def test_what_came_since_the_plan_is_refused_and_told_once(lab: Rehearsal, world: World, saved: Path) -> None:
    world.vm(VM2).checkpoints.append(Checkpoint("backup", "2026-11-23T02:00:00Z"))
    result = approved(lab, saved)
    assert kinds(result) == [Untouched, Done]
    assert exit_code(result.reasons, detailed=False) is ExitCode.NOT_DONE


def test_what_the_plan_refused_is_told_again(lab: Rehearsal, world: World, run: str) -> None:
    world.vm(VM2).checkpoints.append(Checkpoint("backup", "2026-11-23T02:00:00Z"))
    result = approved(lab, save(lab, run))
    assert [(one.action.vm_name, type(one.outcome)) for one in report_of(result).outcomes] == [
        ("DemoGuestNode3", Done),
        (VM2, Untouched),
    ]


def test_only_what_was_approved_is_taken_back(lab: Rehearsal, run: str) -> None:
    result = approved(lab, save(lab, run, vms=(VM2,)))
    assert [one.action.vm_name for one in report_of(result).outcomes] == [VM2]
    assert len(lab.plan().actions) == 1


def test_a_plan_that_its_run_does_not_call_for_is_refused(lab: Rehearsal, world: World, saved: Path) -> None:
    """Made up and sealed anew: the digest finds damage, and is no signature."""
    plan = plan_in(saved)
    first, *others = plan.actions
    made_up = msgspec.structs.replace(
        first,
        op=RESTORE,
        rights="(OI)M",
        id=action_id(RESTORE, first.folder, first.sid),
        command=command_of(RESTORE, first.folder, first.vm_id, "(OI)M"),
    )
    saved.write_bytes(written(sealed(msgspec.structs.replace(plan, actions=(made_up, *others)))))
    before = world.tree.dump()
    with pytest.raises(StalePlanError, match=r"is not what the journal of run .* calls for"):
        approved(lab, saved)
    assert world.tree.dump() == before


def test_the_usual_limits_hold(lab: Rehearsal, saved: Path, run: str) -> None:
    target = lab.target()
    with pytest.raises(TooMuchError):
        lab.undo_result(UndoRequest(target, str(saved), max_changes=1))
    with pytest.raises(UsageError, match="its own scope"):
        lab.undo_result(UndoRequest(target, str(saved), vms=(VM2,)))
    with pytest.raises(UsageError, match="--force"):
        save(lab, run)
    with pytest.raises(UsageError, match="saved plan already"):
        undo.plan(UndoRequest(target, str(saved)), lab.state_dir / "other.json", lambda _step: None)
    with pytest.raises(StalePlanError, match="vhdsfix undo FILE"):
        lab.apply(ApplyRequest(target, plan_file=saved))
    assert kinds(lab.undo_result(UndoRequest(target, str(saved)))) == [Done, Done]


def test_a_plan_of_grants_is_not_one_to_take_back(lab: Rehearsal, world: World) -> None:
    path = lab.state_dir / "plan.json"
    path.write_bytes(written(lab.plan()))
    before = world.tree.dump()
    with pytest.raises(StalePlanError, match="vhdsfix apply FILE"):
        lab.undo_result(UndoRequest(lab.target(), str(path)))
    assert world.tree.dump() == before
