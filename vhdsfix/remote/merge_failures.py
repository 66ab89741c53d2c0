"""Events 19100 → MergeFailure, by what they hold and not by their message, which is in the host's language (FACTS 1.5)."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from typing import TypeVar

from vhdsfix.model.facts import MergeFailure
from vhdsfix.model.windows import VmId
from vhdsfix.remote.check_questions import EventValueRow
from vhdsfix.remote.moments import utc

T = TypeVar("T")

_CODE = re.compile(r"0x([0-9a-fA-F]{1,8})|%%(\d{1,10})")
"""Source: FACTS 1.5 (ErrorCode is 0x80070020, ErrorMessage %%2147942432)."""
_BITS_32 = 0xFFFFFFFF


def merge_failures(rows: Iterable[EventValueRow]) -> tuple[MergeFailure, ...]:
    """One for each event, of whose values each row has one. Raises ValueError for an event without a time."""
    by_event = itertools.groupby(rows, key=lambda row: row.event)
    return tuple(_failure(list(values)) for _, values in by_event)


def _failure(values: list[EventValueRow]) -> MergeFailure:
    at = utc(values[0].at)
    if at is None:
        raise ValueError("an event came without the time of it")
    return MergeFailure(
        at=at,
        vm_id=_one(_vm_id(row.value) for row in values),
        code=_one(_code(row.value) for row in values),
    )


def _one(found: Iterable[T | None]) -> T | None:
    """What the values agree on. Their order is not known for certain, and what a VM is called may look like anything."""
    told = {each for each in found if each is not None}
    return told.pop() if len(told) == 1 else None


def _vm_id(value: object) -> VmId | None:
    try:
        return VmId(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _code(value: object) -> int | None:
    if isinstance(value, int):
        return value & _BITS_32
    found = _CODE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    return (int(found[1], 16) if found[1] else int(found[2])) & _BITS_32
