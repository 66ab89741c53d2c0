"""One PowerShell session on one node, on pypsrp: opened on first use, used by one thread at a time, aborted from any.

It sends structured commands only, never a script. Opened for reading it refuses a command that writes.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import structlog
import tenacity
from pypsrp.complex_objects import RunspacePoolState
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

from vhdsfix.config import Secret
from vhdsfix.errors import LostError, NodeError, QuotaError, UnreachableError
from vhdsfix.remote.adapter import BoundedAdapter
from vhdsfix.remote.connection import DEFAULT_CONFIGURATION, Connection, kerberos_is_here, route_of
from vhdsfix.remote.foreign_errors import Attempt, Stage, as_node_error, is_refused_logon, may_pass
from vhdsfix.remote.http_session import HttpSession
from vhdsfix.remote.limits import TIME_LIMITS, TimeLimits
from vhdsfix.remote.messages import Messages
from vhdsfix.remote.one_line import one_line
from vhdsfix.remote.pipelines import messages_of, pipeline_of, pool_on
from vhdsfix.remote.sockets import Sockets, tls_context
from vhdsfix.remote.statements import Effect, Statement

_log = structlog.get_logger(__name__)
logging.getLogger("pypsrp").addHandler(logging.NullHandler())  # it logs tracebacks of what we translate


_PIPELINES_KEPT = 20
"""So many may be answered and not ended: the node refuses commands after a thousand (FACTS 6.5), and ending one costs a request,
which most sessions save by being closed before.
"""


class Session:
    """`effect` says what it may be asked for. After a NodeError it `is_spent`: close it and make another."""

    def __init__(
        self,
        connection: Connection,
        password: Secret | None,
        effect: Effect,
        limits: TimeLimits = TIME_LIMITS,
    ) -> None:
        self._connection = connection
        self._password = password
        self._effect = effect
        self._limits = limits
        self._route = route_of(connection, kerberos_is_here=kerberos_is_here(connection.user))
        self._sockets = Sockets()
        self._wsman: WSMan | None = None
        self._pool: RunspacePool | None = None
        self._answered: list[PowerShell] = []
        self._may_still_write = False
        self._accepted: Callable[[], None] = lambda: None
        self._log = _log.bind(node=connection.name, endpoint=self._route.endpoint)
        self.is_spent = False

    @property
    def is_open(self) -> bool:
        return self._pool is not None and self._pool.state == RunspacePoolState.OPENED

    def connect(self, accepted: Callable[[], None] = lambda: None) -> None:
        """Open the session if it is not open; calls `accepted` when the node has accepted the account. Raises NodeError."""
        self._accepted = accepted
        try:
            self._retrying()(self._opened)
            accepted()
        except BaseException:
            self.is_spent = True
            raise

    def run(self, doing: str, statements: Sequence[Statement]) -> Messages:
        """Send the statements as one pipeline and return all that came back. `doing`: "asking for the cluster of".

        A question is asked again, in a session of its own, while that may help; a change is sent once. Raises NodeError;
        LostError once something was sent, except QuotaError where the node took no command.
        """
        writes = self._writes(doing, statements)
        started = time.monotonic()
        try:
            messages = self._changed(doing, statements) if writes else self._asked(doing, statements)
        except BaseException as error:
            self.is_spent = True
            self._log.debug("failed", doing=doing, error=type(error).__name__, seconds=_since(started))
            raise
        self._log.debug(
            "answered",
            doing=doing,
            statements=len(statements),
            completed=messages.completed,
            errors=[error.error_id for error in messages.errors],
            seconds=_since(started),
        )
        return messages

    def abort(self) -> None:
        """End the call that another thread is in: it raises a NodeError. Nothing more is sent by this session."""
        self.is_spent = True
        self._sockets.abort()

    def close(self) -> None:
        """Give the node its shell back, unless a change may still run in it; never raises, never takes long."""
        self.is_spent = True
        self._end()

    def _end(self) -> None:
        wsman, pool, self._wsman, self._pool = self._wsman, self._pool, None, None
        if wsman is None:
            return
        if pool is not None and not self._may_still_write and self._sockets.is_connected:
            with self._briefly("closing the session", wsman):
                pool.close()
        with self._briefly("closing the connection", wsman):
            wsman.close()
        self._sockets.close()

    def _writes(self, doing: str, statements: Sequence[Statement]) -> bool:
        writes = any(command.effect is Effect.WRITES for statement in statements for command in statement)
        if writes and self._effect is not Effect.WRITES:
            raise RuntimeError(f"a session that only reads was asked to write: {doing}")
        return writes

    def _asked(self, doing: str, statements: Sequence[Statement]) -> Messages:
        def ask() -> Messages:
            try:
                return self._sent(self._opened(), doing, statements, writes=False)
            except NodeError:
                self._end()  # what became of that session nobody knows
                raise

        return self._retrying()(ask)

    def _changed(self, doing: str, statements: Sequence[Statement]) -> Messages:
        """Only what comes before it is tried again: nothing was sent then."""
        pool = self._retrying()(self._opened)
        return self._sent(pool, doing, statements, writes=True)

    def _retrying(self) -> tenacity.Retrying:
        return tenacity.Retrying(
            retry=tenacity.retry_if_exception(_is_worth_another_try),
            stop=self._is_enough,
            wait=tenacity.wait_random_exponential(multiplier=0.2, max=4),
            sleep=tenacity.sleep_using_event(self._sockets.aborted),
            before_sleep=self._note_another_try,
            reraise=True,
        )

    def _is_enough(self, state: tenacity.RetryCallState) -> bool:
        lost = isinstance(_error_of(state), LostError)
        allowed_s = self._limits.lost_retry_s if lost else self._limits.open_retry_s
        late = time.monotonic() - state.start_time + state.upcoming_sleep > allowed_s
        return late or self._sockets.aborted.is_set()

    def _note_another_try(self, state: tenacity.RetryCallState) -> None:
        error = type(_error_of(state)).__name__
        self._log.debug("trying again", error=error, attempt=state.attempt_number)

    def _opened(self) -> RunspacePool:
        return self._pool if self._pool is not None and self.is_open else self._open()

    def _open(self) -> RunspacePool:
        self._end()
        self._answered.clear()
        with self._translated("opening a session on", Stage.OPENING):
            self._wsman = self._transport()
            configuration = self._connection.configuration_name or DEFAULT_CONFIGURATION
            self._pool = pool_on(self._wsman, configuration, self._accepted)
            self._pool.open()
            return self._pool

    def _transport(self) -> WSMan:
        limits = self._limits
        wsman = WSMan(
            self._route.address,
            port=self._route.port,
            ssl=self._route.secure,
            auth=self._route.auth,
            username=self._connection.user,
            password=self._password.reveal() if self._password else None,
            encryption="auto",
            no_proxy=True,
            operation_timeout=limits.operation_s,
            connection_timeout=limits.connect_s,
            read_timeout=limits.read_s,
            reconnection_retries=0,
            reconnection_backoff=limits.receive_backoff_s,
        )
        tls = tls_context(self._connection.ca_file) if self._route.secure else None
        transport: Any = wsman.transport
        built = transport._build_session()  # noqa: SLF001 - its socket has to be reachable; pinned <0.10
        transport.session = HttpSession(built, BoundedAdapter(self._sockets, tls))
        return wsman

    def _renew_logon_if_dropped(self) -> None:
        """A connection that the node has closed took the keys of its logon with it (WIRE 1); the shell is still there."""
        if self._wsman is not None and not self._sockets.is_connected:
            self._wsman.transport.encryption = None

    def _sent(
        self, pool: RunspacePool, doing: str, statements: Sequence[Statement], *, writes: bool
    ) -> Messages:
        self._renew_logon_if_dropped()
        self._may_still_write = writes
        with self._translated(doing, Stage.SENDING):
            pipeline = pipeline_of(pool, statements)
            pipeline.begin_invoke()
        with self._translated(doing, Stage.WAITING):
            pipeline.end_invoke()
            messages = messages_of(pipeline)
        self._may_still_write = False
        pipeline.forget()
        self._answered.append(pipeline)
        if len(self._answered) >= _PIPELINES_KEPT:
            with self._briefly("ending pipelines", pool.connection):
                while self._answered:
                    self._answered[-1].close()
                    self._answered.pop()
            self.is_spent |= bool(self._answered)
        return messages

    @contextlib.contextmanager
    def _translated(self, doing: str, stage: Stage) -> Iterator[None]:
        name = one_line(self._connection.name)
        attempt = Attempt(doing, name, self._route.endpoint, self._connection.user, stage)
        try:
            yield
        except Exception as error:  # anything escapes pypsrp (WIRE 4), and a hostile answer more than that
            if self._sockets.aborted.is_set():
                kind = UnreachableError if stage is Stage.OPENING else LostError
                raise kind(
                    f"{doing} {name} ({self._route.endpoint}): there was no answer in the time allowed, or the run was"
                    " stopped; look at the node's load and run it again"
                ) from error
            raise as_node_error(error, attempt) from error

    @contextlib.contextmanager
    def _briefly(self, doing: str, wsman: WSMan) -> Iterator[None]:
        """For what is only polite: it may fail, and must not take long."""
        usual = wsman.transport.read_timeout
        wsman.transport.read_timeout = self._limits.close_s
        try:
            yield
        except Exception as error:  # noqa: BLE001 - the answer is there already; see _translated
            self._log.debug("failed politely", doing=doing, error=one_line(error))
        finally:
            wsman.transport.read_timeout = usual


def _is_worth_another_try(error: BaseException) -> bool:
    """A refused logon is never repeated, whatever was being done when it was refused: accounts lock out."""
    if isinstance(error, LostError):
        return not is_refused_logon(error.__cause__)
    return isinstance(error, QuotaError | UnreachableError) and may_pass(error.__cause__)


def _error_of(state: tenacity.RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


def _since(started: float) -> float:
    return round(time.monotonic() - started, 3)
