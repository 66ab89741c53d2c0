"""Each way of failing, as the lab plays it for a node and a command."""

from __future__ import annotations

from typing import Any

import pytest

from tests.recordings.small_lab import FOLDER, VM_HERE, small_lab
from vhdsfix.lab.error_records import ErrorRecord
from vhdsfix.lab.faults import Fault
from vhdsfix.lab.pipeline import Output, PipelineEnd, run_pipeline
from vhdsfix.lab.runspace import Runspace
from vhdsfix.lab.statements import Command, Statement

_JSON = Command("ConvertTo-Json", (("Compress", True), ("Depth", 1)))
_NAMES = Command("Select-Object", (("Property", ["Name"]),))
_VMS: Statement = (Command("Hyper-V\\Get-VM"), _NAMES, _JSON)
_DRIVES: Statement = (
    Command("Get-VM"),
    Command("Get-VMHardDiskDrive"),
    Command("Select-Object", (("Property", ["Path"]),)),
    _JSON,
)
_ICACLS: Statement = (
    Command("icacls.exe", arguments=(FOLDER, "/grant", f"NT VIRTUAL MACHINE\\{VM_HERE}:(OI)F")),
)
_WELL = '[{"Name":"Here \\u003c\\u0027\\u0026\\u003e"},{"Name":"Other"}]'


def _ended(fault: Fault, command: str, *statements: Statement, node: str = "HV01") -> PipelineEnd:
    world = small_lab()
    world.faults = {node: {command: fault}}
    return run_pipeline(Runspace(world, "HV01"), statements)


def _outputs(end: PipelineEnd) -> list[Any]:
    return [message.value for message in end.messages if isinstance(message, Output)]


def _error_ids(end: PipelineEnd) -> list[str]:
    return [message.error_id for message in end.messages if isinstance(message, ErrorRecord)]


def test_an_unknown_command_fails_its_statement() -> None:
    end = _ended(Fault("unknown"), "Get-VM", _VMS)
    assert end.failure is not None
    assert (end.failure.error_id, end.failure.target) == ("CommandNotFoundException", "Hyper-V\\Get-VM")
    assert end.messages == ()


def test_a_denied_command_leaves_a_record_and_nothing_else() -> None:
    end = _ended(Fault("denied"), "Get-VM", _VMS)
    assert end.failure is None
    assert _outputs(end) == []
    assert _error_ids(end) == ["AccessDenied,Microsoft.HyperV.PowerShell.Commands.GetVM"]


def test_a_denied_command_complains_of_each_object_piped_to_it() -> None:
    end = _ended(Fault("denied"), "Get-VMHardDiskDrive", _DRIVES)
    assert _error_ids(end) == ["AccessDenied,Microsoft.HyperV.PowerShell.Commands.GetVMHardDiskDrive"] * 2


def test_a_terminating_error_ends_its_statement() -> None:
    end = _ended(Fault("terminating", error_id="Broken", message="It broke."), "Get-VM", _VMS)
    assert end.failure is not None
    assert end.failure.error_id == "Broken,Microsoft.HyperV.PowerShell.Commands.GetVM"
    assert end.failure.message == "It broke."
    assert _outputs(end) == []


def test_a_nonterminating_error_shortens_the_list() -> None:
    end = _ended(Fault("nonterminating"), "Get-VM", _VMS)
    assert end.failure is None
    assert len(_error_ids(end)) == 1
    assert _outputs(end) == ['{"Name":"Here \\u003c\\u0027\\u0026\\u003e"}']


@pytest.mark.parametrize("name", ["Name", "name"])
def test_a_property_can_be_null_in_every_object(name: str) -> None:
    end = _ended(Fault("null", property=name), "Get-VM", _VMS)
    assert (_error_ids(end), _outputs(end)) == ([], ['[{"Name":null},{"Name":null}]'])


def test_a_note_property_can_be_null() -> None:
    sddl: Statement = (
        Command("Get-Acl", (("LiteralPath", [FOLDER]),)),
        Command("Select-Object", (("Property", ["Sddl"]),)),
        _JSON,
    )
    assert _outputs(_ended(Fault("null", property="Sddl"), "Get-Acl", sddl)) == ['{"Sddl":null}']


def test_an_empty_answer_has_no_error() -> None:
    end = _ended(Fault("empty"), "Get-VM", _VMS)
    assert (end.failure, end.messages) == (None, ())


def test_a_fault_is_one_nodes_and_one_commands() -> None:
    assert _outputs(_ended(Fault("empty"), "Get-VM", _VMS, node="HV02")) == [_WELL]
    assert _outputs(_ended(Fault("empty"), "Get-VMHost", _VMS)) == [_WELL]


def test_icacls_denied_ends_with_5_and_writes_nothing() -> None:
    world = small_lab()
    before = world.tree.dump()
    world.faults = {"HV01": {"icacls.exe": Fault("denied")}}
    exit_code: Statement = (Command("Get-Variable", (("Name", "LASTEXITCODE"), ("ValueOnly", True))),)
    end = run_pipeline(Runspace(world, "HV01"), (_ICACLS, exit_code))
    assert _error_ids(end) == ["NativeCommandError"]
    assert _outputs(end)[-1] == 5
    assert world.tree.dump() == before


def test_icacls_can_be_missing() -> None:
    end = _ended(Fault("unknown"), "icacls.exe", _ICACLS)
    assert end.failure is not None
    assert end.failure.error_id == "CommandNotFoundException"
