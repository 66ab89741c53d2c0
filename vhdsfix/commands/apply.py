"""`apply`: look, judge, show, ask, write, prove, and look again."""

from __future__ import annotations

from contextlib import nullcontext
from functools import partial

import msgspec

from vhdsfix import planner
from vhdsfix.apply.beforehand import all_or_nothing, nothing_hinders
from vhdsfix.commands import fleet, runs, safeguards, saved_plan
from vhdsfix.commands.expected import expected_nodes
from vhdsfix.commands.patience import Patience
from vhdsfix.commands.plan import TOOL, now
from vhdsfix.commands.reasons import reasons_of_report, reasons_with_expected
from vhdsfix.commands.requests import ApplyRequest
from vhdsfix.commands.result import Result
from vhdsfix.commands.waiting import until_all_are_there
from vhdsfix.commands.work import Approve, Endable, Manner, Seen, Work
from vhdsfix.model.plan import Scope
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
        look = partial(_seen, request, reached, scope, notify)
        beforehand = all_or_nothing if request.all_or_nothing else nothing_hinders
        may_be_made = partial(safeguards.before_changing, request)
        manner = Manner(may_be_made, notify, stop, endable, request.lock_timeout_s, beforehand)
        work = Work(reached, look, request.target.state_dir, manner)
        patience = Patience(min(request.wait_s, reached.time.left_s), stop)
        seen = until_all_are_there(work.look, request.expected_nodes, patience, reached.time, notify)
        plan = saved or seen.plan
        seen = work.approved(plan, seen, approve)
        report = work.carry_out(plan, seen)
        if saved:
            report = msgspec.structs.replace(report, news=saved_plan.news(saved, seen.plan))
    if not request.expected_nodes:
        return Result("apply", report, reasons_of_report(report, seen, stop, reached.time))
    last = work.last_seen
    expected = expected_nodes(request.expected_nodes, last.facts, last.plan)
    report = msgspec.structs.replace(report, expected=expected)
    reasons = reasons_with_expected(report, seen, stop, reached.time, request.wait_s)
    return Result("apply", report, reasons)


def _scope(request: ApplyRequest, reached: fleet.WritingFleet) -> Scope:
    return fleet.scope_of(reached.settings, request.folders, request.guest_clusters, request.accept_reach)


def _seen(request: ApplyRequest, reached: fleet.WritingFleet, scope: Scope, notify: Notify) -> Seen:
    facts = survey(reached.hosts, scope, now(), reached.settings.cluster_name, notify)
    facts = runs.with_grants_made(facts, request.target.state_dir)
    return Seen(facts, planner.plan_from(facts, scope, TOOL))
