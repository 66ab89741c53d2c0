"""Laws of the whole pure part, over made-up host clusters of which anything may be missing and whose guests say anything."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.facts import AT
from tests.fakes.nodes import FakeNode
from tests.fakes.small_world import OTHER_FOLDER, small_world
from tests.laws import worlds
from tests.laws.worlds import Case, Configured
from vhdsfix import planner
from vhdsfix.lab.world import Drive, World
from vhdsfix.model.facts import Facts, NodeFacts
from vhdsfix.model.plan import Action, Plan, Scope, Tool
from vhdsfix.model.readings import Unknown

EXAMPLES = settings(max_examples=100)
TOOL = Tool("vhdsfix", "test")


def plan_of(facts: Facts, configured: Configured) -> Plan:
    return planner.plan_from(facts, Scope(configured=configured), TOOL)


def verdicts(plan: Plan) -> dict[tuple[str, str], str]:
    return {(folder.path, vm.vm_id): vm.verdict for folder in plan.folders for vm in folder.vms}


def certain(plan: Plan, kind: str) -> set[str]:
    return {found.summary for found in plan.findings if found.id == kind}


def no_more_certain(less: Plan, more: Plan) -> None:
    """Nothing is planned, called in order or called stale that was not with more to go by."""
    assert {action.id for action in less.actions} <= {action.id for action in more.actions}
    before = verdicts(more)
    for place, verdict in verdicts(less).items():
        assert verdict in ("unknown", before.get(place)), place
    assert certain(less, "stale-entry") <= certain(more, "stale-entry")
    assert certain(less, "no-guest-cluster") <= certain(more, "no-guest-cluster")


def in_any_order(case: Case) -> None:
    assert plan_of(worlds.turned(case.facts, case.dice), case.configured) == plan_of(
        case.facts, case.configured
    )


def with_readings_lost(case: Case) -> None:
    places = worlds.places_of(case.facts)
    less = worlds.without(case.facts, case.dice.sample(places, case.dice.randrange(1, 6)))
    no_more_certain(plan_of(less, case.configured), plan_of(case.facts, case.configured))


def with_a_silent_node(case: Case, silent: str) -> None:
    why = Unknown("connecting to it timed out")
    nodes = tuple(
        NodeFacts(node.name, why, why, why) if node.name == silent else node for node in case.facts.nodes
    )
    less = plan_of(msgspec.structs.replace(case.facts, nodes=nodes), case.configured)
    no_more_certain(less, plan_of(case.facts, case.configured))
    assert certain(less, "stale-entry") == set()


def without_what_guests_say(case: Case) -> None:
    """The same VMs get the same grants on the same folders."""
    quiet = msgspec.structs.replace(
        case.facts,
        guests=(),
        nodes=tuple(
            msgspec.structs.replace(
                node, checks=msgspec.structs.replace(node.checks, guest_queries=(), guest_names=Unknown("-"))
            )
            for node in case.facts.nodes
        ),
    )
    told, untold = plan_of(case.facts, case.configured), plan_of(quiet, case.configured)
    assert told.actions == untold.actions
    assert verdicts(told) == verdicts(untold)


def with_a_finding_for_everything(case: Case) -> None:
    plan = plan_of(case.facts, case.configured)
    about = {(found.folder, found.vm_id) for found in plan.findings}
    for place, verdict in verdicts(plan).items():
        assert verdict == "granted" or place in about
    assert {found.action for found in plan.findings if found.action} == {action.id for action in plan.actions}


@given(worlds.cases)
@EXAMPLES
def test_the_same_facts_in_any_order_give_the_same_plan(case: Case) -> None:
    in_any_order(case)


def told_twice(case: Case, other: Case) -> Case:
    """Two nodes of each name, which say different things of the same VMs, disks and folders."""
    facts = msgspec.structs.replace(
        case.facts,
        nodes=case.facts.nodes + other.facts.nodes,
        folders=case.facts.folders + other.facts.folders,
        guests=case.facts.guests + other.facts.guests,
    )
    return Case(facts, case.configured, case.dice)


@given(worlds.cases, worlds.cases)
@EXAMPLES
def test_nor_does_their_order_matter_where_they_do_not_fit_together(case: Case, other: Case) -> None:
    in_any_order(told_twice(case, other))


@given(worlds.cases)
@EXAMPLES
def test_no_fact_that_is_lost_adds_certainty(case: Case) -> None:
    with_readings_lost(case)


@given(worlds.cases, st.sampled_from(worlds.HOSTS))
@EXAMPLES
def test_a_node_that_is_not_reached_makes_no_grant_unnecessary_and_no_entry_stale(
    case: Case, silent: str
) -> None:
    with_a_silent_node(case, silent)


@given(worlds.cases)
@EXAMPLES
def test_no_guest_changes_who_gets_a_grant(case: Case) -> None:
    without_what_guests_say(case)


@given(worlds.cases)
@EXAMPLES
def test_what_is_not_in_order_has_a_finding_and_so_has_every_action(case: Case) -> None:
    with_a_finding_for_everything(case)


def seen_in(world: World) -> Plan:
    """A plan as the nodes of this world would give it."""
    nodes = [FakeNode(world, node.name) for node in world.nodes]
    facts = Facts(AT, nodes[0].cluster(), tuple(node.itself() for node in nodes), ())
    folders = [use.path for use in planner.inventory_in_scope(facts, Scope()).folders]
    return plan_of(msgspec.structs.replace(facts, folders=nodes[0].folders(folders)), ())


def two_folders() -> World:
    """The small world, and a second VHD Set of two of its VMs in the other folder."""
    world = small_world()
    for vm in world.vms[:2]:
        vm.drives.append(Drive(path=f"{OTHER_FOLDER}\\More.vhds", shared=True))
    return world


PLANNED = seen_in(two_folders()).actions


@given(st.sets(st.sampled_from(PLANNED)))
@EXAMPLES
def test_an_action_that_is_left_out_leaves_its_finding(left_out: set[Action]) -> None:
    world = two_folders()
    for action in PLANNED:
        if action not in left_out:
            assert FakeNode(world, action.run_on).grant(action.folder, action.vm_id).exit_code == 0

    after = seen_in(world)
    assert set(after.actions) == left_out
    lacking = {found.action for found in after.findings if found.id == "grant-missing"}
    assert lacking == {action.id for action in left_out}
