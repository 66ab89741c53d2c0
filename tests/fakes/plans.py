"""Plans as the planner would make them from the small world, built from the model's values."""

from __future__ import annotations

from collections.abc import Sequence

from tests.fakes.nodes import FakeNode
from tests.fakes.small_world import DISK, FOLDER, VM_IDS
from vhdsfix.lab.world import World
from vhdsfix.model.inventory import GuestCluster
from vhdsfix.model.plan import (
    Action,
    HostCluster,
    Plan,
    PlanInventory,
    PlannedFile,
    PlannedFolder,
    Scope,
    Tool,
)
from vhdsfix.model.readings import Known, known_or
from vhdsfix.model.windows import FolderPath, VmId
from vhdsfix.plan_document import GRANT, RIGHTS, action_id


def plan_for(
    world: World, vm_ids: Sequence[VmId] = VM_IDS, folders: Sequence[FolderPath] = (FOLDER,)
) -> Plan:
    """A grant for each of the VMs on each of the folders, as they are now."""
    return Plan(
        kind="apply",
        tool=Tool("vhdsfix", "0"),
        created_at="2026-11-23T12:00:00Z",
        cluster=HostCluster(world.cluster.name, world.cluster.id),
        scope=Scope(),
        complete=True,
        inventory=PlanInventory(
            vms=(), guest_clusters=(GuestCluster("1", "Guests", tuple(VM_IDS), (DISK,), (FOLDER,)),)
        ),
        folders=tuple(_planned(world, folder) for folder in folders),
        actions=tuple(_grant(world, vm_id, folder) for folder in folders for vm_id in vm_ids),
        findings=(),
        digest="0" * 64,
    )


def _planned(world: World, folder: FolderPath) -> PlannedFolder:
    facts = FakeNode(world, world.nodes[0].name).folders((folder,))[0]
    files = tuple(
        PlannedFile(file.name, file.sddl.value if isinstance(file.sddl, Known) else None)
        for file in known_or(facts.files, ())
    )
    attached = (DISK.name,) if folder == FOLDER else ()
    before = facts.sddl.value if isinstance(facts.sddl, Known) else None
    return PlannedFolder(
        path=folder, read_on=facts.read_on, sddl_before=before, files=files, vms=(), attached=attached
    )


def _grant(world: World, vm_id: VmId, folder: FolderPath) -> Action:
    vm = world.vm(vm_id)
    return Action(
        id=action_id(GRANT, folder, vm_id.sid),
        op=GRANT,
        folder=folder,
        vm_id=vm_id,
        vm_name=vm.name,
        sid=vm_id.sid,
        rights=RIGHTS,
        run_on=vm.node,
        command=f'icacls "{folder}" /grant "{vm_id.account}:(OI)F"',
        reason="missing: no entry of its own",
    )
