"""A guest as the port wants it: asked for its cluster over a session of its own."""

from __future__ import annotations

from vhdsfix.config import Secret
from vhdsfix.model.facts import GuestFacts
from vhdsfix.remote.connection import Connection
from vhdsfix.remote.guest_facts import guest_facts
from vhdsfix.remote.guest_questions import GUEST_PHASE
from vhdsfix.remote.limits import TIME_LIMITS, TimeLimits
from vhdsfix.remote.machine import Machine, Watch, unwatched


class RemoteGuest(Machine):
    """Keeps the port `GuestReader`."""

    def __init__(
        self,
        guest_cluster: str,
        connection: Connection,
        password: Secret | None,
        limits: TimeLimits = TIME_LIMITS,
        watch: Watch = unwatched,
    ) -> None:
        super().__init__(connection, password, limits, watch)
        self.guest_cluster = guest_cluster

    @property
    def account(self) -> str:
        return (self._connection.user or "").casefold()

    def itself(self) -> GuestFacts:
        answers = self._ask("asking for the guest cluster of", GUEST_PHASE)
        return guest_facts(self.guest_cluster, answers)
