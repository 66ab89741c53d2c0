"""`python -m vhdsfix`, and the `vhdsfix` command."""

from __future__ import annotations

import sys

from vhdsfix.cli import app


def main() -> None:
    """Run this program's own command line and end with its exit code."""
    sys.exit(app.main())


if __name__ == "__main__":
    main()
