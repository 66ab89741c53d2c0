"""The runs that this workstation's journals know: found by id, told whole, listed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from vhdsfix.apply import journal as journals
from vhdsfix.apply.grants_made import grants_made
from vhdsfix.apply.journal import RunRecord
from vhdsfix.apply.told import RunInShort, ToldRun, in_short, told
from vhdsfix.commands import files
from vhdsfix.commands.cluster_lock import journal_folder
from vhdsfix.errors import JournalError, UsageError
from vhdsfix.model.facts import Facts
from vhdsfix.model.plan import HostCluster
from vhdsfix.model.readings import known_or

NAMED_AT_MOST = 5
_BEGINS_A_JOURNAL = journals.FORMAT.partition("/")[0].encode()
_LONGEST_HEADER = 4096


def journal_of(state_dir: Path, name: str) -> Path:
    """The journal of a run by its id, the beginning of it, or its file; raises UsageError for none, or for several."""
    if Path(name).name != name or files.is_there(Path(name)):
        if not files.is_there(Path(name)):
            raise UsageError(f"there is no journal {name}; `vhdsfix history` lists the runs")
        return Path(name)
    found = [path for path in _journals(state_dir) if _is_called(path, name)]
    exact = [path for path in found if path.stem.casefold() == name.casefold()]
    if len(exact or found) == 1:
        return (exact or found)[0]
    if not found:
        raise UsageError(f"there is no run {name!r}, and no such file; `vhdsfix history` lists the runs")
    named = ", ".join(path.stem for path in found[:NAMED_AT_MOST])
    more = f" and {len(found) - NAMED_AT_MOST} more" if len(found) > NAMED_AT_MOST else ""
    raise UsageError(f"{name!r} may be {named}{more}; give more of the id, or the file's path")


def is_a_journal(path: Path) -> bool:
    """Of a file that is there: otherwise it is meant as a plan. Raises UsageError for one that cannot be read."""
    beginning = files.read_whole(path, "the plan or journal")[:_LONGEST_HEADER]
    return path.suffix == ".jsonl" or _BEGINS_A_JOURNAL in beginning.partition(b"\n")[0]


def run_of(state_dir: Path, name: str) -> RunRecord:
    """A run whose journal is whole; raises UsageError, and JournalError for damage."""
    return journals.read(journal_of(state_dir, name))


def told_run(path: Path) -> ToldRun:
    """Whatever of a run's journal can be read. Raises JournalError where nothing can."""
    return told(*journals.read_what_is_whole(path))


def all_runs(state_dir: Path) -> tuple[RunInShort, ...]:
    """Every run, the newest first; one whose journal cannot be read hides no other."""
    return tuple(_in_short(path) for path in reversed(_journals(state_dir)))


def with_grants_made(facts: Facts, state_dir: Path) -> Facts:
    """The facts with the grants that runs on this host cluster made and proved; what a journal does not say is not known."""
    cluster = known_or(facts.cluster.identity, None)
    if cluster is None:
        return facts
    folder = journal_folder(state_dir, HostCluster(cluster.name, cluster.id))
    records = [record for path in sorted(folder.glob("*.jsonl")) for record in _whole_part(path)]
    return msgspec.structs.replace(facts, grants_made=grants_made(records))


def _whole_part(path: Path) -> Iterator[RunRecord]:
    with contextlib.suppress(JournalError):
        yield journals.read_what_is_whole(path)[0]


def _in_short(path: Path) -> RunInShort:
    try:
        return in_short(told_run(path))
    except JournalError as error:
        return RunInShort(run=path.stem, journal=str(path), damage=(str(error),))


def _journals(state_dir: Path) -> list[Path]:
    """A run's id begins with its time, so their names put them in order. Raises UsageError for what cannot be listed."""
    try:
        if state_dir.exists() and not state_dir.is_dir():
            raise UsageError(f"the state folder {state_dir} is no folder; set VHDSFIX_STATE_DIR to one")
        of_clusters = [list(folder.iterdir()) for folder in _in(state_dir / "journal") if folder.is_dir()]
    except OSError as error:
        raise UsageError(
            f"cannot list the journals in {error.filename or state_dir}: {error.strerror or error}; make it readable, or set "
            "VHDSFIX_STATE_DIR to another folder"
        ) from error
    found = (path for paths in of_clusters for path in paths if path.suffix == ".jsonl")
    return sorted(found, key=lambda path: (path.name, path))


def _in(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except FileNotFoundError:
        return []


def _is_called(path: Path, name: str) -> bool:
    return bool(name) and path.stem.casefold().startswith(name.casefold())
