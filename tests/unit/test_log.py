from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from vhdsfix import log
from vhdsfix.config import Secret
from vhdsfix.errors import UsageError


@pytest.fixture(autouse=True)
def _structlog_as_it_was() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def test_the_file_gets_json_lines_and_stderr_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "run.log"
    file.write_text('{"event": "earlier"}\n', encoding="utf-8")
    with log.writing(file, on_stderr=False):
        structlog.get_logger().debug("asked", node="HV01\n\x1b日本\ud800", password=Secret("hunter2"))
        lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        assert [line["event"] for line in lines] == ["earlier", "asked"]
        assert lines[1]["level"] == "debug"
        assert lines[1]["password"] == "***"
        assert capfd.readouterr() == ("", "")


def test_stderr_gets_lines_without_anything_that_moves_the_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    with log.writing(None, on_stderr=True):
        structlog.get_logger().info("asked", node="HV01\n\x1b[2J\u202e", password=Secret("hunter2"))
        out, err = capsys.readouterr()
        assert out == ""
        assert r"info asked node='HV01\n\x1b[2J\u202e' password=***" in err
        assert err.count("\n") == 1


def test_without_either_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    with log.writing(None, on_stderr=False):
        structlog.get_logger().error("x")
        assert capfd.readouterr() == ("", "")


def test_a_traceback_goes_to_the_file_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with log.writing(tmp_path / "run.log", on_stderr=True):
        structlog.get_logger().error("internal error", exc_info=ValueError("boom"))
        assert "ValueError: boom" in (tmp_path / "run.log").read_text(encoding="utf-8")
        assert "boom" not in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="POSIX modes")
def test_a_new_file_is_its_owners_only(tmp_path: Path) -> None:
    with log.writing(tmp_path / "run.log", on_stderr=False):
        assert stat.S_IMODE((tmp_path / "run.log").stat().st_mode) == 0o600


def test_a_file_that_cannot_be_opened_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--log-file"), log.writing(tmp_path / "no" / "log", on_stderr=False):
        pass


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_ends_the_log_with_one_line_and_not_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    with log.writing(Path("/dev/full"), on_stderr=False):
        structlog.get_logger().info("one")
        structlog.get_logger().info("two")
        assert capsys.readouterr().err.count("cannot be written any more") == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_terminal_that_is_gone_ends_no_run(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path("/dev/full").open("w", buffering=1, encoding="utf-8") as nowhere:
        monkeypatch.setattr("sys.stderr", nowhere)
        with log.writing(Path("/dev/full"), on_stderr=True):
            structlog.get_logger().info("asked")
        with contextlib.suppress(OSError):
            nowhere.close()
