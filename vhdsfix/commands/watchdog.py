"""One thread that ends what takes too long, by calling what was handed to it: here, closing a session's socket.

Read time-outs alone do not help: a node that sends a byte now and then never trips one (WIRE 6).
"""

from __future__ import annotations

import contextlib
import heapq
import threading
import time
from collections.abc import Callable, Iterator


class Watchdog:
    """Start it, `watch` as often as needed from any thread, `close` it."""

    def __init__(self) -> None:
        self._wake = threading.Condition()
        self._watched: list[tuple[float, int, Callable[[], None]]] = []
        self._over: set[int] = set()
        self._count = 0
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)
        self._thread.start()

    @contextlib.contextmanager
    def watch(self, deadline_s: float, abort: Callable[[], None]) -> Iterator[None]:
        """Call `abort` from the watchdog's thread if the block is not left within the deadline."""
        with self._wake:
            self._count += 1
            ticket = self._count
            heapq.heappush(self._watched, (time.monotonic() + deadline_s, ticket, abort))
            if self._watched[0][1] == ticket:  # else the thread wakes early enough
                self._wake.notify()
        try:
            yield
        finally:
            with self._wake:
                self._over.add(ticket)

    def close(self) -> None:
        with self._wake:
            self._closed = True
            self._wake.notify()
        self._thread.join()

    def _run(self) -> None:
        """Nobody leaves a block while it is aborted: the abort would end what is asked next, a change maybe."""
        with self._wake:
            while not self._closed:
                while self._watched and self._watched[0][1] in self._over:
                    self._over.discard(heapq.heappop(self._watched)[1])
                wait_s = self._watched[0][0] - time.monotonic() if self._watched else None
                if wait_s is not None and wait_s <= 0:
                    heapq.heappop(self._watched)[2]()
                else:
                    self._wake.wait(wait_s)
