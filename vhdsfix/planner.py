"""The whole pure part: facts and a scope → a plan."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator
from typing import TypeVar

import msgspec

from vhdsfix.errors import UsageError
from vhdsfix.membership import inventory_of
from vhdsfix.model.facts import Facts, FileFacts, FolderFacts
from vhdsfix.model.findings import Finding
from vhdsfix.model.inventory import FolderUse, Inventory, Vm
from vhdsfix.model.plan import (
    Action,
    HostCluster,
    Plan,
    PlanInventory,
    PlannedFile,
    PlannedFolder,
    PlannedVm,
    Scope,
    Tool,
)
from vhdsfix.model.readings import Known, known_or
from vhdsfix.model.verdicts import MENDED_BY_A_GRANT, VerdictKind, VmAccess
from vhdsfix.model.windows import FolderPath, name_key
from vhdsfix.plan_document import GRANT, RIGHTS, action_id, sealed
from vhdsfix.rules import fixes, grants, merges, targets
from vhdsfix.rules.every import findings_of
from vhdsfix.verdicts import verdicts_of

T = TypeVar("T")


def plan_from(facts: Facts, scope: Scope, tool: Tool) -> Plan:
    """Judge the facts; the same facts and scope give the same plan. Raises UsageError for a scope that names nothing."""
    facts = _in_order(facts)
    inventory = inventory_in_scope(facts, scope)
    verdicts = verdicts_of(facts, inventory)
    findings = findings_of(facts, inventory, verdicts, scope)
    actions = _actions(inventory, verdicts, targets.obstructed(findings))
    findings = tuple(_with_its_action(found, actions) for found in findings)
    identity = known_or(facts.cluster.identity, None)
    return sealed(
        Plan(
            kind="apply",
            tool=tool,
            created_at=facts.taken_at,
            cluster=HostCluster(identity.name, identity.id) if identity else HostCluster("", ""),
            scope=scope,
            complete=not any(found.incomplete for found in findings),
            inventory=PlanInventory(inventory.vms, inventory.guest_clusters, inventory.shares),
            folders=_folders(facts, inventory, verdicts),
            actions=actions,
            findings=findings,
        )
    )


def _in_order(value: T) -> T:
    """The value with everything in it in one order, whatever the order in which nodes list it; folders' contents by name.

    What is in order already stays the object it is: a copy of all facts is large.
    """
    if isinstance(value, tuple):
        return _sorted(value)  # type: ignore[return-value]  # a tuple of the same
    if not isinstance(value, msgspec.Struct):
        return value
    turned = {}
    for field in value.__struct_fields__:
        told = getattr(value, field)
        if isinstance(told, (tuple, msgspec.Struct)) and (in_order := _in_order(told)) is not told:
            turned[field] = in_order
    return msgspec.structs.replace(value, **turned) if turned else value


def _sorted(values: tuple[object, ...]) -> tuple[object, ...]:
    are_plain = all(isinstance(one, (str, FileFacts)) for one in values)  # nothing in them has an order
    turned = values if are_plain else tuple(map(_in_order, values))
    by_place = {_place(one): one for one in turned}
    if len(by_place) == len(turned):
        found = tuple(by_place[place] for place in sorted(by_place))
    else:
        found = tuple(sorted(turned, key=lambda one: (_place(one), repr(one))))
    return values if all(map(operator.is_, found, values)) else found


def _place(one: object) -> str:
    """Where it stands among others of its kind: by its name, else by what comes first in it."""
    match one:
        case FolderPath():
            return one.key
        case str():
            return name_key(one)
        case FileFacts():
            return name_key(one.name)
        case msgspec.Struct():
            return repr(getattr(one, one.__struct_fields__[0]))
    return repr(one)


def _with_its_action(found: Finding, actions: tuple[Action, ...]) -> Finding:
    """The finding with the id of the action that mends it, if one was planned."""
    if found.id not in grants.MENDED | merges.MENDED:
        return found
    mending = (a.id for a in actions if a.vm_id == found.vm_id and found.folder in (None, a.folder))
    return msgspec.structs.replace(found, action=next(mending, None))


def inventory_in_scope(facts: Facts, scope: Scope) -> Inventory:
    """Who uses which folder, for a plan of this scope; from what cluster and nodes said, folders need not be read yet.

    Raises UsageError for a scope that names what was not seen, unless something was not seen: then it may be there.
    """
    inventory = inventory_of(facts, scope.configured)
    if not inventory.not_shown:
        _must_be_known(
            "guest cluster", scope.guest_clusters, (cluster.name for cluster in inventory.guest_clusters)
        )
        _must_be_known("folder", scope.folders, _paths(inventory))
        _must_be_known("folder", scope.accept_reach, _paths(inventory))
    for name in scope.guest_clusters:
        _must_be_one(name, inventory)
    return _within(inventory, scope)


def _within(inventory: Inventory, scope: Scope) -> Inventory:
    """The inventory with only the folders, and the VMs on them, that the scope is about."""
    wanted_clusters = {name.casefold() for name in scope.guest_clusters}
    wanted_folders = {folder.key for folder in scope.folders}
    wanted_vms = {
        vm_id
        for cluster in inventory.guest_clusters
        if cluster.name.casefold() in wanted_clusters
        for vm_id in cluster.vm_ids
    }
    uses = (use for use in inventory.folders if not wanted_folders or use.path.key in wanted_folders)
    if wanted_clusters:
        uses = (_only(use, wanted_vms) for use in uses)
    shares = (
        share
        for share in inventory.shares
        if (not wanted_folders or share.path.key in wanted_folders)
        and (not wanted_clusters or not wanted_vms.isdisjoint(share.vm_ids))
    )
    return msgspec.structs.replace(
        inventory, folders=tuple(use for use in uses if use.vm_ids), shares=tuple(shares)
    )


def _paths(inventory: Inventory) -> Iterator[FolderPath]:
    yield from (use.path for use in inventory.folders)
    yield from (share.path for share in inventory.shares)


def _only(use: FolderUse, wanted: Iterable[str]) -> FolderUse:
    kept = [(vm_id, via) for vm_id, via in zip(use.vm_ids, use.via, strict=True) if vm_id in wanted]
    return msgspec.structs.replace(
        use, vm_ids=tuple(vm_id for vm_id, _ in kept), via=tuple(via for _, via in kept)
    )


def _must_be_one(name: str, inventory: Inventory) -> None:
    ids = [cluster.id for cluster in inventory.guest_clusters if cluster.name.casefold() == name.casefold()]
    if len(ids) > 1:
        raise UsageError(
            f"there are {len(ids)} guest clusters {name}: VMs {' and VMs '.join(ids)}; give them names by [[guest_cluster]]"
        )


def _must_be_known(what: str, wanted: tuple[str, ...], found: Iterable[str]) -> None:
    names = tuple(found)
    known = {name.casefold() for name in names}
    for name in wanted:
        if name.casefold() not in known:
            raise UsageError(
                f"there is no {what} {name} in what was seen; there is: {', '.join(names) or 'none'}"
            )


def _actions(
    inventory: Inventory, verdicts: tuple[VmAccess, ...], obstructed: frozenset[str]
) -> tuple[Action, ...]:
    vms = {vm.vm_id: vm for vm in inventory.vms}
    return tuple(
        _grant(access, vms[access.vm_id])
        for access in verdicts
        if _is_mended(access) and access.folder.key not in obstructed
    )


def _is_mended(access: VmAccess) -> bool:
    """A grant is what it needs, and what comes of it can be told."""
    after = access.after_grant
    return (
        access.verdict.kind in MENDED_BY_A_GRANT
        and after is not None
        and after.kind is not VerdictKind.UNKNOWN
    )


def _grant(access: VmAccess, vm: Vm) -> Action:
    return Action(
        id=action_id(GRANT, access.folder, vm.sid),
        op=GRANT,
        folder=access.folder,
        vm_id=vm.vm_id,
        vm_name=vm.name,
        sid=vm.sid,
        rights=RIGHTS,
        run_on=vm.node,
        command=fixes.grant_command(access.folder, vm.vm_id),
        reason=f"{access.verdict.kind}: {access.verdict.why}",
    )


def _folders(facts: Facts, inventory: Inventory, verdicts: tuple[VmAccess, ...]) -> tuple[PlannedFolder, ...]:
    seen = {folder.path.key: folder for folder in facts.folders}
    vms = {vm.vm_id: vm for vm in inventory.vms}
    judged = {(access.folder, access.vm_id): access.verdict for access in verdicts}
    planned = []
    for use in inventory.folders:
        members = []
        for vm_id, via in zip(use.vm_ids, use.via, strict=True):
            vm, verdict = vms[vm_id], judged[use.path, vm_id]
            members.append(PlannedVm(vm_id, vm.name, vm.node, vm.sid, verdict.kind.value, verdict.why, via))
        planned.append(_planned_folder(use, seen.get(use.path.key), tuple(members)))
    return tuple(planned)


def _planned_folder(
    use: FolderUse, seen: FolderFacts | None, members: tuple[PlannedVm, ...]
) -> PlannedFolder:
    files = known_or(seen.files, ()) if seen else ()
    return PlannedFolder(
        path=use.path,
        read_on=seen.read_on if seen else "",
        sddl_before=_text(seen.sddl) if seen else None,
        files=tuple(PlannedFile(file.name, _text(file.sddl)) for file in files),
        vms=members,
        attached=use.attached,
        private=use.private,
    )


def _text(reading: object) -> str | None:
    return reading.value if isinstance(reading, Known) else None
