"""Each question, each way of failing, in each place of a batch: what the facts then say.

A failure never makes anything look absent, in order or unnecessary: what it touched is Unknown, the rest is as it was.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from tests.end_to_end.one_node import ERRORS, NODE, Facts, check, fail, full_world, reading, readings
from tests.fakes.small_world import FOLDER
from vhdsfix.errors import CommandError
from vhdsfix.lab.faults import Fault, Kind
from vhdsfix.lab.world import Drive, Vm, World
from vhdsfix.model.readings import Absent, Known, Unknown
from vhdsfix.model.windows import FolderPath
from vhdsfix.remote.answers import Answers
from vhdsfix.remote.batch import Answer
from vhdsfix.remote.cluster_questions import (
    CLUSTER,
    CLUSTER_NODES,
    CONFIG_STORE,
    RESOURCES,
    SHARED_VOLUMES,
    VM_IDS,
)
from vhdsfix.remote.folder_questions import about_folder
from vhdsfix.remote.node import RemoteReader
from vhdsfix.remote.node_questions import DRIVES, HOST, VMS
from vhdsfix.remote.questions import Question

FOLDER_PHASE = about_folder(FOLDER)
OTHER_VM = "0b8f6a1d-3c57-4e92-a1d4-7f60b2c98e35"


class Asked(NamedTuple):
    """A question, a command of it that fails, and a property of that command's objects that may not be null there."""

    question: Question[Any]
    command: str
    not_null: str | None


ASKED = (
    Asked(CLUSTER, "Get-Cluster", "Name"),
    Asked(CLUSTER_NODES, "Get-ClusterNode", "State"),
    Asked(SHARED_VOLUMES, "Get-ClusterSharedVolume", "Name"),
    Asked(VM_IDS, "Get-ClusterParameter", "Value"),
    Asked(RESOURCES, "Get-ClusterResource", "Name"),
    Asked(CONFIG_STORE, "Get-ClusterParameter", None),
    Asked(HOST, "Get-VMHost", "Name"),
    Asked(VMS, "Get-VM", "Id"),
    Asked(DRIVES, "Get-VMHardDiskDrive", "VMId"),
    Asked(FOLDER_PHASE.links, "Get-Item", "Attributes"),
    Asked(FOLDER_PHASE.sddl, "Get-Acl", "Sddl"),
    Asked(FOLDER_PHASE.children, "Get-ChildItem", "PSIsContainer"),
    Asked(FOLDER_PHASE.file_sddls, "Get-Acl", "Sddl"),
    Asked(check("files of its VHD Sets"), "Get-VHDSet", "AllPaths"),
    Asked(check("backup integration services"), "Get-VMIntegrationService", "Enabled"),
    Asked(check("recovery checkpoints"), "Get-VMSnapshot", "Name"),
    Asked(check("failed merges"), "Get-WinEvent", "RecordId"),
    Asked(check("is there"), "Get-Item", "FullName"),
    Asked(check("guests call themselves"), "Get-CimInstance", None),
    Asked(check("guest cluster of the VM"), "Get-CimAssociatedInstance", None),
    Asked(check("guest cluster of the VM"), "Invoke-CimMethod", "ReturnValue"),
)
PLACES = ("first", "middle", "last")

PHASES: dict[str, Callable[[RemoteReader], Any]] = {
    "cluster": lambda reader: reader.cluster(),
    "node": lambda reader: reader.itself(),
    "folder": lambda reader: reader.folders([FOLDER])[0],
}


@pytest.fixture
def world() -> World:
    return full_world()


@pytest.fixture
def reader(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RemoteReader]:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with reading(world) as node:
        yield node


@pytest.fixture(scope="module")
def untouched() -> Iterator[RemoteReader]:
    """A node on which nothing fails; every test's world starts as its."""
    with reading(full_world()) as node:
        yield node


@pytest.fixture(scope="module")
def answers(untouched: RemoteReader) -> Answers:
    """What every question is answered where nothing fails."""
    return untouched._ask("asking", [asked.question for asked in ASKED])


@pytest.fixture(scope="module")
def facts(untouched: RemoteReader) -> dict[str, Facts]:
    """What each phase gives where nothing fails."""
    return {name: readings(phase(untouched)) for name, phase in PHASES.items()}


def deny(world: World, path: str) -> None:
    entry = world.tree.get(path)
    assert entry is not None
    entry.denied = True


def by_question(asked: Asked) -> str:
    return f"{asked.question.name}, {asked.command}"


def in_place(place: str, asked: Asked) -> list[Question[Any]]:
    """The question among two that do not use the failing command."""
    others = [each for each in (CLUSTER, HOST, CLUSTER_NODES) if not uses(each, asked.command)][:2]
    return [*others[: PLACES.index(place)], asked.question, *others[PLACES.index(place) :]]


def uses(question: Question[Any], command: str) -> bool:
    return any(each.plain_name == command.casefold() for each in question.statement)


def asked_among_others(reader: RemoteReader, asked: Asked, place: str, before: Answers) -> Answer[Any]:
    """The failing question's answer; those of its neighbours must be as they were."""
    questions = in_place(place, asked)
    after = reader._ask("asking", questions)
    for other in questions:
        assert other is asked.question or after.of(other) == before.of(other)
    return after.of(asked.question)


@pytest.mark.parametrize("how", list(itertools.product([*ERRORS, "null"], PLACES)), ids="-".join)
@pytest.mark.parametrize("asked", ASKED, ids=by_question)
def test_a_failed_question_is_unknown_and_no_other(
    reader: RemoteReader, world: World, answers: Answers, asked: Asked, how: tuple[Kind, str]
) -> None:
    kind, place = how
    fail(world, asked.command, kind, asked.not_null or "Value")
    answer = asked_among_others(reader, asked, place, answers)
    if kind == "null" and asked.not_null is None:
        assert isinstance(answer, Known)
    else:
        assert isinstance(answer, Unknown)
        assert answer.why.startswith(f"{NODE} did not tell {asked.question.name}: ")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("asked", ASKED, ids=by_question)
def test_an_empty_answer_is_an_empty_list(
    reader: RemoteReader, world: World, answers: Answers, asked: Asked, place: str
) -> None:
    fail(world, asked.command, "empty")
    assert asked_among_others(reader, asked, place, answers) == Known(())


@pytest.mark.parametrize("kind", ERRORS)
@pytest.mark.parametrize("module", ["Select-Object", "ConvertTo-Json", "Write-Output"])
def test_what_every_question_needs_fails(reader: RemoteReader, world: World, module: str, kind: Kind) -> None:
    """Without Write-Output there are no marks, and every question is asked alone."""
    before = reader.itself()
    fail(world, module, kind)
    if kind == "unknown" and module != "Write-Output":
        with pytest.raises(CommandError, match="lacks the module's own Select-Object or ConvertTo-Json"):
            reader.itself()
        return
    after = reader.itself()
    if module == "Write-Output":
        assert after == before
    else:
        assert all(isinstance(reading, Unknown) for reading in (after.host, after.vms, after.drives))


# The facts that each command's failure makes unknown. What may stay: the owner of a VM's resource is told by nobody then.
TOUCHED: dict[str, tuple[str, set[str]]] = {
    "Get-Cluster": ("cluster", {"identity"}),
    "Get-ClusterNode": ("cluster", {"nodes"}),
    "Get-ClusterSharedVolume": ("cluster", {"volumes"}),
    "Get-ClusterResource": ("cluster", {"clustered_vms", "config_store", "config_store_state"}),
    "Get-ClusterParameter": ("cluster", {"clustered_vms", "config_store"}),
    "Get-VMHost": ("node", {"host"}),
    "Get-VM": ("node", {"vms", "drives"}),
    "Get-VMHardDiskDrive": ("node", {"drives"}),
    "Get-Item": ("folder", {"links"}),
    "Get-Acl": ("folder", {"sddl"}),
    "Get-ChildItem": ("folder", {"files", "subfolders"}),
}


@pytest.mark.parametrize(("command", "kind"), list(itertools.product(TOUCHED, ERRORS)))
def test_the_facts_that_a_failing_command_touches_are_unknown_and_no_others(
    reader: RemoteReader, world: World, facts: dict[str, Facts], command: str, kind: Kind
) -> None:
    phase, touched = TOUCHED[command]
    before = facts[phase]
    fail(world, command, kind)
    after = readings(PHASES[phase](reader))
    assert {name for name, reading in after.items() if isinstance(reading, Unknown)} == touched
    for name in before.keys() - touched - {"files"}:
        assert after[name] == before[name]


# What an empty answer leaves: lists that may be empty are (and are judged elsewhere), the rest is unknown.
EMPTY: dict[str, dict[str, object]] = {
    "Get-Cluster": {"identity": Unknown},
    "Get-ClusterNode": {"nodes": Unknown},
    "Get-ClusterSharedVolume": {"volumes": Known(())},
    "Get-ClusterResource": {
        "clustered_vms": Known(()),
        "config_store": Unknown,
        "config_store_state": Unknown,
    },
    "Get-ClusterParameter": {"clustered_vms": Unknown, "config_store": Known("")},
    "Get-VMHost": {"host": Unknown},
    "Get-VM": {"vms": Known(()), "drives": Known(())},
    "Get-VMHardDiskDrive": {"drives": Known(())},
    "Get-Item": {"links": Unknown},
    "Get-Acl": {"sddl": Unknown},
    "Get-ChildItem": {"files": Known(()), "subfolders": Known(())},
}


@pytest.mark.parametrize("command", EMPTY)
def test_an_empty_answer_is_never_absent(reader: RemoteReader, world: World, command: str) -> None:
    fail(world, command, "empty")
    after = readings(PHASES[TOUCHED[command][0]](reader))
    for name, left in EMPTY[command].items():
        assert isinstance(after[name], Unknown) if left is Unknown else after[name] == left
    assert Absent() not in after.values()


# What is told besides, and may be null: it is not known then, and nothing else is lost.
TOLD_BESIDES = (
    ("Get-ClusterNode", "BuildNumber", "nodes", "os_version"),
    ("Get-ClusterSharedVolume", "State", "volumes", "state"),
    ("Get-ClusterResource", "OwnerNode", "clustered_vms", "owner_node"),
    ("Get-ClusterResource", "OwnerGroup", "clustered_vms", "configuration_state"),
    ("Get-ClusterResource", "State", "clustered_vms", "configuration_state"),
    ("Get-VM", "State", "vms", "state"),
    ("Get-VM", "Version", "vms", "version"),
    ("Get-ChildItem", "LastWriteTimeUtc", "files", "written_at"),
)


@pytest.mark.parametrize("told", TOLD_BESIDES, ids=":".join)
def test_what_is_told_besides_may_be_null(
    reader: RemoteReader, world: World, facts: dict[str, Facts], told: tuple[str, str, str, str]
) -> None:
    command, null, reading, field = told
    phase = TOUCHED[command][0]
    fail(world, command, "null", null)
    after = readings(PHASES[phase](reader))
    expected = [msgspec.structs.replace(each, **{field: None}) for each in facts[phase][reading].value]
    assert list(after[reading].value) == expected
    others = [name for name in after if name not in (reading, "config_store_state")]
    assert [after[name] for name in others] == [facts[phase][name] for name in others]


def test_drives_that_cannot_be_read_are_those_of_the_vm_that_the_error_names(
    reader: RemoteReader, world: World
) -> None:
    world.add_vm(Vm(OTHER_VM, "Other", NODE, drives=[Drive("C:\\VMs\\other.vhdx")]))
    before = reader.itself()
    assert isinstance(before.drives, Known)
    world.faults[NODE] = {"Get-VMHardDiskDrive": Fault("nonterminating", vm="Other", message="It broke.")}
    after = reader.itself()
    assert isinstance(after.drives, Known)
    *others, struck = after.drives.value
    assert others == [drive for drive in before.drives.value if drive.vm_id != OTHER_VM]
    assert (struck.vm_id, struck.path) == (OTHER_VM, None)
    assert "It broke." in (struck.unreadable or "")
    assert after.vms == before.vms


def test_drives_of_the_only_vm_cannot_be_read(reader: RemoteReader, world: World) -> None:
    world.faults[NODE] = {"Get-VMHardDiskDrive": Fault("nonterminating", vm="Guest1")}
    drives = reader.itself().drives
    assert isinstance(drives, Known)
    assert [drive.unreadable is not None for drive in drives.value] == [True]


def test_an_error_that_fits_two_vms_makes_all_drives_unknown(reader: RemoteReader, world: World) -> None:
    world.add_vm(Vm(OTHER_VM, "Guest1", NODE))
    world.faults[NODE] = {"Get-VMHardDiskDrive": Fault("nonterminating", vm=OTHER_VM)}
    assert isinstance(reader.itself().drives, Unknown)


def test_one_file_that_may_not_be_read_hides_no_other(reader: RemoteReader, world: World) -> None:
    deny(world, f"{FOLDER}\\Disk.vhds")
    files = reader.folders([FOLDER])[0].files
    assert isinstance(files, Known)
    by_name = {file.name: file.sddl for file in files.value}
    assert isinstance(by_name.pop("Disk.vhds"), Unknown)
    assert by_name
    assert all(isinstance(sddl, Known) for sddl in by_name.values())


def test_a_folder_that_is_not_there_is_absent_beside_one_that_is(reader: RemoteReader) -> None:
    there, gone = reader.folders([FOLDER, FolderPath(f"{FOLDER}\\Nowhere")])
    assert isinstance(there.sddl, Known)
    assert isinstance(there.files, Known)
    assert readings(gone) == dict.fromkeys(("sddl", "files", "subfolders", "links"), Absent())


def test_a_folder_that_may_not_be_read_is_not_absent(reader: RemoteReader, world: World) -> None:
    deny(world, FOLDER)
    after = readings(reader.folders([FOLDER])[0])
    assert all(isinstance(reading, Unknown) for reading in after.values())


def test_many_folders_are_answered_in_the_order_asked(reader: RemoteReader) -> None:
    asked = [FOLDER, *(FolderPath(f"{FOLDER}\\{number}") for number in range(20)), FOLDER]
    answers = reader.folders(asked)
    assert [facts.path for facts in answers] == asked
    assert answers[0] == answers[-1]
    assert reader.folders([]) == ()


def test_a_cluster_without_the_resource_has_no_config_store(reader: RemoteReader, world: World) -> None:
    world.cluster.config_store = None
    assert reader.cluster().config_store == Absent()


def test_a_config_store_that_is_set_is_told(reader: RemoteReader, world: World) -> None:
    world.cluster.config_store = "C:\\ClusterStorage\\Volume1\\Store"
    assert reader.cluster().config_store == Known("C:\\ClusterStorage\\Volume1\\Store")


@pytest.mark.parametrize(("field", "value"), [("id", "a0af7903-94b4-4a2c-b3b3-16050d5f80f"), ("id", "")])
def test_an_id_that_is_none_makes_its_list_unknown(
    reader: RemoteReader, world: World, field: str, value: str
) -> None:
    setattr(next(vm for vm in world.vms if vm.node == NODE), field, value)
    vms = reader.itself().vms
    assert isinstance(vms, Unknown)
    assert "did not tell its VMs" in vms.why
