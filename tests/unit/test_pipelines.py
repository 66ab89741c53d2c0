"""The pipelines that go out are, byte for byte, those that pypsrp would have made."""

from __future__ import annotations

import copy
import re
import xml.etree.ElementTree as ET
from types import SimpleNamespace

import pytest
from pypsrp.complex_objects import Command as PypsrpCommand
from pypsrp.complex_objects import Pipeline
from pypsrp.powershell import PowerShell
from pypsrp.serializer import Serializer

from vhdsfix.model.windows import FolderPath
from vhdsfix.remote.batch import with_marks
from vhdsfix.remote.cluster_questions import CLUSTER_PHASE
from vhdsfix.remote.folder_questions import about_folder
from vhdsfix.remote.node_questions import NODE_PHASE
from vhdsfix.remote.pipelines import pipeline_of
from vhdsfix.remote.statements import Statement

POOL = SimpleNamespace(protocol_version="2.3", connection=None, pipeline_table={})
PHASES = {
    "cluster": with_marks(CLUSTER_PHASE, "run"),
    "node": with_marks(NODE_PHASE, "run"),
    "folder": with_marks(about_folder(FolderPath("C:\\ClusterStorage\\A\\B")), "run"),
}


def text_of(pipeline: PowerShell) -> str:
    written = Pipeline(is_nested=False, cmds=pipeline.commands, history=None, redirect_err_to_out=False)
    element = Serializer().serialize(written)
    assert element is not None
    return str(ET.tostring(element, encoding="unicode"))


@pytest.mark.parametrize("statements", PHASES.values(), ids=PHASES)
def test_they_are_those_of_pypsrp_which_copies_each_command(statements: tuple[Statement, ...]) -> None:
    ours = pipeline_of(POOL, statements)  # type: ignore[arg-type] # all that a pipeline wants of a pool
    theirs = pipeline_of(POOL, statements)  # type: ignore[arg-type]
    theirs.commands = [_copied(command) for command in theirs.commands]
    written = text_of(ours)
    assert written == text_of(theirs)
    assert len(re.findall('N="Cmd"', written)) > len(ours.commands)


def _copied(command: PypsrpCommand) -> PypsrpCommand:
    """pypsrp's own class, so that it is copied deeply."""
    own = PypsrpCommand(command.cmd, protocol_version="2.3", is_script=False)
    own.args = copy.deepcopy(command.args)
    own.end_of_statement = command.end_of_statement
    return own
