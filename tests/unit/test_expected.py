"""Which VM an expected guest node is, by whose word."""

from __future__ import annotations

import pytest

from tests.fakes.facts import V1, Host, facts_of
from vhdsfix import planner
from vhdsfix.commands.expected import expected_nodes
from vhdsfix.model.expected import ExpectedNode
from vhdsfix.model.facts import ClusterNode, Facts, GuestFacts
from vhdsfix.model.plan import ConfiguredGuestCluster, Scope, Tool
from vhdsfix.model.readings import Known

DISK = rf"{V1}\Shared\Disk.vhds"
CONFIGURED = ConfiguredGuestCluster("G", nodes=("N1", "N2"))


def expected(name: str, facts: Facts, *configured: ConfiguredGuestCluster) -> ExpectedNode:
    plan = planner.plan_from(facts, Scope(configured=configured), Tool("vhdsfix", "0"))
    (node,) = expected_nodes((name,), facts, plan)
    return node


def vm_of(name: str, facts: Facts, *configured: ConfiguredGuestCluster) -> str | None:
    vm = expected(name, facts, *configured).vm
    return vm.name if vm else None


def guests(display_name: str, calls_itself: str) -> Facts:
    """N1, and another VM of its guest cluster."""
    hv1, hv2 = Host("HV1").vm("N1", DISK), Host("HV2").vm("second", DISK, name=display_name)
    return facts_of(hv1, hv2.called("second", calls_itself))


@pytest.mark.parametrize("configured", [(), (CONFIGURED,)])
def test_its_hosts_name_for_the_vm_is_its_name(configured: tuple[ConfiguredGuestCluster, ...]) -> None:
    assert vm_of("n2.corp.example", guests("N2", calls_itself="whatever"), *configured) == "N2"


def test_where_that_name_says_nothing_a_configured_nodes_own_word_counts() -> None:
    facts = guests("prod: second [WS2022]", calls_itself="N2.corp.example")
    assert vm_of("N2", facts, CONFIGURED) == "prod: second [WS2022]"


@pytest.mark.parametrize("display_name", ["WEB7", "N1-copy"])
def test_a_guest_cannot_pass_for_a_node_by_another_name_than_its_hosts(display_name: str) -> None:
    facts = guests(display_name, calls_itself="N2")
    assert vm_of("N2", facts, CONFIGURED) is None
    assert f"a guest calls itself so, in VM {display_name}" in expected("N2", facts, CONFIGURED).why_not


def test_nor_can_one_outside_of_the_cluster_or_where_the_config_names_nobody() -> None:
    assert vm_of("N2", guests("[x]", calls_itself="N2")) is None
    stranger = Host("HV1").vm("N1", DISK).vm("stranger", rf"{V1}\Other\Disk.vhds", name="[x]")
    assert vm_of("N2", facts_of(stranger.called("stranger", "N2")), CONFIGURED) is None


def test_a_node_that_only_the_guest_cluster_names_is_found_by_its_hosts_name() -> None:
    told = (GuestFacts("G", Known("G"), Known((ClusterNode("N3", 0),))),)
    hv1, hv2 = Host("HV1").vm("N1", DISK), Host("HV2").vm("N3", DISK)
    assert vm_of("N3", facts_of(hv1, hv2, guests=told), CONFIGURED) == "N3"


def test_a_name_without_a_shared_disk_counts_only_where_everything_was_shown() -> None:
    alone = Host("HV1").vm("N9", rf"{V1}\N9\OS.vhdx")
    assert vm_of("N9", facts_of(alone)) == "N9"
    hidden = facts_of(alone, silent={"HV2": "it is down"})
    assert vm_of("N9", hidden) is None
    assert "HV2" in expected("N9", hidden).why_not


def test_what_nobody_could_read_is_awaited() -> None:
    node = expected("N2", guests("N2", calls_itself="N2"), CONFIGURED)
    assert not node.is_as_expected
    assert "its access to " in node.awaited[0]
    assert node.lacking == ()
