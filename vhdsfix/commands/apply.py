"""`apply`: look, judge, show, ask, write, prove, and look again."""

from __future__ import annotations

import getpass
import platform
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from vhdsfix import planner
from vhdsfix.apply import journal as journals
from vhdsfix.apply.journal import Journal
from vhdsfix.apply.recovery import ClosedIntent, close_open_intents
from vhdsfix.apply.run import apply_plan
from vhdsfix.commands import cluster_lock, fleet, held_back, saved_plan
from vhdsfix.commands.plan import TOOL, now, reasons_of
from vhdsfix.commands.registry import VmRegistry
from vhdsfix.commands.requests import ApplyRequest
from vhdsfix.commands.result import ApplyReport, Reason, Result
from vhdsfix.errors import (
    DeclinedError,
    ExitCode,
    IncompletePlanError,
    JournalError,
    RefusedError,
    VhdsfixError,
)
from vhdsfix.model.facts import Facts
from vhdsfix.model.outcome import ActionOutcome, Stuck
from vhdsfix.model.plan import Plan, Scope
from vhdsfix.ports import Notify, Stop
from vhdsfix.survey import survey

Approve = Callable[[Plan], bool]


APPROVAL_HOLDS_S = 60
"""An approval that took longer than this was given to a picture that may be old: the cluster is looked at again."""


def run(request: ApplyRequest, approve: Approve, notify: Notify, stop: Stop) -> Result:
    """Return an ApplyReport as a Result; raises RefusedError where nothing may be written at all."""
    saved = saved_plan.of(request)
    with fleet.for_writing(request.target, "apply") as reached:
        scope = saved.scope if saved else _scope(request, reached)
        work = _Work(reached, scope, request.target.state_dir, notify, stop)
        seen = work.look()
        plan = saved or seen.plan
        _may_be_applied(request, plan, seen.plan)
        asked = time.monotonic()
        if plan.actions and not approve(plan):
            raise DeclinedError("nothing was changed: the plan was not approved")
        if plan.actions and time.monotonic() - asked > APPROVAL_HOLDS_S:
            seen = work.look()
            _may_be_applied(request, plan, seen.plan)
        report = work.carry_out(plan, seen)
    return Result("apply", report, _reasons(report, seen, stop))


def _may_be_applied(request: ApplyRequest, plan: Plan, fresh: Plan) -> None:
    if plan is not fresh:
        saved_plan.must_be_of(plan, fresh.cluster)
    if request.require_complete and not (plan.complete and fresh.complete):
        unseen = (found.summary for found in (*fresh.findings, *plan.findings) if found.incomplete)
        raise IncompletePlanError(
            f"nothing was changed, because not everything could be looked at: {next(unseen)}"
        )
    if plan.actions and not fresh.cluster.id:
        raise RefusedError(
            "nothing was changed: no node could say which host cluster this is; see `vhdsfix plan`"
        )


class _Seen(NamedTuple):
    """What was seen, and what a plan made of it would be."""

    facts: Facts
    plan: Plan


class _Work:
    """One run against one host cluster."""

    def __init__(
        self, reached: fleet.WritingFleet, scope: Scope, state_dir: Path, notify: Notify, stop: Stop
    ) -> None:
        self._reached = reached
        self._scope = scope
        self._state_dir = state_dir
        self._notify = notify
        self._stop = stop

    def look(self) -> _Seen:
        settings = self._reached.settings
        facts = survey(self._reached.hosts, self._scope, now(), settings.cluster_name, self._notify)
        return _Seen(facts, planner.plan_from(facts, self._scope, TOOL))

    def carry_out(self, plan: Plan, seen: _Seen) -> ApplyReport:
        """Close what an earlier run left open, then do the plan under the cluster's lock, then look again."""
        if not seen.plan.cluster.id:
            return ApplyReport(plan, ())
        registry = VmRegistry(self._reached.hosts, seen.facts)
        with cluster_lock.only_writer(self._state_dir, seen.plan.cluster) as folder:
            recovered = tuple(
                closed
                for died in journals.died_runs(folder, seen.plan.cluster)
                for closed in close_open_intents(died, registry.writers(), _clock)
            )
            if not plan.actions:
                return ApplyReport(plan, (), recovered=recovered)
            back = held_back.by_a_fresh_look(plan, seen.plan) | held_back.by_an_earlier_run(plan, recovered)
            journal = _new_journal(folder, plan)
            outcomes = self._outcomes(plan, back, registry, journal)
            failure = _ended(journal)
        return ApplyReport(plan, outcomes, self._look_after(), str(journal.path), failure, recovered)

    def _outcomes(
        self, plan: Plan, back: dict[str, str], registry: VmRegistry, journal: Journal
    ) -> tuple[ActionOutcome, ...]:
        at_once = self._reached.hosts.at_once
        return apply_plan(
            plan, back, registry, journal, notify=self._notify, stop=self._stop, at_once=at_once
        )

    def _look_after(self) -> Plan | None:
        """What is so now; None where nobody could tell: what was done stays told all the same."""
        try:
            return None if self._stop() else self.look().plan
        except VhdsfixError:
            return None


def _ended(journal: Journal) -> str | None:
    """Close the run; why its journal is not whole, if it is not."""
    try:
        journal.end()
    except JournalError as error:
        return str(error)
    return None


def _scope(request: ApplyRequest, reached: fleet.WritingFleet) -> Scope:
    return fleet.scope_of(reached.settings, request.folders, request.guest_clusters, request.accept_reach)


def _clock() -> datetime:
    return datetime.now(UTC)


def _new_journal(folder: Path, plan: Plan) -> Journal:
    return Journal.create(
        folder, cluster=plan.cluster, plan=plan.digest, who=_who(), clock=_clock, token=secrets.token_hex(2)
    )


def _who() -> str:
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):
        user = "unknown"
    return f"{user}@{platform.node()}"


def _is_wanted(one: ActionOutcome, after: Plan | None) -> bool:
    return after is not None and one.action.id in {action.id for action in after.actions}


def _gone_again(one: ActionOutcome) -> Reason:
    why = (
        f"the grant for {one.action.vm_name} on {one.action.folder} was in place, and a fresh look misses it"
    )
    return Reason(ExitCode.NOT_DONE, f"{why}: something takes it away; see what else sets permissions there")


def _reasons(report: ApplyReport, seen: _Seen, stop: Stop) -> tuple[Reason, ...]:
    reasons = []
    if stop():
        reasons.append(Reason(ExitCode.INTERRUPTED, "stopped on request; the action in hand was finished"))
    elif report.journal and report.after is None:
        reasons.append(
            Reason(ExitCode.INCOMPLETE, "nobody could look again after the changes; run `vhdsfix plan`")
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
