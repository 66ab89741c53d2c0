from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from vhdsfix.commands import files
from vhdsfix.errors import UsageError

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")


@pytest.mark.parametrize("force", [True, False])
def test_a_file_is_written_whole_and_nothing_else_is_left(tmp_path: Path, *, force: bool) -> None:
    path = tmp_path / "plan.json"
    files.write_whole(path, b"whole", force=force)
    assert path.read_bytes() == b"whole"
    assert list(tmp_path.iterdir()) == [path]


@posix
@pytest.mark.parametrize("force", [True, False])
def test_only_its_owner_can_read_it_whatever_was_there(tmp_path: Path, *, force: bool) -> None:
    path = tmp_path / "plan.json"
    if force:
        path.write_text("old", encoding="utf-8")
        path.chmod(0o644)
    files.write_whole(path, b"new", force=force)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_came_meanwhile_is_not_replaced(tmp_path: Path, mocker: MockerFixture) -> None:
    path = tmp_path / "plan.json"
    path.write_text("somebody's", encoding="utf-8")
    mocker.patch.object(files, "must_be_writable")  # it looked before the file came
    with pytest.raises(UsageError, match=r"plan\.json"):
        files.write_whole(path, b"ours", force=False)
    assert path.read_text(encoding="utf-8") == "somebody's"
    assert list(tmp_path.iterdir()) == [path]


@posix
def test_a_file_system_without_hard_links_takes_it_too(tmp_path: Path, mocker: MockerFixture) -> None:
    mocker.patch.object(Path, "hardlink_to", side_effect=PermissionError("no links here"))
    path = tmp_path / "plan.json"
    files.write_whole(path, b"whole", force=False)
    assert path.read_bytes() == b"whole"


@pytest.mark.parametrize("place", ["there", "a folder", "no folder/plan.json"])
def test_what_cannot_be_written_is_said_beforehand(tmp_path: Path, place: str) -> None:
    (tmp_path / "there").write_text("x", encoding="utf-8")
    (tmp_path / "a folder").mkdir()
    with pytest.raises(UsageError, match="name another"):
        files.must_be_writable(tmp_path / place, force=False)
    assert (tmp_path / "there").read_text(encoding="utf-8") == "x"
