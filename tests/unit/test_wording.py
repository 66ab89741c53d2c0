from __future__ import annotations

import re
from pathlib import Path

import pytest

import vhdsfix
from vhdsfix.wording import counted


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 nodes were"), (1, "1 node was"), (2, "2 nodes were"), (21, "21 nodes were")]
)
def test_one_is_one_and_any_other_number_is_more(number: int, said: str) -> None:
    assert counted(number, "node was", "nodes were") == said
    assert counted(number, "node") == said.rpartition(" ")[0]


def test_nobody_is_told_of_things_in_brackets() -> None:
    """Neither "1 node(s)" nor "2 node(s)" is what a person would say."""
    package = Path(vhdsfix.__file__).parent
    found = [
        path.name for path in package.rglob("*.py") if re.search(r"[a-z]\(e?s\)", path.read_text("utf-8"))
    ]
    assert found == []
