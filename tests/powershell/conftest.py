"""PowerShell's own engine, where there is one; without it these tests are skipped and say so."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(scope="session")
def powershell() -> str:
    """The program that starts the engine."""
    start = os.environ.get("VHDSFIX_POWERSHELL")
    if not start:
        pytest.skip("VHDSFIX_POWERSHELL is not set: it names the program that starts PowerShell's own engine")
    return start
