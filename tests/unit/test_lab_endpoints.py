"""The lab's session configurations, and the one line that a restricted one gets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from tests.recordings.small_lab import FOLDER, small_lab
from vhdsfix.config import Secret
from vhdsfix.errors import CommandError, UnreachableError
from vhdsfix.lab import endpoints
from vhdsfix.lab.auth import Account
from vhdsfix.lab.server import Lab, LabNode
from vhdsfix.model.readings import Known
from vhdsfix.model.windows import FolderPath
from vhdsfix.remote.connection import Connection
from vhdsfix.remote.messages import Messages
from vhdsfix.remote.node import RemoteReader
from vhdsfix.remote.session import Session
from vhdsfix.remote.statements import Calculated, Command, Effect, Value

USER, PASSWORD = "LAB\\admin", Secret("correct horse")
UTILITY = "Microsoft.PowerShell.Utility\\"

To = Callable[[str], Connection]


@pytest.fixture(scope="module")
def to() -> Iterator[To]:
    """Reaches a node of the lab by a configuration name."""
    with Lab(
        [LabNode("HV01", endpoints.shells(small_lab(), "HV01"), Account(USER, PASSWORD.reveal()))]
    ) as lab:
        at = lab.endpoints[0]
        yield lambda name: Connection("HV01", at.address, at.port, "http", user=USER, configuration_name=name)


def ask(connection: Connection, *commands: Command) -> Messages:
    with closing(Session(connection, PASSWORD, Effect.READS)) as session:
        return session.run("asking", [commands])


def selecting(name: str, **parameters: Value) -> tuple[Command, Command]:
    return Command("Hyper-V\\Get-VM"), Command(name, parameters)


@pytest.mark.parametrize("kind", ["microsoft.powershell", "constrained", "no-language", "role"])
def test_every_question_is_answered(to: To, kind: str) -> None:
    with closing(RemoteReader(to(kind), PASSWORD)) as reader:
        assert reader.itself().host == Known("HV01")
        assert isinstance(reader.cluster().config_store, Known)
        (folder,) = reader.folders([FolderPath(FOLDER)])
        assert isinstance(folder.files, Known)


def test_a_restricted_session_is_told_what_it_lacks_in_one_line(to: To) -> None:
    with closing(RemoteReader(to("restricted"), PASSWORD)) as reader:
        for question in (reader.cluster, reader.itself, lambda: reader.folders([FolderPath(FOLDER)])):
            with pytest.raises(
                CommandError, match=r"HV01: this session lacks .*Select-Object or ConvertTo-Json"
            ):
                question()


def test_a_name_that_no_endpoint_has_is_refused(to: To) -> None:
    with (
        closing(RemoteReader(to("nonsense"), PASSWORD)) as reader,
        pytest.raises(UnreachableError, match="no session configuration of that name"),
    ):
        reader.cluster()


def test_an_error_that_cuts_a_letter_in_half_is_read_all_the_same(to: To) -> None:
    """Source: PowerShell's own engine sends 19 units of UTF-16 from each end of a long target's name."""
    path = f"C:\\{'x' * 15}😀{'y' * 30}_x0041_"
    read = Command("Microsoft.PowerShell.Management\\Get-Item", {"LiteralPath": (path,)})
    (error,) = ask(to("role"), read).errors
    assert error.text == f"Cannot find path '{path}' because it does not exist."


@pytest.mark.parametrize("kind", ["restricted", "role"])
@pytest.mark.parametrize(
    ("parameters", "error_id"),
    [
        ({"Property": ("Name", "Id")}, "ParameterArgumentValidationError,Select-Object"),
        ({"Property": (Calculated("x", "Name"),)}, "ParameterArgumentValidationError,Select-Object"),
        ({"ExpandProperty": "Name"}, "NamedParameterNotFound,Select-Object"),
    ],
)
def test_a_plain_select_object_is_the_proxy(
    to: To, kind: str, parameters: dict[str, Value], error_id: str
) -> None:
    """Source: what PowerShell's own engine answered to the same."""
    messages = ask(to(kind), *selecting("Select-Object", **parameters))
    assert [error.error_id for error in messages.errors] == [error_id]
    assert ask(to(kind), *selecting("Select-Object", Property=("NAME",))).errors == ()


def test_what_is_hidden_is_named_without_its_module(to: To) -> None:
    """Source: what PowerShell's own engine answered to the same."""
    messages = ask(to("restricted"), *selecting(UTILITY + "Select-Object", Property=("Id",)))
    assert [(error.error_id, error.command) for error in messages.errors] == [
        ("CommandNotFoundException", "Select-Object")
    ]


@pytest.mark.parametrize(
    ("kind", "error_id"), [("no-language", "CouldNotAutoLoadModule"), ("role", "CommandNotFoundException")]
)
def test_a_module_that_is_not_there_is_missed_where_modules_are_looked_for(
    to: To, kind: str, error_id: str
) -> None:
    """Source: what PowerShell's own engine answered to the same."""
    messages = ask(to(kind), Command("NoHyper-V\\Get-VM"))
    assert [(error.error_id, error.command) for error in messages.errors] == [(error_id, "NoHyper-V\\Get-VM")]
