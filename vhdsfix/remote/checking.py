"""Questions that no node may be lost by: together within their own time, and each that was not answered so once more alone.

A command that a session lacks loses what follows it in a batch, and one that hangs loses all of it; alone it loses itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from vhdsfix.errors import AuthError, NodeError, UnreachableError
from vhdsfix.model.readings import Unknown
from vhdsfix.remote.batch import AnyAnswer
from vhdsfix.remote.limits import TimeLimits
from vhdsfix.remote.questions import Question

QUESTIONS_AT_ONCE = 12
"""Of some 9 KB each with its mark, the longest: they fit one request of 150 KB (WIRE 3)."""

Within = Callable[[float], AbstractContextManager[object]]
"""For the time of a block: so many seconds, then what is waited for in it is ended and raises NodeError."""

Together = Callable[[Sequence[Question[Any]]], Sequence[AnyAnswer | None]]
"""Ask them in one pipeline; None for each whose answer does not count there. Raises NodeError."""

Alone = Callable[[Question[Any]], AnyAnswer]
"""Ask one in a pipeline of its own. Raises NodeError."""

Found = dict[str, AnyAnswer]


def answers_to(
    questions: Sequence[Question[Any]], together: Together, alone: Alone, within: Within, limits: TimeLimits
) -> Found:
    """An answer for each question, by its name. A node that cannot be reached at all is not tried for each of them."""
    found: Found = {}
    end = time.monotonic() + limits.phase_s
    try:
        for start in range(0, len(questions), QUESTIONS_AT_ONCE):
            if time.monotonic() > end:  # a node may claim any number of VMs
                break
            group = questions[start : start + QUESTIONS_AT_ONCE]
            with within(limits.checks_s):
                answers = zip(group, together(group), strict=True)
            found |= {question.name: answer for question, answer in answers if answer is not None}
    except (UnreachableError, AuthError) as error:
        return _all_unknown(questions, str(error)) | found
    except NodeError:
        pass  # those that are left have one more try, each by itself
    rest = [question for question in questions if question.name not in found]
    return found | _asked_alone(rest, alone, within, limits)


def _asked_alone(
    questions: Sequence[Question[Any]], alone: Alone, within: Within, limits: TimeLimits
) -> Found:
    found: Found = {}
    end = time.monotonic() + limits.checks_alone_s
    for question in questions:
        left_s = end - time.monotonic()
        if left_s <= 0:
            found[question.name] = Unknown("what was asked before it took all the time there is")
            continue
        try:
            with within(min(limits.check_s, left_s)):
                found[question.name] = alone(question)
        except NodeError as error:
            if isinstance(error, UnreachableError | AuthError):
                return _all_unknown(questions, str(error)) | found
            found[question.name] = Unknown(str(error))
    return found


def _all_unknown(questions: Sequence[Question[Any]], why: str) -> Found:
    return {question.name: Unknown(why) for question in questions}
