"""Facts, Inventory → Verdicts: each VM's access to each folder it uses, and what could not be judged."""

from __future__ import annotations

from collections.abc import Iterator

from vhdsfix import access, sddl
from vhdsfix.membership.disks import disk_key
from vhdsfix.model.facts import Facts, FileFacts, FolderFacts
from vhdsfix.model.inventory import FolderUse, Inventory
from vhdsfix.model.readings import Absent, Known, Unknown, known_or
from vhdsfix.model.verdicts import MENDED_BY_A_GRANT, Verdict, VerdictKind, VmAccess
from vhdsfix.model.windows import FolderPath, SecurityDescriptor, VmId, is_file_name, name_key

NO_NAME = "no file can have this name"


def verdicts_of(facts: Facts, inventory: Inventory) -> tuple[VmAccess, ...]:
    """One verdict for each VM of each folder, in the inventory's order."""
    seen = {folder.path.key: folder for folder in facts.folders}
    return tuple(
        access for use in inventory.folders for access in _of_folder(seen.get(use.path.key), use, inventory)
    )


def unlisted_disks(folder: FolderFacts, attached: tuple[str, ...]) -> tuple[str, ...]:
    """Names of attached disks that a listing of their folder left out; then the listing cannot be believed.

    One that was gone when it was asked for counts as left out: what is attached is not merged away.
    """
    listed = {name_key(name) for name in _names_there(folder)}
    return tuple(name for name in attached if name_key(name) not in listed)


def sets_without_a_file(folder: FolderFacts, use: FolderUse) -> tuple[FolderPath, ...]:
    """VHD Sets that are here by a running backup's drive or by a node's word, and of which the listing shows no file.

    Those that are attached themselves are `unlisted_disks`.
    """
    attached = {disk_key(name) for name in use.attached}
    others = [disk for disk in use.disks if disk_key(disk.name) not in attached]
    listed = {disk_key(name) for name in _names_there(folder)} if others else ()
    return tuple(disk for disk in others if disk_key(disk.name) not in listed)


def _names_there(folder: FolderFacts) -> Iterator[str]:
    return (file.name for file in known_or(folder.files, ()) if not isinstance(file.sddl, Absent))


def descriptor_of(reading: Known[str] | Absent | Unknown) -> SecurityDescriptor | None:
    """The descriptor that was read; None where there is none that can be read."""
    try:
        return sddl.parse(reading.value) if isinstance(reading, Known) else None
    except sddl.SddlError:
        return None


def disks_of_nobody_shown(folder: FolderFacts, use: FolderUse, inventory: Inventory) -> tuple[str, ...]:
    """Names of disk files that no VM that was shown has attached, while there may be VMs that were not shown."""
    if not inventory.not_shown:
        return ()
    attached = {disk_key(name) for name in (*use.private, *(disk.name for disk in use.disks))}
    return tuple(file.name for file in known_or(folder.files, ()) if disk_key(file.name) not in attached)


def _of_folder(folder: FolderFacts | None, use: FolderUse, inventory: Inventory) -> tuple[VmAccess, ...]:
    if folder is None:
        return _all_unknown(use, "no node was asked for this folder")
    try:
        descriptor, files, unseen = _readable(folder, use, disks_of_nobody_shown(folder, use, inventory))
    except _NotReadableError as error:
        return _all_unknown(use, str(error))
    return tuple(_of_vm(use.path, vm_id, descriptor, files, unseen) for vm_id in use.vm_ids)


def _of_vm(
    path: FolderPath,
    vm_id: VmId,
    folder: SecurityDescriptor,
    files: dict[str, SecurityDescriptor],
    unseen: dict[str, str],
) -> VmAccess:
    verdict = _certain(access.judge(folder, files, vm_id), unseen)
    if verdict.kind not in MENDED_BY_A_GRANT:
        return VmAccess(path, vm_id, verdict)
    after = access.judge_after_grant(folder, files, vm_id)
    return VmAccess(path, vm_id, verdict, after, access.group_access(folder, vm_id))


def _all_unknown(use: FolderUse, why: str) -> tuple[VmAccess, ...]:
    return tuple(VmAccess(use.path, vm_id, Verdict(VerdictKind.UNKNOWN, why)) for vm_id in use.vm_ids)


def _certain(verdict: Verdict, unseen: dict[str, str]) -> Verdict:
    """Nothing is called in order while a file could not be looked at; a lack that was seen stays a lack."""
    if verdict.kind is not VerdictKind.GRANTED or not unseen:
        return verdict
    why = "; ".join(f"{name}: {reason}" for name, reason in unseen.items())
    return Verdict(
        VerdictKind.UNKNOWN,
        f"the folder is right, but not every file could be looked at: {why}",
        tuple(unseen),
    )


class _NotReadableError(Exception):
    pass


def _readable(
    folder: FolderFacts, use: FolderUse, strangers: tuple[str, ...]
) -> tuple[SecurityDescriptor, dict[str, SecurityDescriptor], dict[str, str]]:
    """The folder's descriptor, those of its readable shared files, and why each other one could not be looked at."""
    match folder.sddl:
        case Unknown(why=why):
            raise _NotReadableError(why)
        case Absent():
            raise _NotReadableError(f"{folder.read_on} has no such folder")
        case Known(value=text):
            descriptor = _parsed(text, f"{folder.read_on} gave a security descriptor that cannot be read")
    files: dict[str, SecurityDescriptor] = {}
    whose = "no VM that was shown has it, so it may be another VM's disk"
    unseen = {**_unlisted(folder, use), **dict.fromkeys(strangers, whose)}
    not_judged = set(map(name_key, (*use.private, *strangers)))
    for file in known_or(folder.files, ()):
        if name_key(file.name) not in not_judged:
            _look_at(file, files, unseen)
    return descriptor, files, unseen


def _look_at(file: FileFacts, files: dict[str, SecurityDescriptor], unseen: dict[str, str]) -> None:
    match file.sddl:
        case Known() if not is_file_name(file.name):
            unseen[file.name] = NO_NAME
        case Known(value=text):
            try:
                files[file.name] = _parsed(text, "its security descriptor cannot be read")
            except _NotReadableError as error:
                unseen[file.name] = str(error)
        case Unknown(why=why):
            unseen[file.name] = why
        case Absent():
            pass  # it went away meanwhile: a backup merged it


def _unlisted(folder: FolderFacts, use: FolderUse) -> dict[str, str]:
    match folder.files:
        case Unknown(why=why):
            return {"its files": why}
        case Absent():
            return {"its files": f"{folder.read_on} has no such folder"}
        case Known():
            why = f"it is attached to a VM, but {folder.read_on} did not show it"
            none = {
                disk.name: f"{folder.read_on} listed no file of it"
                for disk in sets_without_a_file(folder, use)
                if disk.parent.key == use.path.key  # a file elsewhere may have been merged meanwhile
            }
            return dict.fromkeys(unlisted_disks(folder, use.attached), why) | none


def _parsed(text: str, what: str) -> SecurityDescriptor:
    try:
        return sddl.parse(text)
    except sddl.SddlError as error:
        raise _NotReadableError(f"{what}: {error}") from error
