"""A small world with one of everything that commands can meet: for questions put to the engine and to the simulation alike."""

from __future__ import annotations

from vhdsfix.lab.ntfs import Tree
from vhdsfix.lab.world import Cluster, Drive, Node, Vm, Volume, World

FOLDER = r"C:\ClusterStorage\V1\Shared Disks"
NO_FOLDER = r"C:\ClusterStorage\V1\Nope"
DENIED_FOLDER = r"C:\ClusterStorage\V1\Denied"
VM_HERE = "d3599536-222a-4d6e-bb10-a6019c3f2b9b"
VM_ELSEWHERE = "a0af7903-94b4-4a2c-b3b3-16050d5f80f2"

_INHERITABLE = "O:BAG:SYD:PAI(A;OICI;FA;;;BA)(A;OICI;FA;;;SY)"


def small_lab() -> World:
    """Of two nodes; asked on HV01, where one of two clustered VMs and an ordinary one are registered."""
    disk = Drive(rf"{FOLDER}\disk.vhds", shared=True)
    vms = [
        Vm(VM_HERE, "Here <'&>", "HV01", dvd=True, drives=[Drive(r"C:\ClusterStorage\V1\a.vhdx"), disk]),
        Vm(
            "11111111-222a-4d6e-bb10-a6019c3f2b9b",
            "Other",
            "HV01",
            clustered=False,
            state="Off",
            drives=[Drive(disk_number=3)],
        ),
        Vm(VM_ELSEWHERE, "Elsewhere", "HV02", drives=[disk]),
    ]
    volumes = [Volume("Cluster Disk 1", r"C:\ClusterStorage\V1", "HV01")]
    return World(
        Cluster("LAB-CLUSTER", "lab.example", config_store=""),
        [Node("HV01"), Node("HV02", "Down")],
        volumes,
        vms,
        _tree(),
    )


def _tree() -> Tree:
    tree = Tree()
    tree.add("C:\\", sddl=_INHERITABLE)
    tree.add(r"C:\ClusterStorage", sddl=_INHERITABLE)
    tree.add(r"C:\ClusterStorage\V1", sddl=_INHERITABLE, link="volume")
    for folder in (FOLDER, rf"{FOLDER}\sub", r"C:\ClusterStorage\V1\Empty"):
        tree.add(folder)
    tree.add(DENIED_FOLDER, denied=True)
    tree.add(rf"{FOLDER}\disk.vhds", file=True, size=4096)
    tree.add(rf"{FOLDER}\disk_1.avhdx", file=True, hidden=True)
    tree.add(rf"{FOLDER}\notes.txt", file=True)
    tree.add(rf"{DENIED_FOLDER}\a.vhds", file=True)
    tree.add(r"C:\ClusterStorage\V1\Partly")
    tree.add(r"C:\ClusterStorage\V1\Partly\a.vhds", file=True)
    tree.add(r"C:\ClusterStorage\V1\Partly\b.vhds", file=True, denied=True)
    return tree
