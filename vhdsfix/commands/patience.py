"""Waiting for something that others have to do first: not for ever, and not past a request to stop."""

from __future__ import annotations

import time
from collections.abc import Callable

from vhdsfix.ports import Stop

STOP_IS_ASKED_EVERY_S = 0.2
"""On Windows Ctrl-Break does not end a sleep: it is noticed between two short ones."""


class Patience:
    """So many seconds from now on, used up by `pause`."""

    def __init__(
        self,
        seconds: float,
        stop: Stop,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._stop = stop
        self._clock = clock
        self._sleep = sleep
        self._until = clock() + seconds

    @property
    def left_s(self) -> float:
        return max(0.0, self._until - self._clock())

    def pause(self, pause_s: float) -> bool:
        """Wait so long, or for what is left; whether it is worth another try. False at once where a stop was asked for."""
        if self._stop() or not self.left_s:
            return False
        wake = self._clock() + min(pause_s, self.left_s)
        while (rest_s := wake - self._clock()) > 0:
            self._sleep(min(rest_s, STOP_IS_ASKED_EVERY_S))
            if self._stop():
                return False
        return True
