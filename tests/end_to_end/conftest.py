"""A lab that answers the real protocol on loopback, and what reaches it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.rehearsal import Rehearsal, rehearsal
from vhdsfix.lab import scenarios
from vhdsfix.lab.world import World


@pytest.fixture
def world() -> World:
    return scenarios.build(scenarios.load("demo"))


@pytest.fixture
def lab(world: World, tmp_path: Path) -> Iterator[Rehearsal]:
    with rehearsal(world, tmp_path) as running:
        yield running
