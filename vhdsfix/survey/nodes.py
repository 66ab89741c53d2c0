"""The nodes asked so far: what each said of itself, and of the cluster where it was asked for it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from vhdsfix.errors import CommandError, NodeError
from vhdsfix.membership import short_name
from vhdsfix.model.facts import ClusterFacts, ClusterNode, NodeChecks, NodeFacts
from vhdsfix.model.readings import Known, Unknown
from vhdsfix.model.windows import FolderPath
from vhdsfix.ports import Hosts, Notify, Progress, Reader
from vhdsfix.survey.checks import checked

# Source: Microsoft.FailoverClusters.PowerShell.ClusterNodeState (Up 0, Down 1, Paused 2, Joining 3).
DOWN = 1


class Nodes:
    """The nodes asked so far, by short name: what each answered, and the reader that reaches it."""

    def __init__(self, hosts: Hosts[Reader], notify: Notify) -> None:
        self._hosts = hosts
        self._notify = notify
        self._answers: dict[str, NodeFacts] = {}
        self._readers: dict[str, Reader] = {}

    def keep(self, name: str, reader: Reader, facts: NodeFacts) -> None:
        """Remember a node's answer; two addresses of one node count once."""
        self._answers.setdefault(short_name(name), facts)
        if isinstance(facts.host, Known):
            self._readers.setdefault(short_name(name), reader)

    def keep_given(self, reader: Reader, facts: NodeFacts) -> None:
        """Remember a given node's answer under the name it calls itself."""
        self._hosts.remember_name(reader, facts.name)
        self.keep(facts.name, reader, facts)

    def ask_the_rest(self, listed: tuple[ClusterNode, ...], domain: str, paths: Sequence[FolderPath]) -> None:
        """Ask and check each node that the cluster lists and that has not answered under its name; check all that were not."""
        rest = [node for node in listed if short_name(node.name) not in self._answers]
        found = [(node.name, reader) for node in rest if (reader := self._reached(node, domain))]
        unchecked = [name for name in self._readers if self._answers[name].checks == NodeChecks()]
        answers = self._hosts.at_once(
            [partial(_asked_and_checked, name, reader, paths, self._notify) for name, reader in found]
            + [
                partial(checked, self._readers[name], self._answers[name], paths, self._notify)
                for name in unchecked
            ]
        )
        for (name, reader), facts in zip(found, answers, strict=False):
            self.keep(name, reader, facts)
        self._answers |= dict(zip(unchecked, answers[len(found) :], strict=True))

    def ask_again(self, paths: Sequence[FolderPath]) -> None:
        """Ask all nodes that answered once more; what one says now counts, unless it says nothing of its VMs."""
        tasks = [
            partial(_asked_and_checked, self._answers[name].name, reader, paths, self._notify)
            for name, reader in self._readers.items()
        ]
        again = (node for node in self._hosts.at_once(tasks) if isinstance(node.vms, Known))
        self._answers |= {short_name(node.name): node for node in again}

    def _reached(self, node: ClusterNode, domain: str) -> Reader | None:
        """What reaches a listed node; None, and its answer says why, for one that is down or not to be reached."""
        why = "the cluster says that it is down"
        if node.state != DOWN:
            try:
                return self._hosts.reach(node.name, domain)
            except NodeError as error:
                why = str(error)
        self._answers[short_name(node.name)] = silent(node.name, why)
        return None

    def facts(self) -> tuple[NodeFacts, ...]:
        return tuple(self._answers[name] for name in sorted(self._answers))

    def readers_for(self, preferred: Sequence[str]) -> tuple[Reader, ...]:
        """The readers of the nodes that answered, the preferred ones first."""
        first = [short_name(name) for name in preferred]
        others = sorted(set(self._readers) - set(first))
        return tuple(
            self._readers[name] for name in dict.fromkeys([*first, *others]) if name in self._readers
        )


class Answer(NamedTuple):
    """What a node said. `lacking`: what its session lacks, so that it cannot be asked at all."""

    cluster: ClusterFacts
    facts: NodeFacts
    lacking: CommandError | None = None


def log_on(reader: Reader, notify: Notify) -> Answer | None:
    """None for a node that may be asked now."""
    notify(Progress("logging on to", reader.node))
    try:
        reader.connect(lambda: None)
    except NodeError as error:
        return _silence(reader, error)
    return None


def ask_for_cluster(reader: Reader, notify: Notify) -> ClusterFacts | Answer:
    """What a node says of the cluster; the whole answer of one that cannot be asked, which is not asked for itself then."""
    notify(Progress("asking for the cluster", reader.node))
    try:
        return reader.cluster()
    except NodeError as error:
        return _silence(reader, error)


def ask_itself(reader: Reader, notify: Notify) -> Answer:
    notify(Progress("asking", reader.node))
    try:
        return Answer(unasked("it was not asked"), reader.itself())
    except NodeError as error:
        return _silence(reader, error)


def _asked_and_checked(name: str, reader: Reader, paths: Sequence[FolderPath], notify: Notify) -> NodeFacts:
    answer = log_on(reader, notify) or ask_itself(reader, notify)
    return checked(reader, as_named(name, answer.facts), paths, notify)


def _silence(reader: Reader, error: NodeError) -> Answer:
    lacking = error if isinstance(error, CommandError) else None
    return Answer(unasked(str(error)), silent(reader.node, str(error)), lacking)


def unasked(why: str) -> ClusterFacts:
    unknown = Unknown(why)
    return ClusterFacts(unknown, unknown, unknown, unknown, unknown)


def silent(name: str, why: str) -> NodeFacts:
    unknown = Unknown(why)
    return NodeFacts(name=name, host=unknown, vms=unknown, drives=unknown)


def as_named(name: str, facts: NodeFacts) -> NodeFacts:
    """The answer of the node we meant to ask; another one's answer says nothing about it."""
    if short_name(facts.name) == short_name(name):
        return facts
    if isinstance(facts.host, Unknown):
        return NodeFacts(name=name, host=facts.host, vms=facts.vms, drives=facts.drives)
    return silent(name, f"its address is answered by a node that calls itself {facts.name}")
