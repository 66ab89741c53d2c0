"""A pipeline as pypsrp writes it, read into plain values."""

from __future__ import annotations

import uuid
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from pypsrp.complex_objects import Command as PypsrpCommand
from pypsrp.complex_objects import CommandParameter, Pipeline
from pypsrp.serializer import Serializer

from vhdsfix.lab import pipeline_request
from vhdsfix.lab.statements import Command

ID = uuid.UUID("d3599536-222a-4d6e-bb10-a6019c3f2b9b")


def sent(*statements: list[tuple[str, list[tuple[str | None, Any]]]], flags: int = 0) -> bytes:
    """pypsrp's own text for these statements, in the message around it."""
    commands = []
    for statement in statements:
        for name, given in statement:
            args = [CommandParameter(name=parameter, value=value) for parameter, value in given]
            commands.append(PypsrpCommand(name, protocol_version="2.3", is_script=False, args=args))
        commands[-1].end_of_statement = True
    shell = Serializer().serialize(
        Pipeline(is_nested=False, cmds=commands, history=None, redirect_err_to_out=False)
    )
    assert shell is not None
    shell.set("N", "PowerShell")
    flag = f'<Obj N="RemoteStreamOptions" RefId="900"><TN RefId="900"><T>X</T></TN><ToString>0</ToString><I32>{flags}</I32></Obj>'
    return f'<Obj RefId="999"><MS>{flag}{ET.tostring(shell, encoding="unicode")}</MS></Obj>'.encode()


def values(*given: Any) -> tuple[Any, ...]:
    read = pipeline_request.read(sent([("Write-Output", [(None, value) for value in given])]))
    return read.statements[0][0].arguments


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        False,
        7,
        -7,
        "",
        "plain",
        "_x0041_",
        "a\x00b\r\n\x85",
        "𝄞 und ü",
        "<&>'\"",
        ["a", ["b", 1]],
        ID,
        {"n": "vm", "e": [1]},
    ],
    ids=repr,
)
def test_a_value_comes_as_it_was_sent(value: Any) -> None:
    assert values(value) == (value,)


def test_an_object_that_comes_twice_is_the_same_twice() -> None:
    names = ["a", "b"]
    assert values(names, names) == (names, names)


def test_statements_of_several_commands() -> None:
    asked = sent(
        [("Get-VM", [("Name", "x")]), ("Select-Object", [("-Property:", ["Id"])])],
        [("icacls.exe", [(None, "C:\\")])],
    )
    assert pipeline_request.read(asked).statements == (
        (Command("Get-VM", (("Name", "x"),)), Command("Select-Object", (("Property", ["Id"]),))),
        (Command("icacls.exe", arguments=("C:\\",)),),
    )


def test_text_stays_that_looks_like_a_property_nobody_reads() -> None:
    text = '<Obj RefId="3" N="MergeError"><TNRef RefId="3" /><ToString>None</ToString><I32>0</I32></Obj>'
    in_cdata = sent([("Write-Output", [(None, "text")])]).replace(b"text", f"<![CDATA[{text}]]>".encode())
    assert values(text) == (text,)
    assert pipeline_request.read(in_cdata).statements[0][0].arguments == (text,)


def test_whether_errors_are_to_name_their_invocation() -> None:
    one: list[tuple[str, list[tuple[str | None, Any]]]] = [("Get-VM", [])]
    assert [pipeline_request.read(sent(one, flags=flags)).with_invocation for flags in (0, 1, 15)] == [
        False,
        True,
        True,
    ]


@pytest.mark.parametrize(
    "text", [b"", b"<Obj/>", b"<S>x</S>", b"<Ref RefId='1'/>", sent([("a", [])]).replace(b"<S ", b"<Q ")]
)
def test_what_is_no_pipeline_is_refused(text: bytes) -> None:
    with pytest.raises((ET.ParseError, ValueError, KeyError, TypeError, AttributeError)):
        pipeline_request.read(text)
