"""A tenth of the long runs on the wire."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from tests.sweep import sessions, wire_garbage


def test_garbage_harms_nobody_else() -> None:
    assert "unharmed" in wire_garbage.run(wire_garbage.FULL // 10, seed=1)


def test_sessions_leave_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert "nothing left" in sessions.run(sessions.FULL // 10, seed=1)
    assert list(tmp_path.iterdir()) == []
