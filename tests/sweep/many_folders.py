"""A host cluster of four nodes with any number of guest clusters, each of three VMs on a folder of its own; no VM has its grant."""

from __future__ import annotations

from pathlib import Path

from tests.mischief.truth import grants_of, is_granted
from vhdsfix.commands.lab_run import RunningLab, config_text
from vhdsfix.lab.identifiers import stable_id
from vhdsfix.lab.ntfs import Tree
from vhdsfix.lab.server import Lab
from vhdsfix.lab.world import Cluster, Drive, Node, Vm, Volume, World

_NODES = ("HV01", "HV02", "HV03", "HV04")
_VOLUME = "C:\\ClusterStorage\\Volume1"
_ROOT = "O:BAG:SYD:PAI(A;OICI;FA;;;BA)(A;OICI;FA;;;SY)(A;OICI;0x1200a9;;;BU)"
VMS_OF_A_FOLDER = 3


def folder(number: int) -> str:
    return f"{_VOLUME}\\Guests{number:03}"


def world_of(folders: int) -> World:
    tree = Tree()
    for path in ("C:\\", "C:\\ClusterStorage", _VOLUME):
        tree.add(path, sddl=_ROOT)
    for number in range(folders):
        tree.add(folder(number))
        tree.add(f"{folder(number)}\\Disk.vhds", file=True)
        tree.add(f"{folder(number)}\\Disk_{stable_id(folder(number)).upper()}.avhdx", file=True)
    return World(
        cluster=Cluster(name="CRASH-CLUSTER", domain="lab.example", config_store=f"{_VOLUME}\\Store"),
        nodes=[Node(name) for name in _NODES],
        volumes=[Volume("Volume1", _VOLUME, _NODES[0])],
        vms=[_vm(number, place) for number in range(folders) for place in range(VMS_OF_A_FOLDER)],
        tree=tree,
    )


def _vm(number: int, place: int) -> Vm:
    name = f"Guest{number:03}-{place}"
    disk = f"{folder(number)}\\Disk.vhds"
    node = _NODES[(number + place) % len(_NODES)]
    return Vm(id=stable_id(name), name=name, node=node, drives=[Drive(path=disk, shared=True)])


def every_grant_is_there_once(world: World) -> None:
    for vm in world.vms:
        path = str(vm.drives[0].path).rpartition("\\")[0]
        assert is_granted(world, path, vm.sid), f"{vm.name} lacks its grant"
        assert grants_of(world, path, vm.sid) == 1, f"{vm.name} has more than one entry"


def config_in(folder_of_it: Path, lab: Lab) -> Path:
    """A config file by which a process of its own reaches the lab."""
    file = folder_of_it / "lab.toml"
    file.write_text(config_text(RunningLab("CRASH-CLUSTER", lab.endpoints, (), ())), encoding="utf-8")
    return file
