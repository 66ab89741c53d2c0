"""What a run did, as its journal tells: each change with how it ended, and what is there to be taken back."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from vhdsfix.apply.journal import Intent, Result, RunRecord
from vhdsfix.model.outcome import Done, Stuck, Untouched
from vhdsfix.model.plan import Op
from vhdsfix.model.windows import FolderPath, VmId


class Attempt(msgspec.Struct, frozen=True):
    """A change that was announced, and how it ended; no result: the run died before it knew."""

    intent: Intent
    result: Result | None = None


class Made(msgspec.Struct, frozen=True):
    """What a run changed, or may have changed, for one VM on one folder.

    Texts are SDDL by file name, the folder's own under `dacls.THE_FOLDER`. `before`: just before the change. `after`: just after
    it, and `left`: as the run last saw the folder; None where it saw nothing.
    """

    action: str
    folder: FolderPath
    vm_id: VmId
    vm: str
    op: Op
    rights: str
    before: Mapping[str, str]
    after: Mapping[str, str] | None
    left: Mapping[str, str] | None


def attempts_of(record: RunRecord) -> tuple[Attempt, ...]:
    """Each change once, as it ended last; in the order of the journal.

    One that may still land, or that left nobody knows what, is not over because a second try, on another node, did nothing.
    """
    last: dict[str, Attempt] = {}
    stuck: dict[str, Attempt] = {}
    for line in record.lines:
        if isinstance(line, Intent):
            before = last.pop(line.intent, None)
            if before and before.result and isinstance(before.result.outcome, Stuck):
                stuck[line.intent] = before
            last[line.intent] = Attempt(line)
        elif isinstance(line, Result) and line.result in last:
            attempt = Attempt(last[line.result].intent, line)
            did_nothing = isinstance(line.outcome, Untouched)
            last[line.result] = stuck.get(line.result, attempt) if did_nothing else attempt
    return tuple(last.values())


def made_by(record: RunRecord) -> tuple[Made, ...]:
    """What there is to take back: changes that are done, or of which nobody knows that they are not."""
    attempts = attempts_of(record)
    left = {
        one.intent.folder.key: one.result.after
        for one in attempts
        if one.result and one.result.after is not None
    }
    return tuple(
        Made(
            one.intent.intent,
            one.intent.folder,
            vm_id,
            one.intent.vm or vm_id,
            one.intent.op,
            one.intent.rights,
            one.intent.before,
            one.result.after if one.result else None,
            left.get(one.intent.folder.key),
        )
        for one in attempts
        if (vm_id := one.intent.sid.vm_id)
        and (one.result is None or isinstance(one.result.outcome, Done | Stuck))
    )
