"""A node's answers to what it was asked besides → NodeChecks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from vhdsfix.model.facts import (
    NOT_ASKED,
    BackupService,
    GuestName,
    GuestQuery,
    MergeFailure,
    NodeChecks,
    QueriedVm,
    RecoveryCheckpoint,
    VhdSet,
)
from vhdsfix.model.readings import Absent, Known, Unknown, known_or
from vhdsfix.model.windows import FolderPath, VmId
from vhdsfix.ports import ToCheck
from vhdsfix.remote.answers import Answers
from vhdsfix.remote.check_questions import (
    CheckpointRow,
    CheckQuestions,
    GuestQueryRow,
    PathRow,
    VhdSetRow,
)
from vhdsfix.remote.guest_names import name_among
from vhdsfix.remote.guest_query import guest_query
from vhdsfix.remote.merge_failures import merge_failures
from vhdsfix.remote.moments import utc
from vhdsfix.remote.nested import texts_of
from vhdsfix.remote.node_facts import LONGEST_NAME
from vhdsfix.remote.questions import Question, R

T = TypeVar("T")


def node_checks(asked: ToCheck, questions: CheckQuestions, answers: Answers) -> NodeChecks:
    return NodeChecks(
        vhd_sets=_vhd_sets(asked, questions, answers),
        backup_services=_backup_services(asked, questions, answers),
        guest_names=_guest_names(questions, answers),
        guest_queries=tuple(
            QueriedVm(vm_id, answers.only(question, _guest_query))
            for vm_id, question in questions.guest_queries.items()
        ),
        checkpoints=_each(questions.checkpoints, answers, _checkpoint),
        merge_failures=_merge_failures(questions, answers),
        sees=_sees(questions, answers),
    )


def _each(
    question: Question[R] | None, answers: Answers, made_of: Callable[[R], T]
) -> Known[tuple[T, ...]] | Unknown:
    """Where no VM shares disks there is nothing to ask about, and nothing is missing."""
    return Known(()) if question is None else answers.each(question, made_of)


def _vhd_sets(
    asked: ToCheck, questions: CheckQuestions, answers: Answers
) -> Known[tuple[VhdSet, ...]] | Unknown:
    """Known only where each set was told of: a file of one that was not would look like nobody's."""
    sets = _each(questions.vhd_sets, answers, _vhd_set)
    told = {one.path.key for one in known_or(sets, ())}
    missing = [path for path in asked.vhd_sets if path.key not in told]
    if questions.vhd_sets is None or isinstance(sets, Unknown) or not missing:
        return sets
    return answers.unknown(questions.vhd_sets, f"nothing came about {missing[0]}")


def _backup_services(
    asked: ToCheck, questions: CheckQuestions, answers: Answers
) -> Known[tuple[BackupService, ...]] | Unknown:
    """Known only where each VM was told of: one that was not is not in order."""
    services = _each(
        questions.backup_services, answers, lambda row: BackupService(VmId(row.vm_id), row.enabled)
    )
    told = {service.vm_id for service in known_or(services, ())}
    missing = [vm_id for vm_id in asked.vms if vm_id not in told]
    if questions.backup_services is None or isinstance(services, Unknown) or not missing:
        return services
    return answers.unknown(questions.backup_services, f"nothing came about the VM {missing[0]}")


def _vhd_set(row: VhdSetRow) -> VhdSet:
    """Raises ValueError for a path that is none."""
    return VhdSet(FolderPath(row.path), tuple(FolderPath(path) for path in texts_of(row.all_paths)))


def _guest_names(questions: CheckQuestions, answers: Answers) -> Known[tuple[GuestName, ...]] | Unknown:
    named = _each(
        questions.guest_names, answers, lambda row: (VmId(row.vm_id), name_among(texts_of(row.items)))
    )
    if isinstance(named, Unknown):
        return named
    if questions.guest_names and not named.value:  # FACTS 4: who may not see VMs is answered with nothing
        return answers.unknown(questions.guest_names, "nothing came")
    return Known(tuple(GuestName(vm_id, name) for vm_id, name in named.value if name is not None))


def _guest_query(row: GuestQueryRow) -> GuestQuery:
    return guest_query(row.return_value, row.guest_cluster_information)


def _checkpoint(row: CheckpointRow) -> RecoveryCheckpoint:
    if len(row.name) > LONGEST_NAME:
        raise ValueError(f"a checkpoint's name has {len(row.name)} characters")
    return RecoveryCheckpoint(VmId(row.vm_id), row.name, utc(row.made))


def _merge_failures(questions: CheckQuestions, answers: Answers) -> Known[tuple[MergeFailure, ...]] | Unknown:
    rows = answers.each_if_there(questions.merge_failures, lambda row: row)
    if isinstance(rows, Unknown):
        return rows
    try:
        return Known(() if isinstance(rows, Absent) else merge_failures(rows.value))
    except ValueError as error:
        return answers.unknown(questions.merge_failures, str(error))


def _sees(questions: CheckQuestions, answers: Answers) -> Known[tuple[FolderPath, ...]] | Unknown:
    if not questions.sees:
        return NOT_ASKED
    looks = {path: _look(question, answers) for path, question in questions.sees.items()}
    unknown = next((look for look in looks.values() if isinstance(look, Unknown)), None)
    return unknown or Known(tuple(path for path, look in looks.items() if isinstance(look, Known)))


def _look(question: Question[PathRow], answers: Answers) -> Known[str] | Absent | Unknown:
    return answers.only_if_there(question, lambda row: row.full_name)
