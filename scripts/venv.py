"""Make .venv with what a script needs, once, from nothing but the standard library.

The environment is filled again only when pyproject.toml or the Python version changes; otherwise a script starts at once.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
OLDEST = (3, 11)


def run(extra: str, *command: str, environment: dict[str, str] | None = None) -> int:
    """Run the venv's Python with these arguments in the project's folder and return its exit code."""
    python = ensure(extra)
    try:
        return subprocess.run([python, *command], cwd=ROOT, check=False, env=environment).returncode
    except KeyboardInterrupt:
        return 130


def ensure(extra: str) -> str:
    """Return the path of the venv's Python, with vhdsfix installed editable and the named extra beside it."""
    if sys.version_info < OLDEST:
        raise SystemExit(
            f"vhdsfix needs Python {OLDEST[0]}.{OLDEST[1]} or newer; this is {sys.version.split()[0]}."
        )
    mark = VENV / f"ready-{extra}"
    wanted = _fingerprint()
    if PYTHON.is_file() and mark.is_file() and mark.read_text(encoding="utf-8") == wanted:
        return str(PYTHON)
    _make_venv()
    _say(f"installing vhdsfix[{extra}] into {VENV} ...")
    _must_work(
        [str(PYTHON), "-m", "pip", "install", "-q", "--disable-pip-version-check", "-e", f".[{extra}]"]
    )
    mark.write_text(wanted, encoding="utf-8")
    return str(PYTHON)


def _fingerprint() -> str:
    wanted = (ROOT / "pyproject.toml").read_bytes() + sys.version.encode() + str(VENV).encode()
    return hashlib.sha256(wanted).hexdigest()


def _make_venv() -> None:
    if (
        PYTHON.is_file()
        and subprocess.run([PYTHON, "-m", "pip", "--version"], check=False, capture_output=True).returncode
        == 0
    ):
        return
    shutil.rmtree(VENV, ignore_errors=True)
    _say(f"making {VENV} ...")
    # -I: this file is called venv too and must not be found first.
    _must_work([sys.executable, "-I", "-m", "venv", str(VENV)])


def _must_work(command: list[str]) -> None:
    done = subprocess.run(command, cwd=ROOT, check=False)
    if done.returncode:
        raise SystemExit(
            f"`{' '.join(command)}` ended with exit code {done.returncode}; its own lines above say why."
        )


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
