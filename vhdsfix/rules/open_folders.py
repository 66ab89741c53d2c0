"""No folder with shared disks is open to everybody, and its permissions are in Windows' own order."""

from __future__ import annotations

from collections.abc import Iterator

from vhdsfix import access
from vhdsfix.model.facts import Facts, FolderFacts
from vhdsfix.model.findings import Finding
from vhdsfix.model.inventory import FolderUse, Inventory
from vhdsfix.model.readings import Absent, Known, Unknown, known_or
from vhdsfix.model.windows import name_key
from vhdsfix.rules import fixes
from vhdsfix.rules.catalogue import finding
from vhdsfix.rules.reach import first_few
from vhdsfix.verdicts import descriptor_of
from vhdsfix.wording import counted


def no_folder_is_open_to_everybody(facts: Facts, inventory: Inventory) -> tuple[Finding, ...]:
    return tuple(
        found
        for use, folder in _used(facts, inventory)
        for found in (*_open_folder(folder), *_open_files(use, folder))
    )


def _used(facts: Facts, inventory: Inventory) -> Iterator[tuple[FolderUse, FolderFacts]]:
    uses = {use.path.key: use for use in inventory.folders}
    for folder in facts.folders:
        if folder.path.key in uses:
            yield uses[folder.path.key], folder


def _open_folder(folder: FolderFacts) -> Iterator[Finding]:
    if _has_null_dacl(folder.sddl):
        yield finding(
            "null-dacl",
            subject=folder.path,
            summary="the folder has a null DACL, so everybody has full control of it",
            evidence=(
                f"read on {folder.read_on}: {folder.sddl.value}" if isinstance(folder.sddl, Known) else "",
            ),
            fix=f"{fixes.show_command(folder.path)} shows it; set proper permissions",
            folder=folder.path,
        )


def _open_files(use: FolderUse, folder: FolderFacts) -> Iterator[Finding]:
    private = set(map(name_key, use.private))
    files = tuple(
        file.name
        for file in known_or(folder.files, ())
        if name_key(file.name) not in private and _has_null_dacl(file.sddl)
    )
    if files:
        yield finding(
            "null-dacl",
            subject=folder.path,
            summary=f"{counted(len(files), 'disk file here has', 'disk files here have')} a null DACL, which gives everybody full control",
            evidence=(f"read on {folder.read_on}: {first_few(files)}",),
            folder=folder.path,
        )


def _has_null_dacl(reading: Known[str] | Absent | Unknown) -> bool:
    descriptor = descriptor_of(reading)
    return descriptor is not None and descriptor.has_null_dacl


def every_folder_is_in_canonical_order(facts: Facts, inventory: Inventory) -> tuple[Finding, ...]:
    return tuple(
        finding(
            "dacl-not-canonical",
            subject=folder.path,
            summary="the folder's permissions are in an unusual order, which the next change of them may turn round",
            evidence=(f"read on {folder.read_on}: {folder.sddl.value}",),
            folder=folder.path,
        )
        for _, folder in _used(facts, inventory)
        if isinstance(folder.sddl, Known)
        and (descriptor := descriptor_of(folder.sddl))
        and not access.is_canonical(descriptor)
    )
