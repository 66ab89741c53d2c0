"""Ids of what the lab makes."""

from __future__ import annotations

import uuid

from hypothesis import given
from hypothesis import strategies as st

from vhdsfix.lab.identifiers import stable_id


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_the_same_words_have_the_same_guid_of_version_5(what: str) -> None:
    assert stable_id(what) == str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{what}.lab.example"))
