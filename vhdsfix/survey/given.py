"""The nodes that the user named: which of them lets us in, and which one tells of the cluster."""

from __future__ import annotations

from functools import partial

from vhdsfix.errors import NodeError
from vhdsfix.membership import short_name
from vhdsfix.model.facts import ClusterFacts, NodeFacts
from vhdsfix.model.readings import Known, Unknown, known_or
from vhdsfix.ports import Hosts, Notify, Reader
from vhdsfix.survey.checks import checked, paths_to_see
from vhdsfix.survey.door import Door
from vhdsfix.survey.nodes import Answer, Nodes, ask_for_cluster, ask_itself, log_on, silent, unasked


def ask_given(hosts: Hosts[Reader], nodes: Nodes, notify: Notify) -> ClusterFacts:
    """Ask the first given node that lets us in for the cluster, and all that do for themselves."""
    given = hosts.given()
    entering = _Entering(Door(notify), notify)
    answers = hosts.at_once(
        [partial(entering.answer_of, reader, place) for place, reader in enumerate(given)]
    )
    cluster = entering.cluster or unasked("no node let us in")
    for reader, answer in zip(given, answers, strict=True):
        its_cluster, facts = cluster, answer.facts
        if isinstance(facts.host, Known) and reader is not entering.first and not _is_whole(cluster):
            told = ask_for_cluster(reader, notify)
            its_cluster = told.cluster if isinstance(told, Answer) else told
            cluster = cluster if _is_told(cluster) else its_cluster
        nodes.keep_given(reader, _if_of(cluster, its_cluster, facts))
    lacking = [answer.lacking for answer in answers if answer.lacking]
    if lacking and not any(isinstance(answer.facts.host, Known) for answer in answers):
        raise lacking[0]
    return cluster


class _Entering:
    """What the nodes say as they are let in. `cluster` is what the `first` of them said of it."""

    def __init__(self, door: Door, notify: Notify) -> None:
        self._door = door
        self._notify = notify
        self.first: Reader | None = None
        self.cluster: ClusterFacts | None = None

    def answer_of(self, reader: Reader, place: int) -> Answer:
        """What it says of itself; with its checks where it is known by then what every node has to see."""
        answer = self._let_in(reader, place) or ask_itself(reader, self._notify)
        if self.cluster is None or not _is_listed(answer.facts.name, self.cluster):
            return answer
        return answer._replace(facts=checked(reader, answer.facts, paths_to_see(self.cluster), self._notify))

    def _let_in(self, reader: Reader, place: int) -> Answer | None:
        """None for a node that can be asked for itself now."""
        try:
            if not self._door.pass_through(reader, place):
                return log_on(reader, self._notify)
        except NodeError as error:
            return Answer(unasked(str(error)), silent(reader.node, str(error)))
        told = ask_for_cluster(reader, self._notify)
        self.first = reader
        self.cluster = told.cluster if isinstance(told, Answer) else told
        return told if isinstance(told, Answer) else None


def _is_listed(name: str, cluster: ClusterFacts) -> bool:
    return short_name(name) in {short_name(node.name) for node in known_or(cluster.nodes, ())}


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
