"""A plan's document: its digest, its actions' ids, and the strict reading of a saved one."""

from __future__ import annotations

import hashlib
from typing import Any, Final

import msgspec

from vhdsfix import access
from vhdsfix.errors import StalePlanError
from vhdsfix.model.document import from_json, to_json, to_plain
from vhdsfix.model.plan import FORMAT_VERSION, Action, Kind, Op, Plan
from vhdsfix.model.windows import FolderPath, Sid, VmId
from vhdsfix.rules import fixes

GRANT: Final = "grant"
REMOVE: Final = "remove"
RESTORE: Final = "restore"
RIGHTS = "(OI)F"
OPS: dict[Kind, tuple[Op, ...]] = {"apply": (GRANT,), "undo": (REMOVE, RESTORE)}


def sealed(plan: Plan) -> Plan:
    """The plan with its digest."""
    return msgspec.structs.replace(plan, digest=_digest(to_plain(plan)))


def written(plan: Plan) -> bytes:
    """The plan as a file's content."""
    return to_json(plan, indent=2) + b"\n"


def command_of(op: Op, folder: FolderPath, vm_id: VmId, rights: str) -> str:
    """What a person would type where the VM is, for the same change."""
    if op == GRANT:
        return fixes.grant_command(folder, vm_id)
    if op == REMOVE:
        return fixes.remove_command(folder, vm_id)
    return fixes.restore_command(folder, vm_id, rights)


def action_id(op: Op, folder: FolderPath, sid: Sid) -> str:
    """The same for the same grant in every plan and journal: 12 hex digits."""
    return hashlib.sha256(f"{op}\n{folder.key}\n{sid}".encode("utf-8", "surrogatepass")).hexdigest()[:12]


def read_plan(text: bytes) -> Plan:
    """A saved plan; raises StalePlanError for one that is damaged, of an unknown version, or altered."""
    try:
        version = from_json(text, _Version).format_version
        if version.partition(".")[0] != FORMAT_VERSION.partition(".")[0]:
            raise StalePlanError(
                f"its format version is {version}; this vhdsfix reads {FORMAT_VERSION}. Make a new plan."
            )
        plan, digest = from_json(text, Plan), _digest(from_json(text, dict))
    except ValueError as error:
        raise StalePlanError(f"it is no plan, or it is damaged ({error}). Make a new plan.") from error
    if plan.digest != digest:
        raise StalePlanError(
            "its digest does not fit its content: it was changed or damaged. Make a new plan."
        )
    altered = [action.id for action in plan.actions if not _is_rebuilt_alike(action, plan.kind)]
    if altered:
        raise StalePlanError(
            f"action {altered[0]} is not the one its folder and VM call for. Make a new plan."
        )
    return plan


class _Version(msgspec.Struct):
    format_version: str


def _is_rebuilt_alike(action: Action, kind: Kind) -> bool:
    return (
        action.op in OPS[kind]
        and _are_its_rights(action)
        and action.sid == action.vm_id.sid
        and action.id == action_id(action.op, action.folder, action.sid)
        and action.command == command_of(action.op, action.folder, action.vm_id, action.rights)
    )


def _are_its_rights(action: Action) -> bool:
    if action.op != RESTORE:
        return action.rights == (RIGHTS if action.op == GRANT else "")
    try:
        return bool(access.entry_of(action.rights, action.sid))
    except ValueError:
        return False


def _digest(document: dict[str, Any]) -> str:
    """sha256 of the canonical document without its digest; keys that this version does not know count too."""
    return hashlib.sha256(
        to_json({key: value for key, value in document.items() if key != "digest"})
    ).hexdigest()
