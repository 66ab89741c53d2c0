"""`vhdsfix explain`, `schema`, `show` and `history`: what is known without asking any host."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from rich.console import Console

from vhdsfix.apply.told import RunInShort, ToldRun
from vhdsfix.cli import ending
from vhdsfix.cli.next_command import undo_command
from vhdsfix.cli.options import ConnectionOptions, OutputOptions
from vhdsfix.commands import explain as explain_finding
from vhdsfix.commands import schema as schema_of_document
from vhdsfix.commands import show as show_again
from vhdsfix.commands.result import Result
from vhdsfix.config import state_folder
from vhdsfix.model.plan import Plan
from vhdsfix.render.explain_text import print_kinds
from vhdsfix.render.json_document import plain_json
from vhdsfix.render.plan_text import print_plan
from vhdsfix.render.run_text import print_history, print_run
from vhdsfix.rules.catalogue import FindingKind


def explain(finding: str | None) -> int:
    """Print one kind of finding, or the list of them."""

    def show(console: Console, result: Result) -> None:
        print_kinds(console, cast("Sequence[FindingKind]", result.data))

    return ending.of("explain", OutputOptions(), lambda: explain_finding.run(finding), show)


def schema(document: str) -> int:
    """Print the document's JSON Schema."""

    def show(console: Console, result: Result) -> None:
        console.file.write(plain_json(result.data) + "\n")

    return ending.of("schema", OutputOptions(), lambda: schema_of_document.run(document), show)


def show(name: str, output: OutputOptions) -> int:
    """Print a saved plan or a run again."""

    def show_it(console: Console, result: Result) -> None:
        if isinstance(result.data, Plan):
            print_plan(console, result.data, next_command=None)
        else:
            _print_run(console, cast("ToldRun", result.data))

    return ending.of("show", output, lambda: show_again.run(name, state_folder(os.environ)), show_it)


def _print_run(console: Console, run: ToldRun) -> None:
    """`undo` finds the run by its id only where its journal has its place and its name."""
    journal = Path(run.journal).resolve()
    by_id = journal.is_relative_to(state_folder(os.environ).resolve()) and journal.stem == run.run
    name = run.run if by_id else run.journal
    print_run(console, run, undo_command=undo_command(ConnectionOptions(), name))


def history(output: OutputOptions) -> int:
    """List the runs."""

    def show_runs(console: Console, result: Result) -> None:
        print_history(console, cast("Sequence[RunInShort]", result.data))

    return ending.of("history", output, lambda: show_again.history(state_folder(os.environ)), show_runs)
