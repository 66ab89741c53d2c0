"""A folder that needs a grant is one that may be changed unattended."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from vhdsfix import access
from vhdsfix.model.facts import Facts, FolderFacts
from vhdsfix.model.findings import Finding
from vhdsfix.model.inventory import FolderUse, Inventory
from vhdsfix.model.readings import Known, Unknown, known_or
from vhdsfix.model.verdicts import MENDED_BY_A_GRANT, VmAccess
from vhdsfix.model.windows import is_file_name, name_key
from vhdsfix.rules import fixes, grants
from vhdsfix.rules.catalogue import finding
from vhdsfix.rules.volumes import (
    DEFAULT_SHARED_VOLUMES_ROOT,
    is_below_a_root,
    is_on_a_volume,
    shared_volumes_roots,
)
from vhdsfix.verdicts import (
    NO_NAME,
    descriptor_of,
    disks_of_nobody_shown,
    sets_without_a_file,
    unlisted_disks,
)


def a_folder_that_needs_a_grant_may_be_changed(
    facts: Facts, inventory: Inventory, verdicts: tuple[VmAccess, ...]
) -> tuple[Finding, ...]:
    seen = {folder.path.key: folder for folder in facts.folders}
    needed = {verdict.folder for verdict in verdicts if verdict.verdict.kind in MENDED_BY_A_GRANT}
    uses = (use for use in inventory.folders if use.path in needed and use.path.key in seen)
    return tuple(found for use in uses for found in _of_folder(facts, inventory, use, seen[use.path.key]))


def _of_folder(facts: Facts, inventory: Inventory, use: FolderUse, seen: FolderFacts) -> Iterator[Finding]:
    folder = msgspec.structs.replace(seen, path=use.path)  # a node may spell it differently
    refusals = (*_of_place(facts, folder), *_of_permissions(folder))
    if refusals:
        yield finding(
            "target-refused",
            subject=folder.path,
            summary=f"a grant is needed here, but vhdsfix does not change this folder: {refusals[0]}",
            evidence=refusals,
            fix=f"mend the cause, or grant by hand; {fixes.show_command(folder.path)} shows what is there",
            folder=folder.path,
        )
    unseen = tuple(_unseen(facts, inventory, use, folder))
    if unseen:
        yield finding(
            "reading-unknown",
            subject=folder.path,
            summary=f"a grant is needed here, but what it would reach could not be looked at: {unseen[0]}",
            evidence=unseen,
            folder=folder.path,
            incomplete=True,
        )


def _of_place(facts: Facts, folder: FolderFacts) -> Iterator[str]:
    path = folder.path
    volumes = known_or(facts.cluster.volumes, None)
    if path.key in shared_volumes_roots(facts) or name_key(path.name) == name_key(
        DEFAULT_SHARED_VOLUMES_ROOT
    ):
        yield "it is the folder that holds all cluster shared volumes"
    elif path.parent.key == path.key or any(path.key == volume.mount_folder.key for volume in volumes or ()):
        yield "it is the root of a volume: a grant would reach every file there"
    elif volumes is not None and not is_on_a_volume(facts, path) and not is_below_a_root(facts, path):
        yield "it is not on a cluster shared volume"
    if any(part != part.rstrip(". ") for part in path.split("\\")):
        yield "a name on its path ends in a space or a dot, which Windows may take for another folder"
    mount = next((v.mount_folder for v in volumes or () if path.is_below(v.mount_folder)), None)
    links = [link for link in known_or(folder.links, ()) if mount and link.is_below(mount)]
    if links:
        yield f"the path goes through a link (reparse point): {', '.join(links)}"


def _of_permissions(folder: FolderFacts) -> Iterator[str]:
    descriptor = descriptor_of(folder.sddl)
    if descriptor is None:
        return
    if not access.is_canonical(descriptor):
        yield "its permissions are in an unusual order (non-canonical DACL), which icacls may change"
    files = {file.name: parsed for file in known_or(folder.files, ()) if (parsed := descriptor_of(file.sddl))}
    for name, lost in access.losses_by_propagation(descriptor, files).items():
        yield f"{name} would lose {lost}"


def _unseen(facts: Facts, inventory: Inventory, use: FolderUse, folder: FolderFacts) -> Iterator[str]:
    """What must be known before a grant is made, and is not."""
    if isinstance(facts.cluster.volumes, Unknown):
        yield f"the cluster shared volumes: {facts.cluster.volumes.why}"
    elif not is_on_a_volume(facts, folder.path) and is_below_a_root(facts, folder.path):
        yield "it lies where the cluster mounts its volumes, but the cluster named no volume there"
    for what, reading in (
        ("its files", folder.files),
        ("its subfolders", folder.subfolders),
        ("links on the way", folder.links),
    ):
        if not isinstance(reading, Known):
            yield f"{what}: {reading.why if isinstance(reading, Unknown) else 'there is no such folder'}"
    yield from _unseen_files(inventory, use, folder)


def _unseen_files(inventory: Inventory, use: FolderUse, folder: FolderFacts) -> Iterator[str]:
    if isinstance(folder.files, Known):
        for name in unlisted_disks(folder, use.attached):
            yield f"{name}: it is attached to a VM, but {folder.read_on} did not show it"
        for disk in sets_without_a_file(folder, use):
            yield f"{disk}: files of it must lie here, but {folder.read_on} listed none"
    for name in disks_of_nobody_shown(folder, use, inventory):
        yield f"{name}: no VM that was shown has it, and not every VM was shown, so it may be another VM's disk"
    for file in known_or(folder.files, ()):
        if isinstance(file.sddl, Unknown):
            yield f"{file.name}: {file.sddl.why}"
        elif not is_file_name(file.name):
            yield f"{file.name}: {NO_NAME}"
        elif isinstance(file.sddl, Known) and descriptor_of(file.sddl) is None:
            yield f"{file.name}: its security descriptor cannot be read"


def obstructed(findings: tuple[Finding, ...]) -> frozenset[str]:
    """Keys of the folders on which no action may be planned: refused, not seen well enough, or of a reach nobody accepted."""
    return frozenset(_what_stops(findings))


def with_what_comes_first(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """The findings; a grant's command, where no grant is planned for a reason, says the reason before it is copied."""
    stops = _what_stops(findings)
    return tuple(
        msgspec.structs.replace(found, fix=f"first settle {stop} of this folder; then: {found.fix}")
        if found.id in grants.MENDED and found.folder and (stop := stops.get(found.folder.key))
        else found
        for found in findings
    )


def _what_stops(findings: tuple[Finding, ...]) -> dict[str, str]:
    """The id of a finding that lets nobody plan a grant, by its folder's key."""
    stops = {"target-refused", "reading-unknown", "reach-too-wide"}
    return {
        found.folder.key: found.id
        for found in findings
        if found.folder and found.id in stops and not (found.id == "reach-too-wide" and found.accepted)
    }
