"""Run the whole test suite; arguments go on to pytest."""

from __future__ import annotations

import sys
import venv  # scripts/venv.py, which stands beside this file

if __name__ == "__main__":
    sys.exit(venv.run("test", "-m", "pytest", *sys.argv[1:]))
