"""What a command hands back: its values and every reason for its exit code."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from vhdsfix.apply.recovery import ClosedIntent
from vhdsfix.errors import ExitCode
from vhdsfix.model.expected import ExpectedNode
from vhdsfix.model.outcome import ActionOutcome
from vhdsfix.model.plan import Plan

FIRST_THAT_HOLDS = (
    ExitCode.INTERNAL,
    ExitCode.INTERRUPTED,
    ExitCode.USAGE,
    ExitCode.PLAN_REFUSED,
    ExitCode.LOCKED,
    ExitCode.TOO_MUCH,
    ExitCode.DECLINED,
    ExitCode.NOT_DONE,
    ExitCode.NO_NODE,
    ExitCode.NOT_AS_EXPECTED,
    ExitCode.INCOMPLETE,
    ExitCode.CHANGES_PENDING,
    ExitCode.NEEDS_A_PERSON,
    ExitCode.DONE,
)
ONLY_WHEN_ASKED = (ExitCode.CHANGES_PENDING, ExitCode.NEEDS_A_PERSON)


class Reason(msgspec.Struct, frozen=True):
    """One thing that is true of the run's end, and why, in one line. `counts`: the exit code goes by it."""

    code: ExitCode
    why: str
    counts: bool = True


class Result(msgspec.Struct, frozen=True):
    """`command` is its name, `data` its values. `reasons` are all that hold, those of codes 2 and 3 included."""

    command: str
    data: object
    reasons: tuple[Reason, ...] = ()


class ApplyReport(msgspec.Struct, frozen=True):
    """What apply did: the plan it followed, how each action ended, and what a fresh plan says now.

    `after` is None when nobody looked again; `journal` is the file's path, None when nothing was written; `journal_failure`:
    why it is not whole. `recovered`: changes of a run that died, and how they turn out to have ended. `expected`: the guest
    nodes that the caller named, as the last look showed them. `news`: what has come or gone since the plan was saved.
    """

    plan: Plan
    outcomes: tuple[ActionOutcome, ...]
    after: Plan | None = None
    journal: str | None = None
    journal_failure: str | None = None
    recovered: tuple[ClosedIntent, ...] = ()
    expected: tuple[ExpectedNode, ...] = ()
    news: tuple[str, ...] = ()


def exit_code(reasons: Iterable[Reason], *, detailed: bool) -> ExitCode:
    """The first code of DESIGN 7's order that holds; 2 and 3 count only when `detailed` (--detailed-exitcode)."""
    holding = {reason.code for reason in reasons if reason.counts} - (
        set() if detailed else set(ONLY_WHEN_ASKED)
    )
    return next((code for code in FIRST_THAT_HOLDS if code in holding), ExitCode.DONE)
