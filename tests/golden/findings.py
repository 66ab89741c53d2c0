"""Every kind of finding as an admin sees it: findings of tests/cases, and one of undo, through the real renderer.

`python -m tests.golden.findings` writes findings.txt anew; read the difference before it is committed.
"""

from __future__ import annotations

import io
import re
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.cases.test_every_case import CASES, case_facts, case_scope
from tests.unit.test_apply_undo import BY_HAND, Story
from vhdsfix import planner
from vhdsfix.model.findings import Finding
from vhdsfix.model.plan import Tool
from vhdsfix.render.console import console_on
from vhdsfix.render.findings_text import print_finding
from vhdsfix.rules.catalogue import CATALOGUE

GOLDEN = Path(__file__).parent / "findings.txt"
SOURCES = re.compile(r"^--- (.+)$", re.MULTILINE)


def findings_text() -> str:
    """One finding of each kind, in the catalogue's order: of the case that the file names, or of the one that says most."""
    named = set(SOURCES.findall(GOLDEN.read_text(encoding="utf-8")))
    every = tuple(_examples())
    examples = {**_best(every), **_best(one for one in every if one[0] in named)}
    stream = io.StringIO()
    console = console_on(stream)
    for source, found in (examples[kind] for kind in CATALOGUE if kind in examples):
        stream.write(f"--- {source}\n")
        print_finding(console, found)
        stream.write("\n")
    return stream.getvalue()


def _best(examples: Iterable[tuple[str, Finding]]) -> dict[str, tuple[str, Finding]]:
    best: dict[str, tuple[str, Finding]] = {}
    for source, found in examples:
        if found.id not in best or _length(found) > _length(best[found.id][1]):
            best[found.id] = source, found
    return best


def _length(found: Finding) -> int:
    return len(found.summary) + sum(map(len, found.evidence)) + len(found.fix)


def _examples() -> Iterator[tuple[str, Finding]]:
    for path in CASES:
        plan = planner.plan_from(case_facts(path), case_scope(path), Tool("vhdsfix", "test"))
        source = path.relative_to(path.parents[2]).with_suffix("").as_posix()
        yield from ((source, found) for found in plan.findings)
    with tempfile.TemporaryDirectory() as folder:
        story = Story(Path(folder))
        record = story.grant()
        story.add_entry(BY_HAND)
        for found in story.undoing(record).plan.findings:
            yield "undo, after somebody changed the folder", found


if __name__ == "__main__":
    GOLDEN.write_text(findings_text(), encoding="utf-8")
