"""The collector's pace within the block, and after it."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from vhdsfix.commands.collecting import NEW_OBJECTS, seldom_collecting


@pytest.fixture(autouse=True)
def _own_pace() -> Iterator[None]:
    usual = gc.get_threshold()
    yield
    gc.set_threshold(*usual)


@pytest.mark.parametrize(
    ("usual", "within"), [(700, NEW_OBJECTS), (2 * NEW_OBJECTS, 2 * NEW_OBJECTS), (0, 0)]
)
def test_the_pace_is_slower_within_and_as_it_was_afterwards(usual: int, within: int) -> None:
    gc.set_threshold(usual, 10, 10)
    seen = []

    @seldom_collecting()
    def broken_off() -> None:
        seen.append(gc.get_threshold())
        raise RuntimeError

    with pytest.raises(RuntimeError):
        broken_off()
    assert (seen, gc.get_threshold()) == ([(within, 10, 10)], (usual, 10, 10))
