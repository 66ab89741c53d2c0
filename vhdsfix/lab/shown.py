"""A node as it shows itself at one moment: what is looked for again and again is looked for once."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a world makes them
    from vhdsfix.lab.world import Vm, World


class Shown:
    """Not to be kept while the world changes."""

    def __init__(self, world: World, node: str) -> None:
        self.world = world
        self.node = node

    @functools.cached_property
    def vms(self) -> list[Vm]:
        """The VMs that Hyper-V knows there."""
        return self.world.vms_on(self.node)
