"""What a change is for, and what of it a folder lacks: the one judgement that planning an undo, writing and proof share."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from vhdsfix import access, sddl
from vhdsfix.apply.dacls import Dacls
from vhdsfix.model.plan import Op
from vhdsfix.model.verdicts import VerdictKind
from vhdsfix.model.windows import Ace, SecurityDescriptor, VmId


class Goal(msgspec.Struct, frozen=True):
    """`entries`: what the folder itself is to allow the VM, no more and no less; None: its grant, however it has it."""

    vm_id: VmId
    entries: tuple[Ace, ...] | None = None


def goal_of(op: Op, rights: str, vm_id: VmId) -> Goal:
    """The goal of a change; ValueError for one to restore what icacls cannot be told."""
    match op:
        case "grant":
            return Goal(vm_id)
        case "remove":
            return Goal(vm_id, ())
        case "restore":
            return Goal(vm_id, (access.entry_of(rights, vm_id.sid),))


def lack(goal: Goal, now: Dacls) -> str | None:
    """What is not as the goal wants it, in one line; None: nothing."""
    if goal.entries is None:
        verdict = access.judge(now.folder, now.shared_files, goal.vm_id)
        return None if verdict.kind is VerdictKind.GRANTED else verdict.why
    own = own_entries(now.folder, goal.vm_id)
    if own != goal.entries:
        return f"the folder allows it {_listed(own)} instead of {_listed(goal.entries)}"
    return _lack_of_files(now.folder, now.files, goal.vm_id)


def own_entries(folder: SecurityDescriptor, vm_id: VmId) -> tuple[Ace, ...]:
    """What a grant makes or adds to, and a removal takes away."""
    return access.explicit_allow_of(folder, {vm_id.sid})


def _lack_of_files(
    folder: SecurityDescriptor, files: Mapping[str, SecurityDescriptor], vm_id: VmId
) -> str | None:
    """A file that has not what the folder passes on to it, or still has what it no longer does."""
    for name, file in sorted(files.items()):
        handed_down = access.after_propagation(folder, file)
        if access.allow_of(file, vm_id.sid) != access.allow_of(handed_down, vm_id.sid):
            return f"{name} does not have of its folder what that passes on"
    return None


def _listed(entries: tuple[Ace, ...]) -> str:
    return ", ".join(map(sddl.write_ace, entries)) or "nothing"
