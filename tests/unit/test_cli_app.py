"""The command line as a person uses it: as a process, because streams and exit codes are what it is about."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from vhdsfix import __version__
from vhdsfix.model.document import to_json
from vhdsfix.model.facts import ClusterFacts, ClusterIdentity, Facts
from vhdsfix.model.readings import Known

EMPTY_CLUSTER = Facts(
    taken_at="2026-11-23T14:54:00Z",
    cluster=ClusterFacts(
        identity=Known(ClusterIdentity("EMPTY", "0f1e2d3c")),
        nodes=Known(()),
        volumes=Known(()),
        clustered_vms=Known(()),
        config_store=Known("C:\\ClusterStorage\\Volume1\\store"),
    ),
    nodes=(),
    folders=(),
)


@pytest.fixture
def facts(tmp_path: Path) -> str:
    (tmp_path / "facts.json").write_bytes(to_json(EMPTY_CLUSTER))
    return str(tmp_path / "facts.json")


def vhdsfix(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("VHDSFIX_")}
    return subprocess.run(
        [sys.executable, "-m", "vhdsfix", *arguments],
        env={**inherited, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )


def test_the_version() -> None:
    done = vhdsfix("--version")
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, [b"vhdsfix", __version__.encode()], b"")


def test_help_goes_to_stdout_and_is_ascii() -> None:
    for arguments in ([], ["plan"], ["apply"], ["lab"], ["explain"], ["schema"]):
        done = vhdsfix(*arguments, "--help", PYTHONIOENCODING="ascii")
        assert (done.returncode, done.stderr) == (0, b"")
        assert b"Usage: vhdsfix" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("plan", "--nope"),
        ("plan", "--format", "xml"),
        ("plan", "extra"),
        ("apply", "--max-age", "-1"),
        ("apply", "--max-age", "x"),
        ("nope",),
        ("schema",),
        ("schema", "nope"),
        ("explain", "nope"),
        ("plan",),
        ("plan", "--node", "a b"),
        ("plan", "--node", "HV01", "--user", "u"),
        ("plan", "--folder", "x", "--lab", "demo"),
        ("apply", "plan.json", "--folder", "C:\\a", "--lab", "demo"),
    ],
)
def test_wrong_usage_is_one_line_and_64(arguments: tuple[str, ...]) -> None:
    done = vhdsfix(*arguments)
    assert done.returncode == 64
    assert done.stdout == b""
    assert done.stderr.startswith(b"vhdsfix: ")
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize("arguments", [(), ("lab",)])
def test_a_missing_command_shows_the_help_as_wrong_usage(arguments: tuple[str, ...]) -> None:
    done = vhdsfix(*arguments)
    assert done.returncode == 64
    assert b"Usage: vhdsfix" in done.stderr


def test_the_nearest_finding_is_named() -> None:
    assert b"did you mean grant-missing?" in vhdsfix("explain", "grant-mising").stderr


def test_the_schema_is_one_json_object() -> None:
    schema = json.loads(vhdsfix("schema", "plan").stdout)
    assert "Plan" in schema["$defs"]


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "ascii"])
def test_a_plan_of_saved_facts_prints_in_any_encoding(facts: str, encoding: str) -> None:
    done = vhdsfix("plan", "--facts", facts, PYTHONIOENCODING=encoding)
    text = done.stdout.decode(encoding)
    assert "Host cluster EMPTY" in text
    assert "\x1b" not in text
    assert b"Traceback" not in done.stderr


def test_json_is_one_document_on_stdout(facts: str) -> None:
    done = vhdsfix("plan", "--facts", facts, "--format", "json")
    said = json.loads(done.stdout)
    assert said["vhdsfix"] == 1
    assert said["exit"]["code"] == done.returncode
    assert said["data"]["cluster"]["name"] == "EMPTY"


def test_damaged_facts_are_one_line_and_64(tmp_path: Path) -> None:
    (tmp_path / "facts.json").write_bytes(b"{")
    done = vhdsfix("plan", "--facts", str(tmp_path / "facts.json"))
    assert done.returncode == 64
    assert done.stderr.count(b"\n") == 1


@pytest.mark.skipif(os.name == "nt", reason="POSIX pipes")
def test_a_reader_that_goes_away_changes_nothing_about_the_exit_code(facts: str) -> None:
    expected = vhdsfix("plan", "--facts", facts)
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "vhdsfix", "plan", "--facts", facts],
        stdout=write,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (expected.returncode, expected.stderr)


@pytest.mark.skipif(os.name == "nt", reason="a POSIX shell closes the streams")
@pytest.mark.parametrize(
    ("closed", "out", "err"),
    [
        ("<&-", True, True),
        (">&-", False, True),
        ("2>&-", True, False),
        ("<&- >&- 2>&-", False, False),
    ],
)
def test_a_stream_that_is_closed_from_the_start_leads_nowhere(
    facts: str, closed: str, out: bool, err: bool
) -> None:
    line = f'exec "$0" -m vhdsfix plan --facts "$1" {closed}'
    done = subprocess.run(["sh", "-c", line, sys.executable, facts], capture_output=True, check=False)
    told = vhdsfix("plan", "--facts", facts)
    assert (done.returncode, done.stdout, done.stderr) == (
        told.returncode,
        told.stdout if out else b"",
        told.stderr if err else b"",
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("help_of", [(), ("plan",), ("lab",)])
def test_help_that_cannot_be_written_is_said(help_of: tuple[str, ...]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "vhdsfix", *help_of, "--help"],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 64
    assert done.stderr.startswith(b"vhdsfix: standard output cannot be written: No space left")
    assert done.stderr.count(b"\n") == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_output_that_cannot_be_written_is_said(facts: str) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "vhdsfix", "plan", "--facts", facts],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 64
    assert b"could not be written to standard output" in done.stderr
    assert b"Traceback" not in done.stderr
