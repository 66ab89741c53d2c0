"""Asks PowerShell's own engine the questions below about `small_lab`, and writes lab.json: python -m tests.recordings.record

The engine is the one that the environment variable VHDSFIX_POWERSHELL names. The cmdlets of Hyper-V, FailoverClusters and of
files are its stand-ins; binding, pipelines, errors and CLIXML are PowerShell's.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from pathlib import Path
from typing import Any

from tests.powershell.engine import EngineShell
from tests.powershell.worlds import write_files
from tests.recordings.conversation import Message, Statements, with_client
from tests.recordings.small_lab import DENIED_FOLDER, FOLDER, NO_FOLDER, VM_ELSEWHERE, VM_HERE, small_lab

LAB_RECORDINGS = Path(__file__).parent / "lab.json"
_ENGINES_OWN = re.compile(
    r'<S N="(StackTrace|CommandInfo_Definition)">.*?</S>|(_x000D_)?_x000A_   at .*?(?=<)'
)
_PARTLY = r"C:\ClusterStorage\V1\Partly"
_DISKS = [".vhds", ".avhdx"]
_WMI = "Virtual Machine Cluster WMI"


def _command(name: str, /, *arguments: Any, **parameters: Any) -> dict[str, Any]:
    return {"command": name, "parameters": parameters, "arguments": list(arguments)}


def _select(*names: Any, **parameters: Any) -> dict[str, Any]:
    named = {"Property": list(names)} if names else {}
    return _command("Microsoft.PowerShell.Utility\\Select-Object", **named, **parameters)


def _where(**parameters: Any) -> dict[str, Any]:
    return _command("Microsoft.PowerShell.Core\\Where-Object", **parameters)


def _json(depth: int = 1) -> dict[str, Any]:
    return _command("Microsoft.PowerShell.Utility\\ConvertTo-Json", Compress=True, Depth=depth)


_JSON = _json()
_EXIT_CODE = [_command("Get-Variable", Name="LASTEXITCODE", ValueOnly=True)]
_FAILS = [_command("Test-Failure", "terminating")]
_FAILS_ON = [_command("Test-Failure", "nonterminating")]
_UNKNOWN = [_command("Hyper-V\\Get-Nope")]
_MARK = [_command("Write-Output", InputObject="mark")]
_CHILDREN = _command("Get-ChildItem", LiteralPath=[FOLDER], Force=True)
_RESOURCES = _command("FailoverClusters\\Get-ClusterResource")


def _icacls(account: str, folder: str = FOLDER) -> Statements:
    return [[_command("icacls.exe", folder, "/grant", f"{account}:(OI)F")], _EXIT_CODE]


QUESTIONS: dict[str, Statements] = {
    "cluster": [[_command("Get-Cluster"), _select("Name", "Id", "Domain", "SharedVolumesRoot"), _JSON]],
    "cluster-nodes": [[_command("Get-ClusterNode"), _select("Name", "State"), _JSON]],
    "cluster-node-named": [[_command("Get-ClusterNode", Name=["hv0*"]), _select("Name"), _JSON]],
    "cluster-node-missing": [[_command("Get-ClusterNode", "HV09"), _select("Name"), _JSON]],
    "volumes-expanded": [
        [
            _command("Get-ClusterSharedVolume"),
            _select({"n": "csv", "e": "Name"}, ExpandProperty="SharedVolumeInfo"),
            _select("csv", "FriendlyVolumeName"),
            _JSON,
        ]
    ],
    "resources-like": [
        [
            _RESOURCES,
            _where(Property="ResourceType", Like=True, Value="Virtual Machine"),
            _select("Name"),
            _JSON,
        ]
    ],
    "resources-eq-is-no-text": [
        [
            _RESOURCES,
            _where(Property="ResourceType", EQ=True, Value="Virtual Machine"),
            _select("Name"),
            _JSON,
        ]
    ],
    "owner-expanded": [
        [
            _RESOURCES,
            _select({"n": "resource", "e": "Name"}, ExpandProperty="OwnerNode"),
            _select("resource", "Name"),
            _JSON,
        ]
    ],
    "parameters-by-value": [
        [
            _RESOURCES,
            _where(Property="ResourceType", Like=True, Value="Virtual Machine"),
            _command("Get-ClusterParameter", Name="VmID"),
            _select("ClusterObject", "Name", "Value", "ParameterType"),
            _JSON,
        ]
    ],
    "parameter-unset": [
        [
            _command("Get-ClusterResource", Name=[_WMI]),
            _command("Get-ClusterParameter", "ConfigStoreRootPath"),
            _select("Value"),
            _JSON,
        ]
    ],
    "parameter-missing": [
        [
            _command("Get-ClusterResource", _WMI),
            _command("Get-ClusterParameter", Name=["Nope"]),
            _select("Value"),
            _JSON,
        ]
    ],
    "parameter-of-nothing": [[_command("Get-ClusterParameter", Name=["VmID"]), _select("Value"), _JSON]],
    "host": [[_command("Hyper-V\\Get-VMHost"), _select("Name"), _JSON]],
    "vms": [
        [
            _command("Hyper-V\\Get-VM"),
            _select("Id", "name", "State", "Version", "Generation", "IsClustered", "Nope"),
            _JSON,
        ]
    ],
    "vm-one": [[_command("Get-VM", Id=VM_HERE), _select("Id", "Name"), _JSON]],
    "vm-depth-1-of-one": [[_command("Get-VM", Id=VM_HERE), _select("Name", "DVDDrives"), _JSON]],
    "vm-depth-1-of-list": [[_command("Get-VM"), _select("Name", "DVDDrives"), _JSON]],
    "vm-id-missing": [[_command("Get-VM", Id=VM_ELSEWHERE), _select("Name"), _JSON]],
    "vm-in-any-case": [
        [_command("hyper-v\\get-vm", name="other"), _command("Select-Object", property="Name"), _JSON]
    ],
    "vm-by-property-name": [[_command("Get-VM"), _select("Id"), _command("Get-VM"), _select("Name"), _JSON]],
    "vm-piped-text": [
        [_command("Write-Output", InputObject="Other"), _command("Get-VM"), _select("Name"), _JSON]
    ],
    "drives": [
        [
            _command("Get-VM"),
            _command("Get-VMHardDiskDrive"),
            _select("VMId", "Path", "SupportPersistentReservations"),
            _JSON,
        ]
    ],
    "drives-with-a-wildcard": [
        [
            _command("Get-VMHardDiskDrive", VMName=["*"]),
            _select("VMName", "DiskNumber", "ControllerType"),
            _JSON,
        ]
    ],
    "drives-of-a-number": [[_command("Write-Output", InputObject=5), _command("Get-VMHardDiskDrive")]],
    "input-not-taken": [[_command("Write-Output", InputObject=["x", "y"]), _command("Get-Cluster")]],
    "drives-of-nothing": [[_command("Get-VMHardDiskDrive"), _select("Path"), _JSON]],
    "items": [
        [
            _command(
                "Get-Item", LiteralPath=["C:\\ClusterStorage", "C:\\ClusterStorage\\V1", FOLDER], Force=True
            ),
            _select("FullName", "Attributes", "PSIsContainer"),
            _JSON,
        ]
    ],
    "item-missing-and-denied": [
        [
            _command("Get-Item", LiteralPath=[NO_FOLDER, DENIED_FOLDER, FOLDER.upper() + "\\"], Force=True),
            _select("FullName"),
            _JSON,
        ]
    ],
    "children": [
        [
            _command("Get-ChildItem", LiteralPath=FOLDER),
            _select("Name", "Attributes", "Extension", "Length", "PSChildName"),
            _JSON,
        ]
    ],
    "children-hidden": [[_CHILDREN, _select("Name", "PSIsContainer", "PSPath"), _JSON]],
    "children-folders": [
        [_command("Get-ChildItem", LiteralPath=[FOLDER], Directory=True), _select("Name"), _JSON]
    ],
    "children-files": [
        [_command("Get-ChildItem", LiteralPath=[FOLDER], File=True, Force=True), _select("Name"), _JSON]
    ],
    "children-missing": [
        [_command("Get-ChildItem", LiteralPath=[NO_FOLDER], Force=True), _select("Name"), _JSON]
    ],
    "children-denied": [
        [_command("Get-ChildItem", LiteralPath=[DENIED_FOLDER], Force=True), _select("Name"), _JSON]
    ],
    "children-none": [
        [_command("Get-ChildItem", LiteralPath=[r"C:\ClusterStorage\V1\Empty"]), _select("Name"), _JSON]
    ],
    "acl": [[_command("Get-Acl", LiteralPath=[FOLDER]), _select("Path", "PSChildName", "Sddl"), _JSON]],
    "acl-missing": [[_command("Get-Acl", LiteralPath=[NO_FOLDER, FOLDER]), _select("Sddl"), _JSON]],
    "acl-denied-ends-it": [
        [_command("Get-Acl", LiteralPath=[FOLDER, DENIED_FOLDER, FOLDER]), _select("Sddl"), _JSON]
    ],
    "acls-of-disks": [
        [
            _CHILDREN,
            _where(Property="Extension", In=True, Value=_DISKS),
            _command("Get-Acl"),
            _select("PSChildName", "Sddl"),
            _JSON,
        ]
    ],
    "acls-one-denied": [
        [_command("Get-ChildItem", LiteralPath=[_PARTLY]), _command("Get-Acl"), _select("PSChildName"), _JSON]
    ],
    "select-first": [[_command("Get-VM"), _select("Name", First=1), _JSON]],
    "select-in-wrong-case": [[_command("Get-VM"), _select("NAME", {"Label": "B", "Expression": "sTATE"})]],
    "expand-null": [[_command("Get-VM"), _select("Name", ExpandProperty="Notes")]],
    "column-without-expression": [[_command("Get-VM"), _select({"n": "x"})]],
    "column-with-unknown-key": [[_command("Get-VM"), _select({"n": "x", "q": "Name"})]],
    "json-depth-2": [[_command("Get-ClusterNode"), _select("Name", "State"), _json(2)]],
    "json-of-text": [
        [
            _command(
                "Write-Output", InputObject=["a<b>&'\"c\\", "é中😀\u2028", "\u0001\t", "", None, True, 7]
            ),
            _JSON,
        ]
    ],
    "json-without-input": [[_json()]],
    "wrong-module": [[_command("Hyper-V\\Get-Cluster")]],
    "unknown-parameter-alone": [[_command("Get-ClusterNode", Nope=1)]],
    "unknown-parameter-first": [[_command("Get-ClusterNode", Nope=1)], _MARK, _MARK],
    "unknown-parameter-late-in-pipeline": [
        [_command("Write-Output", InputObject="x"), _command("Get-VM", Nope=1)]
    ],
    "wrong-number": [[_command("Get-VM"), _select("Name", First="x")]],
    "exit-code-before-any": [_EXIT_CODE],
    "icacls-elsewhere": _icacls(f"NT VIRTUAL MACHINE\\{VM_ELSEWHERE}"),
    "not-started-leaves-the-exit-code": [[_command("nosuch.exe", "x")], _EXIT_CODE],
    "icacls-no-folder": _icacls(f"NT VIRTUAL MACHINE\\{VM_HERE}", NO_FOLDER),
    "icacls-denied": _icacls(f"NT VIRTUAL MACHINE\\{VM_HERE}", DENIED_FOLDER),
    "icacls": _icacls(f"NT VIRTUAL MACHINE\\{VM_HERE.upper()}"),
    "icacls-switch-as-null": [[_command("Get-Variable", Name="LASTEXITCODE", ValueOnly=None)]],
    "acls-after": [[_CHILDREN, _command("Get-Acl"), _select("PSChildName", "Sddl"), _JSON]],
    "batch-all-well": [_MARK, [_command("Get-VM"), _select("Name"), _JSON], _MARK],
    "batch-fails-twice-at-once": [_FAILS, _FAILS, _MARK],
    "batch-fails-first-and-third": [_FAILS, _MARK, _FAILS, _MARK],
    "batch-fails-first-then-complains": [_FAILS, _FAILS_ON, _FAILS, _MARK],
    "batch-fails-second-and-third": [_MARK, _FAILS, _UNKNOWN, _MARK],
    "batch-complains-first": [_FAILS_ON, _FAILS, _MARK],
    "batch-unknown-twice": [_UNKNOWN, _UNKNOWN, _MARK],
    "batch-two-unknown-first": [_UNKNOWN, _MARK],
    "batch-two-unknown-last": [_MARK, _UNKNOWN],
}


def _cleaned(messages: list[Message]) -> list[Message]:
    """Without stack traces and paths, which are the engine's own."""
    return [message | {"clixml": _ENGINES_OWN.sub("", message["clixml"])} for message in messages]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        files = write_files(small_lab(), Path(folder))["HV01"]
        with with_client(lambda _name: EngineShell(os.environ["VHDSFIX_POWERSHELL"], files)) as ask:
            recordings = [
                {"id": name, "statements": statements, "messages": _cleaned(ask(statements))}
                for name, statements in QUESTIONS.items()
            ]
    lines = ",\n".join(json.dumps(recording) for recording in recordings)
    LAB_RECORDINGS.write_text(
        f'{{"source": {json.dumps(__doc__)},\n"recordings": [\n{lines}\n]}}\n', encoding="utf-8"
    )


if __name__ == "__main__":
    main()
