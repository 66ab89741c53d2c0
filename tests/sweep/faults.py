"""What can go wrong in the lab, each kind in each of its ways, and what of it fits a moment."""

from __future__ import annotations

from collections.abc import Iterator

from vhdsfix.lab.faults import Fault, Kind
from vhdsfix.lab.mischief import (
    Backup,
    Drains,
    Edits,
    Event,
    Fails,
    Faulted,
    Gone,
    Lost,
    Mangled,
    Message,
    Moment,
    Moves,
    Offline,
    Remounted,
    Status,
    What,
    Written,
)

_CONNECTING: tuple[What, ...] = (
    Lost("reset"),
    Mangled("tls alert"),
    *(Gone(refusals) for refusals in (0, 1, 2)),
)
_LOGGING_ON: tuple[What, ...] = (
    *(Lost(how) for how in ("reset", "silence")),
    *(Mangled(how) for how in ("cut short", "drip", "html")),
    *(Status(code) for code in (401, 503)),
    *(Gone(refusals) for refusals in (0, 1)),
)
_ASKING: tuple[What, ...] = (
    *(Lost(how, carried_out=done) for how in ("reset", "silence") for done in (False, True)),
    *(Mangled(how) for how in ("cut short", "drip", "garbled", "damaged", "wrong id", "html")),
    *(Status(code) for code in (401, 503)),
    *(Faulted(code) for code in (2150859173, 5, 2150858843, "w:InternalError")),
    *(Gone(refusals) for refusals in (0, 1)),
)


def wrong_on_the_wire(message: Message) -> tuple[What, ...]:
    return {"Connection": _CONNECTING, "Logon": _LOGGING_ON}.get(message, _ASKING)


def written(moment: Moment) -> Iterator[What]:
    """What a change can come to, besides what it should."""
    if "icacls.exe" in moment.commands:
        yield Written("ignored")
        yield from (Written("late", reads) for reads in (0, 1, 2, 4, 5, 6, 7, 12, 99))
        yield from (Written("undone", reads) for reads in (0, 1, 2, 5))
        yield from (Written("cut", items) for items in (0, 1, 2, 3))


def _events(
    vms: dict[str, str], nodes: tuple[str, ...], folder: str, disk: str, granted: str
) -> tuple[Event, ...]:
    """`vms`: whom a grant is missing, and a node to move to. `granted`: the entries that are there before."""
    volume = folder.rpartition("\\")[0]
    other = {"NTFS-03": "NTFS-02", "CSV-SQL": "CSV-MGMT"}[volume.rpartition("\\")[2]]
    return (
        *(Moves(vm, node) for vm, away in vms.items() for node in (away, "")),
        *(Drains(node) for node in nodes),
        Edits(folder, f"D:{granted}(A;OICI;0x1200a9;;;AU)"),
        Edits(f"{folder}\\{disk}.vhds", "D:(A;;0x1200a9;;;AU)"),
        Backup(f"{folder}\\{disk}_AAAAAAAA-5E43-4B0E-8E7A-2F9D1B6C4D58.avhdx"),
        Offline(volume),
        Remounted(volume, f"{volume.rpartition(chr(92))[0]}\\{other}"),
        *(Fails(node, command, Fault(kind)) for node in nodes for command, kind in _FAILURES),
    )


_FAILURES: tuple[tuple[str, Kind], ...] = (
    ("Get-VM", "empty"),
    ("Get-Acl", "nonterminating"),
    ("Get-ChildItem", "nonterminating"),
    ("icacls.exe", "denied"),
    ("icacls.exe", "unknown"),
)

_DEMO = r"C:\ClusterStorage\NTFS-03\GuestClustersSharedDisks"
EVENTS: dict[str, tuple[Event, ...]] = {
    "demo": (
        *_events(
            {"DemoGuestNode2": "HV04"},
            ("HV02",),
            _DEMO,
            "GuestClusterDisk",
            "(A;OI;FA;;;S-1-5-83-1-3550041398-1298998826-2694189755-2604355484)",
        ),
        Backup(f"{_DEMO}\\GuestClusterDisk_C1D3A9B2-5E43-4B0E-8E7A-2F9D1B6C4D58.avhdx", merged=True),
    ),
    "new-node": _events(
        {"SQLFCI-N3": "MUC-HV01"},
        ("MUC-HV03",),
        r"C:\ClusterStorage\CSV-SQL\SQLFCI-Shared",
        "SQLFCI-Data",
        "",
    ),
}
"""What others do while an apply of that scenario runs."""
