"""What the survey and apply need of a node; `remote` keeps this contract on the wire, fakes keep it in tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

import msgspec

from vhdsfix.model.facts import ClusterFacts, FolderFacts, GuestFacts, NodeChecks, NodeFacts
from vhdsfix.model.outcome import WriteAnswer
from vhdsfix.model.windows import Ace, FolderPath, VmId

T = TypeVar("T")


class ToCheck(msgspec.Struct, frozen=True):
    """What a node is asked about besides: its VMs that share disks, those of them that are not off, the VHD Sets that they use.

    `paths`: of which it is to say whether they are there.
    """

    vms: tuple[VmId, ...] = ()
    running: tuple[VmId, ...] = ()
    vhd_sets: tuple[FolderPath, ...] = ()
    paths: tuple[FolderPath, ...] = ()


class Reader(Protocol):
    """One node that can only be asked.

    Every method raises NodeError when the node as a whole could not be asked; a question that failed by itself is an Unknown
    in the answer.
    """

    @property
    def node(self) -> str:
        """The name this node is known by: what the config or the cluster calls it."""

    def connect(self, accepted: Callable[[], None]) -> None:
        """Log on and open a session, if that was not done yet; the first question would do it too.

        `accepted` is called as soon as the account was accepted, which is some time before the session is open.
        """

    def cluster(self) -> ClusterFacts: ...

    def itself(self) -> NodeFacts:
        """What it says of itself and its VMs, without `checks`."""

    def checks(self, asked: ToCheck) -> NodeChecks:
        """What it is asked besides. No answer is worth a node: one that does not come is Unknown, and nothing is raised."""

    def folders(self, paths: Sequence[FolderPath]) -> tuple[FolderFacts, ...]:
        """One answer for each path, in the order asked."""


class GuestReader(Protocol):
    """One address of a guest cluster: one of its guests, which can be asked for the cluster it is in."""

    @property
    def guest_cluster(self) -> str:
        """What the config calls the guest cluster."""

    @property
    def node(self) -> str:
        """The address, as a message shows it."""

    @property
    def account(self) -> str:
        """Who logs on, as accounts compare; empty: the current logon. Guests of one account may lock it together."""

    def connect(self) -> None:
        """Log on, if that was not done yet. Raises NodeError."""

    def itself(self) -> GuestFacts:
        """What the guest says of its cluster. Raises NodeError when it could not be asked as a whole."""


class Writer(Reader, Protocol):
    """One node that can be changed, too. A change is sent here, once, and reaches everything below its folder.

    Every change raises UnreachableError if nothing was sent; CommandError if the node has no such command;
    LostError if it may have been done, or may yet be.
    """

    def grant(self, folder: FolderPath, vm_id: VmId) -> WriteAnswer:
        """Grant the VM (OI)F on the folder, besides what it has there."""

    def remove(self, folder: FolderPath, vm_id: VmId) -> WriteAnswer:
        """Take away all that the folder itself allows the VM; what it inherits from above stays."""

    def restore(self, folder: FolderPath, vm_id: VmId, entry: Ace) -> WriteAnswer:
        """Put this one entry of the VM in place of all that the folder itself allows it."""


R_co = TypeVar("R_co", bound=Reader, covariant=True)


class Hosts(Protocol[R_co]):
    """The nodes of one host cluster."""

    def given(self) -> Sequence[R_co]:
        """The nodes that the user named, in that order."""

    def guests(self) -> Sequence[GuestReader]:
        """The addresses of the guest clusters that are to be asked, each cluster's in the order in which to try them."""

    def remember_name(self, node: Reader, name: str) -> None:
        """Remember what a node calls itself, which is what the cluster calls it; the first node of a name keeps it."""

    def reach(self, node_name: str, domain: str) -> R_co:
        """The node that the cluster calls by this name; the same object each time, a given one where the names agree.

        `domain`: what to append where no given node tells a suffix; empty when the cluster told none. Raises UnreachableError
        for a name that nobody may be asked by.
        """

    def at_once(self, tasks: Sequence[Callable[[], T]]) -> Sequence[T]:
        """Run all tasks side by side and return their results in order."""


class Registry(Protocol):
    """Where each VM is registered. Its writers serve folders side by side: a node's calls wait for each other.

    Both methods may raise NodeError.
    """

    def writer_for(self, vm_id: VmId) -> Writer | None:
        """The node where the VM is registered now, as far as is known; None if no node shows it."""

    def look_again(self, vm_id: VmId) -> Writer | None:
        """The same, after all nodes were asked anew."""


class Progress(msgspec.Struct, frozen=True):
    """A step for a person to watch: what is being done, to what, and how far it is."""

    step: str
    subject: str
    done: int = 0
    total: int = 0


Notify = Callable[[Progress], None]
Stop = Callable[[], bool]
