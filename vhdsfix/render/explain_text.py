"""The catalogue of findings for a person."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from vhdsfix.render.findings_text import STYLES
from vhdsfix.render.paragraphs import print_paragraph
from vhdsfix.render.safe_text import said, said_together
from vhdsfix.rules.catalogue import FindingKind


def print_kinds(console: Console, kinds: Sequence[FindingKind]) -> None:
    """One kind as a page; several as a list of their titles."""
    if len(kinds) == 1:
        _print_page(console, kinds[0])
        return
    for kind in kinds:
        line = said_together(said(f"{kind.severity:<8}", STYLES[kind.severity]), said(kind.id, "bold"))
        console.print(line, soft_wrap=True)
        print_paragraph(console, kind.title, indent=" " * 8)
    console.print(said("`vhdsfix explain ID` says what one of them means and what to do."), soft_wrap=True)


def _print_page(console: Console, kind: FindingKind) -> None:
    console.print(said(f"{kind.id} ({kind.severity})", "bold"), soft_wrap=True)
    print_paragraph(console, kind.title)
    for title, text in (("", kind.story), ("Fix: ", kind.fix), ("Source: ", kind.source)):
        console.print()
        print_paragraph(console, f"{title}{text}")
