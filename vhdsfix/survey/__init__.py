"""Nodes → Facts: which questions are asked of whom, in which order, and what becomes of a node that does not answer."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from vhdsfix.errors import UsageError
from vhdsfix.membership import short_name
from vhdsfix.model.facts import ClusterFacts, Facts, GuestFacts, NodeFacts
from vhdsfix.model.plan import Scope
from vhdsfix.model.readings import Known, known_or
from vhdsfix.ports import Hosts, Notify, Reader
from vhdsfix.survey.checks import paths_to_see
from vhdsfix.survey.folders import FoldersToRead, ask_folders, folders_in
from vhdsfix.survey.given import ask_given
from vhdsfix.survey.guests import ask_guests
from vhdsfix.survey.moving import some_vm_moves
from vhdsfix.survey.nodes import Nodes

__all__ = ["survey"]


FoldersOf = Callable[[Facts], FoldersToRead]


def survey(
    hosts: Hosts[Reader],
    scope: Scope,
    taken_at: str,
    expected_cluster: str | None,
    notify: Notify,
    *,
    folders_of: FoldersOf | None = None,
) -> Facts:
    """Ask the cluster, every node of it, and every folder that the scope is about, or those of `folders_of` instead.

    Raises UsageError when the nodes belong to another cluster than expected, or when the scope names what is not there;
    CommandError when no node let us in, and one because its session cannot answer questions.
    """
    nodes = Nodes(hosts, notify)
    cluster = ask_given(hosts, nodes, notify)
    _must_be_one_cluster(expected_cluster, cluster, nodes.facts())
    identity = known_or(cluster.identity, None)
    paths = paths_to_see(cluster)
    listed = known_or(cluster.nodes, ())
    guests: list[GuestFacts] = []
    hosts.at_once(
        [
            lambda: nodes.ask_the_rest(listed, identity.domain if identity else "", paths),
            lambda: guests.extend(ask_guests(hosts, notify)),
        ]
    )
    if some_vm_moves(cluster, nodes.facts()):
        nodes.ask_again(paths)
    facts = Facts(taken_at=taken_at, cluster=cluster, nodes=nodes.facts(), folders=(), guests=tuple(guests))
    wanted = folders_of(facts) if folders_of else folders_in(scope, facts)
    return msgspec.structs.replace(facts, folders=ask_folders(wanted, nodes, hosts, notify))


def _must_be_one_cluster(expected: str | None, cluster: ClusterFacts, nodes: tuple[NodeFacts, ...]) -> None:
    identity = known_or(cluster.identity, None)
    if expected and identity and identity.name.casefold() != expected.casefold():
        raise UsageError(
            f"asked for host cluster {expected}, but the node belongs to {identity.name}; "
            f"name a node of {expected}, or correct the name"
        )
    listed = {short_name(node.name) for node in known_or(cluster.nodes, ())}
    strangers = [
        node.name for node in nodes if isinstance(node.host, Known) and short_name(node.name) not in listed
    ]
    if listed and strangers:
        name = identity.name if identity else "the host cluster"
        raise UsageError(f"{', '.join(strangers)} is no node of {name}; name nodes of one host cluster only")
