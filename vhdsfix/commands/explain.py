"""`explain`: what a kind of finding means, why it matters and what to do about it."""

from __future__ import annotations

import difflib

from vhdsfix.commands.result import Result
from vhdsfix.errors import UsageError
from vhdsfix.rules.catalogue import CATALOGUE


def run(finding: str | None) -> Result:
    """Return the kind of finding with this id, or all of them; raises UsageError that names the nearest id."""
    if finding is None:
        return Result("explain", tuple(CATALOGUE.values()))
    if finding not in CATALOGUE:
        raise UsageError(f"there is no finding {finding!r}; {_nearest(finding)}")
    return Result("explain", (CATALOGUE[finding],))


def _nearest(finding: str) -> str:
    near = difflib.get_close_matches(finding.casefold(), CATALOGUE, n=1, cutoff=0.4)
    return f"did you mean {near[0]}?" if near else "`vhdsfix explain` lists them all"
