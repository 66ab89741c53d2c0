"""Why a run that changes something ends as it does; apply and undo share it."""

from __future__ import annotations

import msgspec

from vhdsfix.apply.recovery import ClosedIntent
from vhdsfix.commands.plan import reasons_of
from vhdsfix.commands.result import ApplyReport, Reason
from vhdsfix.commands.time_allowed import TimeAllowed
from vhdsfix.commands.work import Seen
from vhdsfix.errors import ExitCode
from vhdsfix.model.expected import ExpectedNode
from vhdsfix.model.outcome import ActionOutcome, Stuck
from vhdsfix.model.plan import Plan
from vhdsfix.plan_document import GRANT
from vhdsfix.ports import Stop
from vhdsfix.wording import counted


def reasons_of_report(report: ApplyReport, seen: Seen, stop: Stop, time: TimeAllowed) -> tuple[Reason, ...]:
    """Everything that is true of the end of a run that changes something, or was to."""
    return (*_of_the_run(report, stop, time), *_of_the_cluster(report, seen))


def reasons_with_expected(
    report: ApplyReport, seen: Seen, stop: Stop, time: TimeAllowed, waited_s: float
) -> tuple[Reason, ...]:
    """The same, where only the expected guest nodes count, and the run itself: what is wrong elsewhere is told."""
    elsewhere = (
        one if one.code is ExitCode.NO_NODE else msgspec.structs.replace(one, counts=False)
        for one in _of_the_cluster(report, seen)
    )
    unready = (node for node in report.expected if not node.is_as_expected)
    expected = (Reason(ExitCode.NOT_AS_EXPECTED, _not_as_expected(node, waited_s, time)) for node in unready)
    return (*_of_the_run(report, stop, time), *expected, *elsewhere)


def _of_the_run(report: ApplyReport, stop: Stop, time: TimeAllowed) -> tuple[Reason, ...]:
    reasons = []
    if stop():
        reasons.append(Reason(ExitCode.INTERRUPTED, "stopped on request; the action in hand was finished"))
    elif report.journal and report.after is None:
        why = f": {time.why}" if time.is_over else ""
        reasons.append(
            Reason(ExitCode.INCOMPLETE, f"nobody could look again after the changes{why}; run `vhdsfix plan`")
        )
    if report.journal_failure:
        why = f"what was done is told here, but its journal {report.journal} is not whole: {report.journal_failure}"
        reasons.append(Reason(ExitCode.NOT_DONE, why))
    return tuple(reasons)


def _of_the_cluster(report: ApplyReport, seen: Seen) -> tuple[Reason, ...]:
    """What is not in place, and what is left to do or to look at."""
    reasons = [_not_done(report)] if any(not one.is_right for one in report.outcomes) else []
    reasons += [_gone_again(one) for one in report.outcomes if one.is_right and _is_wanted(one, report.after)]
    reasons += [
        _left_by_an_earlier_run(closed) for closed in report.recovered if isinstance(closed.outcome, Stuck)
    ]
    return (*reasons, *reasons_of(seen.facts, report.after or seen.plan))


def _not_as_expected(node: ExpectedNode, waited_s: float, time: TimeAllowed) -> str:
    if not node.awaited:
        return f"guest node {node.name} is not as expected: {node.why_not}"
    if waited_s and time.is_over:
        return f"guest node {node.name} is still not there, and {time.why}: {node.why_not}"
    if waited_s:
        return f"guest node {node.name} was still not there when the time was over (--wait {waited_s:g}): {node.why_not}"
    return f"guest node {node.name} is not there: {node.why_not}; --wait SECONDS waits for it"


def _is_wanted(one: ActionOutcome, after: Plan | None) -> bool:
    return after is not None and one.action.id in {action.id for action in after.actions}


def _gone_again(one: ActionOutcome) -> Reason:
    what = "the grant for" if one.action.op == GRANT else "what was before for"
    why = f"{what} {one.action.vm_name} on {one.action.folder} was in place, and a fresh look misses it"
    return Reason(ExitCode.NOT_DONE, f"{why}: something undoes it; see what else sets permissions there")


def _not_done(report: ApplyReport) -> Reason:
    undone = [one for one in report.outcomes if not one.is_right]
    why = f"{undone[0].action.vm_name}: {getattr(undone[0].outcome, 'why', '')}"
    all_of_them = counted(len(report.outcomes), "grant" if report.plan.kind == "apply" else "change")
    return Reason(ExitCode.NOT_DONE, f"{len(undone)} of {all_of_them} not in place: {why}")


def _left_by_an_earlier_run(closed: ClosedIntent) -> Reason:
    why = getattr(closed.outcome, "why", "")
    return Reason(ExitCode.NOT_DONE, f"an earlier run was cut off on {closed.intent.folder}: {why}")
