"""A guest's answers about the cluster that it is in → GuestFacts."""

from __future__ import annotations

from vhdsfix.model.facts import ClusterNode, GuestFacts
from vhdsfix.model.readings import Known, Unknown
from vhdsfix.remote.answers import Answers
from vhdsfix.remote.cluster_facts import cluster_nodes
from vhdsfix.remote.cluster_questions import CLUSTER, CLUSTER_NODES, ClusterRow

MOST_NODES = 64
"""Assumed: no cluster has more nodes than the 64 of Windows Server 2012 and later. A guest that names more is not believed."""

LONGEST_NAME = 255
"""Characters. Source: RFC 1123 2.1: a computer's name with its domain."""


def guest_facts(guest_cluster: str, answers: Answers) -> GuestFacts:
    """`guest_cluster`: what the config calls it."""
    return GuestFacts(
        guest_cluster, answers.only(CLUSTER, _name), _believable(cluster_nodes(answers), answers)
    )


def _name(row: ClusterRow) -> str:
    if len(row.name) > LONGEST_NAME:
        raise ValueError(f"its name has {len(row.name)} characters")
    return row.name


def _believable(
    nodes: Known[tuple[ClusterNode, ...]] | Unknown, answers: Answers
) -> Known[tuple[ClusterNode, ...]] | Unknown:
    if isinstance(nodes, Unknown):
        return nodes
    if len(nodes.value) > MOST_NODES:
        return answers.unknown(CLUSTER_NODES, f"it named {len(nodes.value)}, more than a cluster can have")
    if any(len(node.name) > LONGEST_NAME for node in nodes.value):
        return answers.unknown(CLUSTER_NODES, "a node's name is longer than any")
    return nodes
