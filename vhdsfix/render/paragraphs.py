"""Paragraphs that are wrapped between words only, so that no path or name is broken."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from vhdsfix.render.console import print_whole
from vhdsfix.render.plan_conclusion import Line
from vhdsfix.render.safe_text import visible

NARROWEST = 20


def print_paragraph(
    console: Console, text: str, style: str = "", *, indent: str = "", first_indent: str | None = None
) -> None:
    """Print wrapped to the console's width; every line after the first starts with `indent`."""
    for line in textwrap.wrap(
        visible(text),
        width=max(console.width, len(indent) + NARROWEST),
        initial_indent=indent if first_indent is None else first_indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    ):
        console.print(Text(line, style=style), soft_wrap=True)


def print_lines(console: Console, lines: Iterable[Line]) -> None:
    """Each wrapped, but for commands."""
    for line in lines:
        if line.is_command:
            print_whole(console, f"{line.indent}{line.text}", line.style)
        else:
            print_paragraph(console, line.text, line.style, indent=line.indent)
