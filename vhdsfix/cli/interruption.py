"""Ctrl-C, SIGTERM, a hang-up and Ctrl-Break: while changes are made the first one only asks, at any other moment it ends the run at once."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from types import FrameType

LINE = b"\nvhdsfix: stopping after the change in hand; once more ends at once and leaves it to be looked at\n"


def _signals() -> tuple[signal.Signals, ...]:
    """What asks a run to end. Source: docs.python.org, signal: SIGBREAK is Windows' Ctrl-Break, which has no SIGTERM to send.

    A terminal that is gone asks, too, but not where `nohup` has it ignored.
    """
    if sys.platform == "win32":
        return (signal.SIGINT, signal.SIGTERM, signal.SIGBREAK)
    hangs_up = signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN
    return (signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hangs_up else []))


def _is_a_hang_up(number: int) -> bool:
    return sys.platform != "win32" and number == signal.SIGHUP


class Interruption:
    """Whether somebody asked to stop; and what asking does to the run now."""

    def __init__(self) -> None:
        self._asked = False
        self._only_asks = False

    def asked(self) -> bool:
        return self._asked

    def watch(self) -> None:
        """From now on the first signal only asks; before that it ends the run, for nothing was changed."""
        self._only_asks = True

    @contextlib.contextmanager
    def ends_at_once(self) -> Iterator[None]:
        """A block that changes nothing: a signal ends it by KeyboardInterrupt, also one that came before."""
        if self._asked:
            raise KeyboardInterrupt
        before, self._only_asks = self._only_asks, False
        try:
            yield
        finally:
            self._only_asks = before

    def on_signal(self, number: int, _frame: FrameType | None) -> None:
        """A terminal that goes hangs up more than once: its shell does, and then the system. Nobody asked twice by that."""
        if self._asked and _is_a_hang_up(number):
            return
        is_first, self._asked = not self._asked, True
        if not (is_first and self._only_asks):
            raise KeyboardInterrupt
        with contextlib.suppress(OSError):
            # Not print: the signal may have come in the middle of one.
            os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, LINE)


@contextlib.contextmanager
def interruption() -> Iterator[Interruption]:
    """Hand out an Interruption that the signals go to, and put them back as they were."""
    interrupted = Interruption()
    before = {each: signal.getsignal(each) for each in _signals()}
    try:
        for each in before:
            signal.signal(each, interrupted.on_signal)
        yield interrupted
    finally:
        for each, usual in before.items():
            signal.signal(each, signal.SIG_DFL if usual is None else usual)
