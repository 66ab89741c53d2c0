"""A lab's world for a person, as a tree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from rich.console import Console
from rich.text import Text

from vhdsfix.render.paragraphs import NARROWEST, print_paragraph
from vhdsfix.render.safe_text import said

LEGEND = (
    "Beside a folder with shared disks stands what each of their VMs may do there by its own entries: yes is full control, and "
    "for new files too. Beside a file it stands only where it is another than its folder's. This is the lab's own simple "
    "reading; `vhdsfix plan` has its own."
)
STYLES = {"yes": "green", "no": "bold red", "denied": "bold magenta"}
OTHER_STYLE = "yellow"


class Branch(Protocol):
    """A line, the access of VMs by their names, and what is below it."""

    @property
    def text(self) -> str: ...
    @property
    def access(self) -> Sequence[tuple[str, str]]: ...
    @property
    def below(self) -> Sequence[Branch]: ...


class _Guides(NamedTuple):
    """What leads the eye: past a branch that others follow, to such a branch, and to the last one."""

    beside: str
    to: str
    to_last: str


_LINES = _Guides("│  ", "├─ ", "└─ ")
_ASCII = _Guides("|  ", "+- ", "`- ")
_NOTHING = "   "


def print_world(console: Console, world: Branch) -> None:
    """Print every branch; a line that is too long goes on below itself, and no path or name without spaces is broken."""
    _print(console, world, _ASCII if console.options.ascii_only else _LINES, "", "")
    console.print()
    print_paragraph(console, LEGEND)


def _print(console: Console, branch: Branch, guides: _Guides, to_it: str, before: str) -> None:
    """`to_it` leads to the branch's own line, `before` stands in front of whatever is below that line."""
    indent = before + (guides.beside if branch.below else _NOTHING) + "  "
    width = max(console.width - len(indent), NARROWEST)
    for number, line in enumerate(_lines_of(branch, width)):
        console.print(Text.assemble((indent if number else to_it, "dim"), line), soft_wrap=True)
    for child in branch.below:
        is_last = child is branch.below[-1]
        to_child = before + (guides.to_last if is_last else guides.to)
        _print(console, child, guides, to_child, before + (_NOTHING if is_last else guides.beside))


def _lines_of(branch: Branch, width: int) -> Iterator[Text]:
    """Wrapped between words, and never between a VM and its access."""
    line = Text()
    for piece in _pieces(branch):
        if line and line.cell_len + 1 + piece.cell_len > width:
            yield line
            line = Text()
        line.append(" " if line else "").append_text(piece)
    yield line


def _pieces(branch: Branch) -> Iterator[Text]:
    yield from (said(word) for word in branch.text.split(" "))
    for number, (name, access) in enumerate(branch.access, start=1):
        before, after = " " if number == 1 else "", "," if number < len(branch.access) else ""
        yield Text.assemble(before, said(f"{name} {access}", STYLES.get(access, OTHER_STYLE)), after)
