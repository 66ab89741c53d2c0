"""One writer at a time for each host cluster, on this machine; the folder of its journals holds the lock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock

from vhdsfix.errors import LockedError, UsageError
from vhdsfix.model.plan import HostCluster


def _file_name(cluster: HostCluster) -> str:
    """A folder's name for a host cluster; its id, of which only harmless characters are kept."""
    return "".join(
        character for character in cluster.id or cluster.name if character.isalnum() or character == "-"
    )


@contextmanager
def only_writer(state_dir: Path, cluster: HostCluster) -> Iterator[Path]:
    """Yield the folder of the cluster's journals, locked; raises LockedError. A run that died leaves no lock behind."""
    folder = state_dir / "journal" / _file_name(cluster)
    lock = filelock.FileLock(folder / "lock")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except filelock.Timeout as error:
        raise LockedError(
            f"another run of vhdsfix on this machine is writing to host cluster {cluster.name}; wait for it, then run apply again"
        ) from error
    except OSError as error:
        raise UsageError(
            f"cannot keep a journal in {folder}: {error.strerror or error}; set VHDSFIX_STATE_DIR to a folder that can be written"
        ) from error
    try:
        yield folder
    finally:
        lock.release()
