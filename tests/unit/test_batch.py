"""Which answers of a batch count (WIRE 7.1), and how JSON from a node is read."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vhdsfix.model.readings import Absent, Known, Unknown
from vhdsfix.remote import batch
from vhdsfix.remote.cluster_questions import VM_IDS
from vhdsfix.remote.messages import ErrorRecord, Messages
from vhdsfix.remote.questions import NamedObject, Question, answered_as
from vhdsfix.remote.statements import Command

RUN = "5f3a"


class Row(msgspec.Struct, frozen=True, rename="pascal"):
    name: str
    note: str | None


def question(name: str, cmdlet: str) -> Question[Row]:
    return Question(name, answered_as(Row, Command(cmdlet)), Row, frozenset({"PathNotFound"}))


FIRST, SECOND, THIRD = (
    question("first", "Hyper-V\\Get-VM"),
    question("second", "Hyper-V\\Get-VMHost"),
    question("third", "FailoverClusters\\Get-Cluster"),
)
ALL = (FIRST, SECOND, THIRD)
A, B, C = ('{"Name":"%s","Note":null}' % name for name in "abc")  # noqa: UP031 - braces are JSON's here


def mark(index: int) -> str:
    return batch.mark_of(RUN, index)


def known(*names: str) -> Known[tuple[Row, ...]]:
    return Known(tuple(Row(name, None) for name in names))


def settled(*output: object, errors: tuple[ErrorRecord, ...] = (), completed: bool = True) -> tuple[Any, ...]:
    return batch.settle(ALL, Messages(output, errors, completed), RUN)


def denied(command: str | None) -> ErrorRecord:
    return ErrorRecord("AccessDenied,Some.Class", command, "Access is denied.")


def test_answers_between_all_marks_count() -> None:
    assert settled(A, mark(0), mark(1), C, mark(2)) == (known("a"), known(), known("c"))


@pytest.mark.parametrize(
    "output",
    [
        (A, mark(0), B, mark(1), C),
        (A, B, mark(1), C, mark(2)),
        (A, mark(1), B, mark(0), C, mark(2)),
        (A, mark(0), B, mark(1), C, mark(2), mark(2)),
        (A, mark(0), mark(0), B, mark(1), C, mark(2)),
        (A, mark(0), B, mark(1), C, mark(2), "more"),
        (B,),
        (),
    ],
)
def test_a_batch_without_each_mark_once_and_in_order_does_not_count(output: tuple[object, ...]) -> None:
    assert settled(*output) == (None, None, None)


def test_a_batch_that_is_not_completed_does_not_count() -> None:
    assert settled(A, mark(0), B, mark(1), C, mark(2), completed=False) == (None, None, None)


@pytest.mark.parametrize("command", ["Hyper-V\\Get-VMHost", "Get-VMHost", "get-vmhost"])
def test_an_error_belongs_to_the_one_statement_with_its_command(command: str) -> None:
    first, second, third = settled(A, mark(0), B, mark(1), C, mark(2), errors=(denied(command),))
    assert (first, third) == (known("a"), known("c"))
    assert isinstance(second, Unknown)
    assert "Access is denied" in second.why


def test_statements_that_share_a_failed_command_are_asked_alone_and_only_they() -> None:
    asked = (FIRST, question("again", "Get-VM"), THIRD)
    messages = Messages((A, mark(0), B, mark(1), C, mark(2)), (denied("Get-VM"),), completed=True)
    assert batch.settle(asked, messages, RUN) == (None, None, known("c"))


@pytest.mark.parametrize("command", [None, "Get-Nothing", "Write-Output", ""])
def test_an_error_that_no_statement_can_have_made_spoils_the_batch(command: str | None) -> None:
    assert settled(A, mark(0), B, mark(1), C, mark(2), errors=(denied(command),)) == (None, None, None)


def test_an_error_of_what_all_have_in_common_has_all_asked_alone() -> None:
    errors = (denied("Microsoft.PowerShell.Utility\\ConvertTo-Json"),)
    assert settled(mark(0), mark(1), mark(2), errors=errors) == (None, None, None)


def test_a_non_terminating_error_makes_a_shortened_answer_unknown() -> None:
    messages = Messages((A,), (denied("Get-VM"),), completed=True)
    assert isinstance(batch.alone(FIRST, messages), Unknown)


def test_alone_an_error_is_the_questions_whatever_it_names() -> None:
    for command in ("Get-VM", None, "Get-Nothing"):
        assert isinstance(batch.alone(FIRST, Messages((), (denied(command),), completed=False)), Unknown)


def test_only_the_ids_that_say_so_mean_absent() -> None:
    missing = ErrorRecord(
        "PathNotFound,Microsoft.PowerShell.Commands.GetItemCommand", "Get-VM", "Cannot find path"
    )
    assert batch.alone(FIRST, Messages((), (missing,), completed=True)) == Absent()
    assert isinstance(batch.alone(FIRST, Messages((), (missing, denied("Get-VM")), completed=True)), Unknown)
    assert isinstance(batch.alone(FIRST, Messages((A,), (missing,), completed=True)), Unknown)
    assert isinstance(batch.alone(VM_IDS, Messages((), (missing,), completed=True)), Unknown)


def test_a_stopped_pipeline_is_no_empty_answer() -> None:
    assert isinstance(batch.alone(FIRST, Messages((), (), completed=False)), Unknown)


def test_no_output_is_an_empty_answer() -> None:
    assert batch.alone(FIRST, Messages((), (), completed=True)) == Known(())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"Name":"a","Note":null}', ("a",)),
        ('[{"Name":"a","Note":null},{"Name":"b","Note":"x"}]', ("a", "b")),
        ("[]", ()),
        ('{"Name":"\\u003ca\\u0027\\u0026\\u003e","Note":null,"More":{"x":1}}', ("<a'&>",)),
        ('  [ {"Name" : "a" , "Note" : null } ]\r\n', ("a",)),
    ],
)
def test_json_of_5_1_and_of_7_is_read(text: str, expected: tuple[str, ...]) -> None:
    answer = batch.alone(FIRST, Messages((text,), (), completed=True))
    assert isinstance(answer, Known)
    assert tuple(row.name for row in answer.value) == expected


@pytest.mark.parametrize(
    "output",
    [
        ('{"Name":null,"Note":null}',),
        ('{"Note":null}',),
        ('{"Name":"a"}',),
        ('{"Name":1,"Note":null}',),
        ('[{"Name":"a","Note":null},{"Name":null,"Note":null}]',),
        ("null",),
        ("[null]",),
        ('"a"',),
        ("",),
        ("garbage",),
        ('{"Name":"a","Note":null',),
        ("[" * 100_000,),
        ("\ud800",),
        (A, B),
        (1,),
        (None,),
        (object(),),
    ],
)
def test_any_other_answer_is_unknown_and_says_why_in_one_line(output: tuple[object, ...]) -> None:
    answer = batch.alone(FIRST, Messages(output, (), completed=True))
    assert isinstance(answer, Unknown)
    assert answer.why.isprintable()
    assert len(answer.why) < 400


@given(st.text())
def test_no_text_from_a_node_is_a_crash(text: str) -> None:
    assert isinstance(batch.alone(FIRST, Messages((text,), (), completed=True)), Known | Unknown)


@given(st.lists(st.sampled_from([A, B, "x", mark(0), mark(1), mark(2)]), max_size=9))
def test_a_batch_counts_only_with_one_answer_before_each_mark(output: list[object]) -> None:
    if settled(*output) != (None, None, None):
        assert [item for item in output if str(item).startswith("vhdsfix-mark")] == [
            mark(0),
            mark(1),
            mark(2),
        ]
        assert output[-1] == mark(2)


def test_a_cluster_object_may_come_as_its_text_or_written_out() -> None:
    rows = batch.alone(
        VM_IDS,
        Messages(
            ('[{"ClusterObject":"R","Value":"x"},{"ClusterObject":{"Name":"R","State":2},"Value":"y"}]',),
            (),
            completed=True,
        ),
    )
    assert isinstance(rows, Known)
    assert [row.resource for row in rows.value] == ["R", NamedObject("R")]


def test_ten_thousand_rows_are_read() -> None:
    text = json.dumps([{"Name": f"VM{number}", "Note": None} for number in range(10_000)])
    answer = batch.alone(FIRST, Messages((text,), (), completed=True))
    assert isinstance(answer, Known)
    assert len(answer.value) == 10_000


@pytest.mark.parametrize(
    ("error_id", "command"),
    [
        ("ParameterArgumentValidationError,Select-Object", "Select-Object"),
        ("CommandNotFoundException", "ConvertTo-Json"),
        ("CommandNotFoundException", "Select-Object"),
    ],
)
def test_a_restricted_endpoint_is_told_what_is_missing(error_id: str, command: str) -> None:
    answer = batch.alone(FIRST, Messages((), (ErrorRecord(error_id, command, "no"),), completed=False))
    assert isinstance(answer, Unknown)
    assert "Select-Object or ConvertTo-Json" in answer.why
