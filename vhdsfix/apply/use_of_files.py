"""Disk files that a VM uses and would no longer get at by its own entries, once its grant on a folder is gone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from vhdsfix import access, sddl
from vhdsfix.apply.dacls import Dacls, dacls_of
from vhdsfix.apply.goal import own_entries
from vhdsfix.apply.made import Made
from vhdsfix.membership.disks import disk_key
from vhdsfix.membership.shown import drives_of
from vhdsfix.model.facts import Drive, Facts, FolderFacts
from vhdsfix.model.inventory import FolderUse
from vhdsfix.model.readings import Known, Unknown
from vhdsfix.model.windows import FolderPath, SecurityDescriptor, VmId, name_key


class Loss(msgspec.Struct, frozen=True):
    """A file that the VM uses, and why it would lose its own access to it; `unseen`: why that cannot be told."""

    file: str
    why: str = ""
    unseen: str = ""


def losses_of(
    made: Made, before: Dacls, now: Dacls, facts: Facts, *, others: Iterable[Made], use: FolderUse | None
) -> Iterator[Loss]:
    """What taking back would cost the VM more than the run gave it.

    `others`: all that the run made. `use`: who uses the folder now, if anybody.

    A file that was there before the run may lose what the run gave; one that came later was never used without the grant, so
    it must keep all.
    """
    vm_id, drives = made.vm_id, drives_of(facts)
    after = access.with_explicit_allow(now.folder, vm_id.sid, own_entries(before.folder, vm_id))
    if unseen := _why_its_disks_are_not_known(vm_id, facts):
        yield Loss("its disks", unseen=unseen)
    for name in _used_here(made, now, drives, use):
        then = before.files.get(name)
        least = access.own_rights(then or now.files[name], vm_id)
        left = access.own_rights(access.after_propagation(after, now.files[name]), vm_id)
        if least & ~left:
            yield Loss(name, "it had it before the run" if then else "it came after the run")
    yield from _below(made, others, after, drives, facts)


def folders_between(folder: FolderPath, vm_id: VmId, facts: Facts) -> tuple[FolderPath, ...]:
    """The folders below this one on the way to the VM's disks, those of the disks included."""
    found = {}
    for path in _disks_below(vm_id, folder, drives_of(facts)):
        for level in path.ancestors:
            if level.is_below(folder):
                found[level.key] = level
    return tuple(found[key] for key in sorted(found))


def _why_its_disks_are_not_known(vm_id: VmId, facts: Facts) -> str | None:
    for node in facts.nodes:
        if isinstance(node.vms, Known) and vm_id in {vm.vm_id for vm in node.vms.value}:
            if isinstance(node.drives, Unknown):
                return node.drives.why
            return next(
                (
                    drive.unreadable
                    for drive in node.drives.value
                    if drive.vm_id == vm_id and drive.unreadable
                ),
                None,
            )
    return None


def _used_here(made: Made, now: Dacls, drives: tuple[Drive, ...], use: FolderUse | None) -> Iterator[str]:
    """Files in the folder itself. Who uses a VHD Set there uses every file that is not another VM's alone: its contents lie in
    files of names that no drive shows.
    """
    here = (drive.path for drive in drives if drive.vm_id == made.vm_id and drive.path)
    mine = {name_key(path.name) for path in here if path.parent.key == made.folder.key}
    shares = use is not None and made.vm_id in use.vm_ids
    alone = {name_key(name) for name in use.private} if use else set()
    for name in sorted(now.files):
        if name_key(name) in mine or (shares and name_key(name) not in alone):
            yield name


def _disks_below(vm_id: VmId, folder: FolderPath, drives: tuple[Drive, ...]) -> Iterator[FolderPath]:
    for drive in drives:
        if drive.vm_id == vm_id and drive.path and drive.path.parent.is_below(folder):
            yield drive.path


def _below(
    made: Made, others: Iterable[Made], after: SecurityDescriptor, drives: tuple[Drive, ...], facts: Facts
) -> Iterator[Loss]:
    """Disks in subfolders: the grant reaches those, too. What they had before is known where the run changed their folder."""
    seen = {one.path.key: one for one in facts.folders}
    known = {other.folder.key: other.before for other in others if other.vm_id == made.vm_id}
    for path in _disks_below(made.vm_id, made.folder, drives):
        levels = [level for level in reversed(path.ancestors) if level.is_below(made.folder)]
        predicted = _carried_down(after, levels, seen)
        here = dacls_of(seen[path.parent.key]) if path.parent.key in seen else Unknown("it was not read")
        if not isinstance(predicted, SecurityDescriptor) or not isinstance(here, Dacls):
            yield Loss(path, unseen=f"{path.parent} could not be looked at")
            continue
        for name, file in here.files.items():
            then = _descriptor_in(known.get(path.parent.key, {}), name) or file
            left = access.own_rights(access.after_propagation(predicted, file), made.vm_id)
            if disk_key(name) == disk_key(path.name) and access.own_rights(then, made.vm_id) & ~left:
                yield Loss(f"{path.parent}\\{name}", "it comes from the grant on the folder above")


def _descriptor_in(texts: Mapping[str, str], name: str) -> SecurityDescriptor | None:
    """A file's descriptor as a journal has it; None where it has none that can be read."""
    try:
        return sddl.parse(texts[name]) if name in texts else None
    except sddl.SddlError:
        return None


def _carried_down(
    top: SecurityDescriptor, levels: list[FolderPath], seen: Mapping[str, FolderFacts]
) -> SecurityDescriptor | None:
    """What the lowest of the levels would have; None where one of them was not seen."""
    carried = top
    for level in levels:
        facts = seen.get(level.key)
        here = dacls_of(facts) if facts else None
        if not isinstance(here, Dacls):
            return None
        carried = access.below_after_propagation(carried, here.folder)
    return carried
