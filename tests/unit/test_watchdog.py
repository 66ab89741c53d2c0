from __future__ import annotations

import threading
from contextlib import closing

from vhdsfix.commands.watchdog import Watchdog

PATIENCE_S = 30
LONG_ENOUGH_TO_BE_OVERTAKEN_S = 0.2


def test_nobody_leaves_a_block_while_it_is_aborted() -> None:
    """The abort would end what is asked next."""
    began, left = threading.Event(), threading.Event()
    overtaken: list[bool] = []

    def abort() -> None:
        began.set()
        overtaken.append(left.wait(LONG_ENOUGH_TO_BE_OVERTAKEN_S))

    with closing(Watchdog()) as watchdog:
        with watchdog.watch(0, abort):
            assert began.wait(PATIENCE_S)
        left.set()
    assert overtaken == [False]


def test_a_block_that_is_left_in_time_is_not_aborted() -> None:
    aborted: list[str] = []
    ended = threading.Event()
    with closing(Watchdog()) as watchdog:
        with watchdog.watch(PATIENCE_S, lambda: aborted.append("left in time")):
            pass
        with watchdog.watch(0, ended.set):
            assert ended.wait(PATIENCE_S)
    assert aborted == []
