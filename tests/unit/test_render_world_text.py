"""A world's tree on a terminal and in a pipe."""

from __future__ import annotations

import io

from vhdsfix.lab.picture import Branch
from vhdsfix.render.console import console_on
from vhdsfix.render.world_text import print_world

FILE = "GuestClusterDisk_7F5B5C3E-0D5F-4C39-9C0B-6A0D5C1E2A41.avhdx"
WORLD = Branch(
    "CLUSTER",
    below=(
        Branch("HV01", below=(Branch("VM \x1b[31m"),)),
        Branch("shared", (("N1", "yes"), ("N2 [red]", "denied")), (Branch(FILE, (("N1", "no"),)),)),
    ),
)


def printed(world: Branch, *, encoding: str = "utf-8", width: int | None = None) -> list[str]:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding)
    console = console_on(stream)
    if width:
        console.width = width
    print_world(console, world)
    stream.flush()
    tree, _, _legend = raw.getvalue().decode(encoding).replace("\r\n", "\n").partition("\n\n")
    return tree.split("\n")


def test_branches_are_led_to_and_control_characters_are_shown() -> None:
    assert printed(WORLD) == [
        "CLUSTER",
        "├─ HV01",
        "│  └─ VM \\x1b[31m",
        "└─ shared  N1 yes, N2 [red] denied",
        f"   └─ {FILE}  N1 no",
    ]


def test_a_pipe_that_has_no_lines_gets_ascii() -> None:
    lines = printed(WORLD, encoding="cp1252")
    assert lines[1:4] == ["+- HV01", "|  `- VM \\x1b[31m", "`- shared  N1 yes, N2 [red] denied"]


def test_a_long_line_goes_on_below_itself_and_no_name_is_broken() -> None:
    drive = Branch(f"Disk.vhds, shared, in C:\\ClusterStorage\\{'x' * 60}", below=(Branch("below"),))
    lines = printed(Branch("CLUSTER", below=(drive, Branch("last", below=(Branch(FILE),)))), width=40)
    assert lines == [
        "CLUSTER",
        "├─ Disk.vhds, shared, in",
        f"│  │    C:\\ClusterStorage\\{'x' * 60}",
        "│  └─ below",
        "└─ last",
        f"   └─ {FILE}",
    ]


def test_a_vm_stays_beside_its_access() -> None:
    shared = Branch("shared", (("N1", "yes"), ("second node", "not for new files"), ("N3", "no")))
    assert printed(Branch("CLUSTER", below=(shared,)), width=32) == [
        "CLUSTER",
        "└─ shared  N1 yes,",
        "        second node not for new files,",
        "        N3 no",
    ]
