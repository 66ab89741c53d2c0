"""Laws of apply, over worlds in which some grants are there already and somebody else has entries too."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.nodes import FakeNode, FakeRegistry
from tests.fakes.small_world import FOLDER, OTHER_FOLDER, VM_IDS, small_world
from vhdsfix import planner
from vhdsfix.apply.journal import Journal
from vhdsfix.apply.run import Outcomes, apply_plan
from vhdsfix.lab.dacl import Ace, parse
from vhdsfix.lab.world import World
from vhdsfix.model.facts import Facts
from vhdsfix.model.outcome import AlreadyRight, Done
from vhdsfix.model.plan import HostCluster, Plan, Scope, Tool
from vhdsfix.model.windows import FolderPath

EXAMPLES = settings(max_examples=100)
FOREIGN = st.sampled_from(["(A;OICI;FA;;;BA)", "(A;CI;FR;;;BG)", "(A;;0x1200a9;;;BU)", "(D;OI;FW;;;BG)"])
PARTIAL = st.sampled_from(["(A;;FR;;;{})", "(A;OI;FR;;;{})", "(A;OICI;FA;;;{})", "(A;OI;FA;;;{})"])
OWN = st.dictionaries(st.sampled_from(VM_IDS), PARTIAL)
"""Entries that VMs have already: less than they need, or as much, or more."""


def made(foreign: list[str], own: dict[str, str]) -> World:
    world = small_world()
    entries = [*foreign, *(entry.format(world.vm(vm_id).sid) for vm_id, entry in own.items())]
    entries.sort(key=lambda entry: not entry.startswith("(D"))
    explicit: tuple[Ace, ...] = parse(f"D:{''.join(entries)}").aces
    for folder in (FOLDER, OTHER_FOLDER):
        world.tree.set_dacl(folder, explicit)
    return world


def plan_of(world: World) -> Plan:
    nodes = [FakeNode(world, node.name) for node in world.nodes]
    itself = tuple(node.itself() for node in nodes)
    folders = nodes[0].folders([FolderPath(FOLDER)])
    facts = Facts("2026-11-23T02:00:00Z", nodes[0].cluster(), itself, folders)
    return planner.plan_from(facts, Scope(), Tool("vhdsfix", "test"))


def applied(world: World, plan: Plan) -> tuple[Outcomes, int]:
    """The outcomes, and how often something was sent to be written."""
    nodes = tuple(FakeNode(world, node.name) for node in world.nodes)
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal.create(
            Path(folder),
            cluster=HostCluster("LAB-CLUSTER", "1"),
            plan=plan.digest,
            who="me",
            clock=lambda: datetime(2026, 11, 23, tzinfo=UTC),
            token="0000",
        )
        outcomes = apply_plan(
            plan,
            {},
            FakeRegistry(world, nodes),
            journal,
            notify=lambda _step: None,
            stop=lambda: False,
            at_once=lambda tasks: [task() for task in tasks],
        )
    return outcomes, sum(len(node.grants) for node in nodes)


@given(st.lists(FOREIGN, max_size=3, unique=True), OWN)
@EXAMPLES
def test_apply_twice_writes_once_and_then_there_is_nothing_to_plan(
    foreign: list[str], own: dict[str, str]
) -> None:
    world = made(foreign, own)
    plan = plan_of(world)
    first, writes = applied(world, plan)
    after = world.tree.dump()

    assert {type(one.outcome) for one in first} <= {Done}
    assert writes == len(plan.actions)
    again, more = applied(world, plan)
    assert {type(one.outcome) for one in again} <= {AlreadyRight}
    assert more == 0
    assert world.tree.dump() == after
    assert plan_of(world).actions == ()


@given(st.lists(FOREIGN, max_size=3, unique=True), OWN)
@EXAMPLES
def test_apply_only_ever_grants_to_the_vms_of_its_plan(foreign: list[str], own: dict[str, str]) -> None:
    world = made(foreign, own)
    plan = plan_of(world)
    planned = {action.sid for action in plan.actions}
    before = {path: parse(entry["sddl"]).aces for path, entry in world.tree.dump().items()}
    applied(world, plan)
    for path, entry in world.tree.dump().items():
        now = parse(entry["sddl"]).aces
        others = tuple(ace for ace in now if ace.trustee not in planned)
        assert others == tuple(ace for ace in before[path] if ace.trustee not in planned)
        for ace in before[path]:
            assert any(
                (have.kind, have.flags, have.trustee) == (ace.kind, ace.flags, ace.trustee)
                and have.mask & ace.mask == ace.mask
                for have in now
            )
