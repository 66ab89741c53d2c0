r"""Times that a node wrote as JSON → UTC, ISO 8601 with seconds: Windows PowerShell 5.1's \/Date(ms)\/ and 7's ISO text."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import msgspec

_MILLISECONDS = re.compile(r"/Date\((-?\d{1,15})\)/")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class WrappedMoment(msgspec.Struct, frozen=True):
    """Source: WIRE 7.4; 5.1 writes an object instead of the text where somebody added properties to the time."""

    value: str


Moment = str | WrappedMoment
"""A time as a row has it."""


def utc(moment: Moment | None) -> str | None:
    """As 2026-11-23T02:00:00Z; None for null, and for what is no time or does not say its zone."""
    if moment is None:
        return None
    text = moment if isinstance(moment, str) else moment.value
    try:
        at = _read(text)
        return None if at.tzinfo is None else f"{at.astimezone(UTC).isoformat(timespec='seconds')[:-6]}Z"
    except (ValueError, OverflowError):
        return None


def _read(text: str) -> datetime:
    """Raises ValueError or OverflowError."""
    if found := _MILLISECONDS.fullmatch(text):
        return _EPOCH + timedelta(milliseconds=int(found[1]))
    return datetime.fromisoformat(text)
