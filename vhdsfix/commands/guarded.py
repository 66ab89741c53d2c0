"""A node that is used by one thread at a time, and whose socket is closed when an answer takes too long."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager

from vhdsfix.commands.time_allowed import TimeAllowed
from vhdsfix.commands.watchdog import Watchdog
from vhdsfix.errors import AuthError, NodeError, UnreachableError
from vhdsfix.model.facts import ClusterFacts, FolderFacts, GuestFacts, NodeChecks, NodeFacts
from vhdsfix.model.outcome import WriteAnswer
from vhdsfix.model.windows import Ace, FolderPath, VmId
from vhdsfix.ports import ToCheck
from vhdsfix.remote.foreign_errors import is_failed_logon
from vhdsfix.remote.guest import RemoteGuest
from vhdsfix.remote.machine import Machine
from vhdsfix.remote.node import RemoteReader, RemoteWriter

Logons = AbstractContextManager[object]
"""Lets so many in at a time, each from its own thread."""

FREELY: Logons = contextlib.nullcontext()


class GuardedMachine:
    """What is worked on side by side may share it. `time`: what the whole run has. `logons`: held while it logs on."""

    def __init__(
        self, machine: Machine, watchdog: Watchdog, time: TimeAllowed, logons: Logons = FREELY
    ) -> None:
        self._machine = machine
        self._watchdog = watchdog
        self._time = time
        self._logons = logons
        self._turn = threading.Lock()
        self._aborted = False
        self._refusal: str | None = None

    @property
    def node(self) -> str:
        return self._machine.node

    def connect(self, accepted: Callable[[], None] = lambda: None) -> None:
        with self._asking():
            self._machine.connect(accepted)

    def close(self) -> None:
        with self._turn, self._watchdog.watch(self._machine.limits.close_s, self._machine.abort):
            self._machine.close()

    def abort(self) -> None:
        """End what is waited for, and ask this node nothing more."""
        self._aborted = True
        self._machine.abort()

    def _asking(self) -> AbstractContextManager[None]:
        return self._asking_within(self._machine.limits.phase_s)

    @contextlib.contextmanager
    def _asking_within(self, limit_s: float) -> Iterator[None]:
        """It has its own time, and no more than is left of the run's."""
        with self._turn, self._logging_on():
            if self._time.is_over:
                raise UnreachableError(f"{self.node} was not asked: {self._time.why}")
            with self._watched(min(limit_s, self._time.left_s)):
                try:
                    yield
                except NodeError as error:
                    if self._time.is_over:
                        raise type(error)(f"{error}: {self._time.why}") from error
                    raise

    def _logging_on(self) -> AbstractContextManager[object]:
        return contextlib.nullcontext() if self._machine.is_logged_on else self._logons

    @contextlib.contextmanager
    def _watched(self, deadline_s: float) -> Iterator[None]:
        with self._watchdog.watch(deadline_s, self._machine.abort):
            if self._aborted:
                raise UnreachableError(f"{self.node} was not asked: the run was stopped")
            if self._refusal:
                raise AuthError(self._refusal)  # who asks again and again must not lock the account
            try:
                yield
            except NodeError as error:
                if isinstance(error, AuthError) or is_failed_logon(error.__cause__):
                    self._refusal = str(error)
                raise


class GuardedReader(GuardedMachine):
    """A Reader."""

    def __init__(
        self, node: RemoteReader, watchdog: Watchdog, time: TimeAllowed, logons: Logons = FREELY
    ) -> None:
        super().__init__(node, watchdog, time, logons)
        self._reader = node

    def cluster(self) -> ClusterFacts:
        with self._asking():
            return self._reader.cluster()

    def itself(self) -> NodeFacts:
        with self._asking():
            return self._reader.itself()

    def checks(self, asked: ToCheck) -> NodeChecks:
        return self._reader.checks(asked, self._asking_within)

    def folders(self, paths: Sequence[FolderPath]) -> tuple[FolderFacts, ...]:
        with self._asking():
            return self._reader.folders(paths)


class GuardedGuest(GuardedMachine):
    """A GuestReader."""

    def __init__(
        self, guest: RemoteGuest, watchdog: Watchdog, time: TimeAllowed, logons: Logons = FREELY
    ) -> None:
        super().__init__(guest, watchdog, time, logons)
        self._guest = guest

    @property
    def guest_cluster(self) -> str:
        return self._guest.guest_cluster

    @property
    def account(self) -> str:
        return self._guest.account

    def itself(self) -> GuestFacts:
        with self._asking():
            return self._guest.itself()


class GuardedWriter(GuardedReader):
    """A Writer. A change in hand is not cut off when the run's time is over, nor is the look at what it did."""

    def __init__(
        self, node: RemoteWriter, watchdog: Watchdog, time: TimeAllowed, logons: Logons = FREELY
    ) -> None:
        super().__init__(node, watchdog, time, logons)
        self._writer = node
        self._written: set[str] = set()

    def folders(self, paths: Sequence[FolderPath]) -> tuple[FolderFacts, ...]:
        if self._written.isdisjoint(path.key for path in paths):
            return super().folders(paths)
        with self._turn, self._watched(self._reader.limits.phase_s):
            return self._reader.folders(paths)

    def grant(self, folder: FolderPath, vm_id: VmId) -> WriteAnswer:
        with self._changing(folder):
            return self._writer.grant(folder, vm_id)

    def remove(self, folder: FolderPath, vm_id: VmId) -> WriteAnswer:
        with self._changing(folder):
            return self._writer.remove(folder, vm_id)

    def restore(self, folder: FolderPath, vm_id: VmId, entry: Ace) -> WriteAnswer:
        with self._changing(folder):
            return self._writer.restore(folder, vm_id, entry)

    @contextlib.contextmanager
    def _changing(self, folder: FolderPath) -> Iterator[None]:
        with self._turn:
            if self._time.is_over:
                raise UnreachableError(f"{self.node} was not asked for the change: {self._time.why}")
            self._written.add(folder.key)
            with self._watched(self._reader.limits.write_s):
                yield
