"""A run as its journal tells it, whole and in short."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from vhdsfix.apply.journal import Damage, RunRecord
from vhdsfix.apply.made import Attempt, attempts_of
from vhdsfix.model.outcome import AlreadyRight, Done, Outcome
from vhdsfix.model.plan import HostCluster, Op
from vhdsfix.model.windows import FolderPath, Sid, VmId


class ToldChange(msgspec.Struct, frozen=True):
    """A change that a run announced. No `outcome`: it died before it knew. `recovered`: a later run found out how it ended.

    `vm` is the VM's name then, where it was written down. `before` and `after`: SDDL by file name, the folder's own under ".".
    """

    id: str
    op: Op
    rights: str
    folder: FolderPath
    sid: Sid
    vm_id: VmId | None
    vm: str
    at: datetime
    outcome: Outcome | None
    recovered: bool
    before: Mapping[str, str]
    after: Mapping[str, str] | None


class ToldRun(msgspec.Struct, frozen=True):
    """A run. `plan` is its plan's digest; `undoes`: the run that it took back. No `ended`: it goes on, or it died.

    `damage`: what of the journal could not be read, a line each.
    """

    run: str
    journal: str
    at: datetime | None
    who: str
    cluster: HostCluster
    plan: str
    undoes: str
    ended: datetime | None
    changes: tuple[ToldChange, ...]
    damage: tuple[str, ...] = ()


class RunInShort(msgspec.Struct, frozen=True):
    """A run as a line of a list. `done`: changes that are in place; `not_done`: those that are not; `open`: nobody knows yet.

    A journal that cannot be read at all has only its name and its `damage`.
    """

    run: str
    journal: str
    at: datetime | None = None
    who: str = ""
    cluster: str = ""
    undoes: str = ""
    done: int = 0
    not_done: int = 0
    open: int = 0
    ended: datetime | None = None
    damage: tuple[str, ...] = ()


def told(record: RunRecord, damages: tuple[Damage, ...]) -> ToldRun:
    """Everything that a journal says."""
    header = record.header
    return ToldRun(
        run=header.run if header else record.path.stem,
        journal=str(record.path),
        at=header.at if header else None,
        who=header.who if header else "",
        cluster=header.cluster if header else HostCluster("", ""),
        plan=header.plan if header else "",
        undoes=header.undoes if header else "",
        ended=record.ended,
        changes=tuple(map(_change, attempts_of(record))),
        damage=tuple(f"line {damage.line}: {damage.why}" for damage in damages),
    )


def in_short(run: ToldRun) -> RunInShort:
    known = [change.outcome for change in run.changes if change.outcome]
    done = sum(isinstance(outcome, Done | AlreadyRight) for outcome in known)
    return RunInShort(
        run=run.run,
        journal=run.journal,
        at=run.at,
        who=run.who,
        cluster=run.cluster.name,
        undoes=run.undoes,
        done=done,
        not_done=len(known) - done,
        open=len(run.changes) - len(known),
        ended=run.ended,
        damage=run.damage,
    )


def _change(attempt: Attempt) -> ToldChange:
    intent, result = attempt.intent, attempt.result
    return ToldChange(
        id=intent.intent,
        op=intent.op,
        rights=intent.rights,
        folder=intent.folder,
        sid=intent.sid,
        vm_id=intent.sid.vm_id,
        vm=intent.vm,
        at=intent.at,
        outcome=result.outcome if result else None,
        recovered=result.recovered if result else False,
        before=intent.before,
        after=result.after if result else None,
    )
