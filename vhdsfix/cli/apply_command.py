"""`vhdsfix apply`: options → request → a person's yes → changes → what is printed."""

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
from vhdsfix.cli.next_command import apply_command, plan_command, scope_said
from vhdsfix.cli.options import ChangeOptions, ConnectionOptions, OutputOptions, ScopeOptions
from vhdsfix.cli.target import folders_from, target_of_hosts
from vhdsfix.commands import apply
from vhdsfix.commands.requests import ApplyRequest
from vhdsfix.commands.result import ApplyReport, Result
from vhdsfix.model.plan import Plan
from vhdsfix.render.apply_text import print_expected_nodes, print_news, print_outcomes
from vhdsfix.render.plan_text import print_plan
from vhdsfix.render.progress import ProgressLine


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which plan is applied, and on what conditions."""

    plan_file: Path | None
    change: ChangeOptions
    require_complete: bool
    expected_nodes: tuple[str, ...]
    wait_s: float
    all_or_nothing: bool


def run(scope: ScopeOptions, connection: ConnectionOptions, output: OutputOptions, wanted: Wanted) -> int:
    """Apply, print, and return the exit code."""
    progress = ProgressLine(sys.stderr, plain_lines=output.verbose)
    with interruption() as asked_to_stop:
        approval = Approval(
            in_advance=wanted.change.is_approved,
            json_on_stdout=output.format == "json",
            before_changes=asked_to_stop.watch,
        )

        def approve(plan: Plan) -> bool:
            progress.clear()
            return approval(plan)

        requests: list[ApplyRequest] = []

        def work() -> Result:
            try:
                requests.append(_request(scope, connection, wanted))
                return apply.run(
                    requests[0], approve, progress.notify, asked_to_stop.asked, asked_to_stop.ends_at_once
                )
            finally:
                progress.clear()

        def show(console: Console, result: Result) -> None:
            report = cast("ApplyReport", result.data)
            said = scope_said(report.plan.scope) if wanted.plan_file else scope
            if requests[0].target.settings.require_approval:
                again = plan_command(connection, said)
            else:
                again = apply_command(connection, said, None, _conditions(wanted))
            _print(console, report, again, plan_shown=approval.shown)

        return ending.of("apply", output, work, show)


def _conditions(wanted: Wanted) -> list[str]:
    """On which a new run is to change something, too; that it asks nobody is said anew."""
    return [
        *(["--max-changes", str(wanted.change.max_changes)] if wanted.change.max_changes is not None else []),
        *(["--require-complete"] if wanted.require_complete else []),
        *(["--all-or-nothing"] if wanted.all_or_nothing else []),
        *(word for name in wanted.expected_nodes for word in ("--expect-node", name)),
    ]


def _request(scope: ScopeOptions, connection: ConnectionOptions, wanted: Wanted) -> ApplyRequest:
    return ApplyRequest(
        target=target_of_hosts(connection, os.environ),
        folders=folders_from("--folder", scope.folder),
        guest_clusters=tuple(scope.guest_cluster),
        accept_reach=folders_from("--accept-reach", scope.accept_reach),
        plan_file=wanted.plan_file,
        max_age_days=wanted.change.max_age,
        require_complete=wanted.require_complete,
        approved_digest=wanted.change.approve,
        max_changes=wanted.change.max_changes,
        lock_timeout_s=wanted.change.lock_timeout,
        expected_nodes=wanted.expected_nodes,
        wait_s=wanted.wait_s,
        all_or_nothing=wanted.all_or_nothing,
    )


def _print(console: Console, report: ApplyReport, next_command: str, *, plan_shown: bool) -> None:
    if not plan_shown:
        print_plan(console, report.plan, next_command=None)
    if report.outcomes:
        print_outcomes(console, report.outcomes, report.after, report.journal, next_command=next_command)
    print_news(console, report.news)
    print_expected_nodes(console, report.expected)
