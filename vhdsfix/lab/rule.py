"""A host cluster of any size from one line: what it holds follows from the numbers and the seed alone.

Every folder with shared disks belongs to a guest cluster of two to four VMs, and one in five lacks the grant of its last VM.
The other VMs have nothing to do with it. What lies in a folder is told when somebody looks there.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Iterator

import msgspec

from vhdsfix.lab.identifiers import stable_id, vm_sid
from vhdsfix.lab.ntfs import ByRule

_VMS_OF_A_GUEST_CLUSTER = (2, 3, 4)
_NODES_OF_A_VOLUME = 4
_FOLDERS_THAT_LACK_A_GRANT = 0.2


class Guest(msgspec.Struct, frozen=True):
    """A VM: number of its node, its volume, and the folder of its guest cluster, "" for one that is in none."""

    id: str
    name: str
    node: int
    volume: str
    folder: str = ""

    @property
    def disks(self) -> tuple[str, ...]:
        """Its own disk, and after it the VHD Set that it shares."""
        own = f"{self.volume}\\{self.name}\\OS.vhdx"
        return (own, f"{self.folder}\\{_vhd_set(self.folder)}") if self.folder else (own,)


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many there are; `folders` are those with shared disks, `files` all files in them."""

    seed: int
    nodes: int
    vms: int
    folders: int
    files: int

    def __post_init__(self) -> None:
        if (
            self.nodes < 1
            or self.vms < max(_VMS_OF_A_GUEST_CLUSTER) * self.folders
            or self.files < self.folders
        ):
            raise ValueError("a rule needs a node, and four VMs and a file for each folder")

    def node_names(self) -> tuple[str, ...]:
        return tuple(f"HV{number:02}" for number in range(1, self.nodes + 1))

    def volumes(self) -> dict[str, str]:
        """The node that owns each, by mount folder."""
        owners = self.node_names()[::_NODES_OF_A_VOLUME]
        return {f"C:\\ClusterStorage\\CSV-{number:02}": owner for number, owner in enumerate(owners, 1)}

    def guests(self) -> tuple[Guest, ...]:
        return _guests(self)

    def contents(self, folder: str) -> Iterator[ByRule]:
        """What is in a folder on one of the volumes, as it was at the beginning."""
        if folder in self.volumes():
            yield from _folders_on(self).get(folder, ())
        elif folder in _granted(self):
            yield from self._disk_files(folder)
        else:
            yield ByRule("OS.vhdx", file=True)

    def _disk_files(self, folder: str) -> Iterator[ByRule]:
        """The VHD Set, its disk, and checkpoints of backups that were never merged."""
        name = _vhd_set(folder)
        number = tuple(_granted(self)).index(folder)
        count = self.files // self.folders + (number < self.files % self.folders)
        yield ByRule(name, file=True)
        for checkpoint in range(1, count):
            yield ByRule(f"{name[:-5]}_{stable_id(f'{folder} {checkpoint}').upper()}.avhdx", file=True)


@functools.lru_cache(maxsize=4)
def _guests(rule: Rule) -> tuple[Guest, ...]:
    drawn, volumes = random.Random(rule.seed), tuple(rule.volumes())  # noqa: S311 - a world, not a secret
    folders: list[str] = []
    for number in range(1, rule.folders + 1):
        folder = f"{drawn.choice(volumes)}\\GuestCluster{number:03}"
        folders += [folder] * drawn.choice(_VMS_OF_A_GUEST_CLUSTER)
    folders += [""] * (rule.vms - len(folders))
    return tuple(
        Guest(
            id=stable_id(f"vm {number} of {rule.seed}"),
            name=f"{'Guest' if folder else 'VM'}{number:04}",
            node=drawn.randrange(rule.nodes),
            volume=drawn.choice(volumes),
            folder=folder,
        )
        for number, folder in enumerate(folders, 1)
    )


@functools.lru_cache(maxsize=4)
def _granted(rule: Rule) -> dict[str, tuple[str, ...]]:
    """The folders with shared disks, and the SIDs that have their grant there."""
    drawn = random.Random(rule.seed)  # noqa: S311 - likewise
    sids: dict[str, tuple[str, ...]] = {}
    for guest in rule.guests():
        if guest.folder:
            sids[guest.folder] = (*sids.get(guest.folder, ()), vm_sid(guest.id))
    return {
        folder: members[:-1] if drawn.random() < _FOLDERS_THAT_LACK_A_GRANT else members
        for folder, members in sids.items()
    }


@functools.lru_cache(maxsize=4)
def _folders_on(rule: Rule) -> dict[str, list[ByRule]]:
    """By volume: the VMs' own folders and the shared ones."""
    found: dict[str, list[ByRule]] = {volume: [] for volume in rule.volumes()}
    for guest in rule.guests():
        found[guest.volume].append(ByRule(guest.name))
    for folder, sids in _granted(rule).items():
        volume, _, name = folder.rpartition("\\")
        found[volume].append(ByRule(name, granted=sids))
    return found


def _vhd_set(folder: str) -> str:
    return f"{folder.rpartition(chr(92))[2]}.vhds"
