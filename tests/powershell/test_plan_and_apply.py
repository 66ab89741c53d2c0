"""The same plan and apply against the lab's simulation and against PowerShell's own engine: nobody can tell them apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.end_to_end.rehearsal import Rehearsal, rehearsal
from tests.powershell.engine import engines
from tests.powershell.worlds import read_disks, write_files
from vhdsfix.commands.requests import PlanRequest
from vhdsfix.lab import scenarios
from vhdsfix.lab.ntfs import Tree
from vhdsfix.lab.shell import OpenShell
from vhdsfix.lab.world import Checkpoint, World
from vhdsfix.model.document import from_json
from vhdsfix.model.facts import Facts
from vhdsfix.model.outcome import Done
from vhdsfix.model.plan import Plan
from vhdsfix.remote import check_questions

SESSIONS = Path(__file__).parent / "sessions"
KINDS = {
    "default": None,
    "constrained": SESSIONS / "constrained.pssc",
    "no-language": SESSIONS / "no-language.pssc",
    "role": SESSIONS / "role.pssc",
}
NEVER = "1970-01-01T00:00:00Z"


@pytest.mark.parametrize("kind", KINDS)
def test_the_engine_and_the_simulation_tell_one_story(
    powershell: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The stand-in takes a VM without checkpoints for one that is not there (KNOWN_DIFFERENCES of tests/sweep/exchanges.py), and
    # undo refuses where that is not known.
    monkeypatch.setattr(check_questions, "_checkpoints", lambda _vms: None)
    disks = tmp_path / "engine"
    disks.mkdir()
    worlds = write_files(demo(), disks, KINDS[kind])
    shells: dict[str, OpenShell] = {
        node: engines(powershell, {"Microsoft.PowerShell": world}) for node, world in worlds.items()
    }
    simulated = demo()

    tell = story if kind in ("default", "role") else beginning
    told = tell(demo(), tmp_path / "real", shells)
    expected = tell(simulated, tmp_path / "simulated")

    assert told == expected
    assert entries(read_disks(disks)) == entries(simulated.tree)
    assert (entries(simulated.tree) == entries(demo().tree)) is (tell is story)


def demo() -> World:
    """Each VM has a checkpoint: the stand-in takes one that has none for one that is not there."""
    world = scenarios.build(scenarios.load("demo"))
    for vm in world.vms:
        vm.checkpoints = [Checkpoint("Backup")]
    return world


def story(world: World, folder: Path, shells: dict[str, OpenShell] | None = None) -> list[Any]:
    """Facts and plan before, and how each change ended: of an apply, of another one, and of an undo; without their clock."""
    folder.mkdir()
    with rehearsal(world, folder, shells) as lab:
        before = look(lab, folder / "before.json")
        applied = lab.apply()
        again = lab.apply()
        undone = lab.undo(Path(applied.journal or "").stem)
    outcomes = [[one.outcome for one in report.outcomes] for report in (applied, again, undone)]
    assert outcomes == [[Done(), Done()], [], [Done(), Done()]]
    return [*before, outcomes]


def beginning(world: World, folder: Path, shells: dict[str, OpenShell] | None = None) -> list[Any]:
    """Facts and plan before, how each grant ended, facts and plan after; without their clock."""
    folder.mkdir()
    with rehearsal(world, folder, shells) as lab:
        before = look(lab, folder / "before.json")
        outcomes = [one.outcome for one in lab.apply().outcomes]
        after = look(lab, folder / "after.json")
    assert outcomes == [Done(), Done()]
    return [*before, outcomes, *after]


def look(lab: Rehearsal, facts_out: Path) -> tuple[Facts, Plan]:
    result = lab.plan_result(PlanRequest(lab.target(), facts_out=facts_out))
    assert isinstance(result.data, Plan)
    facts = from_json(facts_out.read_bytes(), Facts)
    return (
        msgspec.structs.replace(
            facts,
            taken_at=NEVER,
            grants_made=tuple(msgspec.structs.replace(one, at=NEVER) for one in facts.grants_made),
        ),
        msgspec.structs.replace(result.data, created_at=NEVER, digest=""),
    )


def entries(tree: Tree) -> dict[str, str]:
    return {path: entry["sddl"] for path, entry in tree.dump().items()}
