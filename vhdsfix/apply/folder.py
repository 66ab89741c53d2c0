"""One folder's changes, one after another: read, compare, intend, write, read back. Source: DESIGN 6."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import NamedTuple

import msgspec

from vhdsfix import access
from vhdsfix.apply import proof
from vhdsfix.apply.dacls import Dacls, read_dacls
from vhdsfix.apply.goal import Goal, goal_of
from vhdsfix.apply.journal import Journal
from vhdsfix.errors import AuthError, CommandError, JournalError, NodeError, QuotaError, UnreachableError
from vhdsfix.model.outcome import AlreadyRight, Drifted, Outcome, Stuck, Untouched, WriteAnswer
from vhdsfix.model.plan import Action, PlannedFolder
from vhdsfix.model.readings import Absent, Unknown
from vhdsfix.model.windows import FolderPath, Sid
from vhdsfix.ports import Reader, Registry, Writer

READS_AFTER_A_LOST_ANSWER = 6
"""So often a folder is read until two readings in a row agree, or until it shows what the node says that it wrote."""


class FolderGrants(msgspec.Struct, frozen=True):
    """What a plan does on one folder; `above`: the VMs for which it does something on folders above."""

    planned: PlannedFolder
    actions: tuple[Action, ...]
    above: frozenset[Sid] = frozenset()

    @property
    def path(self) -> FolderPath:
        return self.planned.path


class _Attempt(msgspec.Struct, frozen=True):
    """How one try on one node ended.

    `may_be_elsewhere`: the node was heard and nothing has changed: the VM may have moved to another node. `foreseen`: the
    grant did what a grant can do here. `began_from`: what was read before anything was sent; None where nothing could be.
    """

    outcome: Outcome
    may_be_elsewhere: bool = False
    foreseen: bool = False
    began_from: Dacls | None = None


class _Written(NamedTuple):
    """How one change ended, what was read after it, and whether its node was heard."""

    outcome: Outcome
    after: Dacls | None
    heard: bool = True


class FolderAtWork:
    """Carries out one folder's actions; one thread at a time."""

    def __init__(self, grants: FolderGrants, registry: Registry, journal: Journal) -> None:
        self._grants = grants
        self._registry = registry
        self._journal = journal
        self._stuck: str | None = None

    def carry_out(self, action: Action) -> Outcome:
        """Do one action; after one is Stuck in a way that nobody foresaw the others stay Untouched."""
        if self._stuck:
            return Untouched(f"not tried: {self._stuck}")
        attempt = self._where_the_vm_is(action)
        if isinstance(attempt.outcome, Stuck) and not attempt.foreseen:
            self._stuck = (
                f"this folder needs a person first, because of {action.vm_name}: {attempt.outcome.why}"
            )
        return attempt.outcome

    def _where_the_vm_is(self, action: Action) -> _Attempt:
        try:
            writer = self._registry.writer_for(action.vm_id)
        except NodeError as error:
            return _Attempt(Untouched(f"looking for the VM's node: {error}"))
        if writer is None:
            return _Attempt(Untouched("no node shows this VM now"))
        attempt = self._attempt(action, writer)
        return self._once_more(action, writer, attempt) if attempt.may_be_elsewhere else attempt

    def _once_more(self, action: Action, tried: Writer, attempt: _Attempt) -> _Attempt:
        """A VM's name resolves only where it is registered: if the VM has moved or failed over, try there, once."""
        try:
            writer = self._registry.look_again(action.vm_id)
        except NodeError:
            return attempt
        if writer is None or writer.node.casefold() == tried.node.casefold():
            return attempt
        if not isinstance(attempt.outcome, Stuck):
            return self._attempt(action, writer)
        second = self._attempt(action, writer, sent_from=attempt.began_from)
        may_still_land = isinstance(second.outcome, Untouched | Drifted)
        return attempt if may_still_land else second

    def _attempt(self, action: Action, writer: Writer, sent_from: Dacls | None = None) -> _Attempt:
        """`sent_from`: what the folder was like before this run sent this change to another node, which may have made it."""
        match self._read(writer):
            case Unknown(why=why):
                return _Attempt(Untouched(f"not tried: {why}"), may_be_elsewhere=True)
            case Absent():
                return _Attempt(Drifted(f"{writer.node} has no such folder any more"))
            case now:
                return self._from(now, action, writer, sent_from)

    def _from(self, now: Dacls, action: Action, writer: Writer, sent_from: Dacls | None) -> _Attempt:
        goals = [_goal(other) for other in self._grants.actions]
        grants = self._grants
        needless = proof.outcome_without_writing(_goal(action), grants.planned, goals, now, grants.above)
        if sent_from and isinstance(needless, AlreadyRight):
            return self._landed(action, sent_from, now)
        if needless:
            return _Attempt(needless)
        before = sent_from or now
        try:
            self._journal.intend(action, before.texts)
        except JournalError as error:
            return _Attempt(Untouched(f"not tried: {error}"))
        outcome, after, heard = self._write(action, writer, before)
        with suppress(JournalError):  # the journal takes no more from now on, and its end raises this
            self._journal.result(action, outcome, after.texts if after else None)
        return _Attempt(
            outcome,
            may_be_elsewhere=heard and (after is None or not _differ(before, after)),
            foreseen=after is not None and proof.is_as_foreseen(_goal(action), before, after),
            began_from=before,
        )

    def _landed(self, action: Action, before: Dacls, now: Dacls) -> _Attempt:
        """What was sent before is there now: this run's own doing, so its first result is taken back for what is seen."""
        outcome = proof.outcome_of_settled(proof.Change(_goal(action), before, "it came later"), now)
        with suppress(JournalError):  # as for any other result
            self._journal.result(action, outcome, now.texts)
        return _Attempt(outcome)

    def _write(self, action: Action, writer: Writer, before: Dacls) -> _Written:
        """A refusal ends a change for certain; what a node says that it wrote, or says nothing of, may show later."""
        change = partial(proof.Change, _goal(action), before)
        try:
            answer = _sent(writer, action)
        except (UnreachableError, AuthError) as error:
            return _Written(Untouched(f"nothing was sent: {error}"), None)
        except (CommandError, QuotaError) as error:
            return _proved(proof.outcome_of_settled, change(str(error)), self._read(writer))
        except NodeError as error:
            lost = change(f"the answer of {writer.node} was lost: {error}")
            return _proved(proof.outcome_of_unsettled, lost, self._settled(writer))._replace(heard=False)
        said = change(_said(writer.node, answer))
        if answer.exit_code:
            return _proved(proof.outcome_of_settled, said, self._read(writer))
        return _proved(proof.outcome_of_unsettled, said, self._shown(writer, before))

    def _shown(self, reader: Reader, before: Dacls) -> Dacls | Absent | Unknown:
        """What the node shows once it shows a change: it says that it wrote, and may show that only later."""
        now = self._read(reader)
        for _ in range(READS_AFTER_A_LOST_ANSWER - 1):
            if not isinstance(now, Dacls) or _differ(before, now):
                break
            now = self._read(reader)
        return now

    def _settled(self, reader: Reader) -> Dacls | Absent | Unknown:
        """What two readings in a row agree on."""
        last: Dacls | Absent | Unknown = Unknown("it was not read")
        for _ in range(READS_AFTER_A_LOST_ANSWER):
            now = self._read(reader)
            if isinstance(now, Dacls) and isinstance(last, Dacls) and now.texts == last.texts:
                return now
            last = now
        return Unknown("the permissions kept changing") if isinstance(last, Dacls) else last

    def _read(self, reader: Reader) -> Dacls | Absent | Unknown:
        planned = self._grants.planned
        return read_dacls(reader, planned.path, planned.attached, planned.private)


def _goal(action: Action) -> Goal:
    return goal_of(action.op, action.rights, action.vm_id)


def _sent(writer: Writer, action: Action) -> WriteAnswer:
    match action.op:
        case "grant":
            return writer.grant(action.folder, action.vm_id)
        case "remove":
            return writer.remove(action.folder, action.vm_id)
        case "restore":
            return writer.restore(action.folder, action.vm_id, access.entry_of(action.rights, action.sid))


def _differ(before: Dacls, now: Dacls) -> bool:
    return any(now.texts.get(name, text) != text for name, text in before.texts.items())


def _said(node: str, answer: WriteAnswer) -> str:
    code = "no exit code" if answer.exit_code is None else f"exit code {answer.exit_code}"
    return f"{node} answered with {code}" + (f" ({' '.join(answer.said)})" if answer.said else "")


def _proved(
    outcome_of: Callable[[proof.Change, Dacls], Outcome],
    change: proof.Change,
    reading: Dacls | Absent | Unknown,
) -> _Written:
    if isinstance(reading, Dacls):
        return _Written(outcome_of(change, reading), reading)
    why = reading.why if isinstance(reading, Unknown) else "the folder is gone"
    return _Written(Stuck(f"{change.came_back}; it could not be read back: {why}"), None, heard=False)
