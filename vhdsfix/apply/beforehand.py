"""All of a plan or nothing: how each action would end, from a look at every folder before the first write. Writes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from vhdsfix.apply import proof
from vhdsfix.apply.dacls import Dacls, read_dacls
from vhdsfix.apply.folder import FolderGrants
from vhdsfix.apply.goal import goal_of
from vhdsfix.apply.run import AtOnce, Outcomes, grants_by_folder
from vhdsfix.errors import NodeError
from vhdsfix.model.outcome import ActionOutcome, Drifted, Outcome, Untouched
from vhdsfix.model.plan import Action, Plan
from vhdsfix.model.readings import Absent, Unknown
from vhdsfix.ports import Registry


def nothing_hinders(
    _plan: Plan, _held_back: Mapping[str, Outcome], _registry: Registry, _at_once: AtOnce
) -> Outcomes:
    """Each folder is judged when it is its turn: one that drifted does not stop the others."""
    return ()


def all_or_nothing(
    plan: Plan, held_back: Mapping[str, Outcome], registry: Registry, at_once: AtOnce
) -> Outcomes:
    """How every action ends, if one of them can not be made; empty where each can, or is in place already.

    `held_back`: actions that are not to be tried, by id, and how each ends. A folder that changes after this look is found out when it is
    its turn, and then the others are not taken back.
    """
    folders = grants_by_folder(plan)
    foretold = {
        one.action.id: one.outcome
        for of_folder in at_once([partial(_foretold, grants, held_back, registry) for grants in folders])
        for one in of_folder
    }
    hindrances = (
        f"{action.vm_name} on {action.folder}: {end.why}"
        for action in plan.actions
        if isinstance(end := foretold.get(action.id), Drifted | Untouched)
    )
    if not (first := next(hindrances, None)):
        return ()
    untouched = Untouched(f"not tried, because not all can be changed as planned: {first}")
    return tuple(ActionOutcome(action, foretold.get(action.id, untouched)) for action in plan.actions)


def _foretold(grants: FolderGrants, held_back: Mapping[str, Outcome], registry: Registry) -> Outcomes:
    """Those actions of a folder that would not write."""
    ends = ((action, _end(action, grants, held_back, registry)) for action in grants.actions)
    return tuple(ActionOutcome(action, end) for action, end in ends if end)


def _end(
    action: Action, grants: FolderGrants, held_back: Mapping[str, Outcome], registry: Registry
) -> Outcome | None:
    if action.id in held_back:
        return held_back[action.id]
    try:
        node = registry.writer_for(action.vm_id)
    except NodeError as error:
        return Untouched(f"looking for the VM's node: {error}")
    if node is None:
        return Untouched("no node shows this VM now")
    planned = grants.planned
    match read_dacls(node, planned.path, planned.attached, planned.private):
        case Unknown(why=why):
            return Untouched(f"not tried: {why}")
        case Absent():
            return Drifted(f"{node.node} has no such folder any more")
        case Dacls() as now:
            goals = [goal_of(other.op, other.rights, other.vm_id) for other in grants.actions]
            goal = goal_of(action.op, action.rights, action.vm_id)
            return proof.outcome_without_writing(goal, planned, goals, now, grants.above)
