"""`vhdsfix undo`: options → request → a person's yes → changes, or a saved plan → what is printed."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from rich.console import Console

from vhdsfix.cli import ending
from vhdsfix.cli.approval import Approval
from vhdsfix.cli.interruption import interruption
from vhdsfix.cli.next_command import allowing, undo_command
from vhdsfix.cli.options import ChangeOptions, ConnectionOptions, OutputOptions
from vhdsfix.cli.target import folders_from, target_of_hosts
from vhdsfix.commands import safeguards, undo
from vhdsfix.commands.requests import UndoRequest
from vhdsfix.commands.result import ApplyReport, Result
from vhdsfix.errors import UsageError
from vhdsfix.model.plan import Plan
from vhdsfix.render.apply_text import print_outcomes
from vhdsfix.render.plan_text import print_plan
from vhdsfix.render.progress import ProgressLine


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What of which run is taken back, and on what conditions. `save`: it is only planned, in this file."""

    run: str
    folders: tuple[str, ...]
    vms: tuple[str, ...]
    save: Path | None
    force: bool
    change: ChangeOptions


def run(connection: ConnectionOptions, output: OutputOptions, wanted: Wanted) -> int:
    """Take back or save the plan, print, and return the exit code."""
    progress = ProgressLine(sys.stderr, plain_lines=output.verbose)
    if wanted.save:
        return _saved(connection, output, wanted, wanted.save, progress)
    with interruption() as asked_to_stop:
        approval = Approval(
            in_advance=wanted.change.is_approved,
            json_on_stdout=output.format == "json",
            before_changes=asked_to_stop.watch,
        )

        def approve(plan: Plan) -> bool:
            progress.clear()
            return approval(plan)

        requests: list[UndoRequest] = []

        def work() -> Result:
            try:
                requests.append(_request(connection, wanted))
                return undo.run(
                    requests[0], approve, progress.notify, asked_to_stop.asked, asked_to_stop.ends_at_once
                )
            finally:
                progress.clear()

        def show(console: Console, result: Result) -> None:
            report = cast("ApplyReport", result.data)
            anew = ["--save", "FILE"] if requests[0].target.settings.require_approval else []
            run = report.plan.undoes if safeguards.saved_undo(requests[0]) else None
            again = undo_command(connection, run or wanted.run, wanted.folders, wanted.vms, anew)
            _print(console, report, again, plan_shown=approval.shown)

        return ending.of("undo", output, work, show)


def _saved(
    connection: ConnectionOptions,
    output: OutputOptions,
    wanted: Wanted,
    file: Path,
    progress: ProgressLine,
) -> int:
    requests: list[UndoRequest] = []

    def work() -> Result:
        if wanted.change.is_approved:
            raise UsageError(
                "--save changes nothing, so there is nothing to approve; leave out --yes and --approve"
            )
        try:
            requests.append(_request(connection, wanted))
            return undo.plan(requests[0], file, progress.notify)
        finally:
            progress.clear()

    def show(console: Console, result: Result) -> None:
        made, settings = cast("Plan", result.data), requests[0].target.settings
        approval = ["--approve", "DIGEST"] if settings.require_approval else []
        conditions = [*allowing(made, settings.max_changes), *approval]
        carry_out = undo_command(connection, str(file), conditions=conditions)
        print_plan(console, made, next_command=carry_out, at_most=settings.max_changes)

    return ending.of("undo", output, work, show)


def _request(connection: ConnectionOptions, wanted: Wanted) -> UndoRequest:
    return UndoRequest(
        target=target_of_hosts(connection, os.environ),
        run=wanted.run,
        folders=folders_from("--folder", list(wanted.folders)),
        vms=wanted.vms,
        max_age_days=wanted.change.max_age,
        approved_digest=wanted.change.approve,
        max_changes=wanted.change.max_changes,
        lock_timeout_s=wanted.change.lock_timeout,
        force=wanted.force,
    )


def _print(console: Console, report: ApplyReport, next_command: str, *, plan_shown: bool) -> None:
    if not plan_shown:
        print_plan(console, report.plan, next_command=None)
    if report.outcomes:
        print_outcomes(console, report.outcomes, report.after, report.journal, next_command=next_command)
