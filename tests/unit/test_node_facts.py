"""What a node's answers mean: here, errors that name one VM of several."""

from __future__ import annotations

import pytest

from vhdsfix.model.facts import Drive, NodeFacts
from vhdsfix.model.readings import Known, Unknown
from vhdsfix.model.windows import FolderPath, VmId
from vhdsfix.remote.answers import Answers
from vhdsfix.remote.batch import AnyAnswer, alone
from vhdsfix.remote.messages import ErrorRecord, Messages
from vhdsfix.remote.node_facts import node_facts
from vhdsfix.remote.node_questions import DRIVES, HOST, VMS, HostRow, VmRow

HERE, THERE = VmId("d3599536-222a-4d6e-bb10-a6019c3f2b9b"), VmId("a0af7903-94b4-4a2c-b3b3-16050d5f80f2")
PATH = "C:\\ClusterStorage\\V1\\a.vhds"
ROW = f'{{"VMId":"{HERE}","Path":"{PATH.replace(chr(92), chr(92) * 2)}","DiskNumber":null,"SupportPersistentReservations":true}}'
WHY = "It broke. (Broken,C)"


def error(target: str, command: str = "Hyper-V\\Get-VMHardDiskDrive") -> ErrorRecord:
    return ErrorRecord("Broken,C", command, "It broke.", target)


def seen(*errors: ErrorRecord, output: tuple[object, ...] = (ROW,), completed: bool = True) -> NodeFacts:
    vms = (VmRow(HERE, "Here", True, 2, "10.0"), VmRow(THERE, "There", True, None, None))
    answers: dict[str, AnyAnswer] = {
        HOST.name: Known((HostRow("HV01"),)),
        VMS.name: Known(vms),
        DRIVES.name: alone(DRIVES, Messages(output, errors, completed)),
    }
    return node_facts(Answers("HV01", answers))


@pytest.mark.parametrize(
    "target", [THERE, THERE.upper(), "there", f"VirtualMachine (Name = 'There') [Id = '{THERE}']"]
)
def test_the_others_drives_are_known(target: str) -> None:
    shown = Drive(HERE, FolderPath(PATH), shared=True)
    struck = Drive(THERE, None, shared=False, unreadable=WHY)
    assert seen(error(target)).drives == Known((shown, struck))


@pytest.mark.parametrize("target", ["", "Elsewhere", "There ", f"{THERE} {HERE}", "VirtualMachine"])
def test_an_error_that_names_no_vm_for_certain_makes_all_unknown(target: str) -> None:
    assert isinstance(seen(error(target)).drives, Unknown)
    assert isinstance(seen(error(THERE), error(target)).drives, Unknown)


def test_another_commands_error_makes_all_unknown() -> None:
    assert isinstance(seen(error(THERE, "Hyper-V\\Get-VM")).drives, Unknown)


def test_a_statement_that_ended_early_makes_all_unknown() -> None:
    assert isinstance(seen(error(THERE), output=()).drives, Unknown)
    assert isinstance(seen(error(THERE), completed=False).drives, Unknown)


def test_an_error_for_each_vm_leaves_each_unreadable() -> None:
    drives = seen(error(THERE), error(HERE), output=()).drives
    assert drives == Known(
        (
            Drive(THERE, None, shared=False, unreadable=WHY),
            Drive(HERE, None, shared=False, unreadable=WHY),
        )
    )


def test_what_a_vm_has_besides_its_error_is_kept() -> None:
    drives = seen(error(HERE)).drives
    assert isinstance(drives, Known)
    assert [drive.path for drive in drives.value] == [FolderPath(PATH), None]
