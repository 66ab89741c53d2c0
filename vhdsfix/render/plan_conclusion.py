"""The last lines of a plan: what was not seen, what is left for a person, what to do now."""

from __future__ import annotations

import msgspec

from vhdsfix.model.findings import Finding
from vhdsfix.model.plan import Plan
from vhdsfix.model.verdicts import VerdictKind
from vhdsfix.wording import counted

INDENT = "  "


class Line(msgspec.Struct, frozen=True):
    """A sentence, its indentation, and its style where there are colours. A command is to be copied: never wrapped."""

    text: str
    style: str = ""
    indent: str = ""
    is_command: bool = False


def conclusion(plan: Plan, next_command: str | None, at_most: int | None = None) -> tuple[Line, ...]:
    """The end of a plan that is only shown. `next_command` applies it; None: it is about to be applied. `at_most`: so many
    changes are allowed at once where nobody says otherwise.
    """
    changes = counted(len(plan.actions), "change")
    if next_command is None:
        return _lines(plan, f"{changes} to make.")
    if at_most is not None and len(plan.actions) > at_most:
        narrower = "--folder or --guest-cluster" if plan.kind == "apply" else "--folder or --vm"
        allowed = counted(at_most, "is allowed", "are allowed")
        to_do = f"{changes} to make, and no more than {allowed} at once: narrow the plan by {narrower}, or go on with all of it:"
        return _lines(plan, f"Nothing has been changed. {to_do}", next_command)
    return _lines(plan, f"Nothing has been changed. To make {changes}:", next_command)


def conclusion_after_apply(plan: Plan, next_command: str) -> tuple[Line, ...]:
    """The end of an apply, from the plan made after it. `next_command` applies what is still open."""
    return _lines(plan, f"Still open: {counted(len(plan.actions), 'change')}. To try again:", next_command)


def _lines(plan: Plan, to_do: str, command: str | None = None) -> tuple[Line, ...]:
    return (*_not_seen(plan), *_left_for_a_person(plan), *_last(plan, to_do, command))


def _last(plan: Plan, to_do: str, command: str | None) -> tuple[Line, ...]:
    if not plan.actions:
        return (Line(_why_nothing_changes(plan), "bold"),)
    if command is None:
        return (Line(to_do, "bold"),)
    return (Line(to_do, "bold"), Line(command, "cyan", indent=INDENT, is_command=True))


def _not_seen(plan: Plan) -> tuple[Line, ...]:
    if plan.complete:
        return ()
    first = "INCOMPLETE: not everything could be looked at, so VMs, folders or grants may be missing here:"
    return (Line(first, "bold yellow"), *map(_unseen, (found for found in plan.findings if found.incomplete)))


def _unseen(finding: Finding) -> Line:
    named = finding.summary.startswith(finding.subject)
    return Line(finding.summary if named else f"{finding.subject}: {finding.summary}", indent=INDENT)


def _left_for_a_person(plan: Plan) -> tuple[Line, ...]:
    left = [finding for finding in plan.findings if finding.needs_a_person]
    if not left:
        return ()
    who = counted(len(left), "finding needs", "findings need")
    return (Line(f"{who} a person; `vhdsfix explain {left[0].id}` says more."),)


def _why_nothing_changes(plan: Plan) -> str:
    if plan.kind == "undo":
        return _why_nothing_is_undone(plan)
    verdicts = [vm.verdict for folder in plan.folders for vm in folder.vms]
    not_in_order = sum(verdict != VerdictKind.GRANTED for verdict in verdicts)
    if not_in_order:
        which = counted(not_in_order, "grant is", "grants are")
        return f"No change is planned, though {which} not in order: see the findings."
    seen = "" if plan.complete else " of what could be seen"
    if not verdicts and plan.inventory.shares:
        return f"Nothing to change here: the VHD Sets{seen} lie on file servers: see the findings."
    if not verdicts:
        return f"Nothing to change: no folder{seen} holds a VHD Set of a guest cluster{_in_scope(plan)}."
    return f"Nothing to change: every VM{seen} has its grant on every folder{_in_scope(plan)}."


def _why_nothing_is_undone(plan: Plan) -> str:
    refused = counted(len(plan.findings), "change")
    if plan.findings:
        return f"Nothing is taken back: {refused} of the run cannot be, for the reasons above."
    return "Nothing to take back: every VM has what it had before the run."


def _in_scope(plan: Plan) -> str:
    narrowed = plan.scope.folders or plan.scope.guest_clusters
    return " in this plan's scope" if narrowed else ""
