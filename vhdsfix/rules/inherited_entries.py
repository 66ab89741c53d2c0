"""What a disk file inherited it would inherit again, so that a grant on its folder takes nothing away from it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from vhdsfix import access
from vhdsfix.model.facts import Facts, FolderFacts
from vhdsfix.model.findings import Finding
from vhdsfix.model.inventory import Inventory
from vhdsfix.model.readings import Known, known_or
from vhdsfix.rules import fixes
from vhdsfix.rules.catalogue import finding
from vhdsfix.rules.reach import first_few
from vhdsfix.verdicts import descriptor_of
from vhdsfix.wording import counted


def every_file_would_keep_what_it_inherited(facts: Facts, inventory: Inventory) -> tuple[Finding, ...]:
    """Said whether or not a grant is needed: whoever writes the folder's permissions by hand takes the entries away, too."""
    used = {use.path.key: use.path for use in inventory.folders}
    return tuple(
        finding(
            "grant-would-take-entries",
            subject=used[folder.path.key],
            summary=f"whoever changes this folder's permissions takes entries away from {counted(len(losing), 'disk file')} in it",
            evidence=(f"read on {folder.read_on}: {first_few(losing)}",),
            fix=f"{fixes.show_command(folder.path)} and the same for the files show whom the entries are for; "
            "give them their access on the folder first",
            folder=used[folder.path.key],
        )
        for folder in facts.folders
        if folder.path.key in used and (losing := tuple(_losing(folder)))
    )


def _losing(folder: FolderFacts) -> Iterator[str]:
    for file in known_or(folder.files, ()):
        if isinstance(folder.sddl, Known) and isinstance(file.sddl, Known):
            lost = _lost(folder.sddl.value, file.sddl.value)
            if lost:
                yield f"{file.name} would lose {lost}"


@lru_cache(maxsize=4096)
def _lost(folder: str, file: str) -> str | None:
    """In words, by the texts of both: most files of a folder have one and the same. None for what cannot be read."""
    above, below = descriptor_of(Known(folder)), descriptor_of(Known(file))
    return access.losses_by_propagation(above, {"": below}).get("") if above and below else None
