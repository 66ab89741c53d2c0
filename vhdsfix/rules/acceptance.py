"""Findings that somebody decided to live with: still shown, no longer counted, until a day."""

from __future__ import annotations

import msgspec

from vhdsfix.model.findings import Finding
from vhdsfix.model.plan import Accepted, Scope
from vhdsfix.model.windows import name_key
from vhdsfix.rules.catalogue import finding

ON_THE_COMMAND_LINE = "--accept-reach"


def accepted(findings: tuple[Finding, ...], scope: Scope, today: str) -> tuple[Finding, ...]:
    """The findings, with the reason for living with those that are accepted today; and those whose day has passed, told.

    An acceptance is for one kind of finding and one subject: the subject as a plan shows it, whole, compared as Windows
    compares names. `today` is an ISO date; the last day is included.
    """
    reaches = tuple(Accepted("reach-too-wide", folder, ON_THE_COMMAND_LINE) for folder in scope.accept_reach)
    given = {_key(one.finding, one.subject): one for one in (*scope.accepted, *reaches) if _holds(one, today)}
    lapsed = {_key(one.finding, one.subject): one for one in scope.accepted if not _holds(one, today)}
    return (
        *(
            msgspec.structs.replace(found, accepted=one.reason) if (one := given.get(key)) else found
            for found in findings
            if (key := _key(found.id, found.subject))
        ),
        *(
            _expired(one)
            for key, one in lapsed.items()
            if key not in given and any(key == _key(found.id, found.subject) for found in findings)
        ),
    )


def _key(kind: str, subject: str) -> tuple[str, str]:
    return kind, name_key(subject)


def _holds(one: Accepted, today: str) -> bool:
    return one.until is None or today <= one.until


def _expired(one: Accepted) -> Finding:
    return finding(
        "acceptance-expired",
        subject=one.subject,
        summary=f"{one.finding} was accepted until {one.until}; it counts again",
        evidence=(f"the config accepts it because: {one.reason}",),
    )
