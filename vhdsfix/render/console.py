"""The console that text for people goes to: a terminal of any width, or a pipe of any encoding."""

from __future__ import annotations

import io
from typing import TextIO

from rich.console import Console
from rich.text import Text

from vhdsfix.render.safe_text import visible

WIDTH_IN_A_PIPE = 100


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Rich would end the program with 1 here; the exit code is for the command to say."""
        raise BrokenPipeError


def console_on(stream: TextIO) -> Console:
    """Colours only on a terminal and without NO_COLOR; boxes in ASCII where the encoding has no lines.

    Characters the stream cannot encode are written as escapes from then on.
    """
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    on_terminal = stream.isatty()
    return _Console(
        file=stream,
        force_terminal=on_terminal,
        width=None if on_terminal else WIDTH_IN_A_PIPE,
        markup=False,
        highlight=False,
        emoji=False,
    )


def print_whole(console: Console, text: str, style: str = "") -> None:
    """Print on one line, however long: a command must survive being copied."""
    console.print(Text(visible(text), style=style), soft_wrap=True)
