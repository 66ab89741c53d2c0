"""What a start may cost: `--help` pays for the command line and for nothing that a command needs."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

TOO_DEAR_FOR_HELP = {
    *("pypsrp", "requests", "spnego", "psrpcore", "h11", "msgspec", "structlog", "tenacity", "platformdirs"),
    *("filelock", "truststore", "pydantic", "asyncio", "ssl"),
    *(
        "rich.console",
        "vhdsfix.commands",
        "vhdsfix.render",
        "vhdsfix.config",
        "vhdsfix.log",
        "vhdsfix.model.plan",
    ),
    *("vhdsfix.remote", "vhdsfix.lab", "vhdsfix.planner"),
}
MODULES_AFTER = """
import json, sys
from vhdsfix.cli import app
code = app.main(sys.argv[1:])
sys.stderr.write(json.dumps([code, sorted(sys.modules)]))
"""


@pytest.mark.parametrize("arguments", [["--help"], ["plan", "--help"], ["lab", "--help"], ["--version"]])
def test_help_imports_only_the_command_line(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", MODULES_AFTER, *arguments], capture_output=True, text=True, check=True
    )
    code, modules = json.loads(done.stderr)
    assert code == 0
    assert TOO_DEAR_FOR_HELP.isdisjoint(modules), TOO_DEAR_FOR_HELP.intersection(modules)
