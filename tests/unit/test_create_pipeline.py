"""The pipelines that go out are, byte for byte, those that pypsrp would have made."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypsrp.complex_objects import ApartmentState, ComplexObject
from pypsrp.powershell import PowerShell
from pypsrp.serializer import Serializer

from vhdsfix.model.windows import FolderPath, VmId
from vhdsfix.ports import ToCheck
from vhdsfix.remote import changes, check_questions
from vhdsfix.remote.batch import with_marks
from vhdsfix.remote.clixml_text import text_of
from vhdsfix.remote.cluster_questions import CLUSTER_PHASE
from vhdsfix.remote.create_pipeline import create_pipeline
from vhdsfix.remote.folder_questions import about_folder
from vhdsfix.remote.node_questions import NODE_PHASE
from vhdsfix.remote.statements import Calculated, Command, Statement, Value

FOLDER = FolderPath("C:\\ClusterStorage\\Größe & ${2}\\\U0001f600_x0041_")
SENT = {
    "cluster": with_marks(CLUSTER_PHASE, "run"),
    "node": with_marks(NODE_PHASE, "run"),
    "folder": with_marks(about_folder(FOLDER), "run"),
    "checks": with_marks(check_questions.about(ToCheck(paths=(FOLDER,))).all(), "run"),
    "change": changes.grant(FOLDER, VmId("5f0b3a3e-6d2c-4d56-9a1e-0c7f3c1b2a10")).statements,
}

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
items = st.one_of(texts, st.builds(Calculated, name=texts, expression=texts))
numbers = st.integers(-(2**31), 2**31 - 1)
values: st.SearchStrategy[Value] = st.one_of(
    texts,
    st.booleans(),
    numbers,
    st.lists(items, max_size=3).map(tuple),
    st.dictionaries(texts, texts | numbers, max_size=3),
)
commands = st.builds(
    Command,
    name=texts,
    parameters=st.dictionaries(texts, values, max_size=3),
    arguments=st.lists(texts, max_size=2).map(tuple),
)
pipelines = st.lists(st.lists(commands, min_size=1, max_size=3).map(tuple), min_size=1, max_size=3).map(tuple)


@pytest.mark.parametrize("statements", SENT.values(), ids=SENT)
@pytest.mark.parametrize("version", ["2.1", "2.2", "2.3", "2.10"])
def test_what_we_send_is_what_pypsrp_would(statements: tuple[Statement, ...], version: str) -> None:
    assert create_pipeline(statements, version) == written_by_pypsrp(statements, version)


@given(pipelines)
def test_whatever_we_might_send_is_what_pypsrp_would(statements: tuple[Statement, ...]) -> None:
    assert create_pipeline(statements, "2.3") == written_by_pypsrp(statements, "2.3")


def test_half_a_letter_is_sent_as_powershell_sends_it() -> None:
    name = "half \ud83d of it"  # pypsrp writes &#55357;, which no XML parser takes
    root = ET.fromstring(create_pipeline(((Command(name),),), "2.3"))  # noqa: S314 - our own
    assert text_of(next(each.text for each in root.iter("S") if each.get("N") == "Cmd")) == name


@pytest.mark.parametrize("version", ["", "two.3", "2."])
def test_a_version_that_is_none_is_refused(version: str) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        create_pipeline(((Command("A"),),), version)


class Unsent(PowerShell):
    def _invoke(self, msg: ComplexObject) -> None:
        self.message = msg


def written_by_pypsrp(statements: tuple[Statement, ...], version: str) -> bytes:
    pool: Any = SimpleNamespace(protocol_version=version, host=None, apartment_state=ApartmentState.UNKNOWN)
    pipeline = Unsent(pool)
    for index, statement in enumerate(statements):
        if index:
            pipeline.add_statement()
        for command in statement:
            pipeline.add_cmdlet(command.name)
            for name, value in command.parameters.items():
                pipeline.add_parameter(name, as_pypsrp_takes(value))
            for argument in command.arguments:
                pipeline.add_argument(argument)
    pipeline.begin_invoke()
    element = Serializer().serialize(pipeline.message)
    assert element is not None
    written: bytes = ET.tostring(element, encoding="utf-8", method="xml")
    return written


def as_pypsrp_takes(value: Value) -> object:
    if isinstance(value, tuple):
        return [
            {"n": item.name, "e": item.expression} if isinstance(item, Calculated) else item for item in value
        ]
    return str(value) if isinstance(value, str) else value
