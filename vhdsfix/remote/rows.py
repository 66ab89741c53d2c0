"""JSON that a node wrote → rows: Windows PowerShell 5.1's and 7's, one object and a list, all do; it is checked strictly."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from vhdsfix.remote.one_line import one_line

R = TypeVar("R", bound=msgspec.Struct)


def rows_of(output: tuple[object, ...], row: type[R]) -> tuple[R, ...]:
    """The rows of one statement's output: nothing at all is no row, otherwise one text with an object or a list.

    Raises ValueError, one line for a person, for anything else, and for null in a field that may not be null.
    """
    if not output:
        return ()
    text = output[0]
    if len(output) > 1 or not isinstance(text, str):
        raise ValueError(f"the answer is not one text but {len(output)} objects")
    try:
        if text.lstrip().startswith("["):
            return msgspec.json.decode(text, type=tuple[row, ...])  # type: ignore[valid-type] # known at run time only
        return (msgspec.json.decode(text, type=row),)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise ValueError(f"the answer is not as expected: {one_line(error)}") from error
