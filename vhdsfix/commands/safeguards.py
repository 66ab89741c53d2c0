"""What must hold before apply may write anything; otherwise it raises, and nothing was written."""

from __future__ import annotations

from vhdsfix.commands import saved_plan
from vhdsfix.commands.requests import ApplyRequest
from vhdsfix.config import Settings
from vhdsfix.errors import DeclinedError, IncompletePlanError, RefusedError, TooMuchError, UsageError
from vhdsfix.model.plan import Plan


def before_asking(request: ApplyRequest) -> Plan | None:
    """The saved plan, if one is named. Raises UsageError, StalePlanError or DeclinedError before any node is asked."""
    if request.approved_digest is not None and request.plan_file is None:
        raise UsageError(
            "--approve approves a saved plan; name its file, too: vhdsfix apply FILE --approve DIGEST"
        )
    if request.wait_s and not request.expected_nodes:
        raise UsageError("--wait waits for a guest node; name it by --expect-node NAME")
    if not all(name.strip(" .") for name in request.expected_nodes):
        raise UsageError("--expect-node: an empty name is no guest node's")
    if request.target.settings.require_approval and not (request.plan_file and request.approved_digest):
        raise DeclinedError(
            "nothing was changed: require_approval in the config asks for a second person, and --yes does not replace one. "
            "`vhdsfix plan --save FILE` writes a plan; they look at it, and tell the digest that it begins with; then "
            "`vhdsfix apply FILE --approve DIGEST`"
        )
    return saved_plan.of(request)


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


def must_not_need_approval(settings: Settings) -> None:
    """Undo makes its plan anew, so there is none that a second person could have approved. Raises DeclinedError."""
    if settings.require_approval:
        raise DeclinedError(
            "nothing was changed: require_approval in the config asks for a second person, and undo cannot show them a saved plan. "
            "`vhdsfix show RUN` tells what there is to take back; take it back by hand, or with a config without require_approval"
        )


def must_be_few_enough(settings: Settings, max_changes: int | None, plan: Plan) -> None:
    """`max_changes`: instead of what the settings allow. Raises TooMuchError."""
    allowed = settings.max_changes if max_changes is None else max_changes
    if len(plan.actions) > allowed:
        raise TooMuchError(
            f"nothing was changed: the plan makes {len(plan.actions)} changes, and no more than {allowed} are allowed at once. "
            "Look at it with `vhdsfix plan`; then narrow it by --folder or --guest-cluster, or allow it by "
            f"--max-changes {len(plan.actions)} (in the config: max_changes)"
        )
