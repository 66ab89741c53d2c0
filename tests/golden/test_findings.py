"""findings.txt holds every kind of finding, whole, as it is printed today."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cases.test_every_case import CASES, case_facts, case_scope
from tests.golden.findings import GOLDEN, findings_text
from vhdsfix import planner
from vhdsfix.model.plan import Tool
from vhdsfix.rules.catalogue import CATALOGUE


def test_the_golden_file_is_what_is_printed() -> None:
    """Where this fails on purpose: python -m tests.golden.findings, and read what changed."""
    assert findings_text() == GOLDEN.read_text(encoding="utf-8")


def test_no_kind_is_missing() -> None:
    shown = re.findall(
        r"^  (?:error|warning|note) +([\w-]+)  \S", GOLDEN.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert sorted(shown) == sorted(CATALOGUE)


@pytest.mark.parametrize("path", CASES, ids=[f"{path.parent.name}/{path.stem}" for path in CASES])
def test_every_finding_of_every_case_has_subject_evidence_fix_and_source(path: Path) -> None:
    for found in planner.plan_from(case_facts(path), case_scope(path), Tool("vhdsfix", "test")).findings:
        assert found.subject
        assert found.evidence
        assert all(found.evidence)
        assert found.fix
        assert found.source
