"""One run that changes a host cluster: look, and carry out an approved plan under the cluster's lock. Apply and undo share it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from vhdsfix.apply import journal as journals
from vhdsfix.apply.beforehand import nothing_hinders
from vhdsfix.apply.journal import Intent, Journal
from vhdsfix.apply.recovery import ClosedIntent, close_open_intents
from vhdsfix.apply.run import AtOnce, Outcomes, apply_plan
from vhdsfix.commands import cluster_lock, held_back, identity
from vhdsfix.commands.collecting import seldom_collecting
from vhdsfix.commands.fleet import WritingFleet
from vhdsfix.commands.patience import Patience
from vhdsfix.commands.registry import VmRegistry
from vhdsfix.commands.result import ApplyReport
from vhdsfix.errors import DeclinedError, JournalError, VhdsfixError
from vhdsfix.membership import inventory_of
from vhdsfix.model.facts import Facts
from vhdsfix.model.outcome import Outcome
from vhdsfix.model.plan import Plan
from vhdsfix.ports import Notify, Registry, Stop

Approve = Callable[[Plan], bool]
Endable = Callable[[], AbstractContextManager[None]]
"""A block that a request to stop ends at once, by KeyboardInterrupt."""
Beforehand = Callable[[Plan, Mapping[str, Outcome], Registry, AtOnce], Outcomes]

APPROVAL_HOLDS_S = 60
"""An approval that took longer than this was given to a picture that may be old: the cluster is looked at again."""


class Seen(NamedTuple):
    """What was seen, and what a plan made of it would be."""

    facts: Facts
    plan: Plan


class Manner(NamedTuple):
    """How a run is watched, kept from what may not be, and ended.

    `may_be_made` raises RefusedError for a plan that, beside a fresh one, may not be. `stop`: asked between actions. `endable`:
    a block that only asks, which a request to stop ends by KeyboardInterrupt.
    `lock_timeout_s`: for so long another run is waited for. `beforehand`: how every action ends where one of them keeps the
    run from beginning; empty where nothing does.
    """

    may_be_made: Callable[[Plan, Plan], None]
    notify: Notify
    stop: Stop
    endable: Endable = nullcontext
    lock_timeout_s: float = 0
    beforehand: Beforehand = nothing_hinders


class Work:
    """One run against one host cluster. `look` asks its nodes and judges what they say; `last_seen`: what it last showed."""

    last_seen: Seen

    def __init__(
        self, reached: WritingFleet, look: Callable[[], Seen], state_dir: Path, manner: Manner
    ) -> None:
        self._ask = look
        self._manner = manner
        self._time = reached.time
        self._hosts = reached.hosts
        self._guest_clusters = reached.settings.guest_clusters
        self._state_dir = state_dir
        self._notify = manner.notify

    def look(self) -> Seen:
        with seldom_collecting(), self._manner.endable():
            self.last_seen = self._ask()
        return self.last_seen

    def approved(self, plan: Plan, seen: Seen, approve: Approve) -> Seen:
        """What the plan is to be held against once it was approved: a fresh look, if that took long. Raises RefusedError."""
        self._manner.may_be_made(plan, seen.plan)
        if not plan.actions:
            return seen
        asked = time.monotonic()
        if not approve(plan):
            raise DeclinedError("nothing was changed: the plan was not approved")
        return self._seen_again(plan) if time.monotonic() - asked > APPROVAL_HOLDS_S else seen

    def _seen_again(self, plan: Plan) -> Seen:
        """What may not be any more is refused after all."""
        seen = self.look()
        self._manner.may_be_made(plan, seen.plan)
        return seen

    def carry_out(self, plan: Plan, seen: Seen) -> ApplyReport:
        """Close what an earlier run left open, then do the plan under the cluster's lock, then look again. Raises RefusedError."""
        if not seen.plan.cluster.id:
            return ApplyReport(plan, ())
        patience = Patience(min(self._manner.lock_timeout_s, self._time.left_s), self._manner.stop)
        with cluster_lock.only_writer(self._state_dir, seen.plan.cluster, patience, self._notify) as writing:
            folder = writing.folder
            if writing.waited:
                seen = self._seen_again(plan)  # somebody else was at work
            registry = VmRegistry(self._hosts, seen.facts)
            recovered, unseen = self._left_by_earlier_runs(folder, seen, registry)
            if not plan.actions:
                return ApplyReport(plan, (), recovered=recovered)
            back: dict[str, Outcome] = {
                **held_back.by_a_fresh_look(plan, seen.plan),
                **held_back.by_an_earlier_run(plan, recovered, unseen),
            }
            if outcomes := self._hindered(plan, back, registry):
                return ApplyReport(plan, outcomes, recovered=recovered)
            journal = _new_journal(folder, plan)
            outcomes = self._outcomes(plan, back, registry, journal)
            failure = _ended(journal)
        return ApplyReport(plan, outcomes, self._look_after(), str(journal.path), failure, recovered)

    def _left_by_earlier_runs(
        self, folder: Path, seen: Seen, registry: VmRegistry
    ) -> tuple[tuple[ClosedIntent, ...], tuple[Intent, ...]]:
        """Changes of runs that died: those that are closed now, and those that no node could show and that stay open."""
        uses = inventory_of(seen.facts, self._guest_clusters).folders
        private = {use.path.key: use.private for use in uses}
        died_runs = journals.died_runs(folder, seen.plan.cluster)
        with self._manner.endable():
            closed = tuple(
                closed
                for died in died_runs
                for closed in close_open_intents(died, registry.writers(), _clock, private)
            )
        shown = [one.intent for one in closed]
        return closed, tuple(
            intent for died in died_runs for intent in died.open_intents if intent not in shown
        )

    def _hindered(self, plan: Plan, back: Mapping[str, Outcome], registry: VmRegistry) -> Outcomes:
        with self._manner.endable():
            return self._manner.beforehand(plan, back, registry, self._hosts.at_once)

    def _outcomes(
        self, plan: Plan, back: Mapping[str, Outcome], registry: VmRegistry, journal: Journal
    ) -> Outcomes:
        at_once = self._hosts.at_once
        return apply_plan(
            plan, back, registry, journal, notify=self._notify, stop=self._stop, at_once=at_once
        )

    def _stop(self) -> bool:
        return self._manner.stop() or self._time.is_over

    def _look_after(self) -> Plan | None:
        """What is so now; None where nobody could tell: what was done stays told all the same."""
        try:
            return None if self._stop() else self.look().plan
        except (VhdsfixError, KeyboardInterrupt):
            return None


def _ended(journal: Journal) -> str | None:
    """Close the run; why its journal is not whole, if it is not."""
    try:
        journal.end()
    except JournalError as error:
        return str(error)
    return None


def _clock() -> datetime:
    return datetime.now(UTC)


def _new_journal(folder: Path, plan: Plan) -> Journal:
    return Journal.create(
        folder,
        cluster=plan.cluster,
        plan=plan.digest,
        who=identity.who(),
        clock=_clock,
        token=secrets.token_hex(2),
        undoes=plan.undoes or "",
    )
