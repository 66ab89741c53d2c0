"""No folder with shared disks is open to everybody."""

from __future__ import annotations

from vhdsfix.model.facts import Facts, FolderFacts
from vhdsfix.model.findings import Finding
from vhdsfix.model.inventory import Inventory
from vhdsfix.model.readings import Known
from vhdsfix.rules import fixes
from vhdsfix.rules.catalogue import finding
from vhdsfix.verdicts import descriptor_of


def no_folder_is_open_to_everybody(facts: Facts, inventory: Inventory) -> tuple[Finding, ...]:
    used = {use.path.key for use in inventory.folders}
    return tuple(
        finding(
            "null-dacl",
            subject=folder.path,
            summary="the folder has a null DACL, so everybody has full control of it",
            evidence=(
                f"read on {folder.read_on}: {folder.sddl.value}" if isinstance(folder.sddl, Known) else "",
            ),
            fix=f"{fixes.show_command(folder.path)} shows it; set proper permissions",
            folder=folder.path,
        )
        for folder in facts.folders
        if folder.path.key in used and _has_null_dacl(folder)
    )


def _has_null_dacl(folder: FolderFacts) -> bool:
    descriptor = descriptor_of(folder.sddl)
    return descriptor is not None and descriptor.has_null_dacl
