"""A plan that was saved earlier: read strictly, not too old, and of the host cluster that is asked now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from vhdsfix.commands import files
from vhdsfix.commands.requests import ApplyRequest, UndoRequest
from vhdsfix.errors import DeclinedError, RefusedError, StalePlanError
from vhdsfix.model.plan import HostCluster, Kind, Plan, PlannedVm
from vhdsfix.model.windows import FolderPath, VmId
from vhdsfix.plan_document import read_plan
from vhdsfix.wording import counted

DIGITS_APPROVED = 12
"""So many digits of its digest name a plan; every place that shows a plan shows them."""


def read(path: Path, request: ApplyRequest | UndoRequest) -> Plan:
    """The plan in this file; raises StalePlanError for one that the request is not to carry out, UsageError for no file.

    Raises DeclinedError for one that another digest approves.
    """
    try:
        plan = read_plan(files.read_whole(path, "the plan"))
        _must_be_to(plan, "apply" if isinstance(request, ApplyRequest) else "undo")
        _must_be_fresh(plan, request.max_age_days)
    except StalePlanError as error:
        raise StalePlanError(f"{path} is refused: {error}") from error
    if request.approved_digest is not None:
        _must_be_approved(plan, str(path), request.approved_digest)
    return plan


def _must_be_to(plan: Plan, kind: Kind) -> None:
    if plan.kind != kind:
        what = "makes grants" if plan.kind == "apply" else "takes back what a run did"
        raise StalePlanError(f"it {what}. Say `vhdsfix {plan.kind} FILE`.")


def _must_be_approved(plan: Plan, path: str, digest: str) -> None:
    said = digest.strip().casefold()
    if len(said) < DIGITS_APPROVED or not plan.digest.startswith(said):
        raise DeclinedError(
            f"nothing was changed: --approve {digest} approves another plan than {path}, whose digest begins with "
            f"{plan.digest[:DIGITS_APPROVED]}; at least {DIGITS_APPROVED} digits must agree. Have this plan looked at"
        )


def _must_be_fresh(plan: Plan, max_age_days: int) -> None:
    try:
        made = datetime.fromisoformat(plan.created_at)
        age = datetime.now(UTC) - made
    except (ValueError, TypeError) as error:
        raise StalePlanError(
            f"{plan.created_at!r} is no time at which it was made. Make a new plan."
        ) from error
    if age < -timedelta(days=1):
        raise StalePlanError(
            f"it was made at {plan.created_at}, which is still to come by this machine's clock. Set the clock right, or make a new plan."
        )
    if age > timedelta(days=max_age_days):
        raise StalePlanError(
            f"it was made at {plan.created_at}, and no plan older than {counted(max_age_days, 'day')} is applied (--max-age). Make a new plan."
        )


def must_be_of(saved: Plan, cluster: HostCluster) -> None:
    """Raises StalePlanError, or RefusedError where no node could say which cluster it is."""
    if not cluster.id:
        raise RefusedError(
            "nothing was changed: no node could say which host cluster this is, so the saved plan may be of another"
        )
    if (saved.cluster.name.casefold(), saved.cluster.id.casefold()) != (
        cluster.name.casefold(),
        cluster.id.casefold(),
    ):
        raise StalePlanError(
            f"the plan is of host cluster {saved.cluster.name} ({saved.cluster.id}), but this is {cluster.name} ({cluster.id}). "
            "Make a new plan."
        )


def news(saved: Plan, fresh: Plan) -> tuple[str, ...]:
    """VMs that came or went since the plan was saved, a line each; that one moved to another node is ordinary life."""
    then, now = _standing(saved), _standing(fresh)
    shown = {vm.vm_id for vm in fresh.inventory.vms}
    new = (
        f"{vm.name} uses {folder} now and is not in this plan ({vm.verdict})"
        for key, (folder, vm) in now.items()
        if key not in then
    )
    gone = (
        f"{vm.name} is in this plan and "
        + (f"does not use {folder} any more" if vm.vm_id in shown else "no node shows it now")
        for key, (folder, vm) in then.items()
        if key not in now
    )
    return (*new, *gone)


def _standing(plan: Plan) -> dict[tuple[str, VmId], tuple[FolderPath, PlannedVm]]:
    return {(folder.path.key, vm.vm_id): (folder.path, vm) for folder in plan.folders for vm in folder.vms}
