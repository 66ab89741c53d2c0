"""Nodes → Facts: which questions are asked of whom, in which order, and what becomes of a node that does not answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import msgspec

from vhdsfix import planner
from vhdsfix.errors import AuthError, CommandError, NodeError, UsageError
from vhdsfix.membership import short_name
from vhdsfix.model.facts import ClusterFacts, ClusterNode, Facts, FolderFacts, NodeFacts
from vhdsfix.model.plan import Scope
from vhdsfix.model.readings import Known, Unknown, known_or
from vhdsfix.model.windows import FolderPath
from vhdsfix.ports import Hosts, Notify, Progress, Reader

# Source: Microsoft.FailoverClusters.PowerShell.ClusterNodeState (Up 0, Down 1, Paused 2, Joining 3).
DOWN = 1

REFUSALS_ENOUGH = 2
"""So many nodes may refuse the account before any accepts it. Assumed: no lockout policy is stricter than that."""


def survey(
    hosts: Hosts[Reader], scope: Scope, taken_at: str, expected_cluster: str | None, notify: Notify
) -> Facts:
    """Ask the cluster, every node of it, and every folder that the scope is about.

    Raises UsageError when the nodes belong to another cluster than expected, or when the scope names what is not there;
    CommandError when no node let us in, and one because its session cannot answer questions.
    """
    nodes = _Nodes(hosts, notify)
    cluster = _ask_given(hosts, nodes, notify)
    _must_be_one_cluster(expected_cluster, cluster, nodes.facts())
    identity = known_or(cluster.identity, None)
    nodes.ask_the_rest(known_or(cluster.nodes, ()), identity.domain if identity else "")
    facts = Facts(taken_at=taken_at, cluster=cluster, nodes=nodes.facts(), folders=())
    return msgspec.structs.replace(facts, folders=_ask_folders(facts, scope, nodes, hosts, notify))


class _Nodes:
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

    def ask_the_rest(self, listed: tuple[ClusterNode, ...], domain: str) -> None:
        """Ask each node that the cluster lists and that has not answered under its name."""
        rest = [node for node in listed if short_name(node.name) not in self._answers]
        found = [(node.name, reader) for node in rest if (reader := self._reached(node, domain))]
        answers = self._hosts.at_once([partial(_ask_itself, reader, self._notify) for _, reader in found])
        for (name, reader), answer in zip(found, answers, strict=True):
            self.keep(name, reader, _as_named(name, answer.facts))

    def _reached(self, node: ClusterNode, domain: str) -> Reader | None:
        """What reaches a listed node; None, and its answer says why, for one that is down or not to be reached."""
        why = "the cluster says that it is down"
        if node.state != DOWN:
            try:
                return self._hosts.reach(node.name, domain)
            except NodeError as error:
                why = str(error)
        self._answers[short_name(node.name)] = _silent(node.name, why)
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


def _ask_given(hosts: Hosts[Reader], nodes: _Nodes, notify: Notify) -> ClusterFacts:
    """Ask the given nodes for themselves, and one of them for the cluster."""
    let_in = _let_in(list(hosts.given()), nodes, notify)
    if not let_in:
        return _unasked("no node let us in")
    first, *rest = let_in
    questions = [
        partial(_ask_both, first, notify),
        *(partial(_ask_itself, reader, notify) for reader in rest),
    ]
    answers = hosts.at_once(questions)
    cluster = answers[0].cluster
    for reader, answer in zip(let_in, answers, strict=True):
        its_cluster = answer.cluster if reader is first else cluster
        if reader is not first and isinstance(answer.facts.host, Known) and not _is_whole(cluster):
            its_cluster = _ask_both(reader, notify).cluster
            cluster = cluster if _is_told(cluster) else its_cluster
        nodes.keep_given(reader, _if_of(cluster, its_cluster, answer.facts))
    lacking = [answer.lacking for answer in answers if answer.lacking]
    if lacking and not any(isinstance(answer.facts.host, Known) for answer in answers):
        raise lacking[0]
    return cluster


def _let_in(given: list[Reader], nodes: _Nodes, notify: Notify) -> list[Reader]:
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
            nodes.keep_given(reader, _silent(reader.node, str(error)))
        else:
            return given
    for reader in given:
        nodes.keep_given(
            reader, _silent(reader.node, "not asked: more attempts with this account might lock it")
        )
    return []


class _Answer(NamedTuple):
    """What a node said. `lacking`: what its session lacks, so that it cannot be asked at all."""

    cluster: ClusterFacts
    facts: NodeFacts
    lacking: CommandError | None = None


def _ask_both(reader: Reader, notify: Notify) -> _Answer:
    """What a node says of the cluster and of itself; one that cannot be asked the one is not asked the other."""
    notify(Progress("asking for the cluster", reader.node))
    try:
        cluster = reader.cluster()
    except NodeError as error:
        lacking = error if isinstance(error, CommandError) else None
        return _Answer(_unasked(str(error)), _silent(reader.node, str(error)), lacking)
    return _ask_itself(reader, notify)._replace(cluster=cluster)


def _ask_itself(reader: Reader, notify: Notify) -> _Answer:
    notify(Progress("asking", reader.node))
    not_asked = _unasked("it was not asked")
    try:
        return _Answer(not_asked, reader.itself())
    except NodeError as error:
        lacking = error if isinstance(error, CommandError) else None
        return _Answer(not_asked, _silent(reader.node, str(error)), lacking)


def _is_whole(cluster: ClusterFacts) -> bool:
    return _is_told(cluster) and isinstance(cluster.nodes, Known)


def _is_told(cluster: ClusterFacts) -> bool:
    return isinstance(cluster.identity, Known)


def _if_of(cluster: ClusterFacts, its_cluster: ClusterFacts, facts: NodeFacts) -> NodeFacts:
    """A given node's answer, if the node list or its own word says that it belongs to the cluster."""
    if isinstance(cluster.nodes, Known) or its_cluster.identity == cluster.identity:
        return facts
    return _silent(facts.name, "not counted: whether it belongs to the same host cluster is not known")


def _unasked(why: str) -> ClusterFacts:
    unknown = Unknown(why)
    return ClusterFacts(unknown, unknown, unknown, unknown, unknown)


def _silent(name: str, why: str) -> NodeFacts:
    unknown = Unknown(why)
    return NodeFacts(name=name, host=unknown, vms=unknown, drives=unknown)


def _as_named(name: str, facts: NodeFacts) -> NodeFacts:
    """The answer of the node we meant to ask; another one's answer says nothing about it."""
    if short_name(facts.name) == short_name(name):
        return facts
    if isinstance(facts.host, Unknown):
        return NodeFacts(name=name, host=facts.host, vms=facts.vms, drives=facts.drives)
    return _silent(name, f"its address is answered by a node that calls itself {facts.name}")


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


def _ask_folders(
    facts: Facts, scope: Scope, nodes: _Nodes, hosts: Hosts[Reader], notify: Notify
) -> tuple[FolderFacts, ...]:
    """Each folder from a node where one of its VMs runs; what that node could not see, from the next."""
    inventory = planner.inventory_in_scope(facts, scope)
    vms = {vm.vm_id: vm.node for vm in inventory.vms}
    choices = {use.path: nodes.readers_for([vms[vm_id] for vm_id in use.vm_ids]) for use in inventory.folders}
    found: dict[FolderPath, FolderFacts] = {
        use.path: _unseen(use.path, "no node that could be asked shows this folder")
        for use in inventory.folders
    }
    for attempt in range(2):
        open_paths = [path for path in found if _is_open(found[path]) and len(choices[path]) > attempt]
        by_reader: dict[Reader, list[FolderPath]] = {}
        for path in open_paths:
            by_reader.setdefault(choices[path][attempt], []).append(path)
        tasks = [_folder_question(reader, paths, notify) for reader, paths in by_reader.items()]
        for answers in hosts.at_once(tasks):
            found.update({folder.path: _better(found[folder.path], folder) for folder in answers})
    return tuple(found[path] for path in sorted(found))


def _folder_question(
    reader: Reader, paths: Sequence[FolderPath], notify: Notify
) -> Callable[[], tuple[FolderFacts, ...]]:
    def ask() -> tuple[FolderFacts, ...]:
        notify(Progress(f"reading {len(paths)} folder(s) on", reader.node))
        try:
            return reader.folders(paths)
        except NodeError as error:
            return tuple(_unseen(path, str(error), reader.node) for path in paths)

    return ask


def _unseen(path: FolderPath, why: str, read_on: str = "") -> FolderFacts:
    unknown = Unknown(why)
    return FolderFacts(path, read_on, sddl=unknown, files=unknown, subfolders=unknown, links=unknown)


def _is_open(folder: FolderFacts) -> bool:
    return any(
        isinstance(reading, Unknown)
        for reading in (folder.sddl, folder.files, folder.subfolders, folder.links)
    )


def _better(before: FolderFacts, now: FolderFacts) -> FolderFacts:
    """The look that saw the permissions; a second look replaces the first only if it saw them too."""
    return before if isinstance(before.sddl, Known) and not isinstance(now.sddl, Known) else now
