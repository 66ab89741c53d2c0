"""Ctrl-C while changes are made: the first lets the change in hand finish, the second ends the run at once."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from types import FrameType

LINE = (
    b"\nvhdsfix: stopping after the change in hand; Ctrl-C again ends at once and leaves it to be looked at\n"
)


class Interruption:
    """Whether a person asked to stop."""

    def __init__(self) -> None:
        self._asked = False

    def asked(self) -> bool:
        return self._asked

    def watch(self) -> None:
        """From now on the first Ctrl-C only asks; before that it ends the run, for nothing was changed."""
        signal.signal(signal.SIGINT, self._on_first)

    def _on_first(self, _signal: int, _frame: FrameType | None) -> None:
        self._asked = True
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with contextlib.suppress(OSError):
            # Not print: the signal may have come in the middle of one.
            os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, LINE)


@contextlib.contextmanager
def interruption() -> Iterator[Interruption]:
    """Hand out an Interruption and put Ctrl-C back as it was."""
    before = signal.getsignal(signal.SIGINT)
    try:
        yield Interruption()
    finally:
        signal.signal(signal.SIGINT, before)
