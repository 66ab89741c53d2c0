"""Whether what an apply says of its actions is true of the lab's disk: read by the lab's own plain reading."""

from __future__ import annotations

import re
from typing import Any

from vhdsfix.commands.result import ApplyReport
from vhdsfix.errors import ExitCode
from vhdsfix.lab.world import World
from vhdsfix.model.outcome import AlreadyRight, Done, Stuck

VOLUME = "C:\\ClusterStorage\\NTFS-03"
FOLDER = f"{VOLUME}\\GuestClustersSharedDisks"

Disk = dict[str, Any]
"""As Tree.dump gives it."""


_NOT_ALL_WELL = (ExitCode.NOT_DONE, ExitCode.INCOMPLETE, ExitCode.NO_NODE)


def holds_true(
    report: ApplyReport, code: ExitCode, world: World, before: Disk, touched: tuple[str, ...] = ()
) -> None:
    """Done and AlreadyRight: it is there, or the run says that it has gone again. Otherwise, but for Stuck: it is not there."""
    for one in report.outcomes:
        there = granted(world, one.action.vm_name)
        if isinstance(one.outcome, Done | AlreadyRight):
            assert there or code in _NOT_ALL_WELL
        elif not isinstance(one.outcome, Stuck):
            assert str(one.action.sid) not in str(world.tree.dump())
    right = all(one.is_right for one in report.outcomes)
    assert right or code is ExitCode.NOT_DONE
    sids = [str(one.action.sid) for one in report.outcomes]
    assert without(sids, world.tree.dump(), touched) == without(sids, before, touched)


def granted(world: World, name: str) -> bool:
    """Full control on the folder and on every file in it: the lab's own reading, not the product's."""
    sid = world.vm(name).sid
    folder = world.tree.get(FOLDER)
    if folder is None or f"(A;OI;FA;;;{sid})" not in folder.sddl:
        return False
    return all(f"FA;;;{sid})" in file.sddl for _, file in world.tree.children(FOLDER))


def without(sids: list[str], tree: Disk, touched: tuple[str, ...]) -> dict[str, str]:
    """The descriptors without those accounts' entries, and without what somebody else touched."""
    entries = re.compile("|".join(rf"\([^()]*{re.escape(sid)}\)" for sid in sids))
    return {
        path: entries.sub("", str(entry["sddl"]))
        for path, entry in tree.items()
        if not path.startswith(touched or "?")
    }
