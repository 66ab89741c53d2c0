"""How a command ends: its result shown, or its error in one line; and the exit code either way."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from pathlib import PurePath
from typing import TextIO

import structlog
from rich.console import Console

from vhdsfix import __version__, log
from vhdsfix.cli.options import OutputOptions
from vhdsfix.commands.result import ONLY_WHEN_ASKED, Reason, Result, exit_code
from vhdsfix.errors import ExitCode, UsageError, VhdsfixError
from vhdsfix.render.console import console_on
from vhdsfix.render.json_document import document
from vhdsfix.render.safe_text import visible

NOT_WORTH_A_LINE = (ExitCode.DONE, *ONLY_WHEN_ASKED)


def of(
    command: str,
    output: OutputOptions,
    work: Callable[[], Result],
    show: Callable[[Console, Result], None],
) -> int:
    """Do the work, show its result as the options say, and return the exit code. Raises nothing."""
    try:
        with log.writing(output.log_file, on_stderr=output.verbose):
            return _ended(command, output, work, show)
    except VhdsfixError as error:
        return _failed(command, output, Reason(error.exit_code, str(error)))


def _ended(
    command: str, output: OutputOptions, work: Callable[[], Result], show: Callable[[Console, Result], None]
) -> int:
    try:
        result = work()
        _print(output, result, show)
    except KeyboardInterrupt:
        why = "interrupted; `vhdsfix plan` shows what is in place"
        return _failed(command, output, Reason(ExitCode.INTERRUPTED, why))
    except VhdsfixError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, a person gets one line and the log the rest
        structlog.get_logger().error("internal error", exc_info=error)
        why = _about_a_bug(error, in_log=bool(output.log_file))
        return _failed(command, output, Reason(ExitCode.INTERNAL, why))
    for reason in result.reasons:
        if reason.code not in NOT_WORTH_A_LINE:
            complain(reason.why if reason.counts else f"{reason.why} (told only: --expect-node)")
    return exit_code(result.reasons, detailed=output.detailed_exitcode)


def of_a_bug(error: Exception) -> int:
    """The last resort, for what went wrong outside any command."""
    complain(_about_a_bug(error, in_log=False))
    return ExitCode.INTERNAL


def complain(message: str) -> None:
    """One line on standard error, whatever is in it. Where nobody can read it, the exit code says it all the same."""
    try:
        sys.stderr.write(f"vhdsfix: {visible(message)}\n")
        sys.stderr.flush()
    except OSError:
        _nobody_reads_on(sys.stderr)


def _print(output: OutputOptions, result: Result, show: Callable[[Console, Result], None]) -> None:
    try:
        if output.format == "json":
            _print_document(output, result)
        else:
            show(console_on(sys.stdout), result)
        sys.stdout.flush()
    except BrokenPipeError:
        _nobody_reads_on(sys.stdout)
    except OSError as error:
        code = exit_code(result.reasons, detailed=output.detailed_exitcode)
        _nobody_reads_on(sys.stdout)
        # An interruption goes first: its terminal may be gone.
        if code is not ExitCode.INTERRUPTED:
            raise _unwritable(error, code) from error


def _print_document(output: OutputOptions, result: Result) -> None:
    code = exit_code(result.reasons, detailed=output.detailed_exitcode)
    reasons = ((reason.code, reason.why, reason.counts) for reason in result.reasons)
    sys.stdout.write(document(result.command, code, reasons, result.data) + "\n")


def _failed(command: str, output: OutputOptions, reason: Reason) -> int:
    complain(reason.why)
    if output.format == "json":
        try:
            sys.stdout.write(document(command, reason.code, [(reason.code, reason.why, True)], None) + "\n")
            sys.stdout.flush()
        except OSError:
            _nobody_reads_on(sys.stdout)
    return reason.code


def _unwritable(error: OSError, code: ExitCode) -> UsageError:
    return UsageError(
        f"the result could not be written to standard output ({error.strerror}); the run itself ended with exit code "
        f"{int(code)}"
    )


def _nobody_reads_on(stream: TextIO) -> None:
    """What is still in its buffer must not fail again when Python ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _about_a_bug(error: Exception, *, in_log: bool) -> str:
    at = traceback.extract_tb(error.__traceback__)[-1:]
    where = f" at {PurePath(at[0].filename).name}:{at[0].lineno}" if at else ""
    rest = "the traceback is in the log file" if in_log else "--log-file FILE keeps the traceback"
    return (
        f"internal error: {type(error).__name__}: {error}{where} (vhdsfix {__version__}). This is a bug: please report "
        f"this line to the project's issue tracker; {rest}. `vhdsfix plan` shows what is in place."
    )
