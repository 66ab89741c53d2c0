"""The runbook step: `apply --expect-node` ends with 0 only where that guest node is there and has its grants."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from tests.end_to_end.rehearsal import Rehearsal
from tests.end_to_end.story import Story, played
from vhdsfix.commands import apply as apply_command
from vhdsfix.commands import waiting
from vhdsfix.commands.requests import ApplyRequest
from vhdsfix.commands.result import ApplyReport, Result, exit_code
from vhdsfix.errors import ExitCode, StoppedError, UsageError
from vhdsfix.lab.faults import Fault
from vhdsfix.lab.world import World
from vhdsfix.model.expected import ExpectedNode
from vhdsfix.model.outcome import Done
from vhdsfix.model.windows import FolderPath
from vhdsfix.ports import Progress

SHARED = r"C:\ClusterStorage\NTFS-03\GuestClustersSharedDisks"


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    with played("new-node", tmp_path) as story:
        yield story


def apply(
    request: ApplyRequest,
    notify: Callable[[Progress], None] = lambda _step: None,
    stop: Callable[[], bool] = lambda: False,
) -> Result:
    return apply_command.run(request, lambda _plan: True, notify, stop)


def expecting(lab: Rehearsal, *names: str, **changed: object) -> Result:
    request = ApplyRequest(lab.target(), expected_nodes=names)
    return apply(msgspec.structs.replace(request, **changed))


def code(result: Result) -> ExitCode:
    """With --detailed-exitcode: what is wrong elsewhere must not show there either."""
    return exit_code(result.reasons, detailed=True)


def told(result: Result) -> str:
    return "\n".join(f"{int(one.code)} {one.why}" for one in result.reasons)


def node_of(result: Result) -> ExpectedNode:
    assert isinstance(result.data, ApplyReport)
    (node,) = result.data.expected
    return node


def outcomes(result: Result) -> list[type]:
    assert isinstance(result.data, ApplyReport)
    return [type(one.outcome) for one in result.data.outcomes]


@pytest.mark.parametrize("name", ["SQLFCI-N3", "sqlfci-n3.corp.example"])
def test_the_new_node_gets_its_grant_and_the_step_succeeds(story: Story, name: str) -> None:
    request = ApplyRequest(story.target, expected_nodes=(name,))
    first, again = apply(request), apply(request)

    assert (code(first), outcomes(first)) == (ExitCode.DONE, [Done])
    assert (code(again), outcomes(again)) == (ExitCode.DONE, [])
    vm = node_of(again).vm
    assert vm is not None
    assert (vm.name, vm.node) == ("SQLFCI-N3", "MUC-HV03")
    assert node_of(again).granted == (r"C:\ClusterStorage\CSV-SQL\SQLFCI-Shared",)


def test_of_several_each_must_be_there_and_what_is_known_is_granted_all_the_same(story: Story) -> None:
    result = apply(ApplyRequest(story.target, expected_nodes=("SQLFCI-N3", "SQLFCI-N4")))

    assert (code(result), outcomes(result)) == (ExitCode.NOT_AS_EXPECTED, [Done])
    assert "guest node SQLFCI-N4 is not there: no VM of its name is shown" in told(result)
    assert "SQLFCI-N3" not in told(result)


@pytest.mark.parametrize(("name", "ends"), [("MAIL-N1", 0), ("MAIL-N2", 0), ("MAIL-N3", 11)])
def test_a_host_that_is_down_fails_only_the_node_that_runs_there(
    tmp_path: Path, name: str, ends: int
) -> None:
    with played("node-down", tmp_path) as down:
        result = apply(ApplyRequest(down.target, expected_nodes=(name,)))

    assert int(code(result)) == ends
    elsewhere = [one for one in result.reasons if one.code is ExitCode.INCOMPLETE]
    assert elsewhere
    assert not any(one.counts for one in elsewhere)


@pytest.mark.parametrize(("name", "ends"), [("DemoGuestNode1", 0), ("DemoGuestNode2", 11)])
def test_a_fellow_nodes_failed_grant_is_told_and_does_not_count(
    lab: Rehearsal, world: World, name: str, ends: int
) -> None:
    world.faults = {"HV02": {"icacls.exe": Fault("denied")}}
    result = expecting(lab, name)

    assert int(code(result)) == ends
    assert "6 1 of 2 grants not in place: DemoGuestNode2" in told(result)


def test_a_deny_keeps_it_from_being_as_expected(tmp_path: Path) -> None:
    with played("denied", tmp_path) as denied:
        result = apply(ApplyRequest(denied.target, expected_nodes=("ERP-N1",)))

    assert code(result) is ExitCode.NOT_AS_EXPECTED
    assert "ERP-Shared is not in order (blocked: " in told(result)
    assert len(node_of(result).granted) == 1


def test_a_folder_outside_of_the_scope_was_not_looked_at(tmp_path: Path) -> None:
    with played("denied", tmp_path) as denied:
        (folder,) = [one.path for one in denied.look().folders if one.path.name == "ERP"]
        request = ApplyRequest(denied.target, folders=(FolderPath(folder),), expected_nodes=("ERP-N1",))
        result = apply(request)

    assert code(result) is ExitCode.NOT_AS_EXPECTED
    assert "ERP-Shared is outside of this plan's scope" in told(result)


def test_a_vm_without_a_shared_disk_is_not_there_yet(lab: Rehearsal, world: World) -> None:
    world.vm("DemoGuestNode3").drives = world.vm("DemoGuestNode3").drives[:1]
    result = expecting(lab, "DemoGuestNode3")
    assert code(result) is ExitCode.NOT_AS_EXPECTED
    assert "VM DemoGuestNode3 on HV03 has no VHD Set attached yet" in told(result)


def test_two_vms_of_its_name_are_none(lab: Rehearsal, world: World) -> None:
    world.vm("DemoGuestNode2").name = "DemoGuestNode3.lab.example"
    result = expecting(lab, "DemoGuestNode3")
    assert code(result) is ExitCode.NOT_AS_EXPECTED
    assert "2 VMs bear its name" in told(result)


def test_a_node_that_does_not_show_its_vms_disks_makes_nothing_certain(lab: Rehearsal, world: World) -> None:
    lab.apply()
    world.faults = {"HV03": {"Get-VMHardDiskDrive": Fault("denied")}}
    assert code(expecting(lab, "DemoGuestNode1")) is ExitCode.DONE
    assert code(expecting(lab, "DemoGuestNode3")) is ExitCode.NOT_AS_EXPECTED


def test_a_vms_whole_display_name_is_a_name_too(lab: Rehearsal, world: World) -> None:
    world.vm("DemoGuestNode3").name = "prod: third node [WS2022]"
    assert code(expecting(lab, "prod: third node [WS2022]")) is ExitCode.DONE


@contextmanager
def comes_while_it_is_waited_for(world: World) -> Iterator[Callable[[Progress], None]]:
    """DemoGuestNode3 is shown by no node until somebody waits for it."""
    world.vm("DemoGuestNode3").registered = False

    def notify(step: Progress) -> None:
        world.vm("DemoGuestNode3").registered |= step.step == "waiting for guest node DemoGuestNode3"

    yield notify


def test_it_waits_until_the_node_is_there(
    lab: Rehearsal, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "PAUSE_S", 0)
    with comes_while_it_is_waited_for(world) as notify:
        result = apply(ApplyRequest(lab.target(), expected_nodes=("DemoGuestNode3",), wait_s=3600), notify)
    assert (code(result), outcomes(result)) == (ExitCode.DONE, [Done, Done])


def test_when_the_time_is_over_it_says_so_and_known_grants_are_made(lab: Rehearsal) -> None:
    result = expecting(lab, "DemoGuestNode4", wait_s=0.001)
    assert (code(result), outcomes(result)) == (ExitCode.NOT_AS_EXPECTED, [Done, Done])
    assert "11 guest node DemoGuestNode4 was still not there when the time was over (--wait 0.001)" in told(
        result
    )


def test_a_request_to_stop_ends_the_wait_and_nothing_is_written(lab: Rehearsal, world: World) -> None:
    before = world.tree.dump()
    with pytest.raises(
        StoppedError, match="while waiting for guest node DemoGuestNode4; nothing was changed"
    ):
        apply(ApplyRequest(lab.target(), expected_nodes=("DemoGuestNode4",), wait_s=3600), stop=lambda: True)
    assert world.tree.dump() == before


def test_a_refused_account_is_not_tried_again_while_it_is_waited(
    lab: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "PAUSE_S", 0)
    waits: list[Progress] = []

    def enough() -> bool:
        return len(waits) > 3

    request = ApplyRequest(lab.target(password="wrong"), expected_nodes=("DemoGuestNode1",), wait_s=3600)
    with pytest.raises(StoppedError):
        apply(request, lambda step: waits.append(step) if "waiting" in step.step else None, enough)
    assert sum(lab.lab.connections.values()) <= 2


def test_no_node_let_us_in_is_said_as_such(lab: Rehearsal) -> None:
    target = lab.target(password="wrong")
    result = apply(ApplyRequest(target, expected_nodes=("DemoGuestNode1",)))
    assert code(result) is ExitCode.NO_NODE


@pytest.mark.parametrize("wrong", [{"wait_s": 5.0}, {"expected_nodes": ("",)}, {"expected_nodes": (" . ",)}])
def test_what_makes_no_sense_is_refused_before_a_node_is_asked(
    lab: Rehearsal, wrong: dict[str, object]
) -> None:
    with pytest.raises(UsageError, match="--expect-node"):
        apply(msgspec.structs.replace(ApplyRequest(lab.target()), **wrong))
    assert lab.asked == []
