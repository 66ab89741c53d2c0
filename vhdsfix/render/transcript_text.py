"""What a lab's nodes were sent, for a person: run by run, nodes that were sent the same together."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from rich.console import Console

from vhdsfix.render.console import print_whole
from vhdsfix.render.paragraphs import print_paragraph

NOTHING = "Nobody has asked its nodes anything yet."
LEFT_OUT = (
    "Left out: ConvertTo-Json at the end of a question, the mark after each, and the names of PowerShell's own modules. "
    "-v leaves nothing out."
)

_MARK = re.compile(r"Microsoft\.PowerShell\.Utility\\Write-Output -InputObject [^|]*")
_AS_JSON = re.compile(r" \| Microsoft\.PowerShell\.Utility\\ConvertTo-Json [^|]*$")
_OWN_MODULE = re.compile(r"(^| \| )Microsoft\.PowerShell\.\w+\\")
_READS = re.compile(r"([\w.-]+\\)?(Get|Write)-")


class Line(Protocol):
    """One pipeline: the node that was asked, its statements as PowerShell text, and for whose run that was."""

    @property
    def node(self) -> str: ...
    @property
    def statements(self) -> Sequence[str]: ...
    @property
    def run(self) -> str: ...


def print_transcript(console: Console, lines: Sequence[Line], *, every_word: bool) -> None:
    """Print each pipeline below the nodes it was sent to; what is no question stands out."""
    for run, of_run in itertools.groupby(lines, key=lambda line: line.run):
        print_whole(console, run or "a run whose command was not kept", "bold")
        for nodes, statements in _blocks(of_run, every_word=every_word):
            print_whole(console, f"  {', '.join(nodes)}", "cyan")
            for statement in statements:
                _print_statement(console, statement, wrapped=console.is_terminal and not every_word)
        console.print()
    print_paragraph(console, NOTHING if not lines else "" if every_word else LEFT_OUT)


def _print_statement(console: Console, statement: str, *, wrapped: bool) -> None:
    """Wrapped only for somebody who reads: what is searched or copied stays on its line."""
    style = "" if _READS.match(statement) else "bold yellow"
    if wrapped:
        print_paragraph(console, statement, style, indent=" " * 8, first_indent=" " * 4)
    else:
        print_whole(console, f"    {statement}", style)


def _blocks(lines: Iterable[Line], *, every_word: bool) -> Iterator[tuple[list[str], tuple[str, ...]]]:
    """The nodes that were sent the same, one right after another, each as often as it was sent it, and what that was."""
    shown = (
        (line.node, tuple(line.statements) if every_word else _in_short(line.statements)) for line in lines
    )
    for statements, sent in itertools.groupby(shown, key=lambda one: one[1]):
        yield [node for node, _ in sent], statements


def _in_short(statements: Iterable[str]) -> tuple[str, ...]:
    asked = (statement for statement in statements if not _MARK.fullmatch(statement))
    return tuple(_OWN_MODULE.sub(r"\1", _AS_JSON.sub("", statement)) for statement in asked)
