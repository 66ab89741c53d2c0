"""One session on one node: the world it sees, and what it remembers from pipeline to pipeline."""

from __future__ import annotations

import threading
from typing import Any

from vhdsfix.lab.faults import Fault
from vhdsfix.lab.shown import Shown
from vhdsfix.lab.world import World


class Runspace:
    """`last_exit_code`: $LASTEXITCODE; None until a native command has run (WIRE 7.5).

    `loads_modules`: a command's module is looked for when it is named; not so with JEA. `ending`: set when the session ends.
    """

    def __init__(self, world: World, node: str, *, loads_modules: bool = True) -> None:
        self.world = world
        self.node = node
        self.loads_modules = loads_modules
        self.last_exit_code: int | None = None
        self.ending = threading.Event()
        self.begin()

    def begin(self) -> None:
        """A pipeline begins: what it finds is the world of this moment."""
        self._shown = Shown(self.world, self.node)
        self._rows: dict[str, list[dict[str, Any]]] = {}

    def rows(self, source: str) -> list[dict[str, Any]]:
        """What that cmdlet finds on this node, worked out once in a pipeline; nobody may change it."""
        if source not in self._rows:
            self._rows[source] = self.world.rows_of(self._shown, source)
        return self._rows[source]

    @property
    def is_talkative(self) -> bool:
        return any(node.talkative for node in self.world.nodes if node.name == self.node)

    def fault_of(self, command: str) -> Fault | None:
        """How the command fails on this node, by its name without a module."""
        return self.world.faults.get(self.node, {}).get(command)
