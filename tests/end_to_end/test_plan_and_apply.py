"""Plan, apply, plan: the whole story over the real protocol."""

from __future__ import annotations

import pytest

from tests.end_to_end.rehearsal import Rehearsal
from vhdsfix.commands.requests import ApplyRequest, PlanRequest
from vhdsfix.commands.result import exit_code
from vhdsfix.config import NodeAddress
from vhdsfix.errors import ExitCode, UsageError
from vhdsfix.lab.statements import Statement
from vhdsfix.lab.world import World
from vhdsfix.model.outcome import Done

WRITES = {"icacls.exe", "Set-ClusterParameter", "Set-Acl"}


def test_the_plan_of_the_demo(lab: Rehearsal) -> None:
    plan = lab.plan()

    assert [(vm.name, vm.verdict) for vm in plan.folders[0].vms] == [
        ("DemoGuestNode1", "granted"),
        ("DemoGuestNode2", "missing"),
        ("DemoGuestNode3", "missing"),
    ]
    assert [(action.vm_name, action.run_on) for action in plan.actions] == [
        ("DemoGuestNode2", "HV02"),
        ("DemoGuestNode3", "HV03"),
    ]
    assert [found.id for found in plan.findings] == ["grant-missing", "grant-missing", "config-store-unset"]
    assert plan.complete


def test_plan_changes_nothing_and_sends_no_script(lab: Rehearsal, world: World) -> None:
    before = world.tree.dump()
    lab.plan()

    sent = [command for _, statements in lab.asked for statement in statements for command in statement]
    assert not any(command.is_script for command in sent)
    assert WRITES.isdisjoint(command.name.rpartition("\\")[2] for command in sent)
    assert world.tree.dump() == before


def test_apply_repairs_and_a_second_plan_is_empty(lab: Rehearsal) -> None:
    report = lab.apply()

    assert [type(one.outcome) for one in report.outcomes] == [Done, Done]
    assert report.after is not None
    assert report.after.actions == ()
    assert lab.plan().actions == ()


def test_apply_twice_writes_once(lab: Rehearsal) -> None:
    lab.apply()
    written = sum(_is_change(statements) for _, statements in lab.asked)
    report = lab.apply()

    assert written == 2
    assert sum(_is_change(statements) for _, statements in lab.asked) == 2
    assert report.outcomes == ()


def test_a_change_is_alone_and_runs_where_its_vm_is(lab: Rehearsal) -> None:
    lab.apply()

    changes = [(node, statements) for node, statements in lab.asked if _is_change(statements)]
    assert sorted(node for node, _ in changes) == ["HV02", "HV03"]
    for _, statements in changes:
        assert statements[0][0].name == "icacls.exe"
        assert all(
            command.name.endswith("Get-Variable") for statement in statements[1:] for command in statement
        )


def test_exit_codes_of_the_story(lab: Rehearsal) -> None:
    request = PlanRequest(lab.target())
    assert exit_code(lab.plan_result(request).reasons, detailed=True) is ExitCode.CHANGES_PENDING
    assert exit_code(lab.apply_result().reasons, detailed=False) is ExitCode.DONE
    assert exit_code(lab.plan_result(request).reasons, detailed=True) is ExitCode.NEEDS_A_PERSON


def test_requests_are_few_and_on_one_connection(lab: Rehearsal) -> None:
    """Source: WIRE 3: what opening a session and each pipeline cost with message encryption."""
    lab.plan()

    phases = {node: sum(asked == node for asked, _ in lab.asked) for node in lab.lab.requests}
    allowed = {2: 13, 4: 19}
    assert sorted(phases.values()) == [2, 2, 2, 4]
    assert {node: count for node, count in lab.lab.requests.items() if count > allowed[phases[node]]} == {}
    assert set(lab.lab.connections.values()) == {1}


def test_one_wrong_password_is_tried_on_few_nodes(lab: Rehearsal) -> None:
    result = lab.plan_result(PlanRequest(lab.target(password="wrong")))

    assert exit_code(result.reasons, detailed=False) is ExitCode.NO_NODE
    assert "wrong" not in " ".join(reason.why for reason in result.reasons)
    assert sum(count > 0 for count in lab.lab.connections.values()) <= 2


def test_a_name_that_does_not_resolve(lab: Rehearsal) -> None:
    nobody = NodeAddress(None, "hv99.vhdsfix.invalid")
    result = lab.plan_result(PlanRequest(lab.target(nodes=(nobody,))))

    assert exit_code(result.reasons, detailed=False) is ExitCode.NO_NODE
    assert "hv99.vhdsfix.invalid" in result.reasons[0].why


def test_another_cluster_than_the_one_named(lab: Rehearsal) -> None:
    with pytest.raises(UsageError, match="asked for host cluster PROD, but the node belongs to LAB-CLUSTER"):
        lab.plan(lab.target(cluster_name="PROD"))


def test_a_vm_that_moved_since_the_plan_gets_its_grant_where_it_is(lab: Rehearsal, world: World) -> None:
    plan_file = lab.state_dir / "plan.json"
    lab.plan_result(PlanRequest(lab.target(), save=plan_file))
    world.move_vm("DemoGuestNode2", "HV04")

    report = lab.apply(ApplyRequest(lab.target(), plan_file=plan_file))

    assert [type(one.outcome) for one in report.outcomes] == [Done, Done]
    assert "HV04" in {node for node, statements in lab.asked if _is_change(statements)}


def test_a_node_whose_vm_list_is_empty_makes_nothing_missing(lab: Rehearsal, world: World) -> None:
    for vm in world.vms:
        vm.registered = vm.node != "HV02"

    plan = lab.plan()

    assert not plan.complete
    assert "vm-not-shown" in {found.id for found in plan.findings}
    assert [action.vm_name for action in plan.actions] == ["DemoGuestNode3"]


def _is_change(statements: tuple[Statement, ...]) -> bool:
    return any(command.name == "icacls.exe" for statement in statements for command in statement)
