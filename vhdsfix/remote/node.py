"""A node as the ports want it: the phases' questions asked over one session, answers made into facts."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial

from vhdsfix.errors import CommandError
from vhdsfix.model.facts import ClusterFacts, FolderFacts, NodeChecks, NodeFacts
from vhdsfix.model.outcome import WriteAnswer
from vhdsfix.model.windows import Ace, FolderPath, VmId, name_key
from vhdsfix.ports import ToCheck
from vhdsfix.remote import changes, check_questions
from vhdsfix.remote.answers import Answers
from vhdsfix.remote.changes import Change
from vhdsfix.remote.check_facts import node_checks
from vhdsfix.remote.checking import Within, answers_to
from vhdsfix.remote.cluster_facts import cluster_facts
from vhdsfix.remote.cluster_questions import CLUSTER_PHASE
from vhdsfix.remote.folder_facts import FileSddls, Listing, folder_facts, listing_of
from vhdsfix.remote.folder_questions import FolderQuestions, about_file, about_folder
from vhdsfix.remote.machine import Machine
from vhdsfix.remote.node_facts import node_facts
from vhdsfix.remote.node_questions import NODE_PHASE
from vhdsfix.remote.one_line import one_line
from vhdsfix.remote.statements import Effect
from vhdsfix.remote.write_answer import write_answer

FOLDERS_AT_ONCE = 8
"""Four statements each, of some 4 KB with its mark: they fit one request of 150 KB (WIRE 3)."""


def _without_limit(_seconds: float) -> AbstractContextManager[None]:
    return nullcontext()


class RemoteReader(Machine):
    """Keeps the port `Reader`."""

    def cluster(self) -> ClusterFacts:
        return cluster_facts(self._ask("asking for the cluster of", CLUSTER_PHASE))

    def itself(self) -> NodeFacts:
        return node_facts(self._ask("asking for the VMs of", NODE_PHASE))

    def checks(self, asked: ToCheck, within: Within = _without_limit) -> NodeChecks:
        """`within` ends what takes longer than it is told; without it only the limit of a pipeline does."""
        questions = check_questions.about(asked)
        together = partial(self._ask_together, "checking")
        answers = answers_to(questions.all(), together, self._ask_alone, within, self.limits)
        return node_checks(asked, questions, self._answers(answers))

    def folders(self, paths: Sequence[FolderPath]) -> tuple[FolderFacts, ...]:
        groups = [paths[start : start + FOLDERS_AT_ONCE] for start in range(0, len(paths), FOLDERS_AT_ONCE)]
        return tuple(facts for group in groups for facts in self._folders(group))

    def _folders(self, paths: Sequence[FolderPath]) -> list[FolderFacts]:
        asked = {path: about_folder(path) for path in dict.fromkeys(paths)}
        answers = self._ask(
            "asking for folders on", [each for questions in asked.values() for each in questions]
        )
        found = {path: self._folder(path, questions, answers) for path, questions in asked.items()}
        return [found[path] for path in paths]

    def _folder(self, path: FolderPath, questions: FolderQuestions, answers: Answers) -> FolderFacts:
        listing = listing_of(questions, answers)
        return folder_facts(path, questions, answers, listing, self._files_alone(path, listing))

    def _files_alone(self, folder: FolderPath, listing: Listing) -> FileSddls:
        asked = {name: about_file(folder, name) for name in listing.without_sddl}
        alone = self._answers({each.name: self._ask_alone(each) for each in asked.values()})
        return {
            name_key(name): alone.only_if_there(question, lambda row: row.sddl)
            for name, question in asked.items()
        }


class RemoteWriter(RemoteReader):
    """Keeps the port `Writer`."""

    _effect = Effect.WRITES

    def grant(self, folder: FolderPath, vm_id: VmId) -> WriteAnswer:
        return self._make(changes.grant(folder, vm_id))

    def remove(self, folder: FolderPath, vm_id: VmId) -> WriteAnswer:
        return self._make(changes.remove(folder, vm_id))

    def restore(self, folder: FolderPath, vm_id: VmId, entry: Ace) -> WriteAnswer:
        return self._make(changes.restore(folder, vm_id, entry))

    def _make(self, change: Change) -> WriteAnswer:
        doing = f"making {change.name} on"
        messages = self._run(doing, change.statements)
        for error in messages.errors:
            if error.says_there_is_no(change.command):
                raise CommandError(f"{doing} {one_line(self.node)}: {error.why}")
        return write_answer(messages)
