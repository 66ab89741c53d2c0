"""A pytest plugin that plants one bug: the module it is in is compiled from changed text. `PLANTED_BUG` names it.

PLANTED_BUG=no-drift-check python -m pytest -p tests.planted.plant tests/unit/test_apply_folder.py
"""

from __future__ import annotations

import importlib.machinery
import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType

from tests.planted.bugs import BUGS, Bug


class _Planted(SourceFileLoader):
    def __init__(self, bug: Bug, path: str) -> None:
        super().__init__(bug.module, path)
        self._bug = bug

    def get_code(self, _fullname: str) -> CodeType:
        """Never from a cache, and never into one."""
        source = self.get_data(self.path).decode("utf-8")
        return compile(self._bug.planted_in(source), self.path, "exec", dont_inherit=True)


class _Finder(importlib.machinery.PathFinder):
    bug: Bug

    @classmethod
    def find_spec(
        cls, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path, target) if fullname == cls.bug.module else None
        if spec is not None and spec.origin is not None:
            spec.loader = _Planted(cls.bug, spec.origin)
        return spec


_Finder.bug = BUGS[os.environ["PLANTED_BUG"]]
if _Finder.bug.module in sys.modules:
    raise RuntimeError(f"{_Finder.bug.module} was imported before the bug could be planted in it")
sys.meta_path.insert(0, _Finder)
