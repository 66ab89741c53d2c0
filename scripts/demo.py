"""Show what vhdsfix does: a plan against the lab, on a machine with nothing but Python."""

from __future__ import annotations

import sys
from venv import run  # type: ignore[attr-defined]  # scripts/venv.py beside this file, not the standard library's

if __name__ == "__main__":
    sys.exit(run("lab", "-m", "vhdsfix", "plan", "--lab", "demo", *sys.argv[1:]))
