"""How often the garbage collector looks for cycles while nodes are asked and judged."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator

NEW_OBJECTS = 10_000
"""The interpreter's own pace is one look at 700 new objects, and now and then one at all there are: a tenth of a large plan."""


@contextlib.contextmanager
def seldom_collecting() -> Iterator[None]:
    """For a block that makes many values and few cycles: what nodes say, and what is made of it, has none."""
    usual = gc.get_threshold()
    gc.set_threshold(max(usual[0], NEW_OBJECTS) if usual[0] else 0, *usual[1:])  # 0: never
    try:
        yield
    finally:
        gc.set_threshold(*usual)
