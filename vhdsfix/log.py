"""The log: structlog's events as JSON lines in a file, and as short lines on stderr where they were asked for.

Everything that logs says `structlog.get_logger()`; a secret shows as *** because its own repr says so.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
from collections.abc import Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any, BinaryIO, TextIO

import structlog

from vhdsfix.errors import UsageError

OWNER_ONLY = 0o600


@contextlib.contextmanager
def writing(log_file: Path | None, *, on_stderr: bool) -> Iterator[None]:
    """Until the block ends, send every event to the file (made for its owner only) and, if asked, to stderr.

    Afterwards, and without either, events are dropped. Raises UsageError if the file cannot be opened.
    """
    outputs = _Outputs(_opened(log_file) if log_file else None, sys.stderr if on_stderr else None)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            structlog.processors.format_exc_info,
            _as_one_argument,
        ],
        logger_factory=lambda *_names: outputs,
        cache_logger_on_first_use=False,
    )
    try:
        yield
    finally:
        outputs.close()


class _Outputs:
    """Where a line goes. structlog calls the method named after the event's level."""

    def __init__(self, file: BinaryIO | None, stderr: TextIO | None) -> None:
        self._file = file
        self._stderr = stderr
        self._one_at_a_time = threading.Lock()

    def write(self, event: Mapping[str, object]) -> None:
        with self._one_at_a_time:
            if self._stderr:
                with contextlib.suppress(OSError):  # as below; whoever read it may be gone
                    self._stderr.write(_short(event) + "\n")
            if self._file:
                self._append(self._file, json.dumps(event, default=repr))

    debug = info = warning = error = critical = write

    def close(self) -> None:
        with self._one_at_a_time:
            if self._file:
                self._file.close()
            self._file = self._stderr = None

    def _append(self, file: BinaryIO, line: str) -> None:
        """A full disk ends the log, never the run: a change may be under way."""
        try:
            file.write(line.encode("utf-8", "backslashreplace") + b"\n")
        except OSError as error:
            file.close()
            self._file = None
            with contextlib.suppress(OSError):
                sys.stderr.write(f"vhdsfix: the log file cannot be written any more: {error}\n")


def _opened(path: Path) -> BinaryIO:
    def for_owner(name: str, flags: int) -> int:
        return os.open(name, flags, OWNER_ONLY)

    try:
        return open(path, "ab", buffering=0, opener=for_owner)
    except OSError as error:
        raise UsageError(f"--log-file {path} cannot be opened: {error.strerror}") from error


def _as_one_argument(
    _logger: object, _level: str, event: MutableMapping[str, Any]
) -> tuple[tuple[MutableMapping[str, Any]], dict[str, Any]]:
    return (event,), {}


def _short(event: Mapping[str, object]) -> str:
    """`12:00:00Z debug phase node='HV01'`: reprs, so that nothing a node sent reaches the terminal as it is."""
    at = str(event.get("at", ""))[11:19]
    rest = (f"{k}={v!a}" for k, v in event.items() if k not in {"at", "level", "event", "exception"})
    return " ".join(
        (f"{at}Z", str(event.get("level", "")), ascii(event.get("event", "")).strip("'\""), *rest)
    )
