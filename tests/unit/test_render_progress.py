from __future__ import annotations

import io

import pytest

from vhdsfix.ports import Progress
from vhdsfix.render.progress import ProgressLine


class _Gone(io.StringIO):
    """A terminal, or a pipe, whose other end is closed."""

    def __init__(self, *, is_terminal: bool) -> None:
        super().__init__()
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal

    def write(self, _text: str) -> int:
        raise BrokenPipeError

    def flush(self) -> None:
        raise BrokenPipeError


@pytest.mark.parametrize("is_terminal", [True, False])
def test_where_nobody_reads_on_the_work_goes_on(*, is_terminal: bool) -> None:
    line = ProgressLine(_Gone(is_terminal=is_terminal), plain_lines=not is_terminal)
    for done in range(3):
        line.notify(Progress("granting", "VM1", done, 3))
    line.clear()
