"""A tenth of the long run: applies among drawn mischief."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from tests.sweep import mischief


def test_whatever_goes_wrong_is_told_truly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert "told truly" in mischief.run(mischief.FULL // 10, seed=1)
