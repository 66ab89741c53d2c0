"""Every environment variable of ours is documented in one place, and nothing is documented that is not read."""

from __future__ import annotations

import re
from pathlib import Path

import vhdsfix
from vhdsfix.config import ENVIRONMENT, GUEST_PASSWORD


def test_each_variable_that_the_package_names_is_documented() -> None:
    package = Path(vhdsfix.__file__).parent
    named = {
        name
        for file in package.rglob("*.py")
        for name in re.findall(r"\bVHDSFIX_[A-Z_]+(?:<NAME>|\b)", file.read_text(encoding="utf-8"))
    }
    assert named == set(ENVIRONMENT)


def test_each_documented_variable_is_read() -> None:
    package = Path(vhdsfix.__file__).parent
    code = "".join(file.read_text(encoding="utf-8") for file in package.rglob("*.py"))
    assert "environment.get(variable)" in code  # by a guest cluster's name
    for name in set(ENVIRONMENT) - {GUEST_PASSWORD}:
        assert re.search(rf'environment(\.get\(|\[)"{name}"', code), name
