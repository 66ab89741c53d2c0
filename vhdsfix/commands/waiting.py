"""Looking again and again until every expected guest node is there."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from vhdsfix.commands.expected import expected_nodes
from vhdsfix.commands.patience import Patience
from vhdsfix.commands.time_allowed import TimeAllowed
from vhdsfix.commands.work import Seen
from vhdsfix.errors import StoppedError
from vhdsfix.ports import Notify, Progress

PAUSE_S = 5
"""Between two looks; as long as a look took where that is longer, so that the nodes are left alone half of the time."""


def until_all_are_there(
    look: Callable[[], Seen],
    names: Sequence[str],
    patience: Patience,
    time_allowed: TimeAllowed,
    notify: Notify,
) -> Seen:
    """The first look that shows each of these guest nodes, or the last for which there was patience. Raises StoppedError.

    Once the run's own time is over nobody is asked any more, so that no look is made which could show nothing.
    """
    while True:
        began = time.monotonic()
        seen = look()
        awaited = [one for one in expected_nodes(names, seen.facts, seen.plan) if one.awaited]
        if not awaited:
            return seen
        first = awaited[0]
        notify(Progress(f"waiting for guest node {first.name}", first.why_not))
        if patience.pause(max(PAUSE_S, time.monotonic() - began)) and not time_allowed.is_over:
            continue
        if patience.left_s and not time_allowed.is_over:
            raise StoppedError(f"stopped while waiting for guest node {first.name}; nothing was changed")
        return seen
