"""A lab's world as the files that PowerShell's own engine answers from, and its disks read back from them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.powershell.engine import EngineWorld
from vhdsfix.lab import check_rows
from vhdsfix.lab.faults import Fault
from vhdsfix.lab.ntfs import Tree
from vhdsfix.lab.property_rows import Row
from vhdsfix.lab.world import World

_CMDLETS = (
    "Get-Cluster",
    "Get-ClusterNode",
    "Get-ClusterSharedVolume",
    "Get-ClusterResource",
    "Get-VMHost",
    "Get-VM",
    "Get-VMHardDiskDrive",
    *check_rows.ROWS,
)
_CIM = "cim:"
_VOLUMES = "volumes.json"

_FAILS_BY_ROWS: dict[str, Callable[[list[Row], Fault], list[Row]]] = {
    "empty": lambda _rows, _fault: [],
    "null": lambda rows, fault: [row | {fault.property: None} for row in rows],
    "nonterminating": lambda rows, _fault: rows[:-1],
}
_FAILS_BY_ERROR: dict[str, Callable[[Fault], dict[str, Any]]] = {
    "denied": lambda _fault: {"message": "Access is denied.", "id": "AccessDenied", "code": 5},
    "terminating": lambda fault: {"message": fault.message, "id": fault.error_id, "terminating": True},
    "nonterminating": lambda fault: {"message": fault.message, "id": fault.error_id, "partial": True},
}


def to_engine(world: World, node: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the node knows, and the shared disks; the engine keeps a cluster's parameters beside the disks.

    ValueError for a fault that the engine has no way to play.
    """
    volumes = world.tree.dump()
    for row in world.rows(node, "Get-ClusterParameter"):
        volumes.setdefault(f"cluster:{row['ClusterObject']}", {})[row["Name"]] = row["Value"]
    rows = {cmdlet: world.rows(node, cmdlet) for cmdlet in _CMDLETS}
    rows[_CIM] = [{"class": name.removeprefix(_CIM)} for name in rows if name.startswith(_CIM)]
    rows["Get-VM"] = [row | {"$text": _escaped(row["Name"])} for row in rows["Get-VM"]]
    failing: dict[str, dict[str, Any]] = {}
    for command, fault in world.faults.get(node, {}).items():
        if fault.kind in _FAILS_BY_ROWS and command in rows:
            rows[command] = _FAILS_BY_ROWS[fault.kind](rows[command], fault)
        if fault.kind in _FAILS_BY_ERROR:
            failing[command] = _FAILS_BY_ERROR[fault.kind](fault)
        elif command not in rows or fault.kind not in _FAILS_BY_ROWS:
            raise ValueError(f"the engine cannot play {fault.kind} for {command}")
    return {"node": node, "rows": rows, "fail": failing}, volumes


def _escaped(name: str) -> str:
    """A VM that is piped on is bound by its text there (its -VM takes any object), as a pattern."""
    return re.sub(r"([`*?\[\]])", r"`\1", name)


def _time(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is in no row")


def write_files(world: World, folder: Path, session: Path | None = None) -> dict[str, EngineWorld]:
    """Write every node's file and the disks' into the folder; by the node's name, what an engine takes."""
    files = {}
    for node in world.nodes:
        known, volumes = to_engine(world, node.name)
        files[node.name] = EngineWorld(folder / f"{node.name}.json", folder / _VOLUMES, session)
        files[node.name].world.write_text(json.dumps(known, default=_time), encoding="utf-8")
        files[node.name].volumes.write_text(json.dumps(volumes), encoding="utf-8")
    return files


def read_disks(folder: Path) -> Tree:
    """The files and folders as the engine left them."""
    volumes = json.loads((folder / _VOLUMES).read_text(encoding="utf-8"))
    return Tree.load({path: entry for path, entry in volumes.items() if not path.startswith("cluster:")})
