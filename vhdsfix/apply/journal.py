"""The journal of a run: every change announced before it is sent, and closed with what was read afterwards.

One file a run, JSON Lines in UTF-8, the keys of each line sorted:

    {"format": "vhdsfix-journal/1", "run": …, "at": …, "who": …, "cluster": {"name": …, "id": …}, "plan": <its digest>,
     "undoes": <a run, only where it takes one back>}
    {"at": …, "intent": <action id>, "op": "grant", "folder": …, "sid": …, "before": {".": SDDL, <file name>: SDDL, …},
     "vm": <its name>, "rights": "(OI)F"}
    {"at": …, "result": <action id>, "outcome": {"outcome": "done"}, "after": {".": SDDL, …}}
    {"at": …, "end": <run>}

Times are UTC, ISO 8601 with seconds. A result closes the intent of the same action before it; another result after that takes
its place, for a change that was seen only later. An action that is tried again on another node has a second pair, and where the
first may still land `before` is the same in both. `after` is null where nothing was read; `recovered` is true in a result that a
later run wrote. Only lines that end in a newline count. Source: DESIGN 6.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec

from vhdsfix.apply import durable
from vhdsfix.errors import JournalError
from vhdsfix.model.document import from_json, to_json
from vhdsfix.model.outcome import Outcome
from vhdsfix.model.plan import Action, HostCluster, Op
from vhdsfix.model.windows import FolderPath, Sid

FORMAT = "vhdsfix-journal/1"
Clock = Callable[[], datetime]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class Header(msgspec.Struct, frozen=True, omit_defaults=True):
    format: str
    run: str
    at: Moment
    who: str
    cluster: HostCluster
    plan: str
    undoes: str = ""


class Intent(msgspec.Struct, frozen=True, omit_defaults=True):
    at: Moment
    intent: str
    op: Op
    folder: FolderPath
    sid: Sid
    before: dict[str, str]
    vm: str = ""
    rights: str = ""


class Result(msgspec.Struct, frozen=True, omit_defaults=True):
    at: Moment
    result: str
    outcome: Outcome
    after: dict[str, str] | None
    recovered: bool = False


class End(msgspec.Struct, frozen=True):
    at: Moment
    end: str


Line = Header | Intent | Result | End
_SHAPES: dict[str, type[Line]] = {"format": Header, "intent": Intent, "result": Result, "end": End}


class RunRecord(msgspec.Struct, frozen=True):
    """What one journal holds. No header: the run died before it had written one, so it changed nothing."""

    path: Path
    header: Header | None
    lines: tuple[Intent | Result | End, ...]

    @property
    def open_intents(self) -> tuple[Intent, ...]:
        """The changes of which it is not known how they ended."""
        waiting: dict[str, Intent] = {}
        for line in self.lines:
            if isinstance(line, Intent):
                waiting[line.intent] = line
            elif isinstance(line, Result):
                waiting.pop(line.result, None)
        return tuple(waiting.values())

    @property
    def ended(self) -> datetime | None:
        """When the run ended, or a later one closed it; None: it goes on, or it died."""
        return next((line.at for line in self.lines if isinstance(line, End)), None)

    @property
    def has_ended(self) -> bool:
        return self.ended is not None


class Journal:
    """The journal of the run that is going on; several threads may write to it.

    After the first line that could not be written it takes no more: `failure` says why, and every method raises it.
    """

    def __init__(self, path: Path, run: str, clock: Clock) -> None:
        self.path = path
        self.run = run
        self.failure: JournalError | None = None
        self._clock = clock
        self._one_at_a_time = threading.Lock()

    @classmethod
    def create(
        cls,
        folder: Path,
        *,
        cluster: HostCluster,
        plan: str,
        who: str,
        clock: Clock,
        token: str,
        undoes: str = "",
    ) -> Journal:
        """Start a run's journal in `folder`; raises JournalError.

        `plan`: the plan's digest. `undoes`: the run that it takes back. `clock` gives UTC. `token`: 4 hex digits that tell runs of one second apart.
        """
        began = moment(clock)
        run = f"{began:%Y%m%dT%H%M%SZ}-{token}"
        path = folder / f"{run}.jsonl"
        _make_file(path)
        journal = cls(path, run, clock)
        journal._write(Header(FORMAT, run, began, who, cluster, plan, undoes))
        return journal

    def intend(self, action: Action, before: Mapping[str, str]) -> None:
        """Announce a change; when this returns, the line is on the disk. Raises JournalError."""
        at = moment(self._clock)
        intent = Intent(
            at, action.id, action.op, action.folder, action.sid, dict(before), action.vm_name, action.rights
        )
        self._write(intent)

    def result(self, action: Action, outcome: Outcome, after: Mapping[str, str] | None) -> None:
        """Say how an announced change ended. Raises JournalError."""
        at = moment(self._clock)
        self._write(Result(at, action.id, outcome, dict(after) if after is not None else None))

    def end(self) -> None:
        """Close the run. Raises JournalError, also for a line that could not be written earlier."""
        self._write(End(moment(self._clock), self.run))

    def _write(self, line: Line) -> None:
        with self._one_at_a_time:
            if self.failure:
                raise self.failure
            try:
                append(self.path, line)
            except JournalError as error:
                self.failure = error
                raise


class Damage(msgspec.Struct, frozen=True):
    """A line that cannot be read, counted from 1, and why."""

    line: int
    why: str


def read(path: Path) -> RunRecord:
    """Read a journal; a last line that was cut off is left out. Raises JournalError naming file and line."""
    record, damages = read_what_is_whole(path)
    for damage in damages:
        raise JournalError(
            f"nothing was changed: the journal {path}, line {damage.line}: {damage.why}. `vhdsfix show {path}` shows the rest; look at what "
            "that run did, then move the file away"
        )
    return record


def read_what_is_whole(path: Path) -> tuple[RunRecord, tuple[Damage, ...]]:
    """The lines of a journal that can be read, and the others. Raises JournalError for a file that cannot be read at all."""
    numbered = list(enumerate(_whole_lines(path), 1))
    lines = [_line_of(number, text) for number, text in numbered]
    headers = [line for line in lines if isinstance(line, Header)]
    damages = [line for line in lines if isinstance(line, Damage)]
    if lines and not isinstance(lines[0], Header | Damage):
        damages.insert(0, Damage(1, "the run's header is missing"))
    if len(headers) > 1:
        damages.append(Damage(lines.index(headers[1], 1) + 1, "it holds the headers of several runs"))
    rest = tuple(line for line in lines if isinstance(line, Intent | Result | End))
    return RunRecord(path, headers[0] if headers else None, rest), tuple(damages)


def died_runs(folder: Path, cluster: HostCluster) -> tuple[RunRecord, ...]:
    """The runs on this host cluster that began and never ended, oldest first.

    A run that says at its end that it ended left nothing open, so no more of it is read. Raises JournalError for another one that
    is damaged: a change of it may still be on its way.
    """
    open_ones = [path for path in sorted(folder.glob("*.jsonl")) if not _says_that_it_ended(path)]
    records = [read(path) for path in open_ones]
    return tuple(record for record in records if not record.has_ended and _is_of(record, cluster))


def _says_that_it_ended(path: Path) -> bool:
    lines = _whole_lines(path)
    return bool(lines) and isinstance(_line_of(len(lines), lines[-1]), End)


def _whole_lines(path: Path) -> list[bytes]:
    try:
        return path.read_bytes().split(b"\n")[:-1]
    except OSError as error:
        raise JournalError(
            f"the journal {path} cannot be read: {error.strerror or error}; make it readable, or look at what that run did and move it "
            "away: until then nothing is changed"
        ) from error


def append(path: Path, line: Line) -> None:
    """Add one line to a journal that is there, and wait until it is on the disk. Raises JournalError.

    Never behind a line that was cut off: the two would be one that nobody can read.
    """
    try:
        with path.open("r+b") as file:
            if file.seek(0, os.SEEK_END):
                file.seek(-1, os.SEEK_END)
                _must_be_whole(path, file.read())
            durable.write(file, to_json(line) + b"\n")
    except OSError as error:
        raise JournalError(
            f"writing the journal {path}: {error.strerror or error}; "
            "make room or mend the folder, then run apply again: nothing is changed without its journal"
        ) from error


def _must_be_whole(path: Path, last_byte: bytes) -> None:
    if last_byte != b"\n":
        raise JournalError(
            f"writing the journal {path}: its last line was cut off; run apply again, which mends it"
        )


def cut_off_torn_line(path: Path) -> None:
    """Take away a last line that has no newline, so that another can follow. Raises JournalError."""
    try:
        with path.open("r+b") as file:
            file.truncate(file.read().rfind(b"\n") + 1)
    except OSError as error:
        raise JournalError(
            f"mending the last line of the journal {path}: {error.strerror or error}"
        ) from error


def moment(clock: Clock) -> datetime:
    """Now, in UTC and whole seconds."""
    return clock().astimezone(UTC).replace(microsecond=0)


def _make_file(path: Path) -> None:
    try:
        durable.make_file(path)
    except OSError as error:
        raise JournalError(
            f"making the journal {path}: {error.strerror or error}; nothing was changed: "
            "give a state folder that can be written"
        ) from error


def _line_of(number: int, text: bytes) -> Line | Damage:
    try:
        keys = msgspec.json.decode(text, type=dict[str, msgspec.Raw]).keys()
        shape = next(shape for key, shape in _SHAPES.items() if key in keys)
        line = from_json(text, shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, StopIteration, ValueError) as error:
        return Damage(number, str(error) or "it is no line of a journal")
    if isinstance(line, Header) and line.format != FORMAT:
        return Damage(number, f"its format is {line.format!r}; this version reads {FORMAT}")
    return line


def _is_of(record: RunRecord, cluster: HostCluster) -> bool:
    """By id where both know it: a cluster's name can be used again."""
    if record.header is None:
        return False
    its = record.header.cluster
    if its.id and cluster.id:
        return its.id.casefold() == cluster.id.casefold()
    return its.name.casefold() == cluster.name.casefold()
