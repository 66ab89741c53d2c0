"""Warnings, progress and the like come beside the answers, and change nothing."""

from __future__ import annotations

import msgspec
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

from tests.end_to_end.rehearsal import PASSWORD, USER, Rehearsal
from vhdsfix.lab.world import World
from vhdsfix.model.plan import Plan


def _told(plan: Plan) -> Plan:
    return msgspec.structs.replace(plan, created_at="", digest="")


def test_a_plan_is_the_same_whatever_nodes_say_beside_their_answers(world: World, lab: Rehearsal) -> None:
    quiet = lab.plan()
    for node in world.nodes:
        node.talkative = True
    assert _told(lab.plan()) == _told(quiet)


def test_a_talkative_node_uses_every_stream(world: World, lab: Rehearsal) -> None:
    world.nodes[0].talkative = True
    at = lab.lab.endpoints[0]
    with (
        WSMan(at.address, port=at.port, ssl=False, username=USER, password=PASSWORD, no_proxy=True) as wsman,
        RunspacePool(wsman) as pool,
    ):
        pipeline = PowerShell(pool).add_cmdlet("Hyper-V\\Get-VMHost")
        assert len(pipeline.invoke()) == 1
        streams = pipeline.streams
        said = (streams.warning, streams.verbose, streams.debug, streams.progress, streams.information)
    assert [len(stream) for stream in said] == [1, 1, 1, 1, 1]
    assert streams.error == []
