from __future__ import annotations

import json

import pytest

from vhdsfix.model.document import from_json, to_json, to_plain
from vhdsfix.model.facts import FileFacts, FolderFacts
from vhdsfix.model.readings import Absent, Known, Unknown
from vhdsfix.model.windows import FolderPath

HOSTILE = "VM\x1b[2J\x7f\x9b31m\u202egnp.sdhv\u200b\u2028\U000e0001 \n Gäste 漢字 \U0001f4a9"


@pytest.mark.parametrize("indent", [0, 2])
def test_what_does_not_print_is_an_escape_and_comes_back_the_same(indent: int) -> None:
    """A saved plan, facts and a journal hold names that a node sent, and are looked at in terminals and editors."""
    text = to_json({HOSTILE: [HOSTILE]}, indent=indent)
    assert all(character.isprintable() or character == "\n" for character in text.decode("utf-8"))
    assert "Gäste 漢字 \U0001f4a9".encode() in text
    assert json.loads(text) == from_json(text, dict) == {HOSTILE: [HOSTILE]}


def test_a_plain_value_is_what_its_json_says() -> None:
    files = (FileFacts(HOSTILE, Known("D:"), None), FileFacts("b.vhds", Absent()))
    folder = FolderFacts(
        FolderPath("C:\\a"), "HV01", Unknown("not \\ told"), Known(files), Absent(), Known(())
    )
    assert to_json(to_plain(folder)) == to_json(from_json(to_json(folder), dict)) == to_json(folder)
