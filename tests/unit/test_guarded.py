"""How many nodes are logged on to side by side, and who does not wait for that."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from vhdsfix.commands.guarded import GuardedMachine
from vhdsfix.commands.time_allowed import TimeAllowed
from vhdsfix.commands.watchdog import Watchdog
from vhdsfix.errors import UnreachableError
from vhdsfix.remote.limits import TIME_LIMITS


class Machine:
    """Logs on when it is let."""

    limits = TIME_LIMITS

    def __init__(self, node: str) -> None:
        self.node = node
        self.is_logged_on = False
        self.asked = threading.Event()
        self.let = threading.Event()

    def connect(self, _accepted: Callable[[], None]) -> None:
        self.asked.set()
        if not self.let.wait(30):
            raise UnreachableError(f"{self.node} does not answer")
        self.is_logged_on = True

    def abort(self) -> None:
        self.let.set()


@pytest.fixture
def watchdog() -> Iterator[Watchdog]:
    with closing(Watchdog()) as running:
        yield running


def test_one_that_is_logged_on_is_asked_while_another_waits_to_log_on(watchdog: Watchdog) -> None:
    logons, machines = threading.Semaphore(1), [Machine(f"HV0{number}") for number in range(1, 4)]
    first, second, third = (
        GuardedMachine(machine, watchdog, TimeAllowed(), logons)  # type: ignore[arg-type]
        for machine in machines
    )
    machines[2].is_logged_on = True
    machines[2].let.set()
    with ThreadPoolExecutor() as pool:
        logging_on = pool.submit(first.connect)
        machines[0].asked.wait(30)
        waiting = pool.submit(second.connect)
        third.connect()
        assert not machines[1].asked.is_set()
        machines[1].let.set()
        machines[0].let.set()
        logging_on.result(30)
        waiting.result(30)
    assert machines[1].is_logged_on
