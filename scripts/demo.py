"""Show what vhdsfix does: a plan against the lab, on a machine with nothing but Python."""

from __future__ import annotations

import sys
import venv  # scripts/venv.py, which stands beside this file

if __name__ == "__main__":
    sys.exit(venv.run("lab", "-m", "vhdsfix", "plan", "--lab", "demo", *sys.argv[1:]))
