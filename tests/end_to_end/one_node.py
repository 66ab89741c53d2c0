"""One node of the lab that is asked by the real client, and its commands that fail."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from tests.fakes.small_world import DISK, FOLDER, VM_IDS, small_world
from vhdsfix.config import Secret
from vhdsfix.lab.auth import Account
from vhdsfix.lab.faults import Fault, Kind
from vhdsfix.lab.psrp import SimulatedShell
from vhdsfix.lab.server import Lab, LabNode
from vhdsfix.lab.world import Checkpoint, MergeFailure, World
from vhdsfix.model.facts import NodeChecks
from vhdsfix.model.readings import Absent, Known, Unknown
from vhdsfix.ports import ToCheck
from vhdsfix.remote import check_questions
from vhdsfix.remote.connection import Connection
from vhdsfix.remote.node import RemoteReader
from vhdsfix.remote.questions import Question

ACCOUNT = Account("LAB\\admin", "correct horse")
NODE = "HV01"
ERRORS: tuple[Kind, ...] = ("unknown", "denied", "terminating", "nonterminating")

Facts = dict[str, Any]
TO_CHECK = ToCheck((VM_IDS[0],), (VM_IDS[0],), (DISK,), (FOLDER,))


def check(part: str) -> Question[Any]:
    """What is asked besides, by a part of its name."""
    (found,) = (each for each in check_questions.about(TO_CHECK).all() if part in each.name)
    return found


def full_world() -> World:
    """The small world, with something to find for each question."""
    world = small_world()
    world.vm("Guest1").checkpoints = [Checkpoint("Backup")]
    world.node(NODE).merge_failures = [MergeFailure("2026-11-20T22:00:00Z", "Guest1")]
    return world


@contextmanager
def reading(
    world: World, while_it_hangs: Callable[[RemoteReader], None] = lambda _node: None
) -> Iterator[RemoteReader]:
    """`while_it_hangs` is called, by the lab, as soon as a slow command waits."""

    def shell(_kind: str) -> SimulatedShell:
        shell = SimulatedShell(world, NODE)
        shell._runspace.ending = Hanging(lambda: while_it_hangs(node))
        return shell

    with Lab([LabNode(NODE, shell, ACCOUNT)]) as lab:
        way = Connection(NODE, "127.0.0.1", lab.endpoints[0].port, "http", "ntlm", ACCOUNT.user)
        node = RemoteReader(way, Secret(ACCOUNT.password))
        yield node
        node.close()


class Hanging(threading.Event):
    """What a slow command waits for, and what happens then."""

    def __init__(self, then: Callable[[], None]) -> None:
        super().__init__()
        self._then = then

    def wait(self, timeout: float | None = None) -> bool:
        self._then()
        return super().wait(timeout)


def fail(world: World, command: str, kind: Kind, null: str = "") -> None:
    world.faults[NODE] = {command: Fault(kind, property=null, message="It broke.", error_id="Broken")}


def readings(facts: Any) -> Facts:
    """What there is of facts that may be Known or not; one VM's guest query stands for all."""
    every = msgspec.structs.asdict(facts)
    if isinstance(facts, NodeChecks):
        (told,) = facts.guest_queries
        every["guest_query"] = told.answer
    return {name: value for name, value in every.items() if isinstance(value, Known | Unknown | Absent)}
