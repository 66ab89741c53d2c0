from __future__ import annotations

import pytest
from hypothesis import given, settings

from tests.laws.strategies import VM, aces
from vhdsfix.access import entry_of, icacls_rights
from vhdsfix.model.windows import Ace, AceType


@pytest.mark.parametrize(
    ("rights", "flags", "mask"),
    [
        ("F", 0, 0x1F01FF),
        ("(OI)F", 1, 0x1F01FF),
        ("(OI)(CI)M", 3, 0x1301BF),
        ("(CI)(IO)RX", 10, 0x1200A9),
        ("(OI)(NP)R", 5, 0x120089),
        ("W", 0, 0x100116),
    ],
)
def test_an_entry_and_its_words(rights: str, flags: int, mask: int) -> None:
    entry = Ace(AceType.ALLOW, flags, mask, VM.sid)
    assert icacls_rights(entry) == rights
    assert entry_of(rights, VM.sid) == entry


@pytest.mark.parametrize("rights", ["", "(XX)F", "F(OI)", "(OI) F", "FM", "(OI)N", "f", "(OI)F /T"])
def test_other_words_are_refused(rights: str) -> None:
    with pytest.raises(ValueError, match="no rights"):
        entry_of(rights, VM.sid)


@given(aces())
@settings(max_examples=500)
def test_what_can_be_said_means_the_same_entry_again(ace: Ace) -> None:
    said = icacls_rights(ace)
    assert said is None or entry_of(said, ace.sid) == ace  # type: ignore[arg-type]  # a domain's alias stays one
