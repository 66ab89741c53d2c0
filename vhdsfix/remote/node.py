"""A node as the ports want it: the phases' questions asked over one session, answers made into facts."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from vhdsfix.config import Secret
from vhdsfix.errors import CommandError
from vhdsfix.model.facts import ClusterFacts, FolderFacts, NodeFacts
from vhdsfix.model.outcome import WriteAnswer
from vhdsfix.model.windows import Ace, FolderPath, VmId, name_key
from vhdsfix.remote import batch, changes
from vhdsfix.remote.answers import Answers
from vhdsfix.remote.changes import Change
from vhdsfix.remote.cluster_facts import cluster_facts
from vhdsfix.remote.cluster_questions import CLUSTER_PHASE
from vhdsfix.remote.connection import Connection
from vhdsfix.remote.folder_facts import FileSddls, files_to_ask_alone, folder_facts
from vhdsfix.remote.folder_questions import FolderQuestions, about_file, about_folder
from vhdsfix.remote.messages import Messages
from vhdsfix.remote.node_facts import node_facts
from vhdsfix.remote.node_questions import NODE_PHASE
from vhdsfix.remote.one_line import one_line
from vhdsfix.remote.questions import Question
from vhdsfix.remote.session import TIME_LIMITS, Session, TimeLimits
from vhdsfix.remote.statements import Effect, Statement
from vhdsfix.remote.write_answer import write_answer

FOLDERS_AT_ONCE = 8
"""Four statements each, of some 4 KB with its mark: they fit one request of 150 KB (WIRE 3)."""


Watch = Callable[[float, Callable[[], None]], AbstractContextManager[None]]
"""Calls what it is given, from another thread, where the block takes longer than so many seconds."""


def _unwatched(_deadline_s: float, _abort: Callable[[], None]) -> AbstractContextManager[None]:
    return nullcontext()


class RemoteReader:
    """Keeps the port `Reader`. One session at a time, opened on the first question and again after one that broke.

    `watch` keeps the deadline of each pipeline of questions.
    """

    _effect = Effect.READS

    def __init__(
        self,
        connection: Connection,
        password: Secret | None,
        limits: TimeLimits = TIME_LIMITS,
        watch: Watch = _unwatched,
    ) -> None:
        self._connection = connection
        self._password = password
        self._watch = watch
        self.limits = limits
        self._session: Session | None = None

    @property
    def node(self) -> str:
        return self._connection.name

    def connect(self) -> None:
        self._live_session().connect()

    def cluster(self) -> ClusterFacts:
        return cluster_facts(self._ask("asking for the cluster of", CLUSTER_PHASE))

    def itself(self) -> NodeFacts:
        return node_facts(self._ask("asking for the VMs of", NODE_PHASE))

    def folders(self, paths: Sequence[FolderPath]) -> tuple[FolderFacts, ...]:
        groups = [paths[start : start + FOLDERS_AT_ONCE] for start in range(0, len(paths), FOLDERS_AT_ONCE)]
        return tuple(facts for group in groups for facts in self._folders(group))

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

    def _folders(self, paths: Sequence[FolderPath]) -> list[FolderFacts]:
        asked = {path: about_folder(path) for path in dict.fromkeys(paths)}
        answers = self._ask(
            "asking for folders on", [each for questions in asked.values() for each in questions]
        )
        found = {
            path: folder_facts(path, questions, answers, self._files_alone(path, questions, answers))
            for path, questions in asked.items()
        }
        return [found[path] for path in paths]

    def _files_alone(self, folder: FolderPath, questions: FolderQuestions, answers: Answers) -> FileSddls:
        names = files_to_ask_alone(questions, answers)
        asked = {name: about_file(folder, name) for name in names}
        alone = self._answers({each.name: self._ask_alone(each) for each in asked.values()})
        return {
            name_key(name): alone.only_if_there(question, lambda row: row.sddl)
            for name, question in asked.items()
        }

    def _ask(self, doing: str, questions: Sequence[Question[Any]]) -> Answers:
        """Ask them all in one pipeline, and those again alone whose answer does not count there (WIRE 7.1)."""
        run = secrets.token_hex(8)
        messages = self._asked(doing, batch.with_marks(questions, run))
        settled = batch.settle(questions, messages, run)
        return self._answers(
            {
                question.name: self._ask_alone(question) if answer is None else answer
                for question, answer in zip(questions, settled, strict=True)
            }
        )

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


class RemoteWriter(RemoteReader):
    """Keeps the port `Writer`."""

    _effect = Effect.WRITES

    def grant(self, folder: FolderPath, vm_id: VmId) -> WriteAnswer:
        return self._make(changes.grant(folder, vm_id))

    def remove(self, folder: FolderPath, vm_id: VmId) -> WriteAnswer:
        return self._make(changes.remove(folder, vm_id))

    def restore(self, folder: FolderPath, vm_id: VmId, entry: Ace) -> WriteAnswer:
        return self._make(changes.restore(folder, vm_id, entry))

    def _make(self, change: Change) -> WriteAnswer:
        return write_answer(self._run(f"making {change.name} on", change.statements))
