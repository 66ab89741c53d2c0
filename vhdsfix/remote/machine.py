"""A Windows machine, host or guest, that is asked over one session."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from vhdsfix.config import Secret
from vhdsfix.errors import CommandError
from vhdsfix.remote import batch
from vhdsfix.remote.answers import Answers
from vhdsfix.remote.connection import Connection
from vhdsfix.remote.limits import TIME_LIMITS, TimeLimits
from vhdsfix.remote.messages import Messages
from vhdsfix.remote.one_line import one_line
from vhdsfix.remote.questions import Question
from vhdsfix.remote.session import Session
from vhdsfix.remote.statements import Effect, Statement

Watch = Callable[[float, Callable[[], None]], AbstractContextManager[None]]
"""Calls what it is given, from another thread, where the block takes longer than so many seconds."""


def unwatched(_deadline_s: float, _abort: Callable[[], None]) -> AbstractContextManager[None]:
    return nullcontext()


class Machine:
    """One session at a time, opened on the first question and again after one that broke.

    `watch` keeps the deadline of each pipeline of questions.
    """

    _effect = Effect.READS

    def __init__(
        self,
        connection: Connection,
        password: Secret | None,
        limits: TimeLimits = TIME_LIMITS,
        watch: Watch = unwatched,
    ) -> None:
        self._connection = connection
        self._password = password
        self._watch = watch
        self.limits = limits
        self._session: Session | None = None

    @property
    def node(self) -> str:
        return self._connection.name

    @property
    def is_logged_on(self) -> bool:
        """Whether a session is open, as far as is known here."""
        session = self._session
        return session is not None and session.is_open

    def connect(self, accepted: Callable[[], None] = lambda: None) -> None:
        """As the port `Reader` says."""
        self._live_session().connect(accepted)

    def close(self) -> None:
        """Never raises; the session's shell is given back where the node still answers."""
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def abort(self) -> None:
        """End, from another thread, the call that is waiting; it raises NodeError."""
        session = self._session
        if session is not None:
            session.abort()

    def _ask(self, doing: str, questions: Sequence[Question[Any]]) -> Answers:
        """Ask them all in one pipeline, and those again alone whose answer does not count there (WIRE 7.1)."""
        settled = self._ask_together(doing, questions)
        return self._answers(
            {
                question.name: self._ask_alone(question) if answer is None else answer
                for question, answer in zip(questions, settled, strict=True)
            }
        )

    def _ask_together(
        self, doing: str, questions: Sequence[Question[Any]]
    ) -> tuple[batch.AnyAnswer | None, ...]:
        """In one pipeline; None for each whose answer does not count there."""
        run = secrets.token_hex(8)
        messages = self._asked(doing, batch.with_marks(questions, run))
        return batch.settle(questions, messages, run)

    def _ask_alone(self, question: Question[Any]) -> batch.AnyAnswer:
        messages = self._asked(f"asking for {one_line(question.name)} on", (question.statement,))
        return batch.alone(question, messages)

    def _answers(self, by_name: Mapping[str, batch.AnyAnswer]) -> Answers:
        return Answers(one_line(self.node), by_name)

    def _live_session(self) -> Session:
        """The session, or a new one after one that broke."""
        if self._session is not None and self._session.is_spent:
            self.close()
        if self._session is None:
            self._session = Session(self._connection, self._password, self._effect, self.limits)
        return self._session

    def _asked(self, doing: str, statements: Sequence[Statement]) -> Messages:
        with self._watch(self.limits.question_s, self.abort):
            return self._run(doing, statements)

    def _run(self, doing: str, statements: Sequence[Statement]) -> Messages:
        messages = self._live_session().run(doing, statements)
        for error in messages.errors:
            if error.is_restriction:  # one line, not one for each question
                raise CommandError(f"{doing} {one_line(self.node)}: {error.why}")
        return messages
