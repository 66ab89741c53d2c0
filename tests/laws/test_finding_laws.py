"""Findings: what is not known any more is never the reason for a new one, over the facts of tests/cases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cases.test_every_case import CASES, case_facts, case_scope
from vhdsfix import planner
from vhdsfix.model.facts import Facts
from vhdsfix.model.plan import Plan, Tool
from vhdsfix.model.readings import Absent, Known, Unknown

EXAMPLES = settings(max_examples=400)
TOOL = Tool("vhdsfix", "test")
LOST = Unknown("nobody could look")
SAYS_THAT_NOBODY_LOOKED = {
    "config-store-set",  # it was before, too, and something was wrong with it besides
    "access-unknown",
    "reading-unknown",
    "node-not-reached",
    "vm-not-shown",
    "check-not-made",
    "guest-cluster-incomplete",
}


def readings_in(value: Any) -> int:
    """How many readings a value holds that could be lost."""
    if isinstance(value, Known | Absent):
        return 1 + (readings_in(value.value) if isinstance(value, Known) else 0)
    return sum(map(readings_in, _parts(value)))


def without(value: Any, place: int) -> Any:
    """The value with the reading at this place lost, in the order in which they are counted."""
    if isinstance(value, Known | Absent) and place == 0:
        return LOST
    if isinstance(value, Known):
        return Known(without(value.value, place - 1))
    if isinstance(value, tuple):
        return tuple(_each(value, place))
    if isinstance(value, msgspec.Struct):
        fields = dict(zip(value.__struct_fields__, _each(_parts(value), place), strict=True))
        return type(value)(**fields)
    return value


def _each(parts: tuple[Any, ...], place: int) -> list[Any]:
    kept = []
    for part in parts:
        kept.append(without(part, place) if 0 <= place < readings_in(part) else part)
        place -= readings_in(part)
    return kept


def _parts(value: Any) -> tuple[Any, ...]:
    if isinstance(value, tuple):
        return value
    if isinstance(value, msgspec.Struct):
        return tuple(getattr(value, field) for field in value.__struct_fields__)
    return ()


@given(st.sampled_from(CASES), st.data())
@EXAMPLES
def test_what_is_lost_never_adds_certainty(path: Path, data: st.DataObject) -> None:
    facts, scope = case_facts(path), case_scope(path)
    place = data.draw(st.integers(0, readings_in(facts) - 1))
    before, after = (
        planner.plan_from(facts, scope, TOOL),
        planner.plan_from(without(facts, place), scope, TOOL),
    )

    new = {found for found in said(after) - said(before) if found[0] not in SAYS_THAT_NOBODY_LOOKED}
    assert not new
    assert {action.id for action in after.actions} <= {action.id for action in before.actions}


def said(plan: Plan) -> set[tuple[str, str]]:
    """What the host cluster is called may be lost, too; a merge that was refused is one whether or not the grant is seen now."""
    names = {plan.cluster.name, "the host cluster"}
    return {
        (found.id.removesuffix("-earlier"), "" if found.subject in names else found.subject)
        for found in plan.findings
    }


@given(st.sampled_from(CASES), st.randoms(use_true_random=False))
@EXAMPLES
def test_the_order_of_the_facts_does_not_matter(path: Path, chance: Any) -> None:
    facts, scope = case_facts(path), case_scope(path)

    assert planner.plan_from(shuffled(facts, chance), scope, TOOL) == planner.plan_from(facts, scope, TOOL)


def shuffled(value: Any, chance: Any) -> Any:
    if isinstance(value, tuple):
        parts = [shuffled(part, chance) for part in value]
        chance.shuffle(parts)
        return tuple(parts)
    if isinstance(value, msgspec.Struct) and value.__struct_fields__:
        return type(value)(**{f: shuffled(getattr(value, f), chance) for f in value.__struct_fields__})
    return value


@given(st.sampled_from(CASES))
@EXAMPLES
def test_a_silent_node_makes_no_entry_stale_and_no_grant_unnecessary(path: Path) -> None:
    facts, scope = case_facts(path), case_scope(path)
    before = verdicts(planner.plan_from(facts, scope, TOOL))
    for node in facts.nodes:
        silent = msgspec.structs.replace(node, host=LOST, vms=LOST, drives=LOST)
        plan = planner.plan_from(_with(facts, silent), scope, TOOL)

        assert not any(found.id in ("stale-entry", "avhdx-of-no-disk") for found in plan.findings)
        assert all(verdict in ("unknown", before[place]) for place, verdict in verdicts(plan).items())


def verdicts(plan: Plan) -> dict[tuple[str, str], str]:
    return {(folder.path.key, vm.vm_id): vm.verdict for folder in plan.folders for vm in folder.vms}


def _with(facts: Facts, node: Any) -> Facts:
    return msgspec.structs.replace(
        facts, nodes=tuple(node if one.name == node.name else one for one in facts.nodes)
    )
