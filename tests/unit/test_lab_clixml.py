"""Text in CLIXML, which the lab writes itself where psrpcore would find nothing to escape."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import hypothesis
import hypothesis.strategies as st
import psrpcore.types as ps
from psrpcore._crypto import PSRemotingCrypto

from vhdsfix.lab import clixml

SOME = st.sampled_from(
    ["_x0041_", "_X", "_", "x", "<&>", '"', "'", "\x00", "\x7f", "\x85", "\n", "ü", "𝄞", "\ud800", "\udfff"]
)


@hypothesis.given(st.lists(SOME | st.text(max_size=5), max_size=6).map("".join))
def test_a_text_is_what_psrpcore_makes_of_it(text: str) -> None:
    theirs = ET.tostring(ps.serialize(text, PSRemotingCrypto()), encoding="utf-8")
    assert ET.canonicalize(clixml.output(text).decode()) == ET.canonicalize(theirs.decode())
