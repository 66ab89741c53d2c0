"""Moments as facts write them: ISO 8601, UTC. Nothing here asks a clock."""

from __future__ import annotations

from datetime import UTC, datetime

HOURS_A_DAY = 24
_SECONDS_AN_HOUR = 3600


def hours_between(earlier: str | None, later: str | None) -> float | None:
    """Hours from one moment to another, negative if they are the other way round; None where one of them is no time."""
    begin, end = _moment(earlier), _moment(later)
    return (end - begin).total_seconds() / _SECONDS_AN_HOUR if begin and end else None


def is_older(moment: str | None, than_h: float, at: str) -> bool:
    """Whether a moment lies more than so many hours before another; a moment that nobody told is not older."""
    age = hours_between(moment, at)
    return age is not None and age > than_h


def _moment(text: str | None) -> datetime | None:
    """A moment without a time zone is one of UTC."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
