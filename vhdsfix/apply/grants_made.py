"""Grants that earlier runs made and proved, and that no later run took back: what this workstation's journals know."""

from __future__ import annotations

from collections.abc import Iterable

from vhdsfix.apply.journal import RunRecord
from vhdsfix.apply.made import Attempt, attempts_of
from vhdsfix.model.facts import GrantMade
from vhdsfix.model.outcome import Done
from vhdsfix.plan_document import GRANT, RESTORE, RIGHTS


def grants_made(records: Iterable[RunRecord]) -> tuple[GrantMade, ...]:
    """`records`: of one host cluster, oldest first. A removal ends a grant as soon as it was announced."""
    made: dict[tuple[str, str], GrantMade] = {}
    for attempt in (attempt for record in records for attempt in attempts_of(record)):
        intent = attempt.intent
        place = (intent.folder.key, intent.sid)
        if intent.op != GRANT:
            made.pop(place, None)
        if attempt.result and _is_a_proved_grant(attempt):
            at = attempt.result.at.strftime("%Y-%m-%dT%H:%M:%SZ")
            made[place] = GrantMade(intent.folder, intent.sid, at)
    return tuple(made[place] for place in sorted(made))


def _is_a_proved_grant(attempt: Attempt) -> bool:
    intent, result = attempt.intent, attempt.result
    is_grant = intent.op == GRANT or (intent.op == RESTORE and intent.rights == RIGHTS)
    return is_grant and result is not None and isinstance(result.outcome, Done)
