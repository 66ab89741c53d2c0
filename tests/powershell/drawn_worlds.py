"""Worlds drawn by chance for questions about them: odd names in any script, folders that are missing, empty or closed."""

# ruff: noqa: RUF001 - letters that look like others are what this is about

from __future__ import annotations

import uuid
from random import Random

import msgspec

from vhdsfix.lab.guests import GuestAnswer, GuestDisk
from vhdsfix.lab.ntfs import Tree
from vhdsfix.lab.world import Checkpoint, Cluster, Drive, MergeFailure, Node, Vm, Volume, World

NODE = "HV01"
_OTHER_NODE = "HV02"

# fmt: off
_ODD = (
    "Zażółć gęślą", "数据库", "Ωmega≈", "data [1]", "[a-z]", "it's", "‘curly’", "$HOME", "$(exit)", "`tick`", "a;b", "%TEMP%",
    "a&b", "(x)", "#1", "ÅNGSTRÖM", "İıstanbul", "ſet", "straße", "ﬀ", "😀😈", "e\u0301cole", "a  b", "\u00a0nbsp", "{0}",
    "@splat", "~", "-Force", "true", "1e3", "null", "שלום", "สวัสดี", "_x0041_", "a,b", "a=b", "x!^y",
)
"""Names that a folder may have. Source: Windows' file naming rules."""
_ODDER = ('"quoted"', "a*", "wh?t", "<&>", "a|b", "C:\\x", "back\\", "line\u2028end", "HV01", "Cluster Name", "\x01\x7f")
"""Names that only a VM may have."""
# fmt: on
_EXTENSIONS = (".vhds", ".avhdx", ".VHDX", ".vhd", ".mrt", ".rct", ".txt", "", ".vhds.bak")
_ACES = ("(A;OICI;FA;;;BA)", "(A;;0x1301bf;;;SY)", "(D;OI;FA;;;WD)", "(A;OIIO;FA;;;BU)", "(A;CINP;FR;;;AU)")
"""What is left out: tests/sweep/exchanges.py, NOT_DRAWN."""


class Drawn(msgspec.Struct, frozen=True):
    """A world, and what is in it for a question: ordinary folders, an empty one, and some that nobody can look into."""

    world: World
    folders: tuple[str, ...]
    empty: str
    unreadable: tuple[str, ...]

    def files(self, folder: str) -> tuple[str, ...]:
        """The names of what is in a folder."""
        return tuple(path.rpartition("\\")[2] for path, _ in self.world.tree.children(folder))


def draw_world(draw: Random) -> Drawn:
    names = list(draw.sample(_ODD, 14))
    tree = Tree()
    for path in ("C:\\", "C:\\ClusterStorage"):
        tree.add(path, sddl="O:BAG:SYD:PAI(A;OICI;FA;;;BA)(A;OICI;FA;;;SY)")
    mounts = [f"C:\\ClusterStorage\\{names.pop()}" for _ in range(draw.randint(1, 2))]
    for mount in mounts:
        tree.add(mount, link="volume")
    folders = [_add_folder(draw, tree, f"{draw.choice(mounts)}\\{names.pop()}") for _ in range(3)]
    empty, closed, partly = (f"{mounts[0]}\\{names.pop()}" for _ in range(3))
    tree.add(empty)
    tree.add(closed, denied=True)
    _add_folder(draw, tree, partly)
    tree.add(f"{partly}\\closed.vhds", file=True, denied=True)
    vm_names = draw.sample([*names, *_ODDER], draw.randint(0, 4))
    cluster = Cluster(names.pop(), draw.choice(["", "lab.example"]), config_store=_config_store(draw, empty))
    volumes = [Volume(mount.rpartition("\\")[2], mount, NODE) for mount in mounts]
    failures = [
        MergeFailure(_moment(draw), draw.choice(vm_names), draw.choice(["0x80070005", "0x80070020"]))
        for _ in range(draw.randint(0, 3) if vm_names else 0)
    ]
    states = [Node(NODE, merge_failures=failures), Node(_OTHER_NODE, draw.choice(["Up", "Down", "Paused"]))]
    vms = [_vm(draw, name, tree) for name in vm_names]
    missing = f"{mounts[0]}\\no such\\{names.pop()}"
    return Drawn(
        World(cluster, states, volumes, vms, tree),
        (*folders, partly, mounts[0], "C:\\ClusterStorage"),
        empty,
        (closed, missing, f"{empty}\\nope", "\\\\server\\share\\folder"),
    )


def _add_folder(draw: Random, tree: Tree, path: str) -> str:
    tree.add(path, sddl=draw.choice([None, _sddl(draw)]))
    for name in draw.sample(_ODD, draw.randint(0, 4)):
        file = draw.random() < 0.8
        child = f"{path}\\{name}{draw.choice(_EXTENSIONS) if file else ''}"
        tree.add(
            child,
            file=file,
            sddl=draw.choice([None, _sddl(draw)]),
            size=draw.randrange(1 << 33),
            hidden=draw.random() < 0.2,
            link="elsewhere" if draw.random() < 0.1 else None,
        )
    return path


def _sddl(draw: Random) -> str:
    aces = "".join(draw.sample(_ACES, draw.randint(0, 4)))
    return f"O:BAG:SYD:{draw.choice(['', 'P', 'AI', 'PAI'])}{aces}{draw.choice(['', 'S:NO_ACCESS_CONTROL'])}"


def _config_store(draw: Random, folder: str) -> str | None:
    return draw.choice([None, "", folder])


def _vm(draw: Random, name: str, tree: Tree) -> Vm:
    files = [path for path, entry in tree.dump().items() if entry.get("file")]
    drives = [
        Drive(draw.choice(files), shared=draw.random() < 0.6) for _ in range(draw.randint(0, 2)) if files
    ]
    if draw.random() < 0.2:
        drives.append(Drive(disk_number=draw.randrange(9)))
    return Vm(
        str(uuid.UUID(int=draw.getrandbits(128))),
        name,
        draw.choice([NODE, NODE, _OTHER_NODE]),
        clustered=draw.random() < 0.7,
        registered=draw.random() < 0.9,
        state=draw.choice(["Running", "Off"]),
        drives=drives,
        backup_service=draw.random() < 0.7,
        guest_name=draw.choice([None, "", f"{name}.<example>&"]),
        checkpoints=[Checkpoint(draw.choice(_ODD), _moment(draw)) for _ in range(draw.randint(0, 2))],
        guest_answer=draw.choice([None, _guest_answer(draw, files)]),
    )


def _guest_answer(draw: Random, files: list[str]) -> GuestAnswer:
    disks = [
        GuestDisk(draw.choice(files), *(draw.random() < 0.5 for _ in range(4)))
        for _ in range(draw.randint(0, 3))
        if files
    ]
    told = draw.choice([None, "{1-2}"])
    return GuestAnswer(draw.choice([0, 32768]), told, draw.randint(0, 9), disks, as_text=draw.random() < 0.5)


def _moment(draw: Random) -> str:
    return (
        f"20{draw.randint(10, 60)}-0{draw.randint(1, 9)}-{draw.randint(10, 28)}T0{draw.randint(0, 9)}:20:30Z"
    )
