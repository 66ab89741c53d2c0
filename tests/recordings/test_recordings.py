"""The lab's simulation answers as PowerShell's own engine did, message for message.

engine.json is the contract's, and says what was left out; lab.json was recorded with record.py. Objects are compared by types, property names and values; of a whole
object those properties count that the recording has, since its stand-ins had fewer than the real type.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.recordings.clixml_shape import error_of, shape_of, state_of
from tests.recordings.conversation import Ask, Message, with_client
from tests.recordings.recorded_world import recorded_cmdlets, recorded_world
from tests.recordings.small_lab import small_lab
from vhdsfix.lab.psrp import SimulatedShell

_FOLDER = Path(__file__).parent


def _recorded(name: str) -> list[Any]:
    text = (_FOLDER / name).read_text(encoding="utf-8")
    return [pytest.param(recording, id=recording["id"]) for recording in json.loads(text)["recordings"]]


@pytest.fixture(scope="module")
def marked() -> list[str]:
    return []


@pytest.fixture(scope="module")
def ask_contract(marked: list[str]) -> Iterator[Ask]:
    cmdlets = recorded_cmdlets(marked, "Microsoft.HyperV.PowerShell.Commands.{}")
    with with_client(lambda _name: SimulatedShell(recorded_world(), "HV01", cmdlets=cmdlets)) as ask:
        yield ask


@pytest.fixture(scope="module")
def ask_lab() -> Iterator[Ask]:
    cmdlets = recorded_cmdlets([], "Microsoft.PowerShell.Commands.{}Command")
    with with_client(lambda _name: SimulatedShell(small_lab(), "HV01", cmdlets=cmdlets)) as ask:
        yield ask


@pytest.mark.parametrize("recording", _recorded("engine.json"))
def test_answers_as_the_contract_recorded(
    recording: dict[str, Any], ask_contract: Ask, marked: list[str]
) -> None:
    marked.clear()
    expect_same(ask_contract(recording["statements"]), recording["messages"])
    assert marked == recording["marked"]


@pytest.mark.parametrize("recording", _recorded("lab.json"))
def test_answers_as_the_engine_did_in_the_same_world(recording: dict[str, Any], ask_lab: Ask) -> None:
    """One session from the first to the last, as when it was recorded: icacls changes the disks."""
    expect_same(ask_lab(recording["statements"]), recording["messages"])


def expect_same(ours: list[Message], theirs: list[Message]) -> None:
    kinds = [[message["type"] for message in _told_apart(messages)] for messages in (ours, theirs)]
    assert kinds[0] == kinds[1]
    for our, their in zip(_told_apart(ours), _told_apart(theirs), strict=True):
        assert said(our) == as_far_as_known(said(their), said(our))


def _told_apart(messages: list[Message]) -> list[Message]:
    """A native command's standard error and output come in no fixed order (WIRE 7.5)."""
    return sorted(messages, key=lambda message: "NativeCommandError" not in message["clixml"])


_TIMES = ("Uptime", "CreationTime")
"""The lab's world has no times: vhdsfix asks for none, and psrpcore writes a TimeSpan of 90 s as PT1M3S."""


def said(message: Message) -> Any:
    match message["type"]:
        case "ERROR_RECORD":
            return error_of(message["clixml"])
        case "PIPELINE_STATE":
            return state_of(message["clixml"])
        case _:
            return _without_times(shape_of(message["clixml"]))


def as_far_as_known(recorded: Any, ours: Any) -> Any:
    """A recorded object as ours should be: its stand-in's properties as far as the real type has them, all others null."""
    if not isinstance(recorded, dict) or not recorded.get("properties"):
        return recorded
    known = {name: recorded["properties"].get(name) for name in ours["properties"]}
    return recorded | {"properties": known, "notes": ours["notes"]}


def _without_times(shape: Any) -> Any:
    if isinstance(shape, dict):
        for members in (shape["properties"], shape["notes"]):
            for name in _TIMES:
                members.pop(name, None)
    return shape
