"""How an apply ended, for a person: each change's outcome, and what a fresh look says."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from vhdsfix.model.expected import ExpectedNode
from vhdsfix.model.outcome import ActionOutcome, AlreadyRight, Done, Drifted, Outcome, Stuck, Untouched
from vhdsfix.model.plan import Plan
from vhdsfix.render.console import print_whole
from vhdsfix.render.paragraphs import print_lines
from vhdsfix.render.plan_conclusion import INDENT, Line, conclusion_after_apply
from vhdsfix.render.safe_text import said
from vhdsfix.wording import counted

WORDS: dict[type, tuple[str, str]] = {
    Done: ("done", "green"),
    AlreadyRight: ("already right", "green"),
    Drifted: ("drifted", "bold yellow"),
    Untouched: ("untouched", "bold yellow"),
    Stuck: ("STUCK", "bold red"),
}


def print_outcomes(
    console: Console,
    outcomes: Sequence[ActionOutcome],
    after: Plan | None,
    journal: str | None,
    *,
    next_command: str,
) -> None:
    """`next_command` would try again what is still to be done."""
    for folder in dict.fromkeys(outcome.action.folder for outcome in outcomes):
        console.print()
        print_whole(console, folder, "bold")
        console.print(_table([outcome for outcome in outcomes if outcome.action.folder == folder]))
    console.print()
    if journal:
        print_whole(console, f"Journal: {journal}")
    right = sum(outcome.is_right for outcome in outcomes)
    style = "bold" if right == len(outcomes) else "bold red"
    console.print(
        said(f"{right} of {counted(len(outcomes), 'change')} in place, read back and proved.", style)
    )
    _print_what_is_left(console, after, next_command)


def print_news(console: Console, news: Sequence[str]) -> None:
    """What a saved plan does not know."""
    if news:
        console.print()
        console.print(said("Since this plan was saved:", "bold yellow"))
        print_lines(console, (Line(line, indent=INDENT) for line in news))


def print_expected_nodes(console: Console, nodes: Sequence[ExpectedNode]) -> None:
    """One line for each guest node that the caller expected; nothing where none was."""
    if nodes:
        console.print()
        print_lines(console, map(_expected_line, nodes))


def _expected_line(node: ExpectedNode) -> Line:
    if not node.is_as_expected:
        return Line(f"Guest node {node.name}: NOT AS EXPECTED: {node.why_not}", "bold red")
    vm = f"VM {node.vm.name} on {node.vm.node}" if node.vm else ""
    return Line(f"Guest node {node.name}: {vm}, has its grant on {', '.join(node.granted)}", "green")


def _table(outcomes: Sequence[ActionOutcome]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("VM", overflow="fold")
    table.add_column("Planned on", overflow="fold")
    table.add_column("Outcome", no_wrap=True)
    table.add_column("Why", overflow="fold")
    for ended in outcomes:
        word, style = WORDS[type(ended.outcome)]
        action = ended.action
        table.add_row(
            said(action.vm_name), said(action.run_on), said(word, style), said(why_of(ended.outcome))
        )
    return table


def why_of(outcome: Outcome) -> str:
    """What is to be said of it besides its name."""
    match outcome:
        case Done():
            return "written, read back, and nothing else changed"
        case AlreadyRight():
            return "nothing had to be written"
        case _:
            return outcome.why


def _print_what_is_left(console: Console, after: Plan | None, next_command: str) -> None:
    if after is None:
        return
    console.print(said("What a fresh look says now:"))
    print_lines(console, conclusion_after_apply(after, next_command))
