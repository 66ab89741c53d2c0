"""Guest nodes that a runbook step expects: is each there, which VM is it, and has it its grant wherever its cluster has disks?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from vhdsfix.membership import short_name
from vhdsfix.membership.guest_nodes import matched
from vhdsfix.membership.names import display_name
from vhdsfix.membership.seen import Seen, seen_in
from vhdsfix.model.expected import ExpectedNode
from vhdsfix.model.facts import Facts
from vhdsfix.model.inventory import GuestCluster, Vm
from vhdsfix.model.plan import ConfiguredGuestCluster, Plan, PlannedVm
from vhdsfix.model.readings import Unknown
from vhdsfix.model.verdicts import VerdictKind
from vhdsfix.model.windows import FolderPath, VmId


def expected_nodes(names: Iterable[str], facts: Facts, plan: Plan) -> tuple[ExpectedNode, ...]:
    """Judge each by the folders of its own guest cluster alone; `plan` is what was made of these facts."""
    seen = seen_in(facts)
    return tuple(_expected(name, seen, facts, plan) for name in names)


def _expected(name: str, seen: Seen, facts: Facts, plan: Plan) -> ExpectedNode:
    vm_id = _vm_of(name, seen, plan)
    if vm_id is None:
        return ExpectedNode(name, awaited=(_why_unmatched(name, seen),))
    vm = seen.vms[vm_id]
    folders = _folders_of(vm_id, plan)
    if not folders:
        return ExpectedNode(name, vm, awaited=(f"VM {vm.name} on {vm.node} has no VHD Set attached yet",))
    granted, awaited, lacking = [], [*_unseen_disks(vm, facts)], []
    standing = {folder.path.key: one for folder in plan.folders for one in folder.vms if one.vm_id == vm_id}
    for folder in folders:
        match standing.get(folder.key):
            case None:
                lacking.append(f"{folder} is outside of this plan's scope, so nobody looked")
            case PlannedVm(verdict=VerdictKind.GRANTED):
                granted.append(folder)
            case PlannedVm(verdict=VerdictKind.UNKNOWN, why=why):
                awaited.append(f"its access to {folder} is not known: {why}")
            case PlannedVm(verdict=verdict, why=why):
                lacking.append(f"its grant on {folder} is not in order ({verdict}: {why})")
    return ExpectedNode(name, vm, tuple(granted), tuple(awaited), tuple(lacking))


def _folders_of(vm_id: VmId, plan: Plan) -> tuple[FolderPath, ...]:
    clusters = (cluster for cluster in plan.inventory.guest_clusters if vm_id in cluster.vm_ids)
    found = {folder.key: folder for cluster in clusters for folder in cluster.folders}
    return tuple(found.values())


def _unseen_disks(vm: Vm, facts: Facts) -> Iterator[str]:
    """A disk that was not shown may lie in a folder that nobody looked at."""
    for node in facts.nodes:
        if short_name(node.name) != short_name(vm.node):
            continue
        if isinstance(node.drives, Unknown):
            yield f"{node.name} did not show its disks: {node.drives.why}"
        else:
            own = (drive.unreadable for drive in node.drives.value if drive.vm_id == vm.vm_id)
            yield from (f"one of its disks could not be looked at: {why}" for why in own if why)


def _vm_of(name: str, seen: Seen, plan: Plan) -> VmId | None:
    """The VM that is this node: as membership says of a guest cluster's nodes, else the one VM of this name."""
    claimed = {
        vm_id
        for cluster in plan.inventory.guest_clusters
        for vm_id in _claimed(short_name(name), cluster, seen)
    }
    if claimed:
        return claimed.pop() if len(claimed) == 1 else None
    if not display_name(name):  # no computer can be called so: it is what a person sees of a VM
        return _only(vm.vm_id for vm in seen.vms.values() if vm.name.casefold() == name.casefold())
    as_configured = ConfiguredGuestCluster(name, nodes=(name,))
    return matched(seen, (as_configured,))[0].vm_ids.get(name)


def _claimed(short: str, cluster: GuestCluster, seen: Seen) -> Iterator[VmId]:
    """What a guest calls itself counts within its own cluster, and only where its host's name for the VM says nothing."""
    for node in cluster.nodes:
        if node.vm_id is None or short_name(node.name) != short:
            continue
        shown = display_name(seen.vms[node.vm_id].name)
        others = (other for other in cluster.nodes if other.vm_id == node.vm_id and other != node)
        if shown == short or not (shown or any(others)):
            yield node.vm_id


def _only(vm_ids: Iterable[VmId]) -> VmId | None:
    found = tuple(vm_ids)
    return found[0] if len(found) == 1 else None


def _why_unmatched(name: str, seen: Seen) -> str:
    short = short_name(name)
    bearers = seen.bearers.get(short, ())
    if len(bearers) > 1:
        return f"{len(bearers)} VMs bear its name"
    unseen = f"; not everything was shown: {seen.not_shown[0]}" if seen.not_shown else ""
    if bearers:
        return f"a VM bears its name but has no VHD Set attached{unseen}"
    called = [seen.vms[vm_id].name for vm_id, own in seen.told.names.items() if own == short]
    hint = (
        f"; a guest calls itself so, in VM {called[0]}: if that is it, expect it by the VM's name"
        if called
        else ""
    )
    return f"no VM of its name is shown{hint}{unseen}"
