"""`vhdsfix lab …`: the built-in lab."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import cast

from rich.console import Console

from vhdsfix.cli import ending
from vhdsfix.cli.options import OutputOptions
from vhdsfix.commands import lab
from vhdsfix.commands.result import Result
from vhdsfix.config import state_folder
from vhdsfix.render.console import print_whole
from vhdsfix.render.paragraphs import print_paragraph
from vhdsfix.render.safe_text import visible
from vhdsfix.render.transcript_text import Line, print_transcript
from vhdsfix.render.world_text import Branch, print_world


def names() -> int:
    """Print the scenarios' names, and what each is about."""
    return _run("lab list", lambda _state_dir: lab.names(), _show_scenarios)


def _show_scenarios(console: Console, result: Result) -> None:
    scenarios = cast("Sequence[tuple[str, str]]", result.data)
    width = max(len(name) for name, _ in scenarios) + 2
    for name, about in scenarios:
        print_paragraph(console, f"{name:<{width}}{about}", indent=" " * width, first_indent="")


def show(name: str) -> int:
    """Print a scenario's world as a tree."""

    def show_tree(console: Console, result: Result) -> None:
        print_world(console, cast("Branch", result.data))

    return _run("lab show", lambda state_dir: lab.show(name, state_dir), show_tree)


def reset(name: str) -> int:
    """Bring a scenario back to its start and say so."""
    return _run("lab reset", lambda state_dir: lab.reset(name, state_dir))


def serve(name: str, *, https: bool) -> int:
    """Serve a scenario until Ctrl-C."""
    return _run("lab serve", lambda state_dir: lab.serve(name, state_dir, _say, https=https))


def transcript(name: str, *, every_word: bool) -> int:
    """Print what a scenario's nodes were sent; `every_word`: what only carries the answers, too."""

    def show_transcript(console: Console, result: Result) -> None:
        print_transcript(console, cast("Sequence[Line]", result.data), every_word=every_word)

    return _run("lab transcript", lambda state_dir: lab.transcript(name, state_dir), show_transcript)


def _show_lines(console: Console, result: Result) -> None:
    for line in cast("Iterable[str]", result.data or ()):
        print_whole(console, line)


def _run(
    command: str, work: Callable[[Path], Result], show: Callable[[Console, Result], None] = _show_lines
) -> int:
    return ending.of(command, OutputOptions(), lambda: work(state_folder(os.environ)), show)


def _say(line: str) -> None:
    """At once: whoever reads a pipe waits for it."""
    sys.stdout.write(visible(line) + "\n")
    sys.stdout.flush()
