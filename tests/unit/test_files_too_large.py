from __future__ import annotations

from pathlib import Path

import pytest

from vhdsfix.cli import app
from vhdsfix.commands import files


@pytest.mark.parametrize("command", [["plan", "--facts"], ["apply", "--lab", "demo", "--yes"], ["show"]])
def test_a_file_that_is_too_large_is_one_line_and_64(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(files, "LARGEST_BYTES", 1 << 20)
    with (tmp_path / "large.json").open("wb") as file:
        file.truncate((1 << 20) + 1)
    assert app.main([*command, str(tmp_path / "large.json")]) == 64
    err = capsys.readouterr().err
    assert "large.json: it is larger than 1 MiB" in err
    assert err.count("\n") == 1
