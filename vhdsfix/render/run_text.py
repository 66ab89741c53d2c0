"""A run from its journal, and the list of the runs, for a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich import box
from rich.console import Console
from rich.table import Table

from vhdsfix.apply.told import RunInShort, ToldChange, ToldRun
from vhdsfix.model.outcome import Outcome
from vhdsfix.render.apply_text import WORDS, why_of
from vhdsfix.render.console import print_whole
from vhdsfix.render.paragraphs import print_paragraph
from vhdsfix.render.safe_text import said
from vhdsfix.wording import counted

OPEN = ("open", "bold magenta")


def print_run(console: Console, run: ToldRun, *, undo_command: str) -> None:
    """Who did what when, each change with how it ended, and how it is taken back."""
    console.print(
        said(f"Run {run.run} on host cluster {run.cluster.name or '(its name is not known)'}", "bold")
    )
    print_paragraph(
        console, f"Begun {_time(run.at)} by {run.who or 'nobody knows whom'}; {_end_of(run.ended)}."
    )
    if run.undoes:
        print_paragraph(console, f"It took back what run {run.undoes} did.")
    if run.plan:
        console.print(said(f"Plan {run.plan[:12]}"))
    for folder in dict.fromkeys(change.folder for change in run.changes):
        console.print()
        print_whole(console, folder, "bold")
        console.print(_changes([change for change in run.changes if change.folder == folder]))
    console.print()
    _print_damage(console, run.damage)
    print_whole(console, f"Journal: {run.journal}")
    _print_conclusion(console, run, undo_command)


def print_history(console: Console, runs: Sequence[RunInShort]) -> None:
    """A line a run, in the order given."""
    if not runs:
        console.print(said("No run has changed anything from here yet.", "bold"))
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for title in ("Run (by its UTC time)", "Host cluster", "By", "In place", "Not", "Open", "Ended"):
        table.add_column(title, overflow="fold", no_wrap=title.startswith("Run"))
    for run in runs:
        table.add_row(*map(said, _row(run)))
    console.print(table)
    for run in runs:
        _print_damage(console, tuple(f"{run.run}: {damage}" for damage in run.damage))
    print_paragraph(console, "`vhdsfix show RUN` tells a run whole; the beginning of its id is enough.")


def _row(run: RunInShort) -> tuple[str, ...]:
    counts = [str(count) if count else "-" for count in (run.done, run.not_done, run.open)]
    ended = "yes" if run.ended else "DAMAGED" if run.damage else "no"
    what = f"{run.run} (undo)" if run.undoes else run.run
    return (what, run.cluster, run.who, *counts, ended)


def _changes(changes: list[ToldChange]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("VM", overflow="fold")
    table.add_column("Change", overflow="fold")
    table.add_column("Outcome", no_wrap=True)
    table.add_column("Why", overflow="fold")
    for change in changes:
        word, style = WORDS[type(change.outcome)] if change.outcome else OPEN
        table.add_row(
            said(change.vm or change.vm_id or change.sid),
            said(f"{change.op} {change.rights}".strip()),
            said(word, style),
            said(_why(change.outcome, recovered=change.recovered)),
        )
    return table


def _why(outcome: Outcome | None, *, recovered: bool) -> str:
    if outcome is None:
        return "it was announced, and the run ended before it knew what became of it"
    return f"{why_of(outcome)} (found out by a later run)" if recovered else why_of(outcome)


def _print_conclusion(console: Console, run: ToldRun, undo_command: str) -> None:
    if _is_to_be_undone(run):
        made = counted(len(run.changes), "change")
        print_whole(console, f"`{undo_command}` takes back {made}, as far as that can be.", "bold")
    else:
        print_paragraph(console, _nothing_to_undo(run), "bold")


def _is_to_be_undone(run: ToldRun) -> bool:
    return bool(run.ended and run.changes) and all(change.outcome is not None for change in run.changes)


def _nothing_to_undo(run: ToldRun) -> str:
    if run.damage and not run.ended:
        return "Nothing is changed from here until somebody looked at what it did and moved the journal away."
    if run.ended and not run.changes:
        return "It changed nothing."
    return "It goes on, or it died: the next `vhdsfix apply` or `vhdsfix undo` finds out what became of it."


def _end_of(ended: datetime | None) -> str:
    return f"ended {_time(ended)}" if ended else "it has not ended"


def _time(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment else "at a time that is not known"


def _print_damage(console: Console, damages: tuple[str, ...]) -> None:
    for damage in damages:
        print_paragraph(console, f"NOT WHOLE: {damage}", "bold red")
