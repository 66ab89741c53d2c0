"""`vhdsfix plan` with a plan that touches no host: which command it says comes next."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit import plans
from vhdsfix.cli import app
from vhdsfix.commands import plan
from vhdsfix.commands.requests import PlanRequest
from vhdsfix.commands.result import Result
from vhdsfix.ports import Notify

NEEDS_TWO = "config_version = 1\n[limits]\nrequire_approval = true\n"
ONE_IS_ENOUGH = "config_version = 1\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def planned(_request: PlanRequest, _notify: Notify) -> Result:
        return Result("plan", plans.DEMO)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(plan, "run", planned)


@pytest.mark.parametrize(
    ("config", "saved", "following"),
    [
        (ONE_IS_ENOUGH, [], "apply --folder 'C:\\a' --config c.toml --lab demo"),
        (ONE_IS_ENOUGH, ["--save", "p.json"], "apply p.json --config c.toml --lab demo"),
        (NEEDS_TWO, [], "plan --save FILE --folder 'C:\\a' --config c.toml --lab demo"),
        (NEEDS_TWO, ["--save", "p.json"], "apply p.json --config c.toml --lab demo --approve DIGEST"),
    ],
)
def test_what_comes_next_is_what_will_not_be_refused(
    config: str, saved: list[str], following: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("c.toml").write_text(config, encoding="utf-8")
    assert app.main(["plan", "--config", "c.toml", "--lab", "demo", "--folder", "C:\\a", *saved]) == 0
    assert capsys.readouterr().out.endswith(f"To make 2 changes:\n  vhdsfix {following}\n")


@pytest.mark.parametrize(
    ("saved", "following"),
    [
        ([], "apply --config c.toml --lab demo --max-changes 2"),
        (["--save", "p.json"], "apply p.json --config c.toml --lab demo --max-changes 2"),
    ],
)
def test_more_changes_than_are_allowed_at_once_are_told(
    saved: list[str], following: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("c.toml").write_text(f"{ONE_IS_ENOUGH}[limits]\nmax_changes = 1\n", encoding="utf-8")
    assert app.main(["plan", "--config", "c.toml", "--lab", "demo", *saved]) == 0
    out = capsys.readouterr().out
    assert "no more than 1 is allowed at once: narrow the plan by --folder" in " ".join(out.split())
    assert out.endswith(f"\n  vhdsfix {following}\n")
