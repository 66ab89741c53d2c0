"""One writer at a time for each host cluster, on this machine; the folder of its journals holds the lock.

Two locks of the operating system, which a run that dies cannot leave behind. `lock` is the one that counts. `holder.lock` is
taken after it, and says of the file `holder` beside it, in which the writer tells its name, that it is not a dead run's.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import filelock
import msgspec

from vhdsfix.commands import identity
from vhdsfix.commands.patience import Patience
from vhdsfix.errors import LockedError, StoppedError, UsageError
from vhdsfix.model.document import from_json, to_json
from vhdsfix.model.plan import HostCluster
from vhdsfix.ports import Notify, Progress

TRIED_EVERY_S = 0.5
PROBES_TAKE_S = 2.0
"""For so long a new writer waits for those who are just looking who it is."""
LARGEST_NOTE = 4096


class Holder(msgspec.Struct, frozen=True):
    """Who is writing, and since when (UTC)."""

    who: str
    pid: int
    since: datetime


class Writing(NamedTuple):
    """The folder of the cluster's journals, ours for now. `waited`: another run was at work first."""

    folder: Path
    waited: bool


def journal_folder(state_dir: Path, cluster: HostCluster) -> Path:
    """The folder of a host cluster's journals; its name is the cluster's id, of which only harmless characters are kept."""
    name = "".join(
        character for character in cluster.id or cluster.name if character.isalnum() or character == "-"
    )
    return state_dir / "journal" / name


@contextlib.contextmanager
def only_writer(
    state_dir: Path, cluster: HostCluster, patience: Patience, notify: Notify
) -> Iterator[Writing]:
    """Lock the cluster for this machine; waits for another run as long as there is patience.

    Raises LockedError, which says who is writing, and StoppedError.
    """
    folder = journal_folder(state_dir, cluster)
    with _in_words(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = filelock.FileLock(folder / "lock")
        waited = _acquired_after_waiting(lock, folder, cluster, patience, notify)
    try:
        with _named_as_holder(folder):
            yield Writing(folder, waited)
    finally:
        lock.release()


def _acquired_after_waiting(
    lock: filelock.BaseFileLock, folder: Path, cluster: HostCluster, patience: Patience, notify: Notify
) -> bool:
    waited = False
    while not _taken(lock):
        waited, holder = True, _who_holds(folder)
        notify(Progress("waiting for", holder))
        if patience.pause(TRIED_EVERY_S):
            continue
        if patience.left_s:
            raise StoppedError(f"stopped while waiting for {holder}; nothing was changed")
        raise LockedError(
            f"nothing was changed: {holder} is writing to host cluster {cluster.name}; run apply again when it has ended, "
            "or have it wait by --lock-timeout SECONDS"
        )
    return waited


def _taken(lock: filelock.BaseFileLock) -> bool:
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        return False
    return True


def _who_holds(folder: Path) -> str:
    """Another run, in words. A note that nobody's lock stands behind is a dead run's: it says nothing."""
    nobody = "another run of vhdsfix on this machine"
    probe = filelock.FileLock(folder / "holder.lock")
    if _taken(probe):
        probe.release()
        return nobody
    try:
        with (folder / "holder").open("rb") as note:
            holder = from_json(note.read(LARGEST_NOTE), Holder)
    except (OSError, ValueError):
        return nobody
    return f"another run of vhdsfix ({holder.who}, process {holder.pid}, since {holder.since:%Y-%m-%d %H:%M:%S} UTC)"


@contextlib.contextmanager
def _named_as_holder(folder: Path) -> Iterator[None]:
    """Say who is writing. That nobody can be told is no reason not to write."""
    note, lock = folder / "holder", filelock.FileLock(folder / "holder.lock")
    with contextlib.suppress(OSError, filelock.Timeout):
        note.unlink(missing_ok=True)  # a dead run's, before anybody can take it for ours
        lock.acquire(timeout=PROBES_TAKE_S, poll_interval=0.01)
        _write(note, Holder(identity.who(), os.getpid(), datetime.now(UTC)))
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            note.unlink(missing_ok=True)
        lock.release()


def _write(note: Path, holder: Holder) -> None:
    """Whole or not at all, for whoever reads it meanwhile."""
    beside = note.with_name("holder.new")
    beside.write_bytes(to_json(holder))
    beside.replace(note)


@contextlib.contextmanager
def _in_words(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UsageError(
            f"cannot keep a journal in {folder}: {error.strerror or error}; set VHDSFIX_STATE_DIR to a folder that can be written"
        ) from error
