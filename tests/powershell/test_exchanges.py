"""The lab answers what vhdsfix sends as PowerShell's own engine does: a tenth of the exchanges, and a restricted session."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import pytest

from tests.powershell.engine import SESSIONS, engines
from tests.powershell.worlds import write_files
from tests.recordings.small_lab import small_lab
from tests.sweep import exchanges
from vhdsfix.config import Secret
from vhdsfix.errors import CommandError
from vhdsfix.lab import endpoints
from vhdsfix.lab.auth import Account
from vhdsfix.lab.server import Lab, LabNode
from vhdsfix.lab.shell import OpenShell
from vhdsfix.remote.connection import Connection
from vhdsfix.remote.node import RemoteReader

NODE = "HV01"


def test_the_lab_and_the_engine_tell_the_same(powershell: str) -> None:
    assert powershell == os.environ["VHDSFIX_POWERSHELL"]
    count = exchanges.FULL // 10
    assert exchanges.run(count, seed=1).startswith(f"{count} exchanges")


def test_a_restricted_session_gets_the_same_line_from_both(powershell: str, tmp_path: Path) -> None:
    files = write_files(small_lab(), tmp_path, SESSIONS / "restricted.pssc")[NODE]
    lines = {
        line_of(endpoints.shells(small_lab(), NODE)),
        line_of(engines(powershell, {"restricted": files})),
    }
    line = (
        "asking for the cluster of HV01: this session lacks the module's own Select-Object or ConvertTo-Json:"
        " use another --configuration-name, or a role that makes both visible (CommandNotFoundException)"
    )
    assert lines == {line}


def line_of(shells: OpenShell) -> str:
    with Lab([LabNode(NODE, shells, Account("LAB\\admin", "correct horse"))]) as lab:
        at = lab.endpoints[0]
        to = Connection(NODE, at.address, at.port, "http", user="LAB\\admin", configuration_name="restricted")
        with (
            closing(RemoteReader(to, Secret("correct horse"))) as reader,
            pytest.raises(CommandError) as refused,
        ):
            reader.cluster()
    return str(refused.value)
