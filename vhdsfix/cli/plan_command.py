"""`vhdsfix plan`: options → request → plan → what is printed."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from rich.console import Console

from vhdsfix.cli import ending
from vhdsfix.cli.next_command import allowing, apply_command, plan_command
from vhdsfix.cli.options import ConnectionOptions, OutputOptions, ScopeOptions
from vhdsfix.cli.target import folders_from, target_of_hosts, target_without_hosts
from vhdsfix.commands import plan
from vhdsfix.commands.requests import PlanRequest
from vhdsfix.commands.result import Result
from vhdsfix.errors import UsageError
from vhdsfix.model.plan import Plan
from vhdsfix.render.plan_text import print_plan
from vhdsfix.render.progress import ProgressLine


@dataclass(frozen=True)
class Files:
    """What `plan` reads instead of asking, and what it writes."""

    save: Path | None
    facts_out: Path | None
    scrub: bool
    facts: Path | None
    force: bool


def run(scope: ScopeOptions, connection: ConnectionOptions, output: OutputOptions, files: Files) -> int:
    """Plan, print, and return the exit code."""
    progress = ProgressLine(sys.stderr, plain_lines=output.verbose)
    requests: list[PlanRequest] = []

    def work() -> Result:
        try:
            requests.append(_request(scope, connection, files))
            return plan.run(requests[0], progress.notify)
        finally:
            progress.clear()

    def show(console: Console, result: Result) -> None:
        made, settings = cast("Plan", result.data), requests[0].target.settings
        conditions = allowing(made, settings.max_changes)
        next_command = _next(scope, connection, files, conditions, needs_approval=settings.require_approval)
        print_plan(console, made, next_command=next_command, at_most=settings.max_changes)

    return ending.of("plan", output, work, show)


def _next(
    scope: ScopeOptions,
    connection: ConnectionOptions,
    files: Files,
    conditions: list[str],
    *,
    needs_approval: bool,
) -> str | None:
    """What applies the plan, or leads there; nothing does where no host is named."""
    if files.facts:
        return None
    if not needs_approval:
        return apply_command(connection, scope, files.save, conditions)
    if files.save:
        return apply_command(connection, scope, files.save, [*conditions, "--approve", "DIGEST"])
    return plan_command(connection, scope)


def _request(scope: ScopeOptions, connection: ConnectionOptions, files: Files) -> PlanRequest:
    if files.scrub and not files.facts_out:
        raise UsageError("--scrub is about the file of --facts-out FILE; name it")
    target_of = target_without_hosts if files.facts else target_of_hosts
    return PlanRequest(
        target=target_of(connection, os.environ),
        folders=folders_from("--folder", scope.folder),
        guest_clusters=tuple(scope.guest_cluster),
        accept_reach=folders_from("--accept-reach", scope.accept_reach),
        facts=files.facts,
        facts_out=files.facts_out,
        scrub=files.scrub,
        save=files.save,
        force=files.force,
    )
