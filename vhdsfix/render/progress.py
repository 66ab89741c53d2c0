"""Progress on stderr: one moving line on a terminal; elsewhere plain lines, and only when they were asked for."""

from __future__ import annotations

import contextlib
import threading
from typing import TextIO

from rich.status import Status

from vhdsfix.ports import Progress
from vhdsfix.render.console import console_on
from vhdsfix.render.safe_text import said

SPINNER_IN_ASCII = "line"


class ProgressLine:
    """What is being done now. Any thread may notify."""

    def __init__(self, stream: TextIO, *, plain_lines: bool) -> None:
        self._console = console_on(stream)
        self._plain_lines = plain_lines
        self._status: Status | None = None
        self._one_at_a_time = threading.Lock()

    def notify(self, progress: Progress) -> None:
        """Where nobody can read it, it is not shown, and nothing is stopped by that: a change may be under way."""
        with self._one_at_a_time, contextlib.suppress(OSError):
            if self._console.is_terminal and not self._plain_lines:
                self._move(progress)
            elif self._plain_lines:
                self._console.print(said(_line(progress)), soft_wrap=True)

    def clear(self) -> None:
        """Take the line away, so that something else can be shown; the next step brings it back."""
        with self._one_at_a_time, contextlib.suppress(OSError):
            status, self._status = self._status, None
            if status:
                status.stop()

    def _move(self, progress: Progress) -> None:
        text = said(_line(progress))
        text.truncate(
            self._console.width - 4, overflow="ellipsis" if _has_ellipsis(self._console.encoding) else "crop"
        )
        if self._status is None:
            self._status = Status(text, console=self._console, spinner=SPINNER_IN_ASCII)
            self._status.start()
        else:
            self._status.update(text)


def _line(progress: Progress) -> str:
    counted = f" ({progress.done} of {progress.total})" if progress.total else ""
    return f"{progress.step}: {progress.subject}{counted}"


def _has_ellipsis(encoding: str) -> bool:
    return encoding.casefold().startswith("utf")
