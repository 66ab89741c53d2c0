"""What a contributor runs before a commit: format, lint, types, layers; lists what is assumed of Windows.

`--fix` lets ruff mend what it can.
"""

from __future__ import annotations

import sys
from pathlib import Path
from venv import ROOT, run  # type: ignore[attr-defined]  # scripts/venv.py beside this file, not the standard library's

FIXES = (("ruff", "format", "."), ("ruff", "check", "--fix", "."))
LAYERS = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"


def main() -> int:
    """Run every check, even after one has failed, and return 1 if any did."""
    if "--fix" in sys.argv[1:]:
        for fix in FIXES:
            run("check", "-m", *fix)
    failed = [name for name, command in _checks() if run("check", *command)]
    _list_assumptions()
    print(f"failed: {', '.join(failed)}" if failed else "all checks passed")
    return 1 if failed else 0


def _checks() -> list[tuple[str, tuple[str, ...]]]:
    return [
        ("ruff format", ("-m", "ruff", "format", "--check", ".")),
        ("ruff check", ("-m", "ruff", "check", ".")),
        ("mypy", ("-m", "mypy")),
        ("import-linter", ("-c", LAYERS)),
    ]


def _list_assumptions() -> None:
    """Print each line that says what is believed of Windows without a source."""
    assumed = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in sorted(Path(ROOT, "vhdsfix").rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if "Assumed:" in line
    ]
    print(f"{len(assumed)} assumption(s) about Windows:", *assumed, sep="\n  ")


if __name__ == "__main__":
    sys.exit(main())
