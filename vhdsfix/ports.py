"""What the survey and apply need of a node; `remote` keeps this contract on the wire, fakes keep it in tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

import msgspec

from vhdsfix.model.facts import ClusterFacts, ClusterNode, FolderFacts, NodeFacts
from vhdsfix.model.outcome import WriteAnswer
from vhdsfix.model.windows import FolderPath, VmId

T = TypeVar("T")


class Reader(Protocol):
    """One node that can only be asked.

    Every method raises NodeError when the node as a whole could not be asked; a question that failed by itself is an Unknown
    in the answer.
    """

    @property
    def node(self) -> str:
        """The name this node is known by: what the config or the cluster calls it."""

    def cluster(self) -> ClusterFacts: ...

    def itself(self) -> NodeFacts: ...

    def folders(self, paths: Sequence[FolderPath]) -> tuple[FolderFacts, ...]:
        """One answer for each path, in the order asked."""


class Writer(Reader, Protocol):
    """One node that can be changed, too."""

    def grant(self, folder: FolderPath, vm_id: VmId) -> WriteAnswer:
        """Grant the VM (OI)F on the folder, here, once.

        Raises UnreachableError if nothing was sent; LostError if it may have been done, or may yet be.
        """


R_co = TypeVar("R_co", bound=Reader, covariant=True)


class Hosts(Protocol[R_co]):
    """The nodes of one host cluster, each asked by one thread at a time."""

    def given(self) -> Sequence[R_co]:
        """The nodes that the user named, in that order."""

    def named(self, nodes: Sequence[ClusterNode], domain: str) -> Sequence[R_co]:
        """One for each node that the cluster lists, in its order; those already given are the same objects."""

    def at_once(self, tasks: Sequence[Callable[[], T]]) -> Sequence[T]:
        """Run all tasks side by side and return their results in order."""


class Progress(msgspec.Struct, frozen=True):
    """A step for a person to watch: what is being done, to what, and how far it is."""

    step: str
    subject: str
    done: int = 0
    total: int = 0


Notify = Callable[[Progress], None]
Stop = Callable[[], bool]
