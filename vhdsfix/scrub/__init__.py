"""Facts and scopes of which nobody can tell whose they were, and from which the same plan comes out, renamed."""

from __future__ import annotations

from vhdsfix.model.facts import Facts
from vhdsfix.model.plan import Scope
from vhdsfix.scrub.tokens import Noted, Numbered
from vhdsfix.scrub.walk import renamed

__all__ = ["scrubbed"]


def scrubbed(facts: Facts, scope: Scope) -> tuple[Facts, Scope]:
    """Both with names, addresses, GUIDs and SIDs replaced, alike in both; times, versions, states and codes stay."""
    noted = Noted()
    renamed(noted, facts)
    renamed(noted, scope)
    numbered = Numbered(noted)
    return renamed(numbered, facts), renamed(numbered, scope)
