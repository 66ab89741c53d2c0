"""Laws of the whole pure part, over facts from which anything may be missing."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.nodes import FakeNode
from tests.fakes.small_world import small_world
from vhdsfix import planner
from vhdsfix.errors import StalePlanError
from vhdsfix.model.document import from_json, to_json
from vhdsfix.model.facts import Facts
from vhdsfix.model.plan import Scope, Tool
from vhdsfix.model.readings import Unknown
from vhdsfix.model.windows import FolderPath
from vhdsfix.plan_document import read_plan, written

EXAMPLES = settings(max_examples=300)
TOOL = Tool("vhdsfix", "test")
CLUSTER = ("identity", "nodes", "volumes", "clustered_vms", "config_store")
NODE = ("host", "vms", "drives")
FOLDER = ("sddl", "files", "subfolders", "links")


def all_facts() -> Facts:
    world = small_world()
    nodes = [FakeNode(world, node.name) for node in world.nodes]
    folders = nodes[0].folders([FolderPath(r"C:\ClusterStorage\Volume1\Shared")])
    return Facts("2026-11-23T02:00:00Z", nodes[0].cluster(), tuple(node.itself() for node in nodes), folders)


FACTS = all_facts()
PLAN = planner.plan_from(FACTS, Scope(), TOOL)


def forget(facts: Facts, forgotten: Sequence[tuple[str, str]]) -> Facts:
    """The facts with these readings lost; each is named by the place and the field."""
    unknown = Unknown("nobody could look")

    def without(place: str, value: msgspec.Struct) -> msgspec.Struct:
        return msgspec.structs.replace(value, **{field: unknown for at, field in forgotten if at == place})

    return msgspec.structs.replace(
        facts,
        cluster=without("cluster", facts.cluster),
        nodes=tuple(without(node.name, node) for node in facts.nodes),
        folders=tuple(without("folder", folder) for folder in facts.folders),
    )


PLACES = [
    *(("cluster", field) for field in CLUSTER),
    *((node.name, field) for node in FACTS.nodes for field in NODE),
    *(("folder", field) for field in FOLDER),
]


@given(st.lists(st.sampled_from(PLACES), min_size=1, unique=True))
@EXAMPLES
def test_what_is_forgotten_never_adds_certainty(forgotten: list[tuple[str, str]]) -> None:
    plan = planner.plan_from(forget(FACTS, forgotten), Scope(), TOOL)

    assert not plan.complete
    assert {action.id for action in plan.actions} <= {action.id for action in PLAN.actions}
    before = {(folder.path, vm.vm_id): vm.verdict for folder in PLAN.folders for vm in folder.vms}
    for folder in plan.folders:
        for vm in folder.vms:
            assert vm.verdict in ("unknown", before[folder.path, vm.vm_id])


@given(st.permutations(FACTS.nodes), st.permutations(FACTS.folders))
@EXAMPLES
def test_the_order_of_the_facts_does_not_matter(nodes: list[object], folders: list[object]) -> None:
    turned = msgspec.structs.replace(FACTS, nodes=tuple(nodes), folders=tuple(folders))

    assert planner.plan_from(turned, Scope(), TOOL) == PLAN


@given(st.lists(st.sampled_from(PLACES), unique=True))
@EXAMPLES
def test_every_action_has_a_finding_and_mends_it(forgotten: list[tuple[str, str]]) -> None:
    plan = planner.plan_from(forget(FACTS, forgotten), Scope(), TOOL)

    assert {found.action for found in plan.findings if found.action} == {action.id for action in plan.actions}
    assert {action.op for action in plan.actions} <= {"grant"}  # an apply never revokes


@given(st.lists(st.sampled_from(PLACES), unique=True))
@EXAMPLES
def test_facts_and_plans_survive_their_documents(forgotten: list[tuple[str, str]]) -> None:
    facts = forget(FACTS, forgotten)
    plan = planner.plan_from(from_json(to_json(facts), Facts), Scope(), TOOL)

    assert from_json(to_json(facts), Facts) == facts
    assert read_plan(written(plan)) == plan


@given(st.integers(0, len(written(PLAN)) - 1), st.integers(1, 255))
@EXAMPLES
def test_a_plan_with_one_byte_changed_is_refused_or_says_the_same(place: int, difference: int) -> None:
    text = written(PLAN)
    changed = text[:place] + bytes([text[place] ^ difference]) + text[place + 1 :]

    try:
        assert read_plan(changed) == PLAN  # a blank may be another blank
    except StalePlanError as refusal:
        assert "Make a new plan" in str(refusal)  # noqa: PT017 - either end is right
