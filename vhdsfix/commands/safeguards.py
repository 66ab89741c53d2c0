"""What must hold before apply or undo may write anything; otherwise it raises, and nothing was written."""

from __future__ import annotations

from pathlib import Path

from vhdsfix.commands import files, runs, saved_plan
from vhdsfix.commands.requests import ApplyRequest, UndoRequest
from vhdsfix.config import Settings
from vhdsfix.errors import DeclinedError, IncompletePlanError, RefusedError, TooMuchError, UsageError
from vhdsfix.model.plan import Plan
from vhdsfix.wording import counted, one_or_more


def before_asking(request: ApplyRequest) -> Plan | None:
    """The saved plan, if one is named. Raises UsageError, StalePlanError or DeclinedError before any node is asked."""
    if request.wait_s and not request.expected_nodes:
        raise UsageError("--wait waits for a guest node; name it by --expect-node NAME")
    if not all(name.strip(" .") for name in request.expected_nodes):
        raise UsageError("--expect-node: an empty name is no guest node's")
    _must_be_approved_by_two(request, request.plan_file, "plan --save FILE", "apply FILE")
    if request.plan_file is None:
        return None
    if request.folders or request.guest_clusters or request.accept_reach:
        raise UsageError(
            "a saved plan has its own scope; leave --folder, --guest-cluster and --accept-reach out"
        )
    return saved_plan.read(request.plan_file, request)


def before_undoing(request: UndoRequest) -> Plan | None:
    """The saved plan, if one is named instead of a run. Raises as `before_asking`."""
    plan_file = saved_undo(request)
    _must_be_approved_by_two(request, plan_file, "undo RUN --save FILE", "undo FILE")
    if plan_file is None:
        return None
    if request.folders or request.vms:
        raise UsageError("a saved plan has its own scope; leave --folder and --vm out")
    return saved_plan.read(plan_file, request)


def saved_undo(request: UndoRequest) -> Path | None:
    """The file of a saved plan, where the request names one instead of a run."""
    path = Path(request.run)
    return path if files.is_there(path) and not runs.is_a_journal(path) else None


def _must_be_approved_by_two(
    request: ApplyRequest | UndoRequest, plan_file: Path | None, to_save: str, to_carry_out: str
) -> None:
    """Where the settings ask for it. Raises DeclinedError, and UsageError for a digest without a plan."""
    if request.approved_digest is not None and plan_file is None:
        raise UsageError(
            f"--approve approves a saved plan; name its file, too: vhdsfix {to_carry_out} --approve DIGEST"
        )
    if request.target.settings.require_approval and request.approved_digest is None:
        raise DeclinedError(
            "nothing was changed: require_approval in the config asks for a second person, and --yes does not replace one. "
            f"`vhdsfix {to_save}` writes a plan; they look at it, and tell the digest that it begins with; then "
            f"`vhdsfix {to_carry_out} --approve DIGEST`"
        )


def before_changing(request: ApplyRequest, plan: Plan, fresh: Plan) -> None:
    """`fresh`: what a plan would be that is made now; the plan itself where none was saved. Raises RefusedError."""
    if plan is not fresh:
        saved_plan.must_be_of(plan, fresh.cluster)
    if request.require_complete and not (plan.complete and fresh.complete):
        unseen = (found.summary for found in (*fresh.findings, *plan.findings) if found.incomplete)
        raise IncompletePlanError(
            f"nothing was changed, because not everything could be looked at: {next(unseen)}"
        )
    must_be_few_enough(request.target.settings, request.max_changes, plan)
    if plan.actions and not fresh.cluster.id:
        raise RefusedError(
            "nothing was changed: no node could say which host cluster this is; see `vhdsfix plan`"
        )


def must_be_few_enough(settings: Settings, max_changes: int | None, plan: Plan) -> None:
    """`max_changes`: instead of what the settings allow. Raises TooMuchError."""
    allowed = settings.max_changes if max_changes is None else max_changes
    if len(plan.actions) > allowed:
        raise TooMuchError(
            f"nothing was changed: the plan makes {counted(len(plan.actions), 'change')}, and no more than {allowed} "
            f"{one_or_more(allowed, 'is', 'are')} allowed at once. "
            "Look at it with `vhdsfix plan`; then narrow it by --folder or --guest-cluster, or allow it by "
            f"--max-changes {len(plan.actions)} (in the config: max_changes)"
        )
