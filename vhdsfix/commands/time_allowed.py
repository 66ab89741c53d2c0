"""How long a run may take: what is not asked by then stays unknown, what is not changed by then stays as it is."""

from __future__ import annotations

import math
import time


class TimeAllowed:
    """Counts from when it was made. `timeout_s`: None for as long as it takes."""

    def __init__(self, timeout_s: float | None = None) -> None:
        self._timeout_s = timeout_s
        self._started = time.monotonic()

    @property
    def left_s(self) -> float:
        """Never below 0; infinite where nobody set a limit."""
        if self._timeout_s is None:
            return math.inf
        return max(0.0, self._started + self._timeout_s - time.monotonic())

    @property
    def is_over(self) -> bool:
        return self.left_s <= 0

    @property
    def why(self) -> str:
        return f"the time that the run was given is over (--timeout {self._timeout_s:g})"
