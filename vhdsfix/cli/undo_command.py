"""`vhdsfix undo`: options → request → a person's yes → changes → what is printed."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import cast

from rich.console import Console

from vhdsfix.cli import ending
from vhdsfix.cli.approval import Approval
from vhdsfix.cli.interruption import interruption
from vhdsfix.cli.next_command import undo_command
from vhdsfix.cli.options import ConnectionOptions, OutputOptions
from vhdsfix.cli.target import folders_from, target_of_hosts
from vhdsfix.commands import undo
from vhdsfix.commands.requests import UndoRequest
from vhdsfix.commands.result import ApplyReport, Result
from vhdsfix.model.plan import Plan
from vhdsfix.render.apply_text import print_outcomes
from vhdsfix.render.plan_text import print_plan
from vhdsfix.render.progress import ProgressLine


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What of which run is taken back, and on what conditions."""

    run: str
    folders: tuple[str, ...]
    vms: tuple[str, ...]
    yes: bool
    max_changes: int | None
    lock_timeout_s: float


def run(connection: ConnectionOptions, output: OutputOptions, wanted: Wanted) -> int:
    """Take back, print, and return the exit code."""
    progress = ProgressLine(sys.stderr, plain_lines=output.verbose)
    with interruption() as asked_to_stop:
        approval = Approval(
            in_advance=wanted.yes,
            json_on_stdout=output.format == "json",
            before_changes=asked_to_stop.watch,
        )

        def approve(plan: Plan) -> bool:
            progress.clear()
            return approval(plan)

        def work() -> Result:
            try:
                request = _request(connection, wanted)
                return undo.run(
                    request, approve, progress.notify, asked_to_stop.asked, asked_to_stop.ends_at_once
                )
            finally:
                progress.clear()

        def show(console: Console, result: Result) -> None:
            again = undo_command(connection, wanted.run, wanted.folders, wanted.vms)
            _print(console, cast("ApplyReport", result.data), again, plan_shown=approval.shown)

        return ending.of("undo", output, work, show)


def _request(connection: ConnectionOptions, wanted: Wanted) -> UndoRequest:
    return UndoRequest(
        target=target_of_hosts(connection, os.environ),
        run=wanted.run,
        folders=folders_from("--folder", list(wanted.folders)),
        vms=wanted.vms,
        max_changes=wanted.max_changes,
        lock_timeout_s=wanted.lock_timeout_s,
    )


def _print(console: Console, report: ApplyReport, next_command: str, *, plan_shown: bool) -> None:
    if not plan_shown:
        print_plan(console, report.plan, next_command=None)
    if report.outcomes:
        print_outcomes(console, report.outcomes, report.after, report.journal, next_command=next_command)
