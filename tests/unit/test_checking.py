"""Questions that no node may be lost by: together, then alone, then given up; over scripted answers, no wire, no waiting."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from vhdsfix.errors import AuthError, LostError, NodeError, UnreachableError
from vhdsfix.model.readings import Known, Unknown
from vhdsfix.remote.batch import AnyAnswer
from vhdsfix.remote.checking import QUESTIONS_AT_ONCE, Found, answers_to
from vhdsfix.remote.limits import TimeLimits
from vhdsfix.remote.node_questions import HostRow
from vhdsfix.remote.questions import Question
from vhdsfix.remote.statements import Command

LIMITS = TimeLimits(checks_s=30, check_s=10, checks_alone_s=60)
WELL: Known[tuple[()]] = Known(())


def question(name: str) -> Question[HostRow]:
    return Question(name, (Command("Get-Thing"),), HostRow)


class Node:
    """Answers well, but what is scripted. `asked`: what it was asked, together or alone, and within which time."""

    def __init__(
        self, together: Sequence[AnyAnswer | None] | NodeError | None = None, **alone: NodeError
    ) -> None:
        self.batch = together
        self.fails = alone
        self.asked: list[tuple[str, ...]] = []
        self.allowed_s: list[float] = []

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        self.allowed_s.append(seconds)
        yield

    def together(self, questions: Sequence[Question[Any]]) -> Sequence[AnyAnswer | None]:
        self.asked.append(tuple(each.name for each in questions))
        if isinstance(self.batch, NodeError):
            raise self.batch
        return self.batch or [WELL] * len(questions)

    def alone(self, asked: Question[Any]) -> AnyAnswer:
        self.asked.append((asked.name,))
        if asked.name in self.fails:
            raise self.fails[asked.name]
        return WELL

    def answers(self, *names: str, limits: TimeLimits = LIMITS) -> Found:
        return answers_to([question(name) for name in names], self.together, self.alone, self.within, limits)


def test_in_ordinary_life_one_pipeline_is_enough() -> None:
    node = Node()
    assert node.answers("a", "b") == {"a": WELL, "b": WELL}
    assert node.asked == [("a", "b")]
    assert node.allowed_s == [30]


def test_those_that_do_not_count_are_asked_alone_and_only_they() -> None:
    node = Node([WELL, None, Unknown("denied")])
    assert node.answers("a", "b", "c") == {"a": WELL, "b": WELL, "c": Unknown("denied")}
    assert node.asked == [("a", "b", "c"), ("b",)]


def test_one_that_hangs_costs_only_itself() -> None:
    node = Node(LostError("no answer in the time allowed"), b=LostError("b: no answer"))
    assert node.answers("a", "b", "c") == {"a": WELL, "b": Unknown("b: no answer"), "c": WELL}
    assert node.asked[1:] == [("a",), ("b",), ("c",)]


def test_many_are_asked_in_several_pipelines() -> None:
    names = [str(number) for number in range(QUESTIONS_AT_ONCE + 1)]
    node = Node()
    assert node.answers(*names) == dict.fromkeys(names, WELL)
    assert node.asked == [tuple(names[:-1]), tuple(names[-1:])]


@pytest.mark.parametrize("error", [UnreachableError("gone"), AuthError("refused")])
def test_a_node_that_is_gone_or_refuses_is_not_tried_again_for_each(error: NodeError) -> None:
    node = Node(error)
    assert node.answers("a", "b") == dict.fromkeys("ab", Unknown(str(error)))
    assert node.asked == [("a", "b")]
    node = Node([None, None, None], b=error)
    assert node.answers("a", "b", "c") == {"a": WELL} | dict.fromkeys("bc", Unknown(str(error)))
    assert node.asked[1:] == [("a",), ("b",)]


def test_a_node_that_claims_many_vms_is_not_asked_for_ever() -> None:
    names = [str(number) for number in range(3 * QUESTIONS_AT_ONCE)]
    node = Node()
    found = node.answers(*names, limits=TimeLimits(phase_s=-1, checks_alone_s=0))
    assert {type(answer) for answer in found.values()} == {Unknown}
    assert (len(found), node.asked) == (len(names), [])


def test_when_the_time_for_all_is_over_the_rest_is_not_asked() -> None:
    node = Node([None, None])
    why = Unknown("what was asked before it took all the time there is")
    assert node.answers("a", "b", limits=TimeLimits(checks_alone_s=0)) == dict.fromkeys("ab", why)
    assert node.asked == [("a", "b")]
