"""The nodes that the user named: which of them lets us in, and which one tells of the cluster."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from vhdsfix.errors import NodeError
from vhdsfix.model.facts import ClusterFacts, NodeFacts
from vhdsfix.model.readings import Known, Unknown
from vhdsfix.ports import Hosts, Notify, Reader
from vhdsfix.survey.door import Door
from vhdsfix.survey.nodes import Answer, Nodes, ask_for_cluster, ask_itself, log_on, silent, unasked


def ask_given(hosts: Hosts[Reader], nodes: Nodes, notify: Notify) -> ClusterFacts:
    """Ask the first given node that lets us in for the cluster, and then all that do for themselves."""
    door = Door(notify)
    given = hosts.given()
    entries = hosts.at_once(
        [partial(_entered, reader, place, door, notify) for place, reader in enumerate(given)]
    )
    answers = hosts.at_once(
        [partial(_asked, reader, entry, notify) for reader, entry in zip(given, entries, strict=True)]
    )
    first = next((entry for entry in entries if entry.cluster), None)
    cluster = first.cluster if first and first.cluster else unasked("no node let us in")
    for reader, entry, answer in zip(given, entries, answers, strict=True):
        its_cluster, facts = cluster, answer.facts
        if isinstance(facts.host, Known) and entry is not first and not _is_whole(cluster):
            told = ask_for_cluster(reader, notify)
            its_cluster = told.cluster if isinstance(told, Answer) else told
            cluster = cluster if _is_told(cluster) else its_cluster
        nodes.keep_given(reader, _if_of(cluster, its_cluster, facts))
    lacking = [answer.lacking for answer in answers if answer.lacking]
    if lacking and not any(isinstance(answer.facts.host, Known) for answer in answers):
        raise lacking[0]
    return cluster


class _Entry(NamedTuple):
    """`cluster`: what the first that was let in said of it. `silence`: the answer of a node that cannot be asked for itself."""

    cluster: ClusterFacts | None = None
    silence: Answer | None = None


def _entered(reader: Reader, place: int, door: Door, notify: Notify) -> _Entry:
    try:
        is_first = door.pass_through(reader, place)
    except NodeError as error:
        return _Entry(silence=Answer(unasked(str(error)), silent(reader.node, str(error))))
    if not is_first:
        return _Entry(silence=log_on(reader, notify))
    told = ask_for_cluster(reader, notify)
    return _Entry(told.cluster, told) if isinstance(told, Answer) else _Entry(told)


def _asked(reader: Reader, entry: _Entry, notify: Notify) -> Answer:
    return entry.silence or ask_itself(reader, notify)


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
