"""Runs that died with a change announced: how each change ended, from what is read now. Source: DESIGN 6."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from vhdsfix import sddl
from vhdsfix.apply import journal, proof
from vhdsfix.apply.dacls import Dacls, parsed, read_dacls
from vhdsfix.apply.goal import goal_of
from vhdsfix.apply.journal import Clock, End, Intent, Result, RunRecord
from vhdsfix.model.outcome import Outcome, Stuck
from vhdsfix.model.readings import Absent, Unknown
from vhdsfix.ports import Reader

MAY_STILL_LAND = timedelta(minutes=10)
"""A write's deadline: for so long after its intent it may still reach the disk. Source: DESIGN 6."""

PrivateFiles = Mapping[str, Collection[str]]
"""By a folder's key, the names of the files there that one VM alone has attached."""
NOBODYS: PrivateFiles = {}


class ClosedIntent(msgspec.Struct, frozen=True):
    intent: Intent
    outcome: Outcome


def close_open_intents(
    died: RunRecord, readers: Sequence[Reader], clock: Clock, private: PrivateFiles = NOBODYS
) -> tuple[ClosedIntent, ...]:
    """Close, in the journal of a run that died, each change of which a fresh reading shows how it ended; then the run.

    `readers`: asked in this order until one can show the folder. What none can show stays open, and the run with it, for
    the next run to close. `private`: on these no other VM is judged, as in the run itself. Raises JournalError. The caller
    holds the host cluster's lock: a run that is still going on looks like one that died.
    """
    journal.cut_off_torn_line(died.path)
    closed = [one for intent in died.open_intents if (one := _close(died, intent, readers, clock, private))]
    if len(closed) == len(died.open_intents) and died.header:
        journal.append(died.path, End(journal.moment(clock), died.header.run))
    return tuple(closed)


def _close(
    died: RunRecord, intent: Intent, readers: Sequence[Reader], clock: Clock, private: PrivateFiles
) -> ClosedIntent | None:
    reading = _shown_by_any(readers, intent, private.get(intent.folder.key, ()))
    if isinstance(reading, Unknown):
        return None
    at = journal.moment(clock)
    outcome = _outcome(intent, reading, at)
    after = dict(reading.texts) if isinstance(reading, Dacls) else None
    journal.append(died.path, Result(at, intent.intent, outcome, after, recovered=True))
    return ClosedIntent(intent, outcome)


def _shown_by_any(
    readers: Sequence[Reader], intent: Intent, private: Collection[str]
) -> Dacls | Absent | Unknown:
    """Absent only if every node says so: a volume may be missing on one."""
    readings = []
    for reader in readers:
        reading = read_dacls(reader, intent.folder, private=private)
        if isinstance(reading, Dacls):
            return reading
        readings.append(reading)
    unknown = [reading for reading in readings if isinstance(reading, Unknown)]
    if not readings:
        return Unknown("no node could be asked")
    return unknown[0] if unknown else Absent()


def _outcome(intent: Intent, now: Dacls | Absent, at: datetime) -> Outcome:
    vm_id = intent.sid.vm_id
    if isinstance(now, Absent):
        return Stuck("no node has the folder any more")
    if vm_id is None:
        return Stuck(f"{intent.sid} is not the SID of a VM")
    try:
        before = parsed(intent.before)
    except (sddl.SddlError, KeyError) as error:
        return Stuck(f"the journal does not say what the folder was like before: {error}")
    try:
        goal = goal_of(intent.op, intent.rights, vm_id)
    except ValueError as error:
        return Stuck(f"the journal does not say what the change was: {error}")
    change = proof.Change(goal, before, f"the run died after announcing it ({intent.at})")
    if at - intent.at < MAY_STILL_LAND:
        return proof.outcome_of_unsettled(change, now)
    return proof.outcome_of_settled(change, now)
