"""The nodes that the user named: which of them lets us in, and which one tells of the cluster."""

from __future__ import annotations

from functools import partial

from vhdsfix.errors import AuthError, NodeError
from vhdsfix.model.facts import ClusterFacts, NodeFacts
from vhdsfix.model.readings import Known
from vhdsfix.ports import Hosts, Notify, Progress, Reader
from vhdsfix.survey.nodes import Nodes, ask_both, ask_itself, silent, unasked

REFUSALS_ENOUGH = 2
"""So many nodes may refuse the account before any accepts it. Assumed: no lockout policy is stricter than that."""


def ask_given(hosts: Hosts[Reader], nodes: Nodes, notify: Notify) -> ClusterFacts:
    """Ask the given nodes for themselves, and one of them for the cluster."""
    let_in = _let_in(list(hosts.given()), nodes, notify)
    if not let_in:
        return unasked("no node let us in")
    first, *rest = let_in
    questions = [
        partial(ask_both, first, notify),
        *(partial(ask_itself, reader, notify) for reader in rest),
    ]
    answers = hosts.at_once(questions)
    cluster = answers[0].cluster
    for reader, answer in zip(let_in, answers, strict=True):
        its_cluster = answer.cluster if reader is first else cluster
        if reader is not first and isinstance(answer.facts.host, Known) and not _is_whole(cluster):
            its_cluster = ask_both(reader, notify).cluster
            cluster = cluster if _is_told(cluster) else its_cluster
        nodes.keep_given(reader, _if_of(cluster, its_cluster, answer.facts))
    lacking = [answer.lacking for answer in answers if answer.lacking]
    if lacking and not any(isinstance(answer.facts.host, Known) for answer in answers):
        raise lacking[0]
    return cluster


def _let_in(given: list[Reader], nodes: Nodes, notify: Notify) -> list[Reader]:
    """The first given node that accepts the account and those after it; none where too many refused.

    One after another until one has accepted it: a wrong password tried on every node at once locks the account.
    """
    refusals = 0
    while given and refusals < REFUSALS_ENOUGH:
        notify(Progress("logging on to", given[0].node))
        try:
            given[0].connect()
        except NodeError as error:
            refusals += isinstance(error, AuthError)
            reader = given.pop(0)
            nodes.keep_given(reader, silent(reader.node, str(error)))
        else:
            return given
    for reader in given:
        nodes.keep_given(
            reader, silent(reader.node, "not asked: more attempts with this account might lock it")
        )
    return []


def _is_whole(cluster: ClusterFacts) -> bool:
    return _is_told(cluster) and isinstance(cluster.nodes, Known)


def _is_told(cluster: ClusterFacts) -> bool:
    return isinstance(cluster.identity, Known)


def _if_of(cluster: ClusterFacts, its_cluster: ClusterFacts, facts: NodeFacts) -> NodeFacts:
    """A given node's answer, if the node list or its own word says that it belongs to the cluster."""
    if isinstance(cluster.nodes, Known) or its_cluster.identity == cluster.identity:
        return facts
    return silent(facts.name, "not counted: whether it belongs to the same host cluster is not known")
