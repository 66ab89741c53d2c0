"""What clients asked, in PowerShell's words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from vhdsfix.errors import LabError
from vhdsfix.lab.statements import Command
from vhdsfix.lab.transcript import Line, append, line_of, read, statement_text


@pytest.mark.parametrize(
    ("command", "text"),
    [
        (Command("Hyper-V\\Get-VM"), "Hyper-V\\Get-VM"),
        (Command("Get-Item", (("Force", True),)), "Get-Item -Force"),
        (Command("Get-Item", (("Force", False),)), "Get-Item -Force:$false"),
        (Command("Get-Item", (("Force", None),)), "Get-Item -Force $null"),
        (Command("Get-VM", (("Name", "a b"),)), "Get-VM -Name 'a b'"),
        (Command("Get-VM", (("Name", ["a", "b-c"]),)), "Get-VM -Name a, b-c"),
        (Command("Get-VM", (("Name", []),)), "Get-VM -Name @()"),
        (Command("Get-VM", arguments=("it's \u2019",)), "Get-VM 'it''s \u2019\u2019'"),
        (Command("Get-VM", arguments=("-Name",)), "Get-VM '-Name'"),
        (Command("Get-VM", arguments=("$x; rm",)), "Get-VM '$x; rm'"),
        (Command("Get-VM", arguments=("5",)), "Get-VM '5'"),
        (Command("Get-VM", arguments=("",)), "Get-VM ''"),
        (Command("Get-VM", arguments=(5,)), "Get-VM 5"),
        (Command("S", (("P", [{"n": "vm", "e": "Id"}, "x"]),)), "S -P @{n = 'vm'; e = 'Id'}, x"),
        (
            Command("icacls.exe", arguments=("C:\\a b", "/grant", "NT\\x:(OI)F")),
            "icacls.exe 'C:\\a b' /grant 'NT\\x:(OI)F'",
        ),
        (Command("1+1", is_script=True), "& { 1+1 }"),
    ],
)
def test_a_command_reads_as_a_person_types_it(command: Command, text: str) -> None:
    assert statement_text((command,)) == text


def test_a_statement_is_a_pipeline() -> None:
    assert statement_text((Command("Get-VM"), Command("Select-Object"))) == "Get-VM | Select-Object"


def test_lines_are_read_as_they_were_written(tmp_path: Path) -> None:
    file = tmp_path / "demo.jsonl"
    lines = [
        line_of("HV01", ((Command("Get-VM"),), (Command("Get-VM", arguments=("é\n",)),))),
        Line("HV02", ()),
    ]
    for line in lines:
        append(file, line)
    assert list(read(file)) == lines


def test_no_transcript_has_no_lines(tmp_path: Path) -> None:
    assert list(read(tmp_path / "none.jsonl")) == []


@pytest.mark.parametrize("damage", [b'{"node": "HV01"}\n', b"\xff\n", b"{\n"])
def test_a_damaged_line_is_named(tmp_path: Path, damage: Any) -> None:
    file = tmp_path / "demo.jsonl"
    file.write_bytes(b'{"node":"HV01","statements":[]}\n' + damage)
    with pytest.raises(LabError, match=r"line 2 of the transcript .*demo\.jsonl is damaged"):
        list(read(file))
