"""Print ratios that were measured in one run: how a plan's time, and the lab's work, compare with what they rest on."""

from __future__ import annotations

import sys
from venv import run  # type: ignore[attr-defined]  # scripts/venv.py beside this file, not the standard library's

if __name__ == "__main__":
    sys.exit(run("lab", "scripts/measure.py"))
