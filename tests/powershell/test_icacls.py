"""The lab's icacls against the stand-in of PowerShell's own engine: the same codes, texts and entries.

Left out, because there the stand-in says of itself that it is not as Windows: CREATOR OWNER and generic rights that are inherited.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
from pathlib import Path

import pytest

from tests.powershell.worlds import read_disks, write_files
from vhdsfix.lab import scenarios
from vhdsfix.lab.cmdlets import icacls
from vhdsfix.lab.world import World

ENGINE = os.environ.get("VHDSFIX_POWERSHELL", "")

pytestmark = pytest.mark.skipif(
    not ENGINE, reason="VHDSFIX_POWERSHELL is not set: it names the program that starts the engine"
)

VOLUME = "C:\\ClusterStorage\\NTFS-03"
FOLDER = VOLUME + "\\GuestClustersSharedDisks"
ITEMS = (
    FOLDER,
    FOLDER + "\\GuestClusterDisk.vhds",
    FOLDER + "\\sub",
    FOLDER + "\\sub\\a.avhdx",
    FOLDER + "\\sub\\deep",
    FOLDER + "\\sub\\deep\\b.avhdx",
)


def draw_world(draw: random.Random) -> World:
    """Demo, with some more items and entries drawn at random on all of them."""
    world = scenarios.build(scenarios.load("demo"))
    for path in ITEMS:
        if world.tree.get(path) is None:
            world.tree.add(path, file="." in path)
        control = draw.choice(["D:P", "D:", "D:AI", "D:AI", "D:PAI"])
        world.set_sddl(
            path, f"O:BAG:SY{control}{''.join(draw_entry(draw, world) for _ in range(draw.randrange(5)))}"
        )
    if draw.random() < 0.1:
        world.tree.add(FOLDER + "\\closed", denied=True)
    return world


def draw_entry(draw: random.Random, world: World) -> str:
    flags = "".join(flag for flag in ("OI", "CI", "NP", "IO", "ID") if draw.random() < 0.35)
    trustee = draw.choice(["BA", "SY", "WD", *(vm.sid for vm in world.vms[:3])])
    return f"({draw.choice('AAAD')};{flags};{draw.choice(['FA', 'FR', '0x1301bf', '0x2'])};;;{trustee})"


def draw_arguments(draw: random.Random, world: World) -> tuple[str, ...]:
    path = draw.choice(
        [*ITEMS, FOLDER, FOLDER.lower(), FOLDER + "\\none", FOLDER + "\\none\\none", FOLDER + "\\closed"]
    )
    return path, *(word for _ in range(draw.choice([1, 1, 1, 2])) for word in draw_change(draw, world))


def draw_change(draw: random.Random, world: World) -> tuple[str, str]:
    vm = draw.choice(world.vms[:3] if draw.random() < 0.3 else world.vms_on("HV01"))
    account = draw.choice(
        [f"NT VIRTUAL MACHINE\\{vm.id.upper()}", f"NT VIRTUAL MACHINE\\{vm.id}", f"*{vm.sid}"]
    )
    option = draw.choice(["/grant", "/grant", "/grant:r", "/remove:g", "/GRANT", "/nonsense"])
    right = draw.choice(["(OI)F", "(OI)F", "F", "(OI)(CI)(F)", "(OI)(CI)(NP)(IO)RX", "(OI)M", "R", "(XX)F"])
    return option, account if option == "/remove:g" else f"{account}:{right}"


def run_on_the_engine(folder: Path, arguments: tuple[str, ...]) -> icacls.Native:
    place = subprocess.run([ENGINE, "--where"], capture_output=True, text=True, check=True, timeout=60)
    note = folder / "exit"
    answer = subprocess.run(
        [Path(place.stdout.strip()) / "bin" / "icacls.exe", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=os.environ
        | {
            "LAB_WORLD": str(folder / "HV01.json"),
            "LAB_VOLUMES": str(folder / "volumes.json"),
            "LAB_EXIT": str(note),
        },
    )
    return icacls.Native(
        int(note.read_text()), tuple(answer.stdout.splitlines()), tuple(answer.stderr.splitlines())
    )


@pytest.mark.parametrize("seed", range(40))
def test_icacls_answers_and_writes_as_the_engines_stand_in_does(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311 - drawn cases, no secrets
    world = draw_world(draw)
    arguments = draw_arguments(draw, world)
    write_files(world, tmp_path)
    assert icacls.run(world, "HV01", arguments) == run_on_the_engine(tmp_path, arguments), json.dumps(
        arguments
    )
    assert world.tree.dump() == read_disks(tmp_path).dump(), json.dumps(arguments)
