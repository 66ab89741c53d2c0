"""No backup left a checkpoint or its files behind."""

from __future__ import annotations

from collections.abc import Iterator

from vhdsfix.membership.disks import disk_key
from vhdsfix.membership.shown import drives_of
from vhdsfix.model.facts import Facts, FileFacts, FolderFacts, NodeChecks, RecoveryCheckpoint
from vhdsfix.model.findings import Finding
from vhdsfix.model.inventory import FolderUse, Inventory, Vm
from vhdsfix.model.readings import Known, known_or
from vhdsfix.model.times import is_older
from vhdsfix.model.windows import name_key
from vhdsfix.rules import fixes
from vhdsfix.rules.catalogue import finding
from vhdsfix.rules.in_question import checks_in_question
from vhdsfix.rules.reach import first_few
from vhdsfix.wording import counted


def no_recovery_checkpoint_was_left(facts: Facts, inventory: Inventory, after_h: int) -> tuple[Finding, ...]:
    return tuple(
        _left(vm, left, after_h)
        for vm, checks in checks_in_question(facts, inventory)
        if (left := tuple(_old_checkpoints(vm, checks, after_h, facts.taken_at)))
    )


def _old_checkpoints(vm: Vm, checks: NodeChecks, after_h: int, now: str) -> Iterator[RecoveryCheckpoint]:
    for checkpoint in known_or(checks.checkpoints, ()):
        if checkpoint.vm_id == vm.vm_id and is_older(checkpoint.made_at, after_h, now):
            yield checkpoint


def _left(vm: Vm, left: tuple[RecoveryCheckpoint, ...], after_h: int) -> Finding:
    return finding(
        "recovery-checkpoint-left",
        subject=vm.name,
        summary=f"{vm.name} has {counted(len(left), 'recovery checkpoint')} older than {counted(after_h, 'hour')}",
        evidence=tuple(f"Get-VMSnapshot on {vm.node}: {one.name}, made {one.made_at}" for one in left),
        fix=f"once no backup is running, on {vm.node}: {fixes.remove_recovery_checkpoints(vm.vm_id)}",
        vm_id=vm.vm_id,
    )


def every_checkpoint_file_belongs_to_a_disk(
    facts: Facts, inventory: Inventory, after_h: int
) -> tuple[Finding, ...]:
    """Says so only where every VM, drive, VHD Set and checkpoint was seen, and no checkpoint may own the file.

    A VHD Set counts the file that holds its content among its own, and those that nothing refers to (FACTS 1.6): of what it
    names nothing can be said. The parents of an ordinary disk's checkpoint file are not shown either: its kin are left alone.
    """
    if inventory.not_shown or not _every_chain_was_told(facts, inventory):
        return ()
    named = _named_files(facts)
    folders = {folder.path.key: folder for folder in facts.folders}
    return tuple(
        _of_no_disk(use, folders[use.path.key], files)
        for use in inventory.folders
        if use.path.key in folders
        if (files := tuple(_of_nobody(use, folders[use.path.key], named, after_h, facts.taken_at)))
    )


def _every_chain_was_told(facts: Facts, inventory: Inventory) -> bool:
    """Every VHD Set's files and every checkpoint were told, and no checkpoint is there that a file may belong to."""
    if any(files.unseen for cluster in inventory.guest_clusters for files in cluster.disk_files):
        return False
    asked = [node.checks for node in facts.nodes if any(drive.shared for drive in known_or(node.drives, ()))]
    return all(isinstance(checks.vhd_sets, Known) and checks.checkpoints == Known(()) for checks in asked)


def _named_files(facts: Facts) -> frozenset[str]:
    """Keys of the paths that a drive or a VHD Set names."""
    drives = (drive.path for drive in drives_of(facts))
    sets = (
        path for node in facts.nodes for one in known_or(node.checks.vhd_sets, ()) for path in one.all_paths
    )
    return frozenset(path.key for path in (*drives, *sets) if path)


def _of_nobody(
    use: FolderUse, folder: FolderFacts, named: frozenset[str], after_h: int, now: str
) -> Iterator[FileFacts]:
    private = {disk_key(name) for name in use.private}
    above = use.path.key.rstrip("\\")
    for file in known_or(folder.files, ()):
        key = name_key(file.name)
        if (
            key.endswith(".AVHDX")
            and f"{above}\\{key}" not in named
            and disk_key(file.name) not in private
            and is_older(file.written_at, after_h, now)
        ):
            yield file


def _of_no_disk(use: FolderUse, folder: FolderFacts, files: tuple[FileFacts, ...]) -> Finding:
    names = tuple(f"{file.name}, last written {file.written_at}" for file in files)
    return finding(
        "avhdx-of-no-disk",
        subject=use.path,
        summary=f"{counted(len(files), 'checkpoint file here belongs', 'checkpoint files here belong')} to no disk that was seen",
        evidence=(
            f"read on {folder.read_on}: {first_few(names)}",
            "no VM has them attached, no VHD Set names them",
        ),
        folder=use.path,
    )
