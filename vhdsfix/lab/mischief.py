"""What goes wrong in a lab, and where: said by a scenario or a test, decided in one place (`Mischiefs.at`).

`wire_mischief` plays what goes wrong on the wire, `world_mischief` what goes wrong in the world.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Literal, TypeVar

import msgspec

from vhdsfix.lab.faults import Fault

Message = Literal["Connection", "Logon", "Create", "Command", "Send", "Receive", "Signal", "Delete"]
"""What a client does on the wire: it connects, logs on (an HTTP request without an envelope), then WS-Management's own."""


class Where(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which moments of a node: those that all given fields fit; of these the `nth`, and `times` in a row (0: all from then on).

    `request`: its number among the node's WS-Management requests, from 1. `command`: a pipeline that has it, by its name
    without a module; on the wire each of that pipeline's messages.
    """

    node: str = ""
    request: int = 0
    message: Message | None = None
    command: str = ""
    nth: int = 1
    times: int = 1


class Moment(msgspec.Struct, frozen=True):
    """What happens now on a node; a pipeline that is about to run has no message. `commands` in lower case."""

    node: str
    message: Message | None = None
    request: int = 0
    commands: frozenset[str] = frozenset()


class _What(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag=str.lower):
    """Base of all that can go wrong; in TOML `kind` is the class's name in lower case."""


class OnTheWire(_What, frozen=True):
    """Between a client and a node; the moment has a message, and the first that is due counts."""


class InTheWorld(_What, frozen=True):
    """While a pipeline runs; all that are due count."""


class Lost(OnTheWire, frozen=True):
    """No answer: the connection is reset, or nothing is heard any more. `carried_out`: the request was done before."""

    how: Literal["reset", "silence"]
    carried_out: bool = False


class Mangled(OnTheWire, frozen=True):
    """The request is done, and its answer is not what it should be.

    garbled: no XML. damaged: XML, but what a pipeline sent is no PSRP. wrong id: it answers another request. html: a page.
    drip: a byte now and then. tls alert: of a connection; the server ends the handshake.
    """

    how: Literal["cut short", "drip", "garbled", "damaged", "wrong id", "html", "tls alert"]


class Status(OnTheWire, frozen=True):
    """An HTTP status without SOAP in place of the work."""

    code: int


class Faulted(OnTheWire, frozen=True):
    """A WSManFault of that code in place of the work; a text ("w:InternalError") is a SOAP fault of that subcode alone."""

    code: int | str


class Gone(OnTheWire, frozen=True):
    """The node reboots: connections and shells are gone. It refuses so many connections and is back; 0: never again."""

    refusals: int = 0


class Written(InTheWorld, frozen=True):
    """A pipeline answers as if it had written, and the disk has something else.

    ignored: nothing. late: it is written when permissions were read `after` times. undone: it is gone again then.
    cut: only the first `after` of the changed items, the folder first, have got it.
    """

    how: Literal["ignored", "late", "undone", "cut"]
    after: int = 1


class Moves(_What, frozen=True):
    """Live migration; without a node no node shows the VM for now."""

    vm: str
    node: str = ""


class Drains(_What, frozen=True):
    """The node is paused, and its VMs go to the others."""

    node: str


class Edits(_What, frozen=True):
    """Another admin sets a DACL, and NTFS passes it on. `sddl`: only its explicit entries count."""

    path: str
    sddl: str


class Backup(_What, frozen=True):
    """A backup: the file comes and inherits, or it is merged and gone."""

    path: str
    merged: bool = False


class Offline(_What, frozen=True):
    """The volume's mount folder stays, and nothing is found below it."""

    folder: str


class Remounted(_What, frozen=True):
    """Two volumes have each other's name: what was below the one mount folder is below the other."""

    folder: str
    other: str


class Fails(_What, frozen=True):
    """From now on a command fails on that node: an empty VM list, for instance."""

    node: str
    command: str
    fault: Fault


Event = Moves | Drains | Edits | Backup | Offline | Remounted | Fails


class Happens(InTheWorld, frozen=True):
    """The world changes while a pipeline is under way: before it runs, or right after."""

    events: tuple[Event, ...]
    afterwards: bool = False


What = Lost | Mangled | Status | Faulted | Gone | Written | Happens


class Mischief(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    where: Where
    what: What


W = TypeVar("W", bound=_What)


class Mischiefs:
    """All that is to go wrong in one lab, and how often each moment has come. Used from any thread."""

    def __init__(self, planned: Iterable[Mischief] = ()) -> None:
        self._planned = list(planned)
        self._fitted = [0] * len(self._planned)
        self._lock = threading.Lock()

    def add(self, where: Where, what: What) -> None:
        with self._lock:
            self._planned.append(Mischief(where, what))
            self._fitted.append(0)

    def at(self, moment: Moment, kind: type[W]) -> tuple[W, ...]:
        """What goes wrong at this moment, of that kind; the moment counts as having come."""
        found: list[W] = []
        with self._lock:
            for index, planned in enumerate(self._planned):
                if isinstance(planned.what, kind) and _fits(planned.where, moment):
                    self._fitted[index] += 1
                    if _is_due(planned.where, self._fitted[index]):
                        found.append(planned.what)
        return tuple(found)


def plain_names(names: Iterable[str]) -> frozenset[str]:
    """Commands' names as a moment has them."""
    return frozenset(name.rpartition("\\")[2].lower() for name in names)


def _fits(where: Where, moment: Moment) -> bool:
    return (
        where.node.upper() in ("", moment.node.upper())
        and where.request in (0, moment.request)
        and where.message in (None, moment.message)
        and (not where.command or where.command.lower() in moment.commands)
    )


def _is_due(where: Where, count: int) -> bool:
    return count >= where.nth and (where.times == 0 or count < where.nth + where.times)
