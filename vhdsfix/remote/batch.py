"""Several statements in one pipeline, each followed by a mark: which of their answers count (WIRE 7.1).

A terminating error loses the answers of statements that nobody blames for it, so a batch counts only when it is Completed and
every mark is there, in order. An error record belongs to the one statement that has its command.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vhdsfix.model.readings import Absent, Known, Unknown
from vhdsfix.remote.messages import ErrorRecord, Messages
from vhdsfix.remote.questions import Question, R
from vhdsfix.remote.rows import rows_of
from vhdsfix.remote.statements import Command, Statement, plain_name

Answer = Known[tuple[R, ...]] | Absent | Unknown
AnyAnswer = Known[tuple[Any, ...]] | Absent | Unknown

_Errors = tuple[ErrorRecord, ...]


def mark_of(run: str, index: int) -> str:
    """`run` must be random: a node's data must not be able to hold a mark."""
    return f"vhdsfix-mark:{run}:{index}"


def with_marks(questions: Sequence[Question[Any]], run: str) -> tuple[Statement, ...]:
    """The statements of a pipeline that asks them all."""
    return tuple(
        statement
        for index, question in enumerate(questions)
        for statement in (question.statement, _mark(mark_of(run, index)))
    )


def settle(questions: Sequence[Question[Any]], messages: Messages, run: str) -> tuple[AnyAnswer | None, ...]:
    """An answer for each question; None: ask it again alone."""
    outputs = _between_marks(messages.output, [mark_of(run, index) for index in range(len(questions))])
    if outputs is None or not messages.completed:
        return (None,) * len(questions)
    owners = [_owners(error, questions) for error in messages.errors]
    if not all(owners):
        return (None,) * len(questions)
    disputed = {index for owner in owners if len(owner) > 1 for index in owner}
    return tuple(
        None if index in disputed else answer_of(question, output, _of(index, messages.errors, owners))
        for index, (question, output) in enumerate(zip(questions, outputs, strict=True))
    )


def alone(question: Question[R], messages: Messages) -> Answer[R]:
    """The answer of a question that had a pipeline of its own, where one failure has one meaning."""
    if not messages.completed and not messages.errors:
        return Unknown("the pipeline was stopped")
    return answer_of(question, messages.output, messages.errors)


def answer_of(question: Question[R], output: tuple[object, ...], errors: _Errors) -> Answer[R]:
    """An error may have shortened the answer: with one, nothing is known, unless all say that there is no such thing."""
    if errors:
        if not output and all(error.short_id in question.absent_ids for error in errors):
            return Absent()
        return Unknown(
            next(error.why for error in errors if error.short_id not in question.absent_ids or output)
        )
    try:
        return Known(rows_of(output, question.row))
    except ValueError as error:
        return Unknown(str(error))


def _mark(text: str) -> Statement:
    return (Command("Microsoft.PowerShell.Utility\\Write-Output", {"InputObject": text}),)


def _between_marks(output: tuple[object, ...], marks: Sequence[str]) -> list[tuple[object, ...]] | None:
    """What came before each mark; None unless each is there once, in order, the last one at the very end."""
    found: list[tuple[object, ...]] = []
    start = 0
    for mark in marks:
        try:
            end = output.index(mark, start)
        except ValueError:
            return None
        found.append(output[start:end])
        start = end + 1
    inside = (item for part in found for item in part)
    return found if start == len(output) and not any(item in marks for item in inside) else None


def _owners(error: ErrorRecord, questions: Sequence[Question[Any]]) -> tuple[int, ...]:
    """The questions whose statement has the command that an error names."""
    named = plain_name(error.command or "")
    return tuple(
        index
        for index, question in enumerate(questions)
        if any(command.plain_name == named for command in question.statement)
    )


def _of(index: int, errors: _Errors, owners: Sequence[tuple[int, ...]]) -> _Errors:
    return tuple(error for error, owner in zip(errors, owners, strict=True) if owner == (index,))
