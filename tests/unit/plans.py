"""Plans by hand, for tests of what people see."""

from __future__ import annotations

import msgspec

from vhdsfix.model.findings import Finding, Severity
from vhdsfix.model.inventory import GuestCluster, Vm
from vhdsfix.model.outcome import ActionOutcome, AlreadyRight, Done, Stuck, Untouched
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
from vhdsfix.model.verdicts import VerdictKind
from vhdsfix.model.windows import FolderPath, VmId

FOLDER = FolderPath(r"C:\ClusterStorage\NTFS-03\GuestClustersSharedDisks")
DISK = FolderPath(rf"{FOLDER}\GuestClusterDisk.vhds")
VMS = (
    Vm(VmId("a0af7903-94b4-4a2c-b3b3-16050d5f80f2"), "DemoGuestNode1", "HV01"),
    Vm(VmId("d3599536-222a-4d6e-bb10-a6019c3f2b9b"), "DemoGuestNode2", "HV02"),
    Vm(VmId("6b1c2f8e-0f4d-4c39-8a5e-2d7c1b9e4f60"), "DemoGuestNode3", "HV04"),
)
CLUSTER = GuestCluster("demo", "DemoGuestCluster", tuple(vm.vm_id for vm in VMS), (DISK,), (FOLDER,))
MISSING_WHY = "no allow entry of its own; access only through a group does not count"


def planned(vm: Vm, verdict: VerdictKind, why: str) -> PlannedVm:
    return PlannedVm(vm.vm_id, vm.name, vm.node, vm.sid, verdict.value, why, f"has {DISK} attached")


def grant(vm: Vm, number: int) -> Action:
    command = f'icacls "{FOLDER}" /grant "{vm.vm_id.account}:(OI)F"'
    return Action(
        f"{number:012x}",
        "grant",
        FOLDER,
        vm.vm_id,
        vm.name,
        vm.sid,
        "(OI)F",
        vm.node,
        command,
        f"missing: {MISSING_WHY}",
    )


ACTIONS = (grant(VMS[1], 1), grant(VMS[2], 2))


def missing_grant(action: Action) -> Finding:
    return Finding(
        "grant-missing",
        Severity.ERROR,
        f"{action.vm_name} on {FOLDER}",
        f"{action.vm_name}: {MISSING_WHY}",
        (f"has {DISK} attached", "read on HV01"),
        action.command,
        "Microsoft KB4230569",
        action=action.id,
    )


CONFIG_STORE = Finding(
    "config-store-unset",
    Severity.WARNING,
    "LAB-CLUSTER",
    "ConfigStoreRootPath is not set, so each node keeps its own copy of the VM collections' configuration",
    ("Get-ClusterParameter on HV01 gave an empty value",),
    "Get-ClusterResource -Name 'Virtual Machine Cluster WMI' | Set-ClusterParameter -Name ConfigStoreRootPath "
    "-Value '<FOLDER ON A CSV>' (it can be set only once)",
    "blog.workinghardinit.work, tag vhd-set; Microsoft KB4488568",
)
UNREACHED = Finding(
    "node-not-reached",
    Severity.WARNING,
    "HV03",
    "HV03 could not be asked, so VMs that run there are not in this plan: connecting to hv03.lab.example:5985 timed out",
    (),
    "Read the reason, mend it, and run `vhdsfix plan` again.",
    "vhdsfix",
    incomplete=True,
)

DEMO = Plan(
    kind="apply",
    tool=Tool("vhdsfix", "0.1.0"),
    created_at="2026-11-23T14:54:00Z",
    cluster=HostCluster("LAB-CLUSTER", "0f1e2d3c"),
    scope=Scope(),
    complete=True,
    inventory=PlanInventory(VMS, (CLUSTER,)),
    folders=(
        PlannedFolder(
            FOLDER,
            "HV01",
            "D:P(A;OI;FA;;;SY)",
            (PlannedFile("GuestClusterDisk.vhds", "D:(A;ID;FA;;;SY)"),),
            (
                planned(
                    VMS[0],
                    VerdictKind.GRANTED,
                    "its own entry gives full control here and on every disk file",
                ),
                planned(VMS[1], VerdictKind.MISSING, MISSING_WHY),
                planned(VMS[2], VerdictKind.MISSING, MISSING_WHY),
            ),
        ),
    ),
    actions=ACTIONS,
    findings=(missing_grant(ACTIONS[0]), missing_grant(ACTIONS[1]), CONFIG_STORE),
    digest="3f2a91bc" * 8,
)
ALL_GRANTED = msgspec.structs.replace(
    DEMO,
    folders=(
        msgspec.structs.replace(
            DEMO.folders[0],
            vms=tuple(planned(vm, VerdictKind.GRANTED, "its own entry gives full control") for vm in VMS),
        ),
    ),
    actions=(),
    findings=(CONFIG_STORE,),
)
INCOMPLETE = msgspec.structs.replace(DEMO, complete=False, findings=(*DEMO.findings, UNREACHED))
NOTHING_FOUND = msgspec.structs.replace(
    DEMO, inventory=PlanInventory(VMS, ()), folders=(), actions=(), findings=()
)
ONLY_DONE = (ActionOutcome(ACTIONS[0], Done()), ActionOutcome(ACTIONS[1], AlreadyRight()))
NOT_ALL_DONE = (
    ActionOutcome(
        ACTIONS[0], Stuck("the answer to the write was lost and nothing changed: it may still land")
    ),
    ActionOutcome(ACTIONS[1], Untouched("another change of this folder is stuck")),
)
