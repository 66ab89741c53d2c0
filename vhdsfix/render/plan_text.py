"""A plan for a person: who has access where, what will be changed, what else was found, what to do next."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table

from vhdsfix.model.plan import Action, Plan, PlannedFolder, PlannedVm
from vhdsfix.model.verdicts import VerdictKind
from vhdsfix.render.console import print_whole
from vhdsfix.render.findings_text import mended, print_findings
from vhdsfix.render.guest_clusters_text import lines_of
from vhdsfix.render.paragraphs import print_lines, print_paragraph
from vhdsfix.render.plan_conclusion import conclusion
from vhdsfix.render.safe_text import said

STYLES: dict[str, str] = {
    VerdictKind.GRANTED: "green",
    VerdictKind.UNKNOWN: "magenta",
    VerdictKind.FILE_BEHIND: "yellow",
    VerdictKind.FILE_BLOCKED: "yellow",
}
STYLE_OF_A_FAULT = "bold red"


def print_plan(console: Console, plan: Plan, *, next_command: str | None, at_most: int | None = None) -> None:
    """Everything of a plan but its files' DACLs, ending in what to do now: `next_command` and `at_most` as in `conclusion`."""
    _print_heading(console, plan)
    for folder in plan.folders:
        _print_folder(console, folder)
    _print_actions(console, plan)
    print_findings(console, plan)
    console.print()
    print_lines(console, conclusion(plan, next_command, at_most))


def _print_heading(console: Console, plan: Plan) -> None:
    name = plan.cluster.name or "(its name is not known)"
    console.print(said(f"Host cluster {name}", "bold"))
    if plan.undoes:
        console.print(said(f"Takes back what run {plan.undoes} did"))
    console.print(said(f"Plan {plan.digest[:12] or '(not saved)'}, made {plan.created_at}"))
    for guest in plan.inventory.guest_clusters:
        for number, line in enumerate(lines_of(guest, plan)):
            console.print(said(f"  {line}" if number else line), soft_wrap=True)


def _print_folder(console: Console, folder: PlannedFolder) -> None:
    console.print()
    print_whole(console, folder.path, "bold")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("VM", overflow="fold")
    table.add_column("Node", overflow="fold")
    table.add_column("Grant", no_wrap=True)
    table.add_column("Why", overflow="fold")
    for vm in folder.vms:
        table.add_row(said(vm.name or vm.vm_id), said(vm.node), said(vm.verdict, _style(vm)), said(vm.why))
    console.print(table)


def _style(vm: PlannedVm) -> str:
    return STYLES.get(vm.verdict, STYLE_OF_A_FAULT)


def _print_actions(console: Console, plan: Plan) -> None:
    if not plan.actions:
        return
    console.print()
    console.print(said("Changes to make", "bold"))
    for number, action in enumerate(plan.actions, 1):
        print_whole(console, f"{number:>3}. {_what(action)}, on {action.run_on}")
        print_whole(console, f"     {action.command}", "cyan")
        if plan.undoes:
            print_paragraph(console, action.reason, indent=" " * 5)
    if mended(plan):
        print_paragraph(console, f"This mends {mended(plan)}.")


def _what(action: Action) -> str:
    match action.op:
        case "grant":
            return f"grant {action.vm_name} full control"
        case "remove":
            return f"take away what the folder itself allows {action.vm_name}"
        case "restore":
            return f"give {action.vm_name} back {action.rights} in place of what the folder itself allows it"
