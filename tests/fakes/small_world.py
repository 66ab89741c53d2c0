"""A host cluster of three nodes with one guest cluster of three VMs, whose VHD Set lies in one folder.

The world and its NTFS are the lab's; they share no judgement with the product.
"""

from __future__ import annotations

from vhdsfix.lab.ntfs import Tree
from vhdsfix.lab.world import Cluster, Drive, Node, Vm, Volume, World
from vhdsfix.model.windows import FolderPath, VmId

VOLUME = "C:\\ClusterStorage\\Volume1"
FOLDER = FolderPath(f"{VOLUME}\\Shared")
OTHER_FOLDER = FolderPath(f"{VOLUME}\\More")
DISK = FolderPath(f"{FOLDER}\\Disk.vhds")
BACKING = FolderPath(f"{FOLDER}\\Disk_7F5B5C3E-0D5F-4C39-9C0B-6A0D5C1E2A41.avhdx")
NODES = ("HV01", "HV02", "HV03")
VM_IDS = (
    VmId("d3599536-222a-4d6e-bb10-a6019c3f2b9b"),
    VmId("a0af7903-94b4-4a2c-b3b3-16050d5f80f2"),
    VmId("5e1b7c52-9a40-4f5d-8b61-0c7d3f2a9e84"),
)
VOLUME_SDDL = "O:BAG:SYD:PAI(A;OICI;FA;;;BA)(A;OICI;FA;;;SY)(A;OICI;0x1200a9;;;BU)"


def small_world() -> World:
    """Each VM runs on its own node; none has its grant. There is a second folder with one file."""
    return World(
        cluster=Cluster(name="LAB-CLUSTER", domain="lab.example", config_store=""),
        nodes=[Node(name) for name in NODES],
        volumes=[Volume("Volume1", VOLUME, "HV01")],
        vms=[
            Vm(id=vm_id, name=f"Guest{number}", node=node, drives=[Drive(path=DISK, shared=True)])
            for number, (vm_id, node) in enumerate(zip(VM_IDS, NODES, strict=True), 1)
        ],
        tree=_tree(),
    )


def _tree() -> Tree:
    tree = Tree()
    for folder in ("C:\\", "C:\\ClusterStorage", VOLUME):
        tree.add(folder, sddl=VOLUME_SDDL)
    for folder in (FOLDER, OTHER_FOLDER):
        tree.add(folder)
    for file in (DISK, BACKING, f"{OTHER_FOLDER}\\More.vhds", f"{FOLDER}\\readme.txt"):
        tree.add(file, file=True)
    return tree
