"""A lab that another process serves: the config that it prints reaches it, and what was done there is kept."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """A process that serves `demo`, whose config is saved as lab.toml."""
    serving = subprocess.Popen(
        [*VHDSFIX, "lab", "serve", "demo", *options],
        env=environment(folder),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert serving.stdout is not None
    lines: list[str] = []
    for line in serving.stdout:
        lines.append(line)
        if "lab.toml" in line:  # the last one
            break
    (folder / "lab.toml").write_text("".join(lines), encoding="utf-8")
    with serving:
        yield serving
        serving.terminate()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    with serving(tmp_path) as process:
        yield process


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


@pytest.mark.skipif(os.name == "nt", reason="Windows ends a process without telling it")
def test_a_lab_served_over_https_hands_out_what_proves_its_nodes(tmp_path: Path) -> None:
    with serving(tmp_path, "--https") as served:
        text = (tmp_path / "lab.toml").read_text(encoding="utf-8")
        ca_file = Path(tomllib.loads(text)["connection"]["ca_file"])
        config = ("--config", str(tmp_path / "lab.toml"), "--detailed-exitcode")

        assert vhdsfix(tmp_path, "plan", *config) == 2
        assert vhdsfix(tmp_path, "plan", *config, "--auth", "basic") == 2
        assert vhdsfix(tmp_path, "plan", *config, "--transport", "http") == 4

        (tmp_path / "lab.toml").write_text(text.replace("ca_file", "# ca_file"), encoding="utf-8")
        assert vhdsfix(tmp_path, "plan", *config) == 4  # nothing here trusts it
        served.terminate()
        assert served.wait(10) == 0
    assert not ca_file.exists()
