"""A reading: what was seen, what was seen not to be there, or why nobody could look."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")
U = TypeVar("U")


class Known(msgspec.Struct, Generic[T], frozen=True, gc=False, tag="known", tag_field="reading"):
    """It was seen."""

    value: T


class Absent(msgspec.Struct, frozen=True, tag="absent", tag_field="reading"):
    """It was looked for, by someone who would have seen it, and is not there."""


class Unknown(msgspec.Struct, frozen=True, tag="unknown", tag_field="reading"):
    """Nobody could look; `why` is a line for a person."""

    why: str


Reading = Known[T] | Absent | Unknown


def known_or(reading: Known[T] | Absent | Unknown, otherwise: U) -> T | U:
    """The value of a known reading; otherwise what the caller gives for "nothing seen"."""
    return reading.value if isinstance(reading, Known) else otherwise
