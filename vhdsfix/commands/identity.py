"""Who runs this, for the journal and for whoever waits."""

from __future__ import annotations

import getpass
import platform


def who() -> str:
    """The logon's name and this machine's: user@machine."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):
        user = "unknown"
    return f"{user}@{platform.node()}"
