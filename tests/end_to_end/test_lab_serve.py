"""A lab that another process serves: the config that it prints reaches it, and what was done there is kept."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

VHDSFIX = (sys.executable, "-m", "vhdsfix")


def environment(folder: Path) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("VHDSFIX_")}
    return {**inherited, "VHDSFIX_STATE_DIR": str(folder / "state"), "VHDSFIX_PASSWORD": "rehearsal"}


def vhdsfix(folder: Path, *arguments: str) -> int:
    done = subprocess.run(
        [*VHDSFIX, *arguments],
        env=environment(folder),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    assert b"Traceback" not in done.stderr
    return done.returncode


@pytest.fixture
def served(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that serves `demo`, whose config is saved as lab.toml."""
    serving = subprocess.Popen(
        [*VHDSFIX, "lab", "serve", "demo"], env=environment(tmp_path), stdout=subprocess.PIPE, text=True
    )
    assert serving.stdout is not None
    lines: list[str] = []
    for line in serving.stdout:
        lines.append(line)
        if "lab.toml" in line:  # the last one
            break
    (tmp_path / "lab.toml").write_text("".join(lines), encoding="utf-8")
    with serving:
        yield serving
        serving.terminate()


@pytest.mark.skipif(os.name == "nt", reason="Windows ends a process without telling it")
def test_the_story_over_a_served_lab(served: subprocess.Popen[str], tmp_path: Path) -> None:
    config = ("--config", str(tmp_path / "lab.toml"))

    assert vhdsfix(tmp_path, "plan", *config, "--detailed-exitcode") == 2
    assert vhdsfix(tmp_path, "apply", *config, "--yes") == 0
    assert vhdsfix(tmp_path, "plan", *config, "--detailed-exitcode") == 3

    served.terminate()
    assert served.wait(10) == 0
    assert vhdsfix(tmp_path, "plan", "--lab", "demo", "--detailed-exitcode") == 3  # what was done is kept
    assert vhdsfix(tmp_path, "lab", "reset", "demo") == 0
    assert vhdsfix(tmp_path, "plan", "--lab", "demo", "--detailed-exitcode") == 2
