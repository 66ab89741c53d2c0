from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from rich.console import Console

from vhdsfix.cli import ending
from vhdsfix.cli.options import OutputOptions
from vhdsfix.commands.result import Reason, Result
from vhdsfix.errors import DeclinedError, ExitCode, StalePlanError, UsageError

JSON = OutputOptions(format="json")
PENDING = Result(
    "plan", None, (Reason(ExitCode.CHANGES_PENDING, "2 changes"), Reason(ExitCode.INCOMPLETE, "HV03 is down"))
)


@pytest.fixture(autouse=True)
def _structlog_as_it_was() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def show(console: Console, result: Result) -> None:
    console.print(f"the {result.command}")


def failing(error: BaseException) -> Callable[[], Result]:
    def work() -> Result:
        raise error

    return work


def test_a_result_is_shown_and_what_went_wrong_gets_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert ending.of("plan", OutputOptions(), lambda: PENDING, show) == 5
    out, err = capsys.readouterr()
    assert out == "the plan\n"
    assert err == "vhdsfix: HV03 is down\n"


def test_json_is_one_document_with_every_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert ending.of("plan", JSON, lambda: PENDING, show) == 5
    said = json.loads(capsys.readouterr().out)
    assert said["exit"]["code"] == 5
    assert [reason["code"] for reason in said["exit"]["reasons"]] == [2, 5]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("no\nsuch \x1b[31mnode"), 64),
        (StalePlanError("x"), 7),
        (DeclinedError("x"), 10),
        (KeyboardInterrupt(), 130),
        (KeyError("x"), 1),
        (RecursionError("x"), 1),
    ],
)
def test_an_error_is_one_line_and_its_exit_code(
    error: BaseException, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ending.of("plan", OutputOptions(), failing(error), show) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("vhdsfix: ")
    assert "\x1b" not in err
    assert ending.of("plan", JSON, failing(error), show) == code
    said = json.loads(capsys.readouterr().out)
    assert said["exit"]["code"] == code
    assert said["data"] is None


def test_a_bug_says_where_to_report_it_and_leaves_its_traceback_in_the_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = OutputOptions(log_file=tmp_path / "log")
    assert ending.of("plan", output, failing(ZeroDivisionError("by zero")), show) == 1
    err = capsys.readouterr().err
    assert "ZeroDivisionError: by zero at test_cli_ending.py:" in err
    assert "report" in err
    assert "Traceback" in (tmp_path / "log").read_text(encoding="utf-8")


def test_a_log_file_that_cannot_be_opened_stops_before_the_work(tmp_path: Path) -> None:
    output = OutputOptions(log_file=tmp_path / "no" / "log")
    assert ending.of("plan", output, failing(AssertionError("not to be reached")), show) == 64


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_an_interrupted_run_says_so_where_its_terminal_is_gone(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    stopped = Result("apply", None, (Reason(ExitCode.INTERRUPTED, "stopped on request"),))
    with Path("/dev/full").open("w", encoding="utf-8") as nowhere:
        monkeypatch.setattr("sys.stdout", nowhere)
        assert ending.of("apply", OutputOptions(), lambda: stopped, show) == 130
    assert capfd.readouterr().err == "vhdsfix: stopped on request\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_the_exit_code_is_the_same_where_nobody_can_read_why(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as nowhere:
        monkeypatch.setattr("sys.stderr", nowhere)
        assert ending.of("plan", JSON, lambda: PENDING, show) == 5
        assert ending.of("plan", OutputOptions(), failing(StalePlanError("x")), show) == 7
    assert json.loads(capsys.readouterr().out)["exit"]["code"] == 5
