"""The command line that a person would type next, with the options they gave."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path

from vhdsfix.cli.options import ConnectionOptions, ScopeOptions
from vhdsfix.model.plan import Plan, Scope


def apply_command(
    connection: ConnectionOptions, scope: ScopeOptions, saved: Path | None, conditions: Sequence[str] = ()
) -> str:
    """`vhdsfix apply …` against the same hosts: a saved plan, or a new one in the same scope."""
    what = [str(saved)] if saved else _words(scope)
    return _line(["vhdsfix", "apply", *what, *_words(connection), *conditions])


def plan_command(connection: ConnectionOptions, scope: ScopeOptions) -> str:
    """`vhdsfix plan --save FILE …` of the same scope, for where only a saved plan may be applied."""
    return _line(["vhdsfix", "plan", "--save", "FILE", *_words(scope), *_words(connection)])


def allowing(plan: Plan, at_most: int) -> list[str]:
    """What a command has to say, too, so that this plan is not too much for it."""
    return ["--max-changes", str(len(plan.actions))] if len(plan.actions) > at_most else []


def scope_said(scope: Scope) -> ScopeOptions:
    """The options that give a plan its scope."""
    return ScopeOptions(list(scope.folders), list(scope.guest_clusters), list(scope.accept_reach))


def undo_command(
    connection: ConnectionOptions,
    run: str,
    folders: Sequence[str] = (),
    vms: Sequence[str] = (),
    conditions: Sequence[str] = (),
) -> str:
    """`vhdsfix undo …` of the same run, or of a saved plan, against the same hosts."""
    chosen = [*_repeated("--folder", folders), *_repeated("--vm", vms)]
    return _line(["vhdsfix", "undo", run, *chosen, *_words(connection), *conditions])


def _repeated(option: str, values: Sequence[str]) -> list[str]:
    return [word for value in values for word in (option, value)]


def _line(words: list[str]) -> str:
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def _words(options: ConnectionOptions | ScopeOptions) -> Iterator[str]:
    for option in fields(options):
        value = getattr(options, option.name)
        for one in value if isinstance(value, list) else [value]:
            if one is not None:
                yield from (
                    f"--{option.name.replace('_', '-')}",
                    f"{one:g}" if isinstance(one, float) else str(one),
                )
