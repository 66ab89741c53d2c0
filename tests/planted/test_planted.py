"""Each planted bug is noticed by one of the tests named for it; a bug whose text is gone is no bug, and says so."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.planted.bugs import BUGS, Bug

SOME_TEST_FAILED = 1


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_is_killed(name: str) -> None:
    ended = subprocess.run(
        (sys.executable, "-m", "pytest", "-q", "-x", "-p", "tests.planted.plant", *BUGS[name].killers),
        env={**os.environ, "PLANTED_BUG": name, "PYTHONPATH": "."},
        capture_output=True,
        check=False,
    )
    said = (ended.stdout + ended.stderr).decode(errors="replace")
    assert ended.returncode == SOME_TEST_FAILED, f"{name} lives, or could not be planted:\n{said[-3000:]}"


@pytest.mark.parametrize("source", ["nothing of it", "x = 1\nx = 1\n"])
def test_a_bug_that_no_longer_fits_is_told(source: str) -> None:
    with pytest.raises(ValueError, match="not once"):
        Bug("a.module", "x = 1", "x = 2", ()).planted_in(source)
