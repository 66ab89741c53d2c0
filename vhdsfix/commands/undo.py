"""`undo`: a run's journal and a fresh look → a plan that takes back what it did, shown, approved, made and proved like any other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import msgspec

from vhdsfix.apply.journal import RunRecord
from vhdsfix.apply.made import Made, made_by
from vhdsfix.apply.undo import ToTakeBack, Undoing, calls_for, folders_to_read, plan_to_undo
from vhdsfix.commands import files, fleet, runs, safeguards, saved_plan
from vhdsfix.commands.plan import TOOL, now, reasons_of
from vhdsfix.commands.reasons import reasons_of_report
from vhdsfix.commands.requests import UndoRequest
from vhdsfix.commands.result import Reason, Result
from vhdsfix.commands.work import Approve, Endable, Manner, Seen, Work
from vhdsfix.errors import ExitCode, RefusedError, StalePlanError, UsageError, VhdsfixError
from vhdsfix.model.facts import Facts
from vhdsfix.model.plan import HostCluster, Plan, Scope
from vhdsfix.plan_document import written
from vhdsfix.ports import Notify, Stop
from vhdsfix.survey import survey
from vhdsfix.wording import counted

UndoingOf = Callable[[Facts], Undoing]
Reached = fleet.ReadingFleet | fleet.WritingFleet


def plan(request: UndoRequest, path: Path, notify: Notify) -> Result:
    """Save a plan that takes back what a run did, and return it as a Result. It gets Readers only, so it cannot change anything.

    Raises UsageError and JournalError as `run`.
    """
    if safeguards.saved_undo(request):
        raise UsageError(
            f"{request.run} is a saved plan already; `vhdsfix undo {request.run}` carries it out"
        )
    files.must_be_writable(path, force=request.force)
    taken_back = _chosen(request, runs.run_of(request.target.state_dir, request.run))
    with fleet.for_reading(request.target, "undo") as reached:
        seen = _seen(taken_back, reached, partial(_undoing, taken_back, reached), notify)
    files.write_whole(path, written(seen.plan), force=request.force)
    return Result("undo", seen.plan, reasons_of(seen.facts, seen.plan))


def run(
    request: UndoRequest, approve: Approve, notify: Notify, stop: Stop, endable: Endable = nullcontext
) -> Result:
    """Return an ApplyReport as a Result: its plan undoes, and what is refused is among its outcomes.

    Raises UsageError for no such run, folder or VM in it; JournalError for a damaged journal; RefusedError where nothing may be
    written at all.
    """
    saved = safeguards.before_undoing(request)
    record = runs.run_of(request.target.state_dir, saved.undoes or "" if saved else request.run)
    taken_back = _approved(saved, record) if saved else _chosen(request, record)
    with fleet.for_writing(request.target, "undo") as reached:
        undoing_of = partial(_undoing, taken_back, reached)
        look = partial(_seen, taken_back, reached, undoing_of, notify)
        manner = Manner(partial(_may_be_made, request, record), notify, stop, endable, request.lock_timeout_s)
        work = Work(reached, look, request.target.state_dir, manner)
        first = work.look()
        plan = saved or first.plan
        seen = work.approved(plan, first, approve)
        report = work.carry_out(plan, seen)
    tried = {action.id for action in plan.actions}
    refused = tuple(one for one in undoing_of(first.facts).refused if one.action.id not in tried)
    report = msgspec.structs.replace(report, outcomes=(*report.outcomes, *refused))
    went_on = () if saved else _went_on(request, taken_back)
    reasons = (*reasons_of_report(report, seen, stop, reached.time), *went_on)
    return Result("undo", report, reasons)


def _went_on(request: UndoRequest, taken_back: ToTakeBack) -> Iterator[Reason]:
    """A run that was still at work when its journal was read has made more since; nobody approved to take that back."""
    known = {one.action for one in taken_back.chosen}
    try:
        now = _chosen(request, runs.run_of(request.target.state_dir, request.run)).chosen
    except VhdsfixError:  # what was done is told all the same
        return
    if more := sum(one.action not in known for one in now):
        why = f"run {taken_back.id} was still at work: {counted(more, 'change that it made since is', 'changes that it made since are')} not taken back"
        yield Reason(ExitCode.NOT_DONE, f"{why}; say undo again")


def _seen(taken_back: ToTakeBack, reached: Reached, undoing_of: UndoingOf, notify: Notify) -> Seen:
    facts = survey(
        reached.hosts,
        Scope(),
        now(),
        reached.settings.cluster_name,
        notify,
        folders_of=partial(folders_to_read, taken_back.chosen),
    )
    return Seen(facts, undoing_of(facts).plan)


def _undoing(taken_back: ToTakeBack, reached: Reached, facts: Facts) -> Undoing:
    return plan_to_undo(taken_back, facts, reached.settings.guest_clusters, TOOL)


def _chosen(request: UndoRequest, record: RunRecord) -> ToTakeBack:
    """Raises UsageError for a folder or VM that is not in the run: a slip of the pen must not look like a success."""
    made = made_by(record)
    for folder in request.folders:
        if folder.key not in {one.folder.key for one in made}:
            raise UsageError(f"--folder {folder}: {_not_in_it(record, (one.folder for one in made))}")
    for vm in request.vms:
        if not any(_is(one, vm) for one in made):
            raise UsageError(f"--vm {vm}: {_not_in_it(record, (one.vm for one in made))}")
    folders = {folder.key for folder in request.folders}
    chosen = (
        one
        for one in made
        if (not folders or one.folder.key in folders)
        and (not request.vms or any(_is(one, vm) for vm in request.vms))
    )
    return ToTakeBack(_id_of(record), made, tuple(chosen))


def _approved(saved: Plan, record: RunRecord) -> ToTakeBack:
    """What a saved plan is about. Raises StalePlanError for one that does what its run does not call for."""
    made = made_by(record)
    called_for = set(calls_for(made))
    for action in saved.actions:
        if (action.id, action.rights) not in called_for:
            why = f"action {action.id} is not what the journal of run {_id_of(record)} calls for"
            raise StalePlanError(f"nothing was changed: the plan is refused: {why}. Make a new plan.")
    places = {(action.folder.key, action.vm_id) for action in saved.actions}
    places |= {(found.folder.key, found.vm_id) for found in saved.findings if found.folder and found.vm_id}
    chosen = (one for one in made if (one.folder.key, one.vm_id) in places)
    return ToTakeBack(_id_of(record), made, tuple(chosen))


def _id_of(record: RunRecord) -> str:
    return record.header.run if record.header else record.path.stem


def _is(made: Made, vm: str) -> bool:
    return vm.strip("{}").casefold() in (made.vm_id, made.vm.casefold())


def _not_in_it(record: RunRecord, there: Iterable[str]) -> str:
    named = ", ".join(dict.fromkeys(there))
    return f"run {_id_of(record)} changed nothing of it; it changed: {named or 'nothing'}"


def _may_be_made(request: UndoRequest, record: RunRecord, plan: Plan, fresh: Plan) -> None:
    if plan is not fresh:
        saved_plan.must_be_of(plan, fresh.cluster)
    cluster = record.header.cluster if record.header else HostCluster("", "")
    if plan.actions and not fresh.cluster.id:
        raise RefusedError(
            "nothing was changed: no node could say which host cluster this is; see `vhdsfix plan`"
        )
    if fresh.cluster.id and cluster.id.casefold() != fresh.cluster.id.casefold():
        raise StalePlanError(
            f"nothing was changed: run {_id_of(record)} was on host cluster {cluster.name} ({cluster.id}), but this is "
            f"{fresh.cluster.name} ({fresh.cluster.id})"
        )
    safeguards.must_be_few_enough(request.target.settings, request.max_changes, plan)
