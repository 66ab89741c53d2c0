"""What one node answered to a phase's questions, and readings made of it; each Unknown names the node and the question."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from vhdsfix.model.readings import Absent, Known, Unknown
from vhdsfix.remote.batch import Answer, AnyAnswer, Partial
from vhdsfix.remote.one_line import one_line
from vhdsfix.remote.questions import Question, R

T = TypeVar("T")


class Answers:
    """The answers of one node, by question."""

    def __init__(self, node: str, by_name: Mapping[str, AnyAnswer]) -> None:
        self.node = node
        self._by_name = by_name

    def of(self, question: Question[R]) -> Known[tuple[R, ...]] | Absent | Unknown:
        answer: Answer[R] = self._by_name[question.name]
        if isinstance(answer, Partial):
            return self.unknown(question, answer.errors[0].why)
        return self.unknown(question, answer.why) if isinstance(answer, Unknown) else answer

    def partial(self, question: Question[R]) -> Partial[R] | None:
        """What came in spite of errors that may each concern one VM; `of` calls it Unknown."""
        answer: Answer[R] = self._by_name[question.name]
        return answer if isinstance(answer, Partial) else None

    def each(self, question: Question[R], made_of: Callable[[R], T]) -> Known[tuple[T, ...]] | Unknown:
        """One value for each row. `made_of` may raise ValueError: what a node sends is untrusted."""
        answer = self.of(question)
        if isinstance(answer, Known):
            try:
                return Known(tuple(made_of(row) for row in answer.value))
            except ValueError as error:
                return self.unknown(question, str(error))
        return self.unknown(question, "there is none") if isinstance(answer, Absent) else answer

    def only(self, question: Question[R], made_of: Callable[[R], T]) -> Known[T] | Unknown:
        """The value of the one row that there must be."""
        rows = self.each(question, made_of)
        if isinstance(rows, Unknown):
            return rows
        if len(rows.value) != 1:
            return self.unknown(question, f"{len(rows.value)} answers came, not one")
        return Known(rows.value[0])

    def each_if_there(
        self, question: Question[R], made_of: Callable[[R], T]
    ) -> Known[tuple[T, ...]] | Absent | Unknown:
        """As `each`, of something that may be Absent."""
        return Absent() if isinstance(self.of(question), Absent) else self.each(question, made_of)

    def only_if_there(self, question: Question[R], made_of: Callable[[R], T]) -> Known[T] | Absent | Unknown:
        """As `only`, of something that may be Absent."""
        return Absent() if isinstance(self.of(question), Absent) else self.only(question, made_of)

    def unknown(self, question: Question[R], why: str) -> Unknown:
        return Unknown(one_line(f"{self.node} did not tell {question.name}: {why}"))
