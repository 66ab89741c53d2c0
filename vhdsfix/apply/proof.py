"""Whether a change is needed, still fits its plan, and did what it should: judged from readings, nothing else."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import msgspec

from vhdsfix import access, sddl
from vhdsfix.apply import compare
from vhdsfix.apply.dacls import Dacls
from vhdsfix.apply.goal import Goal, lack, own_entries
from vhdsfix.model.outcome import AlreadyRight, Done, Drifted, Outcome, Stuck, Untouched
from vhdsfix.model.plan import PlannedFolder
from vhdsfix.model.verdicts import MENDED_BY_A_GRANT, VerdictKind
from vhdsfix.model.windows import SecurityDescriptor, Sid


class Change(msgspec.Struct, frozen=True):
    """One change that was sent: what for, what the folder was like before, and what came back, as text for a person."""

    goal: Goal
    before: Dacls
    came_back: str


def outcome_without_writing(
    goal: Goal,
    planned: PlannedFolder,
    goals: Collection[Goal],
    now: Dacls,
    above: Collection[Sid] = (),
) -> Outcome | None:
    """Why the change is not to be written: needless, drifted, or refused. None: it is to be written.

    `goals`: of all changes that the plan makes on this folder, `above`: of whom it makes some on folders above; what the plan
    itself did is no drift.
    """
    if lack(goal, now) is None:
        return AlreadyRight()
    if drift := drift_since(planned, goals, now, above):
        return Drifted(drift)
    return _refusal(goal, goals, now)


def drift_since(
    planned: PlannedFolder, goals: Collection[Goal], now: Dacls, above: Collection[Sid] = ()
) -> str | None:
    """What someone else changed since the plan, in one line; files that came or went are no drift. `goals`, `above`: as there."""
    if planned.sddl_before is None:
        return "the plan does not say what the folder's permissions were"
    try:
        return next(_drifts(planned, planned.sddl_before, goals, now, above), None)
    except sddl.SddlError as error:
        return f"the plan holds a security descriptor that cannot be read: {error}"


def outcome_of_settled(change: Change, now: Dacls) -> Outcome:
    """How a change ended that the node refused, or that is long past, from what was read afterwards."""
    if other := _changed_besides(change.before, now, (change.goal.vm_id.sid,)):
        return Stuck(f"something else changed while it was written: {other}")
    lacking = _lacking(change, now)
    if lacking is None:
        return Done()
    if not _changed_besides(change.before, now, ()):
        return Untouched(f"{change.came_back}, and nothing changed")
    return Stuck(f"written, but not as wanted: {lacking}")


def outcome_of_unsettled(change: Change, now: Dacls) -> Outcome:
    """How a change ended whose answer was lost, or that the node says it made: what has not changed so far may yet."""
    outcome = outcome_of_settled(change, now)
    if isinstance(outcome, Untouched):
        return Stuck(f"{change.came_back}; nothing has changed so far, but it may still land")
    return outcome


def is_as_foreseen(goal: Goal, before: Dacls, now: Dacls) -> bool:
    """The grant did what it can, nothing else changed, and only files that no grant reaches still keep the VM out."""
    if goal.entries is not None:
        return False
    vm_id = goal.vm_id
    foreseen = access.judge_after_grant(before.folder, before.shared_files, vm_id)
    verdict = access.judge(now.folder, now.shared_files, vm_id)
    nothing_else = _changed_besides(before, now, (vm_id.sid,)) is None
    return nothing_else and foreseen.kind is VerdictKind.FILE_BLOCKED and foreseen == verdict


def _refusal(goal: Goal, goals: Collection[Goal], now: Dacls) -> Outcome | None:
    verdict = access.judge(now.folder, now.shared_files, goal.vm_id)
    if goal.entries is None and verdict.kind not in MENDED_BY_A_GRANT:
        return Untouched(f"a grant on the folder would not mend it: {verdict.why}")
    going = [other.vm_id.sid for other in goals if other.entries is not None]
    losses = access.losses_by_propagation(now.folder, now.files, but_for=going)
    if losses:
        return Untouched(
            f"refused: a change to the folder would take access away on {', '.join(sorted(losses))}"
        )
    return None


def _drifts(
    planned: PlannedFolder, sddl_before: str, goals: Collection[Goal], now: Dacls, above: Collection[Sid]
) -> Iterator[str]:
    before = sddl.parse(sddl_before)
    sids = {goal.vm_id.sid for goal in goals}
    if why := compare.difference_below(before, now.folder, sids, above):
        yield f"the folder changed since the plan: {why}"
    for goal in goals:
        if not _own_entries_fit(goal, before, now.folder):
            yield f"the entries of VM {goal.vm_id} on the folder changed since the plan"
    for file in planned.files:
        if file.sddl is None or file.name not in now.files:
            continue
        if why := compare.file_difference(sddl.parse(file.sddl), now.files[file.name], sids, now.folder):
            yield f"{file.name} changed since the plan: {why}"


def _own_entries_fit(goal: Goal, before: SecurityDescriptor, now: SecurityDescriptor) -> bool:
    """As the plan found them, or right already."""
    own = own_entries(now, goal.vm_id)
    if own == own_entries(before, goal.vm_id):
        return True
    if goal.entries is None:
        return access.judge(now, {}, goal.vm_id).kind is VerdictKind.GRANTED
    return own == goal.entries


def _changed_besides(before: Dacls, now: Dacls, sids: Collection[Sid]) -> str | None:
    """What differs besides the allow entries of `sids`, on the folder and on each file that was there both times."""
    if why := compare.difference(before.folder, now.folder, sids):
        return f"on the folder {why}"
    for name in sorted(before.files.keys() & now.files.keys()):
        if why := _file_change(before, now, name, sids):
            return f"on {name} {why}"
    return None


def _file_change(before: Dacls, now: Dacls, name: str, sids: Collection[Sid]) -> str | None:
    if sids:
        return compare.file_difference(before.files[name], now.files[name], sids, now.folder)
    return compare.difference(before.files[name], now.files[name], ())


def _lacking(change: Change, now: Dacls) -> str | None:
    """What the change left undone, on the files that were there before: one that came meanwhile is not its doing."""
    files = {name: file for name, file in now.files.items() if name in change.before.files}
    return lack(change.goal, msgspec.structs.replace(now, files=files))
