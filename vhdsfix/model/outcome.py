"""How an action ended: exactly one of these is true of it."""

from __future__ import annotations

import msgspec

from vhdsfix.model.plan import Action


class Done(msgspec.Struct, frozen=True, tag="done", tag_field="outcome"):
    """Written, read back, right with its disk files, and nothing else changed."""


class AlreadyRight(msgspec.Struct, frozen=True, tag="already right", tag_field="outcome"):
    """As wanted when we came; nothing was written."""


class Drifted(msgspec.Struct, frozen=True, tag="drifted", tag_field="outcome"):
    """Someone else changed the folder since the plan; not touched."""

    why: str


class Untouched(msgspec.Struct, frozen=True, tag="untouched", tag_field="outcome"):
    """As before: not tried, refused, or tried without effect."""

    why: str


class Stuck(msgspec.Struct, frozen=True, tag="stuck", tag_field="outcome"):
    """Not known, or not as wanted: a person has to look."""

    why: str


Outcome = Done | AlreadyRight | Drifted | Untouched | Stuck


class ActionOutcome(msgspec.Struct, frozen=True):
    action: Action
    outcome: Outcome

    @property
    def is_right(self) -> bool:
        return isinstance(self.outcome, Done | AlreadyRight)


class WriteAnswer(msgspec.Struct, frozen=True):
    """What a node answered to a change. No proof of anything: only a fresh read is.

    `exit_code` is icacls' own, None where it could not be told; `said` are its lines, for a person.
    """

    exit_code: int | None
    said: tuple[str, ...] = ()
