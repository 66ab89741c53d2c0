"""The nodes that the user named: which of them lets us in, and which one tells of the cluster."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from vhdsfix.errors import NodeError
from vhdsfix.model.facts import ClusterFacts, NodeFacts
from vhdsfix.model.readings import Known, Unknown
from vhdsfix.ports import Hosts, Notify, Reader
from vhdsfix.survey.door import Door
from vhdsfix.survey.nodes import Answer, Nodes, ask_both, ask_itself, silent, unasked


def ask_given(hosts: Hosts[Reader], nodes: Nodes, notify: Notify) -> ClusterFacts:
    """Ask the given nodes for themselves, and the first that lets us in for the cluster."""
    door = Door(notify)
    given = hosts.given()
    answers = hosts.at_once(
        [partial(_asked, reader, place, door, notify) for place, reader in enumerate(given)]
    )
    first = next((answer for answer in answers if answer.tells_of_the_cluster), None)
    cluster = first.answer.cluster if first else unasked("no node let us in")
    for reader, asked in zip(given, answers, strict=True):
        its_cluster, facts = cluster, asked.answer.facts
        if isinstance(facts.host, Known) and asked is not first and not _is_whole(cluster):
            its_cluster = ask_both(reader, notify).cluster
            cluster = cluster if _is_told(cluster) else its_cluster
        nodes.keep_given(reader, _if_of(cluster, its_cluster, facts))
    lacking = [asked.answer.lacking for asked in answers if asked.answer.lacking]
    if lacking and not any(isinstance(asked.answer.facts.host, Known) for asked in answers):
        raise lacking[0]
    return cluster


class _Asked(NamedTuple):
    answer: Answer
    tells_of_the_cluster: bool = False


def _asked(reader: Reader, place: int, door: Door, notify: Notify) -> _Asked:
    try:
        is_first = door.pass_through(reader, place)
    except NodeError as error:
        return _Asked(Answer(unasked(str(error)), silent(reader.node, str(error))))
    return _Asked(ask_both(reader, notify) if is_first else ask_itself(reader, notify), is_first)


def _is_whole(cluster: ClusterFacts) -> bool:
    return _is_told(cluster) and isinstance(cluster.nodes, Known)


def _is_told(cluster: ClusterFacts) -> bool:
    return isinstance(cluster.identity, Known)


def _if_of(cluster: ClusterFacts, its_cluster: ClusterFacts, facts: NodeFacts) -> NodeFacts:
    """A given node's answer, if the node list or its own word says that it belongs to the cluster."""
    if (
        isinstance(facts.host, Unknown)
        or isinstance(cluster.nodes, Known)
        or its_cluster.identity == cluster.identity
    ):
        return facts
    return silent(facts.name, "not counted: whether it belongs to the same host cluster is not known")
