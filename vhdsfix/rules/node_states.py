"""Every node of the host cluster takes part in it."""

from __future__ import annotations

from vhdsfix.membership import short_name
from vhdsfix.model.facts import Facts
from vhdsfix.model.findings import Finding
from vhdsfix.model.inventory import Inventory
from vhdsfix.model.readings import known_or
from vhdsfix.rules.catalogue import finding

# Source: Microsoft.FailoverClusters.PowerShell.ClusterNodeState.
DOWN, PAUSED = 1, 2


def every_node_takes_part(facts: Facts, inventory: Inventory) -> tuple[Finding, ...]:
    """A node that is down and may hide something is one that was not reached: that is said elsewhere."""
    drained = set(map(short_name, inventory.drained))
    told = known_or(facts.cluster.nodes, ())
    paused = tuple(
        _silent(node.name) if short_name(node.name) in drained else _paused(node.name)
        for node in told
        if node.state == PAUSED
    )
    down = tuple(_down(node.name) for node in told if node.state == DOWN and short_name(node.name) in drained)
    return (*paused, *down)


def _paused(node: str) -> Finding:
    return finding(
        "node-paused",
        subject=node,
        summary=f"{node} is paused, so VMs may be on their way from or to it",
        evidence=(f"Get-ClusterNode says that {node} is paused",),
    )


def _silent(node: str) -> Finding:
    return finding(
        "node-paused",
        subject=node,
        summary=f"{node} is paused and did not answer; every clustered VM was seen on another node",
        evidence=(f"Get-ClusterNode says that {node} is paused",),
        fix="when it answers again, run `vhdsfix plan` again",
    )


def _down(node: str) -> Finding:
    return finding(
        "node-down",
        subject=node,
        summary=f"{node} is down and was not asked; every clustered VM was seen on another node",
        evidence=(f"Get-ClusterNode says that {node} is down",),
    )
