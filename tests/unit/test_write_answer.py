"""What came back of icacls (WIRE 7.5): its code is told only where it must be icacls' own."""

from __future__ import annotations

import pytest

from vhdsfix.model.outcome import WriteAnswer
from vhdsfix.remote.messages import ErrorRecord, Messages
from vhdsfix.remote.write_answer import write_answer

DONE = "Successfully processed 1 files; Failed processing 0 files"
NOT_MAPPED = ErrorRecord("NativeCommandError", "icacls.exe", "No mapping between account names")
NOT_FOUND = ErrorRecord("CommandNotFoundException", "icacls.exe", "The term 'icacls.exe' is not recognized")
NO_VARIABLE = ErrorRecord(
    "CommandNotFoundException", "Get-Variable", "The term 'Get-Variable' is not recognized"
)


def answer(*output: object, errors: tuple[ErrorRecord, ...] = (), completed: bool = True) -> WriteAnswer:
    return write_answer(Messages(output, errors, completed))


def test_lines_and_code() -> None:
    assert answer("processed file: x", DONE, 0) == WriteAnswer(0, ("processed file: x", DONE))


def test_standard_error_comes_first_and_does_not_hide_the_code() -> None:
    assert answer(DONE, 1332, errors=(NOT_MAPPED,)) == WriteAnswer(1332, (NOT_MAPPED.text, DONE))


def test_the_code_of_an_earlier_command_is_not_taken_for_one_that_did_not_start() -> None:
    told = answer(0, errors=(NOT_FOUND,))
    assert told.exit_code is None
    assert "no command icacls.exe" in told.said[0]


def test_where_the_code_may_not_be_read_it_is_not_told() -> None:
    assert answer(DONE, errors=(NO_VARIABLE,), completed=False).exit_code is None


@pytest.mark.parametrize("output", [(), (DONE,), (DONE, None), (DONE, True), (DONE, "0"), (object(),)])
def test_no_number_is_no_code(output: tuple[object, ...]) -> None:
    assert answer(*output).exit_code is None


def test_what_a_node_says_is_shown_as_text() -> None:
    assert answer("\x1b[2Jcleared\n", 0).said == ("\\x1b[2Jcleared",)
