"""Guest nodes that a caller expects, and what a look shows of them."""

from __future__ import annotations

import msgspec

from vhdsfix.model.inventory import Vm
from vhdsfix.model.windows import FolderPath


class ExpectedNode(msgspec.Struct, frozen=True):
    """What a look shows of one guest node. `vm`: the VM that it is. `granted`: the folders where it has its grant.

    `awaited`: what may come by waiting; `lacking`: what does not; a line each. Without both it is as it should be.
    """

    name: str
    vm: Vm | None = None
    granted: tuple[FolderPath, ...] = ()
    awaited: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()

    @property
    def is_as_expected(self) -> bool:
        return not self.awaited and not self.lacking

    @property
    def why_not(self) -> str:
        return "; ".join((*self.awaited, *self.lacking))
