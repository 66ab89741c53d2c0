"""`vhdsfix lab …` as a process; what the lab itself does is tested elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

WITHOUT_H11 = """
import sys
sys.modules["h11"] = None
from vhdsfix.cli import app
sys.exit(app.main(sys.argv[1:]))
"""


def run(state: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "VHDSFIX_STATE_DIR": str(state)}
    return subprocess.run(
        [sys.executable, *command],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_scenarios_are_listed(tmp_path: Path) -> None:
    done = run(tmp_path, "-m", "vhdsfix", "lab", "list")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert any(line.startswith("demo   ") for line in lines)
    assert any(line.startswith("new-node   ") for line in lines)
    assert max(map(len, lines)) <= 100


def test_show_reset_and_transcript_know_their_scenarios(tmp_path: Path) -> None:
    for command in ("show", "reset", "transcript"):
        assert run(tmp_path, "-m", "vhdsfix", "lab", command, "demo").returncode == 0
        unknown = run(tmp_path, "-m", "vhdsfix", "lab", command, "nowhere")
        assert unknown.returncode == 64
        assert "nowhere" in unknown.stderr
        assert unknown.stderr.count("\n") == 1


def test_show_prints_the_world_and_keeps_nothing(tmp_path: Path) -> None:
    done = run(tmp_path, "-m", "vhdsfix", "lab", "show", "new-node")
    assert (done.returncode, done.stderr) == (0, "")
    assert "SQLFCI-Shared  SQLFCI-N1 yes, SQLFCI-N2 yes, SQLFCI-N3 no" in done.stdout
    assert not list(tmp_path.rglob("*.json"))


def test_a_transcript_says_whose_run_it_was_and_v_leaves_nothing_out(tmp_path: Path) -> None:
    assert run(tmp_path, "-m", "vhdsfix", "plan", "--lab", "new-node").returncode == 0
    short = run(tmp_path, "-m", "vhdsfix", "lab", "transcript", "new-node").stdout
    whole = run(tmp_path, "-m", "vhdsfix", "lab", "transcript", "new-node", "-v").stdout
    assert short.startswith("vhdsfix plan, 20")
    assert "vhdsfix-mark" not in short
    assert "Get-VMHardDiskDrive" in short
    assert "vhdsfix-mark" in whole


def test_without_the_labs_libraries_it_says_how_to_get_them(tmp_path: Path) -> None:
    done = run(tmp_path, "-c", WITHOUT_H11, "lab", "list")
    assert done.returncode == 64
    assert "vhdsfix[lab]" in done.stderr
    assert done.stderr.count("\n") == 1
