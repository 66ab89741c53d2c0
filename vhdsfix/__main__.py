"""`python -m vhdsfix`, and the `vhdsfix` command."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from vhdsfix.cli import app


def main() -> None:
    """Run this program's own command line and end with its exit code."""
    _open_what_is_closed()
    sys.exit(app.main())


def _open_what_is_closed() -> None:
    """A service or `>&-` may start us without a standard stream; it then leads nowhere.

    In this order each takes its own number back, so that no journal or log is opened under the number of one.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - for as long as we run


if __name__ == "__main__":
    main()
