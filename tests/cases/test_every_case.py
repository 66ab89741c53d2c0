"""Each JSON file below this folder is a case: facts in, findings and actions out. Add one without touching Python.

`right.json` is a host cluster where everything is in order; a case's `facts` are merged over it (RFC 7396: objects merge, null
removes). In it nodes stand under their names, folders under their paths, files under their names (with their SDDL, or an object
with `sddl` and `written_at`), and everything else that there are several of under any key; what is written as an object or a list
is known. {GC1} stands for the SID of that VM.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from vhdsfix import planner
from vhdsfix.model.document import from_json
from vhdsfix.model.facts import Facts
from vhdsfix.model.plan import Plan, Scope, Tool
from vhdsfix.model.windows import VmId
from vhdsfix.rules import every

HERE = Path(__file__).parent
CASES = sorted(HERE.glob("*/*.json"))
RULES = {name for name, rule in vars(every).items() if isinstance(rule, ModuleType)}
VMS = {"{GC1}": "d3599536-222a-4d6e-bb10-a6019c3f2b9b", "{GC2}": "a0af7903-94b4-4a2c-b3b3-16050d5f80f2"}


@pytest.mark.parametrize("path", CASES, ids=[f"{path.parent.name}/{path.stem}" for path in CASES])
def test_a_case(path: Path) -> None:
    case = _read(path)
    plan = planner.plan_from(case_facts(path), case_scope(path), Tool("vhdsfix", "test"))

    assert _found(plan) == [tuple(found) for found in case["findings"]], case["why"]
    assert [(a.vm_name, a.folder, a.run_on) for a in plan.actions] == [tuple(a) for a in case["actions"]], (
        case["why"]
    )
    assert plan.complete == case.get("complete", True), case["why"]
    for text in case.get("says", ()):
        assert text in " ".join(
            found.summary + " ".join(found.evidence) + found.fix for found in plan.findings
        )


def test_every_rule_has_cases() -> None:
    assert {path.parent.name for path in CASES} >= RULES


def case_facts(path: Path) -> Facts:
    """What a case's nodes answered."""
    return _facts(_read(path).get("facts", {}))


def case_scope(path: Path) -> Scope:
    return _scope(_read(path))


def _found(plan: Plan) -> list[tuple[str, str]]:
    return [(found.id, found.subject) for found in plan.findings]


def _read(path: Path) -> dict[str, Any]:
    text = path.read_text(encoding="utf-8")
    for name, vm_id in VMS.items():
        text = text.replace(name, VmId(vm_id).sid)
    case = json.loads(text)
    assert isinstance(case, dict)
    return case


def _scope(case: dict[str, Any]) -> Scope:
    return from_json(json.dumps(case.get("scope", {})), Scope)


def _facts(patch: dict[str, Any]) -> Facts:
    facts = _merged(_read(HERE / "right.json"), patch)
    facts["cluster"] = {key: _known(value) for key, value in facts["cluster"].items()}
    facts["nodes"] = [_node(name, node) for name, node in facts["nodes"].items()]
    facts["folders"] = [_folder(path, folder) for path, folder in facts["folders"].items()]
    return from_json(json.dumps(facts), Facts)


def _merged(base: Any, patch: Any) -> Any:
    if not isinstance(patch, dict) or not isinstance(base, dict) or "reading" in patch:
        return patch
    merged = {key: value for key, value in base.items() if patch.get(key, value) is not None}
    return {**merged, **{k: _merged(base.get(k, {}), v) for k, v in patch.items() if v is not None}}


def _node(name: str, node: dict[str, Any]) -> dict[str, Any]:
    checks = {key: _known(value) for key, value in node.get("checks", {}).items() if key != "guest_queries"}
    queries = node.get("checks", {}).get("guest_queries", {})
    return {
        "name": name,
        "host": {"reading": "known", "value": name},
        **node,
        "vms": _known(node["vms"]),
        "drives": _known(node["drives"]),
        "checks": {**checks, "guest_queries": _listed(queries)},
    }


def _folder(path: str, folder: dict[str, Any]) -> dict[str, Any]:
    files = folder["files"]
    if "reading" not in files:
        files = [_file(name, file) for name, file in files.items()]
    told = {key: _known(folder[key]) for key in ("sddl", "subfolders", "links")}
    return {"path": path, **folder, **told, "files": _known(files)}


def _file(name: str, file: Any) -> dict[str, Any]:
    if isinstance(file, dict) and "sddl" in file:
        return {**file, "name": name, "sddl": _known(file["sddl"])}
    return {"name": name, "sddl": _known(file)}


def _known(value: Any) -> Any:
    """A reading as it is; anything else as what was read."""
    if isinstance(value, dict) and "reading" in value:
        return value
    return {"reading": "known", "value": _listed(value)}


def _listed(value: Any) -> Any:
    """The values of an object of objects; anything else as it is."""
    several = isinstance(value, dict) and all(isinstance(one, dict) for one in value.values())
    return list(value.values()) if several else value
