"""What of an approved plan is not to be tried after all, because a fresh look says otherwise."""

from __future__ import annotations

from collections.abc import Iterable

from vhdsfix.apply.recovery import ClosedIntent
from vhdsfix.model.outcome import Stuck
from vhdsfix.model.plan import Plan
from vhdsfix.model.verdicts import VerdictKind
from vhdsfix.model.windows import VmId


def by_a_fresh_look(plan: Plan, fresh: Plan) -> dict[str, str]:
    """Actions that a fresh plan would not make, though they are still to be made: id → why."""
    wanted = {action.id for action in fresh.actions}
    settled = _in_place(fresh)
    return {
        action.id: f"a fresh look says otherwise: {_why(fresh, action.folder.key, action.vm_id)}"
        for action in plan.actions
        if action.id not in wanted and (action.folder.key, action.vm_id) not in settled
    }


def _in_place(fresh: Plan) -> set[tuple[str, VmId]]:
    """Folder and VM where nothing is left to do: granted; or, to undo, neither planned nor refused."""
    standing = [(folder.path.key, vm) for folder in fresh.folders for vm in folder.vms]
    if fresh.kind == "apply":
        return {(key, vm.vm_id) for key, vm in standing if vm.verdict == VerdictKind.GRANTED}
    refused = {(found.folder.key, found.vm_id) for found in fresh.findings if found.folder}
    return {(key, vm.vm_id) for key, vm in standing} - refused


def by_an_earlier_run(plan: Plan, recovered: Iterable[ClosedIntent]) -> dict[str, str]:
    """Actions on folders where a run that died left something that a person has to look at: id → why."""
    stuck = {
        closed.intent.folder.key: closed.outcome.why
        for closed in recovered
        if isinstance(closed.outcome, Stuck)
    }
    return {
        action.id: f"an earlier run was cut off on this folder: {stuck[action.folder.key]}"
        for action in plan.actions
        if action.folder.key in stuck
    }


def _why(fresh: Plan, folder_key: str, vm_id: str) -> str:
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
