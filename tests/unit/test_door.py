"""Who may try the account when: one given node after another, until one has accepted it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.fakes.nodes import FakeNode
from vhdsfix.errors import AuthError, NodeError, UnreachableError
from vhdsfix.lab import scenarios
from vhdsfix.survey.door import Door

WORLD = scenarios.build(scenarios.load("demo"))
PATIENCE_S = 30


class Node(FakeNode):
    """Logs on only when it is told to, and then as it is told."""

    def __init__(self, name: str, error: Exception | None = None) -> None:
        super().__init__(WORLD, name)
        self.tried = threading.Event()
        self.accepts = threading.Event()
        self.opens = threading.Event()
        self.error = error

    def connect(self, accepted: Callable[[], None]) -> None:
        self.tried.set()
        if self.error:
            raise self.error
        assert self.accepts.wait(PATIENCE_S)
        accepted()
        assert self.opens.wait(PATIENCE_S)


def test_the_others_come_in_as_soon_as_the_first_was_accepted_though_its_session_is_not_open_yet() -> None:
    door, nodes = Door(lambda _step: None), [Node("HV01"), Node("HV02"), Node("HV03")]
    with ThreadPoolExecutor() as pool:
        first, *others = [pool.submit(door.pass_through, node, at) for at, node in enumerate(nodes)]
        assert nodes[0].tried.wait(PATIENCE_S)
        assert not any(other.done() for other in others)
        nodes[0].accepts.set()
        assert [other.result(PATIENCE_S) for other in others] == [False, False]
        assert not first.done()
        nodes[0].opens.set()
        assert first.result(PATIENCE_S)
    assert [node.tried.is_set() for node in nodes] == [True, False, False]


def test_two_refusals_are_enough() -> None:
    nodes = [Node(f"HV0{at}", AuthError("refused")) for at in range(5)]
    assert told(nodes) == [
        "refused",
        "refused",
        *["not asked: more attempts with this account might lock it"] * 3,
    ]
    assert [node.tried.is_set() for node in nodes] == [True, True, False, False, False]


def test_a_node_that_is_not_there_says_nothing_of_the_account() -> None:
    nodes = [Node("HV01", UnreachableError("dead")), Node("HV02", UnreachableError("dead")), Node("HV03")]
    nodes[2].accepts.set()
    nodes[2].opens.set()
    assert told(nodes) == ["dead", "dead", True]


def test_a_bug_leaves_nobody_waiting() -> None:
    assert told([Node("HV01", RuntimeError("a bug")), Node("HV02")])[1:] == [
        "not asked: more attempts with this account might lock it"
    ]


def told(nodes: list[Node]) -> list[object]:
    """What becomes of each, where all come at once, the last first."""
    door = Door(lambda _step: None)

    def pass_through(at: int) -> object:
        try:
            return door.pass_through(nodes[at], at)
        except (NodeError, RuntimeError) as error:
            return str(error)

    with ThreadPoolExecutor(len(nodes)) as pool:
        asked = {at: pool.submit(pass_through, at) for at in reversed(range(len(nodes)))}
        return [asked[at].result(PATIENCE_S) for at in range(len(nodes))]


@pytest.mark.parametrize("place", [0, 1])
def test_once_it_is_open_nobody_waits(place: int) -> None:
    door, first = Door(lambda _step: None), Node("HV01")
    first.accepts.set()
    first.opens.set()
    assert door.pass_through(first, 0)
    assert not door.pass_through(Node("HV02"), place)


def test_a_step_that_cannot_be_shown_leaves_nobody_waiting() -> None:
    def notify(_step: object) -> None:
        raise OSError(5, "the terminal is gone")

    door, nodes = Door(notify), [Node("HV01"), Node("HV02")]
    with ThreadPoolExecutor() as pool:
        first, other = [pool.submit(door.pass_through, node, at) for at, node in enumerate(nodes)]
        with pytest.raises(OSError, match="gone"):
            first.result(PATIENCE_S)
        with pytest.raises(AuthError):
            other.result(PATIENCE_S)
