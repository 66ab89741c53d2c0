"""A transcript for a person."""

from __future__ import annotations

import io

from rich.console import Console

from vhdsfix.lab.statements import Command
from vhdsfix.lab.transcript import Line, line_of
from vhdsfix.render.console import console_on
from vhdsfix.render.transcript_text import LEFT_OUT, NOTHING, print_transcript

UTILITY = "Microsoft.PowerShell.Utility\\"
QUESTION = (
    Command("Hyper-V\\Get-VM"),
    Command(f"{UTILITY}Select-Object", (("Property", ["Id", "Name"]),)),
    Command(f"{UTILITY}ConvertTo-Json", (("Compress", True), ("Depth", 1))),
)
CHANGE = (Command("icacls.exe", arguments=("C:\\f", "/grant", "NT VIRTUAL MACHINE\\X:(OI)F")),)


def mark(number: int) -> tuple[Command, ...]:
    return (Command(f"{UTILITY}Write-Output", (("InputObject", f"vhdsfix-mark:{number}"),)),)


def printed(*lines: Line, every_word: bool = False) -> list[str]:
    stream = io.StringIO()
    print_transcript(console_on(stream), lines, every_word=every_word)
    return stream.getvalue().rstrip("\n").split("\n")


def test_runs_and_nodes_that_were_sent_the_same_are_told_together() -> None:
    lines = printed(
        line_of("HV01", (QUESTION, mark(1)), "vhdsfix plan, 10:00"),
        line_of("HV02", (QUESTION, mark(2)), "vhdsfix plan, 10:00"),
        line_of("HV02", (QUESTION, mark(3)), "vhdsfix plan, 10:00"),
        line_of("HV02", (QUESTION, mark(4)), "vhdsfix apply, 10:01"),
        line_of("HV02", (CHANGE,), "vhdsfix apply, 10:01"),
    )
    assert lines[:-2] == [
        "vhdsfix plan, 10:00",
        "  HV01, HV02, HV02",
        "    Hyper-V\\Get-VM | Select-Object -Property Id, Name",
        "",
        "vhdsfix apply, 10:01",
        "  HV02",
        "    Hyper-V\\Get-VM | Select-Object -Property Id, Name",
        "  HV02",
        "    icacls.exe C:\\f /grant 'NT VIRTUAL MACHINE\\X:(OI)F'",
        "",
    ]
    assert " ".join(lines[-2:]) == LEFT_OUT


def test_every_word_leaves_nothing_out() -> None:
    lines = printed(line_of("HV01", (QUESTION, mark(1))), every_word=True)
    assert lines == [
        "a run whose command was not kept",
        "  HV01",
        f"    Hyper-V\\Get-VM | {UTILITY}Select-Object -Property Id, Name | {UTILITY}ConvertTo-Json -Compress -Depth 1",
        f"    {UTILITY}Write-Output -InputObject vhdsfix-mark:1",
    ]


def test_only_what_carries_the_answer_is_left_out() -> None:
    kept = (Command(f"{UTILITY}ConvertTo-Json"), Command("Get-VM"))
    script = (Command("Write-Output 1", is_script=True),)
    lines = printed(line_of("HV01", (kept, script)))
    assert lines[2:4] == ["    ConvertTo-Json | Get-VM", "    & { Write-Output 1 }"]


def test_what_a_client_sent_cannot_move_the_cursor() -> None:
    lines = printed(line_of("HV01", ((Command("Get-VM", (("Name", "a\x1b[2J\nb"),)),),)))
    assert lines[2] == "    Get-VM -Name 'a\\x1b[2J\\nb'"


def test_a_terminal_gets_lines_that_are_wrapped_between_words() -> None:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, color_system=None, width=40)
    print_transcript(console, [line_of("HV01", (QUESTION,))], every_word=False)
    lines = stream.getvalue().split("\n")
    assert lines[2:4] == ["    Hyper-V\\Get-VM | Select-Object", "        -Property Id, Name"]


def test_nothing_was_asked() -> None:
    assert printed() == [NOTHING]
