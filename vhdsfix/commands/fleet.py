"""Builds Readers and Writers, from the settings or from a lab: one session a node, asked side by side, closed at the end."""

from __future__ import annotations

import contextlib
import ipaddress
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import Generic, NamedTuple, Self, TypeVar

import msgspec

from vhdsfix.commands import explain
from vhdsfix.commands.guarded import GuardedGuest, GuardedMachine, GuardedReader, GuardedWriter
from vhdsfix.commands.requests import Target
from vhdsfix.commands.time_allowed import TimeAllowed
from vhdsfix.commands.watchdog import Watchdog
from vhdsfix.config import GuestConnection, NodeAddress, Secret, Settings
from vhdsfix.errors import UnreachableError, UsageError
from vhdsfix.membership import short_name
from vhdsfix.model.plan import Scope
from vhdsfix.model.windows import FolderPath
from vhdsfix.ports import Hosts, Reader, Writer
from vhdsfix.remote.connection import Connection
from vhdsfix.remote.guest import RemoteGuest
from vhdsfix.remote.limits import TimeLimits
from vhdsfix.remote.node import RemoteReader, RemoteWriter

T = TypeVar("T")
G = TypeVar("G", bound=GuardedReader)

_HOST_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_DOMAIN = re.compile(rf"{_HOST_LABEL.pattern}(\.{_HOST_LABEL.pattern})*")
"""Source: W32 SecAuthN, DNS naming (RFC 1123). Assumed: no cluster node has another kind of name."""

SIGNALS_ARE_SEEN_EVERY_S = 0.2
"""On Windows no signal interrupts a thread that waits for another. Source: docs.python.org, threading, Lock.acquire (3.2)."""

AT_ONCE = 32
"""Nodes logged on to side by side; more gain nothing below 100 ms of latency (Source: WIRE 3). Others are asked meanwhile."""


class ReadingFleet(NamedTuple):
    """Nodes that can only be asked, and the settings that reach them."""

    hosts: Hosts[Reader]
    settings: Settings


class WritingFleet(NamedTuple):
    """Nodes that can be changed too, and the settings that reach them. `time`: what the run has left."""

    hosts: Hosts[Writer]
    settings: Settings
    time: TimeAllowed


@contextlib.contextmanager
def for_reading(target: Target, command: str) -> Iterator[ReadingFleet]:
    """The time that the run has begins here."""
    time, limits, logons = TimeAllowed(target.timeout_s), target.limits, threading.Semaphore(AT_ONCE)
    with (
        _reached(target, command) as (settings, secrets),
        contextlib.closing(Watchdog()) as watchdog,
        _Fleet(
            settings,
            lambda to: GuardedReader(
                RemoteReader(to, secrets.password, limits, watchdog.watch), watchdog, time, logons
            ),
            _guests(settings, secrets, limits, watchdog, time),
        ) as hosts,
    ):
        yield ReadingFleet(hosts, settings)


@contextlib.contextmanager
def for_writing(target: Target, command: str) -> Iterator[WritingFleet]:
    """The time that the run has begins here."""
    time, limits, logons = TimeAllowed(target.timeout_s), target.limits, threading.Semaphore(AT_ONCE)
    with (
        _reached(target, command) as (settings, secrets),
        contextlib.closing(Watchdog()) as watchdog,
        _Fleet(
            settings,
            lambda to: GuardedWriter(
                RemoteWriter(to, secrets.password, limits, watchdog.watch), watchdog, time, logons
            ),
            _guests(settings, secrets, limits, watchdog, time),
        ) as hosts,
    ):
        yield WritingFleet(hosts, settings, time)


def scope_of(
    settings: Settings,
    folders: tuple[FolderPath, ...],
    guest_clusters: tuple[str, ...],
    accept_reach: tuple[FolderPath, ...],
) -> Scope:
    """What a plan is about: the options, and what the config says of guest clusters and accepted findings.

    Raises UsageError for a finding that there is not.
    """
    for accepted in settings.accepted:
        explain.run(accepted.finding)
    return Scope(
        folders,
        guest_clusters,
        accept_reach,
        settings.guest_clusters,
        settings.accepted,
        settings.leftover_after_h,
    )


class _Secrets(NamedTuple):
    """The hosts' password, and those of the guest clusters by name: the one is never tried in place of the other."""

    password: Secret | None
    of_guests: Mapping[str, Secret]


@contextlib.contextmanager
def _reached(target: Target, command: str) -> Iterator[tuple[Settings, _Secrets]]:
    """`command`: what a lab's transcript says it was for."""
    if target.lab is None:
        if not target.settings.nodes:
            raise UsageError(
                "no node of the host cluster is named; say --node HOST or --config FILE, or try --lab demo"
            )
        yield target.settings, _Secrets(target.password, target.guest_passwords)
        return
    from vhdsfix.commands import lab_run  # noqa: PLC0415 - only a run with a lab pays for it, and it is an extra

    with lab_run.started(target.lab, target.state_dir, command) as lab:
        settings = lab_run.settings_within(lab, target.settings)
        guests = (connection.guest_cluster for connection in settings.guest_connections)
        yield (
            settings,
            _Secrets(Secret(lab_run.PASSWORD), dict.fromkeys(guests, Secret(lab_run.GUEST_PASSWORD))),
        )


def _guests(
    settings: Settings, secrets: _Secrets, limits: TimeLimits, watchdog: Watchdog, time: TimeAllowed
) -> tuple[GuardedGuest, ...]:
    limits = msgspec.structs.replace(limits, phase_s=min(limits.phase_s, limits.guest_s))

    def guest(said: GuestConnection, at: NodeAddress) -> GuardedGuest:
        to = Connection(
            name=at.name or at.address,
            address=at.address,
            port=at.port,
            transport=said.transport,
            auth=said.auth,
            user=said.user,
            ca_file=said.ca_file,
            configuration_name=said.configuration_name,
        )
        password = secrets.of_guests.get(said.guest_cluster)
        return GuardedGuest(
            RemoteGuest(said.guest_cluster, to, password, limits, watchdog.watch), watchdog, time
        )

    return tuple(guest(said, at) for said in settings.guest_connections for at in said.addresses)


class _Fleet(Generic[G]):
    """Hosts over sessions that are opened on their first question. Everything is closed when the block is left."""

    def __init__(
        self, settings: Settings, open_node: Callable[[Connection], G], guests: Sequence[GuardedGuest] = ()
    ) -> None:
        self._settings = settings
        self._guests = guests
        self._open_node = open_node
        self._given = [open_node(self._connection(node)) for node in settings.nodes]
        self._one_at_a_time = threading.Lock()
        self._by_name = {short_name(node.node): node for node in self._given}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        machines = self._machines()
        if kind and not issubclass(kind, Exception):
            self._abort()  # interrupted: nobody waits for an answer any more
        self.at_once([machine.close for machine in machines])

    def guests(self) -> Sequence[GuardedGuest]:
        return self._guests

    def given(self) -> Sequence[G]:
        return self._given

    def remember_name(self, node: Reader, name: str) -> None:
        mine = next(given for given in self._given if given is node)
        self._by_name.setdefault(short_name(name), mine)

    def reach(self, node_name: str, domain: str) -> G:
        short = short_name(node_name)
        with self._one_at_a_time:
            if short not in self._by_name:
                self._by_name[short] = self._open_node(self._connection(self._found(node_name, domain)))
            return self._by_name[short]

    def _found(self, name: str, domain: str) -> NodeAddress:
        """Where a node that only the cluster named is reached. A node tells these names: they must not choose whom we log on to.

        Raises UnreachableError.
        """
        if self._settings.auth == "basic":
            raise UnreachableError(
                f"{name} was not asked: basic sends the password itself; name the node by --node"
            )
        suffix = self._suffix() or domain
        if not _HOST_LABEL.fullmatch(name) or (suffix and not _DOMAIN.fullmatch(suffix)):
            raise UnreachableError(
                f"{name!r} in domain {suffix!r} was not asked: it is no host name; name the node by --node"
            )
        return NodeAddress(name, f"{name}.{suffix}" if suffix else name)

    def at_once(self, tasks: Sequence[Callable[[], T]]) -> Sequence[T]:
        if not tasks:
            return ()
        futures: list[Future[T]] = []
        at_once = AT_ONCE + len(self._machines())
        with ThreadPoolExecutor(max_workers=min(at_once, len(tasks)), thread_name_prefix="node") as pool:
            try:
                futures.extend(pool.submit(task) for task in tasks)
                return _results(futures)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                self._abort()  # or the pool would wait for answers that nobody wants any more
                while running := [future for future in futures if not future.done()]:
                    wait(running, SIGNALS_ARE_SEEN_EVERY_S)
                    self._abort()  # a session may have been opened just now
                raise

    def _abort(self) -> None:
        for machine in self._machines():
            machine.abort()

    def _machines(self) -> list[GuardedMachine]:
        """Each once, though a node may go by several names."""
        return list(dict.fromkeys([*self._given, *self._by_name.values(), *self._guests]))

    def _suffix(self) -> str:
        """The domain of a node that was given by its full name."""
        addresses = (node.address for node in self._settings.nodes if not _is_ip(node.address))
        return next((address.partition(".")[2] for address in addresses if "." in address), "")

    def _connection(self, node: NodeAddress) -> Connection:
        settings = self._settings
        return Connection(
            name=node.name or node.address,
            address=node.address,
            port=node.port or _given_port(settings),
            transport=settings.transport,
            auth=settings.auth,
            user=settings.user,
            ca_file=settings.ca_file,
            configuration_name=settings.configuration_name,
        )


def _results(futures: Sequence[Future[T]]) -> Sequence[T]:
    while (so_far := wait(futures, SIGNALS_ARE_SEEN_EVERY_S, FIRST_EXCEPTION)).not_done:
        for ended in so_far.done:
            ended.result()  # raises what it raised
    return [future.result() for future in futures]


def _given_port(settings: Settings) -> int | None:
    """A port that all given nodes share is the port of those that the cluster adds; else the transport's own."""
    ports = {node.port for node in settings.nodes}
    return ports.pop() if len(ports) == 1 else None


def _is_ip(address: str) -> bool:
    try:
        ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return True
