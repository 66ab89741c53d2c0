"""Run every long run in tests/sweep in full, one line each: `[--tenth] [--seed N] [NAME…]`, NAME being part of a module's name.

A long run is a module there with `run(count, seed) -> str`, which raises where something is wrong, and `FULL`, its full count.
"""

from __future__ import annotations

import argparse
import sys
import time
from venv import ROOT, run  # type: ignore[attr-defined]  # scripts/venv.py beside this file, not the standard library's

_ONE = """
import importlib, logging, sys, structlog
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
name, part, seed = sys.argv[1:]
found = importlib.import_module(f"tests.sweep.{name}")
print(found.run(found.FULL // int(part), int(seed)), flush=True)
"""


def main() -> int:
    """Run each in a process of its own, the rest even after one has failed; return 1 if any did."""
    asked = _arguments()
    failed = [name for name in _names(asked.names) if not _run(name, 10 if asked.tenth else 1, asked.seed)]
    print(f"failed: {', '.join(failed)}" if failed else "all long runs passed")
    return 1 if failed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--tenth", action="store_true", help="a tenth of each, as the test suite runs it")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def _names(wanted: list[str]) -> list[str]:
    """The modules that hold a long run; the tests beside them call the same with a tenth."""
    found = sorted(path.stem for path in (ROOT / "tests" / "sweep").glob("*.py"))
    runs = [name for name in found if not name.startswith(("test_", "conftest"))]
    chosen = [name for name in runs if not wanted or any(part in name for part in wanted)]
    if not chosen:
        raise SystemExit(f"no long run is called that; there are {', '.join(runs) or 'none'}")
    return chosen


def _run(name: str, part: int, seed: int) -> bool:
    print(f"{name}: ", end="", flush=True)
    started = time.monotonic()
    ended: int = run("test", "-c", _ONE, name, str(part), str(seed))
    print(
        f"    {time.monotonic() - started:.0f} s{f', FAILED with seed {seed}' if ended else ''}", flush=True
    )
    return ended == 0


if __name__ == "__main__":
    sys.exit(main())
