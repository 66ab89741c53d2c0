"""Two applies at the same moment, from two workstations: no lock is between them, only the comparing and proving of each."""

from __future__ import annotations

import tempfile
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.end_to_end.rehearsal import PASSWORD, Rehearsal, rehearsal
from tests.mischief.truth import Judge, Watched, entries, intents_in
from tests.sweep.many_folders import every_grant_is_there_once, world_of
from vhdsfix.commands import apply
from vhdsfix.commands.requests import ApplyRequest, Target
from vhdsfix.commands.result import ApplyReport, exit_code
from vhdsfix.config import Secret
from vhdsfix.model.outcome import Outcome, Stuck, Untouched

FOLDERS = 4


def applied(lab: Rehearsal, state_dir: Path, both_have_a_plan: threading.Barrier) -> ApplyReport:
    def approve(_plan: object) -> bool:
        both_have_a_plan.wait()
        return True

    request = ApplyRequest(Target(lab.settings, state_dir, Secret(PASSWORD)))
    result = apply.run(request, approve, lambda _step: None, lambda: False)
    assert isinstance(result.data, ApplyReport)
    assert all(one.is_right for one in result.data.outcomes) == (
        exit_code(result.reasons, detailed=False) == 0
    )
    return result.data


def is_someone_elses_doing(outcome: Outcome) -> bool:
    if isinstance(outcome, Stuck):
        return "something else changed while it was written" in outcome.why
    return isinstance(outcome, Untouched) and "not tried: this folder needs a person first" in outcome.why


@pytest.mark.parametrize("state_dirs", [("one", "other"), ("other", "one")])
def test_both_end_truthfully_and_every_grant_is_there_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state_dirs: tuple[str, str]
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    world, watched = world_of(FOLDERS), Watched()
    judge, before = Judge(world, watched), entries(world)
    barrier = threading.Barrier(2, timeout=60)
    with rehearsal(world, tmp_path, mischiefs=watched) as lab, ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(applied, lab, tmp_path / name, barrier) for name in state_dirs]
        reports = [run.result() for run in runs]

    every_grant_is_there_once(world)
    assert entries(world, {vm.sid for vm in world.vms}) == before
    for report in reports:
        for one in report.outcomes:
            assert one.is_right or is_someone_elses_doing(one.outcome), one
            if one.is_right:
                judge.was_shown(one.action.folder, one.action.sid)
    icacls = sum(each[0][0].name == "icacls.exe" for _, each in lab.asked)
    assert icacls <= sum(Counter(intents_in(tmp_path)).values())
