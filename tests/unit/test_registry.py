"""Where a VM is registered: what the survey saw, and a second look when that is no longer so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import pytest

from tests.fakes.nodes import FakeNode
from tests.fakes.small_world import NODES, VM_IDS, small_world
from vhdsfix.commands.registry import VmRegistry
from vhdsfix.errors import UnreachableError
from vhdsfix.lab.world import World
from vhdsfix.model.facts import Facts, NodeFacts
from vhdsfix.model.windows import VmId
from vhdsfix.ports import GuestReader, Reader

T = TypeVar("T")


class Hosts:
    def __init__(self, nodes: dict[str, FakeNode]) -> None:
        self._nodes = nodes

    def given(self) -> Sequence[FakeNode]:
        return list(self._nodes.values())

    def guests(self) -> Sequence[GuestReader]:
        return ()

    def remember_name(self, node: Reader, name: str) -> None:
        pass

    def reach(self, node_name: str, domain: str) -> FakeNode:
        assert domain == "lab.example"
        return self._nodes[node_name]

    def at_once(self, tasks: Sequence[Callable[[], T]]) -> Sequence[T]:
        return [task() for task in tasks]


class Dead(FakeNode):
    def itself(self) -> NodeFacts:
        raise UnreachableError("dead")


@pytest.fixture
def world() -> World:
    return small_world()


def registry(world: World, *dead: str) -> VmRegistry:
    nodes = {name: FakeNode(world, name) for name in NODES}
    facts = Facts(
        "2026-11-23T02:00:00Z", nodes["HV01"].cluster(), tuple(n.itself() for n in nodes.values()), ()
    )
    return VmRegistry(Hosts({**nodes, **{name: Dead(world, name) for name in dead}}), facts)


def name_of(node: Reader | None) -> str | None:
    return node.node if node else None


def test_it_starts_from_what_was_seen(world: World) -> None:
    assert [name_of(registry(world).writer_for(vm_id)) for vm_id in VM_IDS] == list(NODES)
    assert registry(world).writer_for(VmId("00000000-0000-0000-0000-000000000001")) is None


def test_a_vm_that_moved_is_found_where_it_is(world: World) -> None:
    seen = registry(world)
    world.move_vm("Guest1", "HV03")

    assert name_of(seen.writer_for(VM_IDS[0])) == "HV01"
    assert name_of(seen.look_again(VM_IDS[0])) == "HV03"


def test_a_vm_that_nobody_shows_is_not_found(world: World) -> None:
    world.vm("Guest2").registered = False
    assert registry(world).look_again(VM_IDS[1]) is None


def test_a_dead_node_hides_only_its_own_vms(world: World) -> None:
    seen = registry(world, "HV02")
    assert name_of(seen.look_again(VM_IDS[2])) == "HV03"
    assert seen.look_again(VM_IDS[1]) is None
