"""`undo`: a run's journal and a fresh look → a plan that takes back what it did, shown, approved, made and proved like any other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from functools import partial

import msgspec

from vhdsfix.apply.journal import RunRecord
from vhdsfix.apply.made import Made, made_by
from vhdsfix.apply.undo import ToTakeBack, Undoing, folders_to_read, plan_to_undo
from vhdsfix.commands import fleet, runs, safeguards
from vhdsfix.commands.plan import TOOL, now
from vhdsfix.commands.reasons import reasons_of_report
from vhdsfix.commands.requests import UndoRequest
from vhdsfix.commands.result import Reason, Result
from vhdsfix.commands.work import Approve, Endable, Manner, Seen, Work
from vhdsfix.errors import ExitCode, RefusedError, StalePlanError, UsageError, VhdsfixError
from vhdsfix.model.facts import Facts
from vhdsfix.model.plan import HostCluster, Plan, Scope
from vhdsfix.ports import Notify, Stop
from vhdsfix.survey import survey

UndoingOf = Callable[[Facts], Undoing]


def run(
    request: UndoRequest, approve: Approve, notify: Notify, stop: Stop, endable: Endable = nullcontext
) -> Result:
    """Return an ApplyReport as a Result: its plan undoes, and what is refused is among its outcomes.

    Raises UsageError for no such run, folder or VM in it; JournalError for a damaged journal; RefusedError where nothing may be
    written at all.
    """
    safeguards.must_not_need_approval(request.target.settings)
    record = runs.run_of(request.target.state_dir, request.run)
    taken_back = _chosen(request, record)
    with fleet.for_writing(request.target, "undo") as reached:
        undoing_of = partial(_undoing, taken_back, reached)
        look = partial(_seen, taken_back, reached, undoing_of, notify)
        manner = Manner(notify, stop, endable, request.lock_timeout_s)
        work = Work(reached, look, request.target.state_dir, manner)
        first = work.look()
        seen = work.approved(first.plan, first, approve, partial(_may_be_made, request, record))
        report = work.carry_out(first.plan, seen)
    refused = undoing_of(first.facts).refused
    report = msgspec.structs.replace(report, outcomes=(*report.outcomes, *refused))
    reasons = (*reasons_of_report(report, seen, stop, reached.time), *_went_on(request, taken_back))
    return Result("undo", report, reasons)


def _went_on(request: UndoRequest, taken_back: ToTakeBack) -> Iterator[Reason]:
    """A run that was still at work when its journal was read has made more since; nobody approved to take that back."""
    known = {one.action for one in taken_back.chosen}
    try:
        now = _chosen(request, runs.run_of(request.target.state_dir, request.run)).chosen
    except VhdsfixError:  # what was done is told all the same
        return
    if more := sum(one.action not in known for one in now):
        why = f"run {taken_back.id} was still at work: {more} change(s) that it made since are not taken back"
        yield Reason(ExitCode.NOT_DONE, f"{why}; say undo again")


def _seen(taken_back: ToTakeBack, reached: fleet.WritingFleet, undoing_of: UndoingOf, notify: Notify) -> Seen:
    facts = survey(
        reached.hosts,
        Scope(),
        now(),
        reached.settings.cluster_name,
        notify,
        folders_of=partial(folders_to_read, taken_back.chosen),
    )
    return Seen(facts, undoing_of(facts).plan)


def _undoing(taken_back: ToTakeBack, reached: fleet.WritingFleet, facts: Facts) -> Undoing:
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


def _id_of(record: RunRecord) -> str:
    return record.header.run if record.header else record.path.stem


def _is(made: Made, vm: str) -> bool:
    return vm.strip("{}").casefold() in (made.vm_id, made.vm.casefold())


def _not_in_it(record: RunRecord, there: Iterable[str]) -> str:
    named = ", ".join(dict.fromkeys(there))
    return f"run {_id_of(record)} changed nothing of it; it changed: {named or 'nothing'}"


def _may_be_made(request: UndoRequest, record: RunRecord, plan: Plan, fresh: Plan) -> None:
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
