"""A folder's disk files: most have one and the same descriptor, which is then looked at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from vhdsfix.model.windows import SecurityDescriptor

T = TypeVar("T")

Files = Mapping[str, SecurityDescriptor]
"""By name."""


def of_each(files: Files, made_of: Callable[[SecurityDescriptor], T]) -> dict[str, T]:
    """What `made_of` makes of each file's descriptor, by the file's name; it is asked once for each object."""
    distinct = {id(file): file for file in files.values()}
    made = {key: made_of(file) for key, file in distinct.items()}
    return {name: made[id(file)] for name, file in files.items()}
