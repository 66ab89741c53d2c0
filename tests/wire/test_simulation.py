"""The lab's simulation behind the lab's wire: requests, scripts, two nodes that share their disks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

import pytest
from pypsrp.complex_objects import PSInvocationState
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

from tests.wire.conftest import ACCOUNT
from vhdsfix.lab.psrp import SimulatedShell
from vhdsfix.lab.scenarios import build, load
from vhdsfix.lab.server import Lab, LabNode
from vhdsfix.lab.world import World

NODES = ("HV01", "HV02")
VM_ON_HV02 = "a0af7903-94b4-4a2c-b3b3-16050d5f80f2"
FOLDER = r"C:\ClusterStorage\NTFS-03\GuestClustersSharedDisks"


def _shell(world: World, node: str, _: str) -> SimulatedShell:
    return SimulatedShell(world, node)


@pytest.fixture
def demo() -> Iterator[Lab]:
    world = build(load("demo"))
    nodes = [LabNode(name, partial(_shell, world, name), ACCOUNT) for name in NODES]
    with Lab(nodes) as lab:
        yield lab


@pytest.fixture
def pools(demo: Lab) -> Iterator[dict[str, RunspacePool]]:
    with ExitStack() as opened:
        wsmans = {
            endpoint.name: WSMan(
                endpoint.address,
                port=endpoint.port,
                ssl=False,
                username=ACCOUNT.user,
                password=ACCOUNT.password,
                no_proxy=True,
            )
            for endpoint in demo.endpoints
        }
        yield {
            name: opened.enter_context(RunspacePool(opened.enter_context(w))) for name, w in wsmans.items()
        }


def run(powershell: PowerShell) -> PowerShell:
    powershell.invoke()
    powershell.close()
    return powershell


def sddl(pool: RunspacePool) -> str:
    powershell = PowerShell(pool)
    powershell.add_cmdlet("Microsoft.PowerShell.Security\\Get-Acl").add_parameter("LiteralPath", FOLDER)
    powershell.add_cmdlet("Microsoft.PowerShell.Utility\\Select-Object").add_parameter("Property", ["Sddl"])
    powershell.add_cmdlet("Microsoft.PowerShell.Utility\\ConvertTo-Json").add_parameter("Compress", True)
    (text,) = run(powershell).output
    assert isinstance(text, str)
    return text


def test_three_pipelines_in_sixteen_requests(demo: Lab) -> None:
    endpoint = demo.endpoints[0]
    with (
        WSMan(
            endpoint.address,
            port=endpoint.port,
            ssl=False,
            username=ACCOUNT.user,
            password=ACCOUNT.password,
            no_proxy=True,
        ) as wsman,
        RunspacePool(wsman) as pool,
    ):
        for _ in range(3):
            assert "S-1-5-83-1" in sddl(pool)
    assert demo.requests["HV01"] <= 16
    assert demo.connections["HV01"] == 1


def test_what_one_node_writes_another_reads(pools: dict[str, RunspacePool]) -> None:
    before = sddl(pools["HV02"])
    assert sddl(pools["HV01"]) == before
    powershell = PowerShell(pools["HV02"])
    powershell.add_cmdlet("icacls.exe")
    for argument in (FOLDER, "/grant", f"NT VIRTUAL MACHINE\\{VM_ON_HV02}:(OI)F"):
        powershell.add_argument(argument)
    assert run(powershell).streams.error == []
    assert sddl(pools["HV02"]) == sddl(pools["HV01"]) != before


def test_a_script_is_refused(pools: dict[str, RunspacePool]) -> None:
    powershell = run(PowerShell(pools["HV01"]).add_script("1 + 1"))
    assert powershell.state == PSInvocationState.FAILED
    assert powershell.streams.error[0].fq_error == "ScriptsNotAllowed"
