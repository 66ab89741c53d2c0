from __future__ import annotations

import pytest

from vhdsfix.remote.clixml_text import text_of


@pytest.mark.parametrize(
    ("escaped", "text"),
    [
        (None, ""),
        ("plain ä", "plain ä"),
        ("_x000A_", "\n"),
        ("_x005F_x0041_", "_x0041_"),
        ("_x0041_x0042_", "Ax0042_"),
        ("😀", "😀"),
        ("_xD83D__xDE00_", "😀"),
        ("half _xd83d_…", "half \ud83d…"),
        ("_xDE00_ half", "\ude00 half"),
    ],
)
def test_units_of_utf_16_become_letters_and_halves_stay_halves(escaped: str | None, text: str) -> None:
    assert text_of(escaped) == text
