"""What there is to say of a kind of finding, whatever the case."""

from __future__ import annotations

import msgspec

from vhdsfix.model.findings import Severity

KB = "Microsoft KB4230569"
ARTICLE = "blog.workinghardinit.work, tag vhd-set"


class FindingKind(msgspec.Struct, frozen=True):
    """`id` never changes: configs and scripts name it. `story` and `fix` are read by `vhdsfix explain`."""

    id: str
    severity: Severity
    title: str
    story: str
    fix: str
    source: str
