"""What of an approved plan is not to be tried after all, because a fresh look says otherwise."""

from __future__ import annotations

from collections.abc import Iterable

from vhdsfix.apply.dacls import THE_FOLDER, parsed
from vhdsfix.apply.goal import goal_of
from vhdsfix.apply.journal import Intent
from vhdsfix.apply.proof import drift_since
from vhdsfix.apply.recovery import ClosedIntent
from vhdsfix.model.outcome import Drifted, Stuck, Untouched
from vhdsfix.model.plan import Action, Plan
from vhdsfix.model.verdicts import VerdictKind
from vhdsfix.model.windows import VmId
from vhdsfix.sddl import SddlError

HeldBack = Drifted | Untouched


def by_a_fresh_look(plan: Plan, fresh: Plan) -> dict[str, HeldBack]:
    """Actions that a fresh plan would not make, though they are still to be made: id → how they end."""
    wanted = {action.id for action in fresh.actions}
    settled = _in_place(fresh)
    return {
        action.id: _as_seen(plan, fresh, action)
        for action in plan.actions
        if action.id not in wanted and (action.folder.key, action.vm_id) not in settled
    }


def _as_seen(plan: Plan, fresh: Plan, action: Action) -> HeldBack:
    """Drifted where the permissions have moved; otherwise it is the VM or the folder that is not what it was."""
    if drift := _drift(plan, fresh, action.folder.key):
        return Drifted(drift)
    return Untouched(f"a fresh look says otherwise: {_why(fresh, action.folder.key, action.vm_id)}")


def _drift(plan: Plan, fresh: Plan, folder_key: str) -> str | None:
    planned = next((folder for folder in plan.folders if folder.path.key == folder_key), None)
    now = next((folder for folder in fresh.folders if folder.path.key == folder_key), None)
    if planned is None or now is None or now.sddl_before is None:
        return None
    texts = {THE_FOLDER: now.sddl_before, **{file.name: file.sddl for file in now.files if file.sddl}}
    goals = [goal_of(one.op, one.rights, one.vm_id) for one in plan.actions if one.folder.key == folder_key]
    above = {one.sid for one in plan.actions if planned.path.is_below(one.folder)}
    try:
        return drift_since(planned, goals, parsed(texts), above)
    except SddlError:  # the fresh look's own finding says so
        return None


def _in_place(fresh: Plan) -> set[tuple[str, VmId]]:
    """Folder and VM where nothing is left to do: granted; or, to undo, neither planned nor refused."""
    standing = [(folder.path.key, vm) for folder in fresh.folders for vm in folder.vms]
    if fresh.kind == "apply":
        return {(key, vm.vm_id) for key, vm in standing if vm.verdict == VerdictKind.GRANTED}
    refused = {(found.folder.key, found.vm_id) for found in fresh.findings if found.folder}
    return {(key, vm.vm_id) for key, vm in standing} - refused


def by_an_earlier_run(
    plan: Plan, recovered: Iterable[ClosedIntent], unseen: Iterable[Intent]
) -> dict[str, HeldBack]:
    """Actions on folders where a run that died left something that a person has to look at: id → how they end.

    `unseen`: changes of which no node could show how they ended. After another change nobody could tell any more.
    """
    stuck = {intent.folder.key: "no node could show how its change ended; run it again" for intent in unseen}
    stuck |= {
        closed.intent.folder.key: closed.outcome.why
        for closed in recovered
        if isinstance(closed.outcome, Stuck)
    }
    return {
        action.id: Untouched(f"an earlier run was cut off on this folder: {stuck[action.folder.key]}")
        for action in plan.actions
        if action.folder.key in stuck
    }


def _why(fresh: Plan, folder_key: str, vm_id: str) -> str:
    if fresh.kind == "apply" and all(vm.vm_id != vm_id for vm in fresh.inventory.vms):
        return "no node shows this VM now"
    about = (
        found
        for found in fresh.findings
        if found.folder
        and found.folder.key == folder_key
        and found.vm_id in (None, vm_id)
        and not found.accepted
    )
    of_the_folder_first = sorted(about, key=lambda found: found.vm_id is not None)
    return next(
        (found.summary for found in of_the_folder_first), "it does not show that this VM uses this folder"
    )
