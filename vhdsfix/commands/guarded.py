"""A node that is used by one thread at a time, and whose socket is closed when an answer takes too long."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence

from vhdsfix.commands.watchdog import Watchdog
from vhdsfix.errors import UnreachableError
from vhdsfix.model.facts import ClusterFacts, FolderFacts, NodeFacts
from vhdsfix.model.outcome import WriteAnswer
from vhdsfix.model.windows import Ace, FolderPath, VmId
from vhdsfix.remote.node import RemoteReader, RemoteWriter


class GuardedReader:
    """A Reader; folders that are worked on side by side may share it."""

    def __init__(self, node: RemoteReader, watchdog: Watchdog) -> None:
        self._reader = node
        self._watchdog = watchdog
        self._turn = threading.Lock()
        self._aborted = False

    @property
    def node(self) -> str:
        return self._reader.node

    def connect(self) -> None:
        with self._within(self._reader.limits.phase_s):
            self._reader.connect()

    def cluster(self) -> ClusterFacts:
        with self._within(self._reader.limits.phase_s):
            return self._reader.cluster()

    def itself(self) -> NodeFacts:
        with self._within(self._reader.limits.phase_s):
            return self._reader.itself()

    def folders(self, paths: Sequence[FolderPath]) -> tuple[FolderFacts, ...]:
        with self._within(self._reader.limits.phase_s):
            return self._reader.folders(paths)

    def close(self) -> None:
        with self._turn, self._watchdog.watch(self._reader.limits.close_s, self._reader.abort):
            self._reader.close()

    def abort(self) -> None:
        """End what is waited for, and ask this node nothing more."""
        self._aborted = True
        self._reader.abort()

    @contextlib.contextmanager
    def _within(self, deadline_s: float) -> Iterator[None]:
        with self._turn, self._watchdog.watch(deadline_s, self._reader.abort):
            if self._aborted:
                raise UnreachableError(f"{self.node} was not asked: the run was stopped")
            yield


class GuardedWriter(GuardedReader):
    """A Writer."""

    def __init__(self, node: RemoteWriter, watchdog: Watchdog) -> None:
        super().__init__(node, watchdog)
        self._writer = node

    def grant(self, folder: FolderPath, vm_id: VmId) -> WriteAnswer:
        with self._within(self._reader.limits.write_s):
            return self._writer.grant(folder, vm_id)

    def remove(self, folder: FolderPath, vm_id: VmId) -> WriteAnswer:
        with self._within(self._reader.limits.write_s):
            return self._writer.remove(folder, vm_id)

    def restore(self, folder: FolderPath, vm_id: VmId, entry: Ace) -> WriteAnswer:
        with self._within(self._reader.limits.write_s):
            return self._writer.restore(folder, vm_id, entry)
