"""What is raised: the run cannot go on as asked. What was merely found out is a value, never an exception.

A message says what was being done, to what, what came back, and what to do now, in one line.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What a run's end means to the shell; `commands.result.exit_code` orders them."""

    DONE = 0
    INTERNAL = 1
    CHANGES_PENDING = 2
    NEEDS_A_PERSON = 3
    NO_NODE = 4
    INCOMPLETE = 5
    NOT_DONE = 6
    PLAN_REFUSED = 7
    LOCKED = 8
    TOO_MUCH = 9
    DECLINED = 10
    NOT_AS_EXPECTED = 11
    USAGE = 64
    INTERRUPTED = 130


class VhdsfixError(Exception):
    """The base of every error that this package raises on purpose."""

    exit_code = ExitCode.INTERNAL


class UsageError(VhdsfixError):
    """What was asked for makes no sense, or a file that was named cannot be read or written."""

    exit_code = ExitCode.USAGE


class RefusedError(VhdsfixError):
    """The run stopped before anything was written, on purpose."""

    exit_code = ExitCode.PLAN_REFUSED


class StalePlanError(RefusedError):
    """A saved plan is too old, damaged, of an unknown version or of another cluster."""


class IncompletePlanError(RefusedError):
    """Not everything could be looked at, and the caller asked for nothing less."""

    exit_code = ExitCode.INCOMPLETE


class TooMuchError(RefusedError):
    """The plan has more changes than the caller allows."""

    exit_code = ExitCode.TOO_MUCH


class LockedError(RefusedError):
    """Another run is writing to the same host cluster."""

    exit_code = ExitCode.LOCKED


class DeclinedError(RefusedError):
    """A person said no, or approval was needed and nobody was there to give it."""

    exit_code = ExitCode.DECLINED


class StoppedError(RefusedError):
    """A person or the system asked to stop before anything was written."""

    exit_code = ExitCode.INTERRUPTED


class NodeError(VhdsfixError):
    """One node could not be asked; the run goes on without it."""

    exit_code = ExitCode.NO_NODE


class UnreachableError(NodeError):
    """Nothing was sent: the node did nothing."""


class LostError(NodeError):
    """Something was sent and no answer came: what the node did is not known."""


class AuthError(NodeError):
    """The node did not let us in. Never retried: accounts lock out."""


class CommandError(NodeError):
    """The node answered that the command itself failed."""


class ReplyError(NodeError):
    """The node answered something that is no answer to the question."""


class QuotaError(NodeError):
    """The node has no room for another shell or command now."""


class JournalError(VhdsfixError):
    """The journal could not be written or read; nothing is written to a node without it."""

    exit_code = ExitCode.USAGE


class LabError(VhdsfixError):
    """The lab was asked for something it does not have."""

    exit_code = ExitCode.USAGE
