"""`apply`: look, judge, show, ask, write, prove, and look again."""

from __future__ import annotations

from contextlib import nullcontext
from functools import partial

from vhdsfix import planner
from vhdsfix.apply.recovery import ClosedIntent
from vhdsfix.commands import fleet, safeguards
from vhdsfix.commands.patience import Patience
from vhdsfix.commands.plan import TOOL, now, reasons_of
from vhdsfix.commands.requests import ApplyRequest
from vhdsfix.commands.result import ApplyReport, Reason, Result
from vhdsfix.commands.time_allowed import TimeAllowed
from vhdsfix.commands.work import Approve, Endable, Seen, Work
from vhdsfix.errors import ExitCode
from vhdsfix.model.outcome import ActionOutcome, Stuck
from vhdsfix.model.plan import Plan, Scope
from vhdsfix.ports import Notify, Stop
from vhdsfix.survey import survey


def run(
    request: ApplyRequest, approve: Approve, notify: Notify, stop: Stop, endable: Endable = nullcontext
) -> Result:
    """Return an ApplyReport as a Result; raises RefusedError where nothing may be written at all.

    `endable`: a block that only asks, which a request to stop ends by KeyboardInterrupt; elsewhere `stop` is asked.
    """
    saved = safeguards.before_asking(request)
    with fleet.for_writing(request.target, "apply") as reached:
        scope = saved.scope if saved else _scope(request, reached)
        look = partial(_seen, reached, scope, notify)

        def enough() -> bool:
            return stop() or reached.time.is_over

        def lock_patience() -> Patience:
            return Patience(min(request.lock_timeout_s, reached.time.left_s), stop)

        state_dir = request.target.state_dir
        work = Work(
            reached.hosts, look, state_dir, notify, enough, endable=endable, lock_patience=lock_patience
        )
        seen = work.look()
        plan = saved or seen.plan
        seen = work.approved(plan, seen, approve, partial(safeguards.before_changing, request))
        report = work.carry_out(plan, seen)
    return Result("apply", report, _reasons(report, seen, stop, reached.time))


def _scope(request: ApplyRequest, reached: fleet.WritingFleet) -> Scope:
    return fleet.scope_of(reached.settings, request.folders, request.guest_clusters, request.accept_reach)


def _seen(reached: fleet.WritingFleet, scope: Scope, notify: Notify) -> Seen:
    facts = survey(reached.hosts, scope, now(), reached.settings.cluster_name, notify)
    return Seen(facts, planner.plan_from(facts, scope, TOOL))


def _is_wanted(one: ActionOutcome, after: Plan | None) -> bool:
    return after is not None and one.action.id in {action.id for action in after.actions}


def _gone_again(one: ActionOutcome) -> Reason:
    why = (
        f"the grant for {one.action.vm_name} on {one.action.folder} was in place, and a fresh look misses it"
    )
    return Reason(ExitCode.NOT_DONE, f"{why}: something takes it away; see what else sets permissions there")


def _reasons(report: ApplyReport, seen: Seen, stop: Stop, time: TimeAllowed) -> tuple[Reason, ...]:
    reasons = []
    if stop():
        reasons.append(Reason(ExitCode.INTERRUPTED, "stopped on request; the action in hand was finished"))
    elif report.journal and report.after is None:
        why = f": {time.why}" if time.is_over else ""
        reasons.append(
            Reason(ExitCode.INCOMPLETE, f"nobody could look again after the changes{why}; run `vhdsfix plan`")
        )
    reasons += [_not_done(report)] if any(not one.is_right for one in report.outcomes) else []
    reasons += [_gone_again(one) for one in report.outcomes if one.is_right and _is_wanted(one, report.after)]
    reasons += [
        _left_by_an_earlier_run(closed) for closed in report.recovered if isinstance(closed.outcome, Stuck)
    ]
    if report.journal_failure:
        why = f"what was done is told here, but its journal {report.journal} is not whole: {report.journal_failure}"
        reasons.append(Reason(ExitCode.NOT_DONE, why))
    return (*reasons, *reasons_of(seen.facts, report.after or seen.plan))


def _not_done(report: ApplyReport) -> Reason:
    undone = [one for one in report.outcomes if not one.is_right]
    why = f"{undone[0].action.vm_name}: {getattr(undone[0].outcome, 'why', '')}"
    return Reason(ExitCode.NOT_DONE, f"{len(undone)} of {len(report.outcomes)} grant(s) not in place: {why}")


def _left_by_an_earlier_run(closed: ClosedIntent) -> Reason:
    why = getattr(closed.outcome, "why", "")
    return Reason(ExitCode.NOT_DONE, f"an earlier run was cut off on {closed.intent.folder}: {why}")
