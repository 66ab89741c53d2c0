"""Three opinions on one folder: the lab's NTFS, the product's judgement and Samba's C code must not differ.

Asked of each drawn folder: what may the VM do here, on a new file, on a new folder (and on a new file in that)? What does a
new item inherit? And after the lab's icacls granted: what may it do here, on a file, and on a file that had been moved in?
Not drawn, because Samba 4.17 reads no such SDDL or judges nothing by it: null DACLs, entries with a condition or object type.
"""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from vhdsfix import access, sddl
from vhdsfix.access.rights import granted_rights, is_full
from vhdsfix.lab.cmdlets import icacls
from vhdsfix.lab.dacl import Ace, parse
from vhdsfix.lab.ntfs import Tree
from vhdsfix.lab.world import Cluster, Node, Vm, World
from vhdsfix.model import windows
from vhdsfix.model.verdicts import VerdictKind

FULL = 20_000
SYSTEM_PYTHON = Path("/usr/bin/python3")
ANSWERS = Path(__file__).parents[1] / "samba" / "answers.py"

VM_ID = windows.VmId("d3599536-222a-4d6e-bb10-a6019c3f2b9b")
OTHER_VM = windows.VmId("a0af7903-94b4-4a2c-b3b3-16050d5f80f2").sid
OWNER, GROUP = windows.Sid("S-1-5-32-544"), windows.Sid("S-1-5-18")  # of new items in the lab: BA and SY
TOKEN_GROUPS = ("S-1-5-83-0", "S-1-1-0", "S-1-5-11", "S-1-5-6")  # DESIGN 3
ALIASES = {
    "BA": "S-1-5-32-544",
    "SY": "S-1-5-18",
    "WD": "S-1-1-0",
    "AU": "S-1-5-11",
    "SU": "S-1-5-6",
    "CO": "S-1-3-0",
    "CG": "S-1-3-1",
}
FLAGS = {"OI": 1, "CI": 2, "NP": 4, "IO": 8, "ID": 16}
KINDS = {windows.AceType.ALLOW: "A", windows.AceType.DENY: "D"}
RIGHTS = [
    *("FA", "FA", "FA", "GA", "GA", "FR", "FW", "FX", "GRGWGX", "GRGX", "0x1301bf", "0x1f0000", "0x1ff", "0x1200a9"),
    *("SDRC", "WDWO", "CCDCLC", "0x2", "0x100000", "0x101f01ff"),
]  # fmt: skip
ROOT, FILE, FOLDER, DEEPER, MOVED = "C:\\", "C:\\new.vhds", "C:\\new", "C:\\new\\deep.vhds", "C:\\moved.vhds"

Entry = tuple[str, int, int, str]
"""Kind, flags as bits, rights, SID."""
Told = tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]


class Drawn(msgspec.Struct, frozen=True):
    """A folder's SDDL and that of a file which was moved into it; canonical: in the order that Windows wants."""

    folder: str
    moved: str
    is_canonical: bool


def samba_is_there() -> bool:
    """Whether the system's Python has Samba."""
    if not SYSTEM_PYTHON.exists():
        return False
    asked = [str(SYSTEM_PYTHON), "-I", "-c", "import samba.security, samba.dcerpc.security"]
    return subprocess.run(asked, capture_output=True, check=False, timeout=60).returncode == 0


def run(count: int, seed: int) -> str:
    """Judge that many folders; AssertionError where two opinions differ. Without Samba it judges none, and says so."""
    if not samba_is_there():
        return f"skipped: {SYSTEM_PYTHON} has no Samba (Debian: python3-samba)"
    draw = random.Random(seed)  # noqa: S311 - drawn cases, no secrets
    seen: dict[str, int] = {}
    with samba() as answers:
        for _ in range(count):
            drawn = draw_folder(draw)
            verdict = judged(drawn, answers)
            seen[verdict] = seen.get(verdict, 0) + 1
    assert count < 1000 or len(seen) == 4, (
        f"the draw is too narrow: {seen}"
    )  # else what follows proves little
    return f"{count} folders, lab, product and Samba agree ({', '.join(f'{n} {v}' for v, n in sorted(seen.items()))})"


def samba() -> subprocess.Popen[str]:
    """Samba's side, which answers line by line; it ends when its input does."""
    pipe = subprocess.PIPE
    return subprocess.Popen([SYSTEM_PYTHON, "-I", ANSWERS], stdin=pipe, stdout=pipe, text=True)


def asked_samba(process: subprocess.Popen[str], folder: str, also: tuple[str, ...]) -> dict[str, Any]:
    question = {"folder": in_numbers(folder), "also": [in_numbers(text) for text in also]}
    question |= {"owner": OWNER, "group": GROUP, "vm": VM_ID.sid, "groups": TOKEN_GROUPS}
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(question) + "\n")
    process.stdin.flush()
    line = process.stdout.readline()
    assert line, f"Samba's side ended at {folder}"
    return dict(json.loads(line))


def draw_folder(draw: random.Random) -> Drawn:
    is_canonical = draw.random() < 0.6
    folder, moved = (draw_entries(draw, is_canonical=is_canonical) for _ in range(2))
    control = draw.choice(["", "AI", "PAI", "P"])
    closed = draw.choice(["", "", "P", "AI"])
    return Drawn(f"O:BAG:SYD:{control}{folder}", f"O:BAG:SYD:{closed}{moved}", is_canonical)


def draw_entries(draw: random.Random, *, is_canonical: bool) -> str:
    entries = [draw_entry(draw) for _ in range(draw.choice([0, 1, 1, 2, 2, 3, 4, 6]))]
    if is_canonical:
        entries.sort(key=lambda entry: ("ID" in entry[1], "ID" not in entry[1] and entry[0] != "D"))
    return "".join(f"({kind};{flags};{rights};;;{sid})" for kind, flags, rights, sid in entries)


def draw_entry(draw: random.Random) -> tuple[str, str, str, str]:
    flags = "".join(flag for flag in FLAGS if draw.random() < {"OI": 0.6, "CI": 0.4}.get(flag, 0.2))
    trustee = draw.choice([VM_ID.sid] * 6 + [OTHER_VM, "S-1-5-83-0", *ALIASES])
    return draw.choice("AAAD"), flags, draw.choice(RIGHTS), trustee


def judged(drawn: Drawn, process: subprocess.Popen[str]) -> str:
    """The product's verdict, once all three agree."""
    tree = tree_of(drawn)
    new = {
        name: text_at(tree, path) for name, path in (("file", FILE), ("folder", FOLDER), ("deeper", DEEPER))
    }
    after = granted(tree)
    asked = asked_samba(process, drawn.folder, (*new.values(), *after))
    told, here = (drawn, asked), sddl.parse(drawn.folder)
    by_product = inherited_by_product(here)
    for name, text in new.items():
        lab = as_told(map(of_lab, inherited_in(text)))
        samba_s, product = as_samba_told(asked["children"][name]), as_told(map(of_product, by_product[name]))
        assert lab == samba_s == product, (name, lab, samba_s, product, drawn)
    rights = {"here": here.aces, **by_product}
    assert {name: rights_of(aces) for name, aces in rights.items()} == asked["rights"], told
    assert asked["also"][:3] == [asked["rights"][name] for name in new], told
    agrees_on_verdicts(drawn, asked)
    return access.judge(here, {}, VM_ID).kind


def agrees_on_verdicts(drawn: Drawn, asked: dict[str, Any]) -> None:
    """The product's words against Samba's numbers."""
    here, moved = sddl.parse(drawn.folder), sddl.parse(drawn.moved)
    is_right = is_full(asked["rights"]["here"]) and is_full(asked["rights"]["file"])
    kind = access.judge(here, {}, VM_ID).kind
    assert (kind is VerdictKind.GRANTED) == is_right, (drawn, asked)
    by_groups = all(map(is_full, asked["with_groups"].values())) and not is_right
    assert bool(access.group_access(here, VM_ID)) == by_groups, (drawn, asked)
    if (
        not drawn.is_canonical
    ):  # the product grants nothing there, and does not say where icacls puts an entry
        return
    *folder_after, moved_after = map(is_full, asked["also"][3:])
    assert (kind is VerdictKind.BLOCKED) == (not all(folder_after)), (drawn, asked)
    after = access.judge_after_grant(here, {"moved.vhds": moved}, VM_ID).kind
    assert (after is VerdictKind.GRANTED) == all([*folder_after, moved_after]), (drawn, asked)
    assert (after is VerdictKind.BLOCKED) == (not all(folder_after)), (drawn, asked)


def tree_of(drawn: Drawn) -> Tree:
    """The drawn folder is a drive's root, so that nothing above it takes its entries away."""
    tree = Tree()
    tree.add(ROOT, sddl=drawn.folder)
    tree.add(FOLDER)
    for path in (FILE, DEEPER):
        tree.add(path, file=True)
    tree.add(MOVED, file=True, sddl=drawn.moved)
    return tree


def granted(tree: Tree) -> tuple[str, ...]:
    """The folder, its file and the moved file after the lab's icacls."""
    world = World(Cluster("C", "lab.example"), [Node("HV01")], [], [Vm(VM_ID, "Guest1", "HV01")], tree)
    answer = icacls.run(world, "HV01", (ROOT, "/grant", f"{VM_ID.account}:(OI)F"))
    assert answer.exit_code == 0, answer
    return tuple(text_at(tree, path) for path in (ROOT, FILE, MOVED))


def text_at(tree: Tree, path: str) -> str:
    entry = tree.get(path)
    assert entry is not None
    return entry.sddl


def inherited_in(text: str) -> tuple[Ace, ...]:
    return tuple(ace for ace in parse(text).aces if ace.is_inherited)


def inherited_by_product(folder: windows.SecurityDescriptor) -> dict[str, tuple[windows.Ace, ...]]:
    new_folder = access.inherited_by_subfolder(folder.aces, OWNER, GROUP)
    return {
        "file": access.inherited_by_file(folder.aces, OWNER, GROUP),
        "folder": new_folder,
        "deeper": access.inherited_by_file(new_folder, OWNER, GROUP),
    }


def rights_of(aces: tuple[windows.Ace, ...]) -> int:
    own = frozenset({VM_ID.sid})
    return granted_rights(aces, own, own | set(TOKEN_GROUPS))


def of_lab(ace: Ace) -> Entry:
    return ace.kind, sum(FLAGS[flag] for flag in ace.flags), ace.mask, ALIASES.get(ace.trustee, ace.trustee)


def of_product(ace: windows.Ace) -> Entry:
    return KINDS[ace.type], int(ace.flags), ace.mask, str(ace.sid)


def as_told(entries: Iterator[Entry]) -> Told:
    """What holds there and what is passed on, apart: Samba says both in one entry where Windows needs two.

    An entry that is there twice is named once: Samba leaves the second one out, and it says nothing new.
    """
    told = list(entries)
    effective = [(kind, mask, sid) for kind, flags, mask, sid in told if not flags & FLAGS["IO"]]
    onward = [(kind, flags & 3, mask, sid) for kind, flags, mask, sid in told if flags & 3]
    return list(dict.fromkeys(effective)), list(dict.fromkeys(onward))


def as_samba_told(children: dict[str, list[list[Any]]]) -> Told:
    effective, onward = ([tuple(entry) for entry in children[name]] for name in ("effective", "onward"))
    return list(dict.fromkeys(effective)), list(dict.fromkeys(onward))


def in_numbers(text: str) -> str:
    """The same SDDL with its rights as numbers."""
    descriptor = parse(text)
    aces = tuple(msgspec.structs.replace(ace, rights=f"0x{ace.mask:x}") for ace in descriptor.aces)
    return str(msgspec.structs.replace(descriptor, aces=aces))
