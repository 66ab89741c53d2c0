"""`plan`: look, judge, show. It gets Readers only, so it cannot change anything."""

from __future__ import annotations

from datetime import UTC, datetime

from vhdsfix import __version__, planner
from vhdsfix.commands import facts_file, files, fleet, runs
from vhdsfix.commands.collecting import seldom_collecting
from vhdsfix.commands.requests import PlanRequest
from vhdsfix.commands.result import Reason, Result
from vhdsfix.errors import ExitCode
from vhdsfix.model.facts import Facts
from vhdsfix.model.plan import Plan, Scope, Tool
from vhdsfix.model.readings import Known
from vhdsfix.plan_document import written
from vhdsfix.ports import Notify
from vhdsfix.scrub import scrubbed
from vhdsfix.survey import survey
from vhdsfix.wording import counted

_TO_DO = {"apply": ("grant", "to make"), "undo": ("change", "to take back")}
TOOL = Tool(name="vhdsfix", version=__version__)


def run(request: PlanRequest, notify: Notify) -> Result:
    """Return the plan as a Result; writes the files that were asked for, after everything went well."""
    files.must_differ(request.save, request.facts_out, request.facts)
    for path in filter(None, (request.save, request.facts_out)):
        files.must_be_writable(path, force=request.force)
    with seldom_collecting():
        facts, scope = _judged_from(request, notify)
        plan = planner.plan_from(facts, scope, TOOL)
    if request.facts_out:
        saved = scrubbed(facts, scope) if request.scrub else (facts, scope)
        files.write_whole(request.facts_out, facts_file.written(*saved), force=request.force)
    if request.save:
        files.write_whole(request.save, written(plan), force=request.force)
    return Result("plan", plan, reasons_of(facts, plan))


def now() -> str:
    """The present moment as every document of ours writes it: UTC, ISO 8601, seconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def reasons_of(facts: Facts, plan: Plan) -> tuple[Reason, ...]:
    """Why the run ends as it does; where no node let us in, that it is incomplete goes without saying."""
    no_node = _no_node(facts)
    return (*no_node, *(one for one in _of_plan(plan) if not (no_node and one.code is ExitCode.INCOMPLETE)))


def _no_node(facts: Facts) -> tuple[Reason, ...]:
    if any(isinstance(node.host, Known) for node in facts.nodes):
        return ()
    why = next(
        (node.host.why for node in facts.nodes if not isinstance(node.host, Known)), "no node is known"
    )
    return (Reason(ExitCode.NO_NODE, f"no node let us in: {why}"),)


def _of_plan(plan: Plan) -> tuple[Reason, ...]:
    reasons = []
    if not plan.complete:
        unseen = [found.summary for found in plan.findings if found.incomplete]
        reasons.append(Reason(ExitCode.INCOMPLETE, f"not everything could be looked at: {unseen[0]}"))
    if plan.actions:
        what, to_do = _TO_DO[plan.kind]
        reasons.append(Reason(ExitCode.CHANGES_PENDING, f"{counted(len(plan.actions), what)} {to_do}"))
    waiting = [found for found in plan.findings if found.needs_a_person]
    if waiting:
        reasons.append(
            Reason(
                ExitCode.NEEDS_A_PERSON,
                f"{counted(len(waiting), 'finding needs', 'findings need')} a person: {waiting[0].summary}",
            )
        )
    return tuple(reasons)


def _judged_from(request: PlanRequest, notify: Notify) -> tuple[Facts, Scope]:
    if request.facts:
        scope = fleet.scope_of(
            request.target.settings, request.folders, request.guest_clusters, request.accept_reach
        )
        facts, scope_then = facts_file.read(request.facts)
        return facts, scope_then if scope == Scope() else scope
    with fleet.for_reading(request.target, "plan") as reached:
        scope = fleet.scope_of(
            reached.settings, request.folders, request.guest_clusters, request.accept_reach
        )
        facts = survey(reached.hosts, scope, now(), reached.settings.cluster_name, notify)
        return runs.with_grants_made(facts, request.target.state_dir), scope
