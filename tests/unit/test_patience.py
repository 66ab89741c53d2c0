from __future__ import annotations

import pytest

from vhdsfix.commands.patience import STOP_IS_ASKED_EVERY_S, Patience


class Clock:
    """Goes on only while somebody sleeps. `slept`: each sleep, in seconds."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def patience(clock: Clock, seconds: float, stop_after: int = 10**6) -> Patience:
    return Patience(
        seconds, lambda: len(clock.slept) >= stop_after, clock=lambda: clock.now, sleep=clock.sleep
    )


def test_it_is_used_up_by_pauses_the_last_of_which_is_cut_short() -> None:
    clock = Clock()
    waiting = patience(clock, 12)
    pauses = 0
    while waiting.pause(5):
        pauses += 1
    assert pauses == 3
    assert sum(clock.slept) == pytest.approx(12)
    assert waiting.left_s == 0


def test_none_at_all_does_not_wait() -> None:
    clock = Clock()
    assert not patience(clock, 0).pause(5)
    assert clock.slept == []


def test_a_request_to_stop_ends_a_pause_at_once() -> None:
    clock = Clock()
    assert not patience(clock, 1000, stop_after=2).pause(500)
    assert sum(clock.slept) <= 2 * STOP_IS_ASKED_EVERY_S
    assert not patience(clock, 1000, stop_after=0).pause(500)
