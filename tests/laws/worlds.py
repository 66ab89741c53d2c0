"""Facts of a host cluster as Hypothesis makes them up: what the hosts say is a partial view of one world, guests say anything."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import msgspec
from hypothesis import strategies as st

from tests.fakes.facts import CHECKPOINT, V1, V2, Host, facts_of, guest, vm_id
from vhdsfix.model.facts import Facts, FileFacts, FolderFacts
from vhdsfix.model.plan import ConfiguredGuestCluster
from vhdsfix.model.readings import Known, Unknown
from vhdsfix.model.windows import FolderPath

HOSTS = ("HV01", "HV02", "HV03")
KEYS = ("a1", "a2", "a3", "b1", "b2", "web")
FOLDERS = tuple(FolderPath(path) for path in (rf"{V1}\A", rf"{V2}\B", rf"{V2}\More", rf"{V2}\Extra"))
DISKS = {"a": rf"{FOLDERS[0]}\A.vhds", "b": rf"{FOLDERS[1]}\B.vhds"}
ELSEWHERE = {name: rf"{FOLDERS[2]}\{name.upper()}_{CHECKPOINT}.avhdx" for name in DISKS}
SDDL_BASE = "O:BAG:SYD:AI"
INHERITED = "(A;OICIID;FA;;;BA)(A;OICIID;FA;;;SY)"

NAMES = (*KEYS, "A1.corp.example", "sql [old]", "")
Configured = tuple[ConfiguredGuestCluster, ...]


class Case(msgspec.Struct, frozen=True):
    """One made-up host cluster, and the dice that made it, for what else is to be thrown."""

    facts: Facts
    configured: Configured
    dice: Random


def case_of(seed: int) -> Case:
    dice = Random(seed)  # noqa: S311 - a made-up world is no secret
    return Case(_facts(dice), _configured(dice), dice)


cases = st.integers(0, 2**32).map(case_of)
"""By one number: Hypothesis would spend minutes on making a hundred choices smaller."""


def _configured(dice: Random) -> Configured:
    """Two guest clusters at most, each named by nodes or by nothing but its own word."""
    found = []
    for name, nodes in (("A", ("a1", "a2", "a3")), ("B", ("b1", "b2"))):
        if dice.random() < 0.6:
            kept = tuple(node for node in nodes if dice.random() < 0.7)
            extra = (FOLDERS[3],) if kept and dice.random() < 0.5 else ()
            found.append(ConfiguredGuestCluster(name, nodes=kept, folders=extra))
    return tuple(found)


def _facts(dice: Random) -> Facts:
    hosts = [Host(name) for name in HOSTS]
    hidden = []
    for key in KEYS:
        if dice.random() < 0.1:
            hidden.append(key)
            continue
        places = {dice.randrange(3), *([2] if dice.random() < 0.15 else [])}  # on its way, it is on two
        drives, clustered = _drives(dice, key), dice.random() < 0.8
        name = key if dice.random() < 0.7 else dice.choice(NAMES)
        for place in places:
            hosts[place].vm(key, *drives, name=name, clustered=clustered)
    for host in hosts:
        _ask_besides(dice, host)
    guests = tuple(
        guest(cluster, *dice.sample(KEYS, dice.randrange(4)), name=dice.choice((None, *NAMES)))
        for cluster in ("A", "B")
        if dice.random() < 0.5
    )
    seen = facts_of(*hosts, hidden=hidden, guests=guests, states={HOSTS[2]: dice.choice((0, 0, 1, 2))})
    return msgspec.structs.replace(seen, folders=tuple(_folder(dice, folder) for folder in FOLDERS))


def _drives(dice: Random, key: str) -> tuple[str, ...]:
    """VMs of one letter share a disk; a backup may be running; an ordinary disk may lie among the shared ones."""
    ordinary = rf"{dice.choice(FOLDERS)}\{key}.vhdx" if dice.random() < 0.2 else rf"{V1}\{key}\os.vhdx"
    disk = DISKS.get(key[0])
    if disk is None or dice.random() < 0.15:
        return (ordinary,)
    return ordinary, disk if dice.random() < 0.7 else disk.replace(".vhds", f"_{CHECKPOINT}.avhdx")


def _ask_besides(dice: Random, host: Host) -> None:
    letters = {(drive.path or "").rpartition("\\")[2][:1].lower() for drive in host.drives if drive.shared}
    for letter in sorted(letters):
        if dice.random() < 0.6:
            told = [DISKS[letter], *([ELSEWHERE[letter]] if dice.random() < 0.6 else [])]
            host.tells_files(DISKS[letter], *told)
    for key in KEYS:
        if dice.random() < 0.5:
            host.queried(key, dice.choice(("id-a", "id-b", None)), dice.choice((None, 1, 2, 3, 9)))
        if dice.random() < 0.5:
            host.called(key, dice.choice(NAMES))


def _folder(dice: Random, path: FolderPath) -> FolderFacts:
    granted = [key for key in (*KEYS, "gone") if dice.random() < 0.6]
    aces = "".join(f"(A;OI;FA;;;{vm_id(key).sid})" for key in granted)
    inherited = "".join(f"(A;ID;FA;;;{vm_id(key).sid})" for key in granted)
    merged = [file for file in ELSEWHERE.values() if dice.random() < 0.1]
    on_disk = (FolderPath(file) for file in (*DISKS.values(), *ELSEWHERE.values()) if file not in merged)
    files = tuple(
        FileFacts(file.name, Known(f"{SDDL_BASE}{inherited if dice.random() < 0.8 else ''}{INHERITED}"))
        for file in on_disk
        if file.parent == path
    )
    return FolderFacts(
        path,
        "HV01",
        sddl=Known(f"{SDDL_BASE}{aces}{INHERITED}"),
        files=Known(files),
        subfolders=Known(("sub", "more") if dice.random() < 0.15 else ()),
        links=Known(()),
    )


Place = tuple[str | int, ...]


def places_of(value: Any, here: Place = ()) -> list[Place]:
    """Where there is something that was seen and could be forgotten, at any depth."""
    if isinstance(value, Known):
        return [here, *places_of(value.value, (*here, "value"))]
    if isinstance(value, msgspec.Struct):
        return [
            place
            for field in value.__struct_fields__
            for place in places_of(getattr(value, field), (*here, field))
        ]
    if isinstance(value, tuple):
        return [place for number, one in enumerate(value) for place in places_of(one, (*here, number))]
    return []


def without(value: Any, forgotten: Sequence[Place], here: Place = ()) -> Any:
    """The same with these readings lost."""
    if isinstance(value, Known) and here in forgotten:
        return Unknown("nobody could look")
    if isinstance(value, msgspec.Struct):
        changed = {f: without(getattr(value, f), forgotten, (*here, f)) for f in value.__struct_fields__}
        return msgspec.structs.replace(value, **changed)
    if isinstance(value, tuple):
        return tuple(without(one, forgotten, (*here, number)) for number, one in enumerate(value))
    return value


def turned(value: Any, random: Random) -> Any:
    """The same with everything in another order."""
    if isinstance(value, msgspec.Struct):
        return msgspec.structs.replace(
            value, **{field: turned(getattr(value, field), random) for field in value.__struct_fields__}
        )
    if isinstance(value, tuple):
        ones = [turned(one, random) for one in value]
        random.shuffle(ones)
        return tuple(ones)
    return value
