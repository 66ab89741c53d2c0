"""Everything that can be sent: structured, in Microsoft's reference, and marked for what it does."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from vhdsfix.errors import UnreachableError
from vhdsfix.model.windows import Ace, AceFlag, AceType, FolderPath, VmId
from vhdsfix.ports import ToCheck
from vhdsfix.remote import batch, changes, check_questions
from vhdsfix.remote.checking import QUESTIONS_AT_ONCE
from vhdsfix.remote.cluster_questions import CLUSTER_PHASE
from vhdsfix.remote.create_pipeline import create_pipeline
from vhdsfix.remote.folder_questions import about_file, about_folder, is_disk_file, paths_to_root
from vhdsfix.remote.node import FOLDERS_AT_ONCE
from vhdsfix.remote.node_questions import NODE_PHASE
from vhdsfix.remote.questions import AS_DEEP_JSON, AS_JSON, LAST_EXIT_CODE, Question
from vhdsfix.remote.statements import Calculated, Command, Effect, Statement

FOLDER = FolderPath("C:\\ClusterStorage\\NTFS-03\\Shared")
VM = VmId("d3599536-222a-4d6e-bb10-a6019c3f2b9b")
REFERENCE: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "data" / "cmdlets.json").read_text("utf-8")
)["cmdlets"]
FOLDER_PHASE = about_folder(FOLDER)
TO_CHECK = ToCheck((VM,), (VM,), (FolderPath(FOLDER + "\\a.vhds"),), (FOLDER,))
CHECKS = check_questions.about(TO_CHECK).all()
QUESTIONS: tuple[Question[Any], ...] = (
    *CLUSTER_PHASE,
    *NODE_PHASE,
    *FOLDER_PHASE,
    about_file(FOLDER, "a.vhds"),
    *CHECKS,
)
STATEMENTS: tuple[Statement, ...] = (*batch.with_marks(QUESTIONS, "run"), LAST_EXIT_CODE)
COMMANDS = [command for statement in STATEMENTS for command in statement]
# An object's text, a list's items' properties and what PowerShell's file provider adds: not in the reference's lists.
NOT_LISTED = {
    "FriendlyVolumeName",
    "volume",
    "volumeState",
    "FullName",
    "Name",
    "Attributes",
    "PSIsContainer",
}


def by_name(question: Question[Any]) -> str:
    return question.name


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_a_command_is_in_the_reference_with_its_module_and_parameters(command: Command) -> None:
    module, _, name = command.name.partition("\\")
    assert REFERENCE[name]["module"] == module
    assert set(command.parameters) <= set(REFERENCE[name]["parameters"])
    assert not command.arguments


@pytest.mark.parametrize("question", QUESTIONS, ids=by_name)
def test_a_question_only_reads_and_answers_in_json(question: Question[Any]) -> None:
    assert question.statement[-1] in (AS_JSON, AS_DEEP_JSON)
    assert {command.effect for command in question.statement} == {Effect.READS}


@pytest.mark.parametrize("question", [*CLUSTER_PHASE, *NODE_PHASE, *CHECKS[:3]], ids=by_name)
def test_a_row_has_the_properties_that_the_cmdlet_gives(question: Question[Any]) -> None:
    cmdlets = [command.name.partition("\\")[2] for command in question.statement]
    asked = [name for cmdlet in cmdlets for name in REFERENCE[cmdlet]["properties"]]
    fields = {field.encode_name for field in msgspec.structs.fields(question.row)}
    assert fields - NOT_LISTED <= set(asked)


def test_no_two_questions_of_a_node_share_a_name() -> None:
    names = [question.name for question in QUESTIONS]
    assert len(set(names)) == len(names)


def test_a_phase_fits_one_request() -> None:
    deep = FolderPath("C:\\ClusterStorage\\" + "\\".join(["a folder of some depth"] * 8))
    questions = [question for _ in range(FOLDERS_AT_ONCE) for question in about_folder(deep)]
    statements = len(batch.with_marks(questions, "0" * 16)) // 2
    assert statements * (2_200 + 1_500) < 150_000


def test_as_many_checks_as_are_asked_at_once_fit_one_request() -> None:
    asked = msgspec.structs.replace(TO_CHECK, running=(VM,) * QUESTIONS_AT_ONCE)
    questions = check_questions.about(asked)
    longest = questions.guest_queries[VM]
    statements = batch.with_marks([longest] * QUESTIONS_AT_ONCE, "0" * 16)
    assert len(create_pipeline(statements, "2.3")) * 4 / 3 < 150_000


def test_where_no_vm_shares_disks_there_is_little_to_ask() -> None:
    names = [question.name for question in check_questions.about(ToCheck()).all()]
    assert names == ["failed merges (event 19100)"]


def test_the_change_is_kb4230569s_command_and_marked() -> None:
    change = changes.grant(FOLDER, VM)
    assert change.command == Command(
        "icacls.exe",
        arguments=(FOLDER, "/grant", "NT VIRTUAL MACHINE\\D3599536-222A-4D6E-BB10-A6019C3F2B9B:(OI)F"),
        effect=Effect.WRITES,
    )
    assert change.statements == ((change.command,), LAST_EXIT_CODE)


ENTRY = Ace(AceType.ALLOW, AceFlag.OBJECT_INHERIT, 0x1301BF, VM.sid)


@pytest.mark.parametrize(
    ("change", "arguments"),
    [
        (
            changes.remove(FOLDER, VM),
            ("/remove:g", "NT VIRTUAL MACHINE\\D3599536-222A-4D6E-BB10-A6019C3F2B9B"),
        ),
        (
            changes.restore(FOLDER, VM, ENTRY),
            ("/grant:r", "NT VIRTUAL MACHINE\\D3599536-222A-4D6E-BB10-A6019C3F2B9B:(OI)M"),
        ),
    ],
)
def test_what_undo_sends(change: changes.Change, arguments: tuple[str, str]) -> None:
    command = Command("icacls.exe", arguments=(FOLDER, *arguments), effect=Effect.WRITES)
    assert change.statements == ((command,), LAST_EXIT_CODE)


@pytest.mark.parametrize(
    "make",
    [changes.grant, changes.remove, lambda folder, vm_id: changes.restore(folder, vm_id, ENTRY)],
    ids=["grant", "remove", "restore"],
)
def test_a_volumes_root_is_not_sent(make: Callable[[FolderPath, VmId], changes.Change]) -> None:
    """Its last backslash would escape the quote behind it (WIRE 7.5); other paths that could are no FolderPath."""
    with pytest.raises(UnreachableError, match="nothing was sent"):
        make(FolderPath("C:\\"), VM)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.vhds", True), ("A.AVHDX", True), ("a.vhdx.mrt", True), ("a.txt", False), ("vhds", False)],
)
def test_disk_files_are_known_by_their_extension(name: str, expected: bool) -> None:
    assert is_disk_file(name) is expected


def test_reparse_points_are_looked_for_up_to_the_volume() -> None:
    assert paths_to_root(FOLDER) == (FOLDER, "C:\\ClusterStorage\\NTFS-03", "C:\\ClusterStorage")
    assert paths_to_root(FolderPath("C:\\")) == ("C:\\",)


def test_calculated_properties_are_strings_only() -> None:
    values = [value for command in COMMANDS for value in command.parameters.values()]
    inside = [item for value in values if isinstance(value, tuple) for item in value]
    assert Calculated("volume", "Name") in inside
    assert all(isinstance(item, str | Calculated) for item in inside)
