"""Values inside a row that are not flat: lists as Windows PowerShell 5.1 and 7 write them."""

from __future__ import annotations

import msgspec


class Wrapped(msgspec.Struct, frozen=True):
    """Source: WIRE 7.4; 5.1 writes an object around a list to which somebody added properties ("value", "Count")."""

    value: tuple[str, ...] | str | None


Texts = tuple[str, ...] | str | Wrapped
"""A list of texts as a row has it: a list of one may come as that one."""


def texts_of(texts: Texts | None) -> tuple[str, ...]:
    if isinstance(texts, Wrapped):
        texts = texts.value
    if texts is None:
        return ()
    return (texts,) if isinstance(texts, str) else texts
