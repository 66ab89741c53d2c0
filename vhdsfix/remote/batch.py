"""Several statements in one pipeline, each followed by a mark: which of their answers count (WIRE 7.1).

A terminating error loses the answers of statements that nobody blames for it, so a batch counts only when it is Completed and
every mark is there, in order. An error record belongs to the one statement that has its command.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic

import msgspec

from vhdsfix.model.readings import Absent, Known, Unknown
from vhdsfix.remote.messages import ErrorRecord, Messages
from vhdsfix.remote.questions import Question, R
from vhdsfix.remote.rows import rows_of
from vhdsfix.remote.statements import Command, Statement, plain_name


class Partial(msgspec.Struct, Generic[R], frozen=True):
    """The rows of some VMs, and an error for each of the others. Not Known, unless the errors say for certain which these are."""

    rows: tuple[R, ...]
    errors: tuple[ErrorRecord, ...]


Answer = Known[tuple[R, ...]] | Partial[R] | Absent | Unknown
AnyAnswer = Known[tuple[Any, ...]] | Partial[Any] | Absent | Unknown

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
    answer = answer_of(question, messages.output, messages.errors)
    if isinstance(answer, Partial) and not messages.completed:
        return Unknown(answer.errors[0].why)
    return answer


def answer_of(question: Question[R], output: tuple[object, ...], errors: _Errors) -> Answer[R]:
    """An error may have shortened the answer: with one, nothing is known, unless all say that there is no such thing."""
    if errors:
        if not output and all(error.short_id in question.absent_ids for error in errors):
            return Absent()
        if not _all_per_vm(question, errors):
            return Unknown(
                next(error.why for error in errors if error.short_id not in question.absent_ids or output)
            )
    try:
        rows = rows_of(output, question.row)
    except ValueError as error:
        return Unknown(str(error))
    return Partial(rows, errors) if errors else Known(rows)


def _all_per_vm(question: Question[Any], errors: _Errors) -> bool:
    return question.per_vm is not None and all(
        plain_name(error.command or "") == question.per_vm.plain_name for error in errors
    )


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
