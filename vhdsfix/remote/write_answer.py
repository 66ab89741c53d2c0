"""What came back of a native command → WriteAnswer (WIRE 7.5)."""

from __future__ import annotations

from vhdsfix.model.outcome import WriteAnswer
from vhdsfix.remote.messages import Messages
from vhdsfix.remote.one_line import one_line

# Its lines on standard error come as these two: they say nothing about whether it ran to its end.
_STDERR_IDS = ("NativeCommandError", "NativeCommandErrorMessage")


def write_answer(messages: Messages) -> WriteAnswer:
    """The command's lines, errors first, and its exit code.

    The code is the last object, a number. With any other error it may be that of an earlier command (a command that did not
    start leaves it as it was), so it is not told.
    """
    lines, code = _parted(messages.output)
    failed = any(error.short_id not in _STDERR_IDS for error in messages.errors)
    said = [error.text if error.short_id in _STDERR_IDS else error.why for error in messages.errors]
    said += [one_line(line) for line in lines]
    return WriteAnswer(exit_code=None if failed else code, said=tuple(said))


def _parted(output: tuple[object, ...]) -> tuple[tuple[object, ...], int | None]:
    """The command's lines, and the number behind them."""
    last = output[-1] if output else None
    return (output[:-1], last) if type(last) is int else (output, None)
