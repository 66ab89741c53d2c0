"""pypsrp's real client, the lab's wire, and PowerShell's own engine behind it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from pypsrp.complex_objects import PSInvocationState
from pypsrp.exceptions import WSManFaultError
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

from tests.powershell.engine import SESSIONS, EngineWorld, engines
from vhdsfix.lab.auth import Account
from vhdsfix.lab.server import Lab, LabNode

ACCOUNT = Account("LAB\\admin", "correct horse")
VM = "d3599536-222a-4d6e-bb10-a6019c3f2b9b"
ROWS = {"Get-VM": [{"Id": VM, "Name": "GC-NODE1", "State": "Running"}]}

Open = Callable[[str], AbstractContextManager[tuple[RunspacePool, Lab]]]


@pytest.fixture
def open_pool(powershell: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Opens a pool of the session kind asked for; "" is the default one."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    world, volumes = tmp_path / "world.json", tmp_path / "volumes.json"
    world.write_text(
        json.dumps({"node": "HV01", "rows": ROWS, "delay": {"Get-VMHost": 1.0}}), encoding="utf-8"
    )
    volumes.write_text("{}", encoding="utf-8")
    broken = tmp_path / "broken.pssc"
    broken.write_text("@{ SchemaVersion = '2.0.0.0'; VisibleCmdlets = ", encoding="utf-8")
    sessions = {path.stem: EngineWorld(world, volumes, path) for path in [*SESSIONS.glob("*.pssc"), broken]}
    shells = engines(powershell, sessions | {"": EngineWorld(world, volumes)})

    @contextmanager
    def opened(session: str) -> Iterator[tuple[RunspacePool, Lab]]:
        with Lab([LabNode("HV01", shells, ACCOUNT)]) as lab:
            port = lab.endpoints[0].port
            wsman = WSMan(
                "127.0.0.1",
                port=port,
                ssl=False,
                username=ACCOUNT.user,
                password=ACCOUNT.password,
                no_proxy=True,
            )
            with wsman, RunspacePool(wsman, configuration_name=session) as pool:
                yield pool, lab

    return opened


def get_vm(pool: RunspacePool) -> PowerShell:
    powershell = PowerShell(pool)
    powershell.add_cmdlet("Hyper-V\\Get-VM")
    powershell.add_cmdlet("Microsoft.PowerShell.Utility\\Select-Object").add_parameter(
        "Property", ["Id", "Name"]
    )
    return powershell


@pytest.mark.parametrize("session", ["", "constrained", "no-language", "role"])
def test_a_vm_is_asked_for_in_ten_requests(open_pool: Open, session: str) -> None:
    with open_pool(session) as (pool, lab):
        powershell = get_vm(pool)
        (vm,) = powershell.invoke()
        powershell.close()
        assert powershell.streams.error == []
    assert (str(vm.extended_properties["Id"]), vm.extended_properties["Name"]) == (VM, "GC-NODE1")
    assert lab.requests["HV01"] <= 10
    assert lab.connections["HV01"] == 1


def test_three_pipelines_in_sixteen_requests(open_pool: Open) -> None:
    with open_pool("") as (pool, lab):
        for _ in range(3):
            powershell = get_vm(pool)
            assert len(powershell.invoke()) == 1
            powershell.close()
    assert lab.requests["HV01"] <= 16


@pytest.mark.parametrize("session", ["no-language", "role"])
def test_a_script_is_refused_where_there_is_no_language(open_pool: Open, session: str) -> None:
    with open_pool(session) as (pool, _):
        powershell = PowerShell(pool).add_script("1 + 1")
        powershell.invoke()
        assert powershell.state == PSInvocationState.FAILED
        assert powershell.streams.error[0].fq_error == "ScriptsNotAllowed"


def test_output_of_many_envelopes_comes_whole(open_pool: Open) -> None:
    with open_pool("") as (pool, _):
        powershell = PowerShell(pool)
        powershell.add_cmdlet("Microsoft.PowerShell.Utility\\Write-Output").add_argument("ä" * 700_000)
        assert powershell.invoke() == ["ä" * 700_000]


def test_a_pipeline_can_be_stopped_and_the_next_one_runs(open_pool: Open) -> None:
    with open_pool("") as (pool, _):
        slow = PowerShell(pool)
        slow.add_cmdlet("Hyper-V\\Get-VMHost")
        slow.begin_invoke()
        slow.stop()
        assert len(get_vm(pool).invoke()) == 1


def test_a_session_that_cannot_be_made_is_a_fault_with_what_the_engine_said(open_pool: Open) -> None:
    with pytest.raises(WSManFaultError, match=r"the engine has ended: .+"), open_pool("broken"):
        pass
