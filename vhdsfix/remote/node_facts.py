"""A node's answers about itself → NodeFacts."""

from __future__ import annotations

from vhdsfix.model.facts import Drive, NodeFacts, VmFacts
from vhdsfix.model.readings import Known, Unknown, known_or
from vhdsfix.model.windows import FolderPath, VmId
from vhdsfix.remote.answers import Answers
from vhdsfix.remote.messages import ErrorRecord
from vhdsfix.remote.node_questions import DRIVES, HOST, VMS, DriveRow, VmRow
from vhdsfix.remote.one_line import one_line

LONGEST_NAME = 256
"""Characters. Assumed: Hyper-V allows 100; a guest cannot make it longer, a hostile node could."""


def node_facts(answers: Answers) -> NodeFacts:
    host = answers.only(HOST, lambda row: row.name)
    vms = answers.each(VMS, _vm)
    return NodeFacts(
        name=host.value if isinstance(host, Known) else answers.node,
        host=host,
        vms=vms,
        drives=_drives(answers, known_or(vms, ())),
    )


def _vm(row: VmRow) -> VmFacts:
    """Raises ValueError for an id that is none, and for a name longer than any."""
    if len(row.name) > LONGEST_NAME:
        raise ValueError(f"a VM's name has {len(row.name)} characters")
    return VmFacts(VmId(row.id), row.name, row.is_clustered, row.state, row.version)


def _drives(answers: Answers, vms: tuple[VmFacts, ...]) -> Known[tuple[Drive, ...]] | Unknown:
    """All VMs' drives; the drives of a VM that an error names are unreadable, and the others' are known all the same."""
    partial = answers.partial(DRIVES)
    struck = {} if partial is None else _struck(partial.errors, vms)
    if partial is None or not struck:
        return answers.each(DRIVES, _drive)
    if not partial.rows and len(struck) < len(vms):  # the statement may have ended at the first of them
        return answers.each(DRIVES, _drive)
    try:
        shown = tuple(_drive(row) for row in partial.rows)
    except ValueError as error:
        return answers.unknown(DRIVES, str(error))
    return Known(
        (*shown, *(Drive(vm_id, None, shared=False, unreadable=why) for vm_id, why in struck.items()))
    )


def _struck(errors: tuple[ErrorRecord, ...], vms: tuple[VmFacts, ...]) -> dict[VmId, str]:
    """Why each VM that an error names was not answered for; empty where one error names no VM for certain."""
    struck: dict[VmId, str] = {}
    for error in errors:
        named = [vm for vm in vms if error.target.casefold() in _texts_of(vm)]
        if len(named) != 1:
            return {}
        struck.setdefault(named[0].vm_id, error.why)
    return struck


def _texts_of(vm: VmFacts) -> tuple[str, ...]:
    """What an error may call a VM. Source: the recordings of WIRE 7 (a VM's text). Assumed: or its id or name alone."""
    text = f"VirtualMachine (Name = '{vm.name}') [Id = '{vm.vm_id}']"
    return text.casefold(), vm.vm_id.casefold(), vm.name.casefold()


def _drive(row: DriveRow) -> Drive:
    """Raises ValueError for a VM id that is none. An odd drive is unreadable by itself; the others count all the same."""
    vm_id = VmId(row.vm_id)
    if not row.path or row.disk_number is not None:
        return Drive(vm_id, None, shared=False)
    if row.reservations is None:
        return Drive(vm_id, None, shared=False, unreadable="whether its disk is shared came as null")
    try:
        return Drive(vm_id, FolderPath(row.path), row.reservations)
    except ValueError as error:
        return Drive(vm_id, None, row.reservations, unreadable=one_line(error))
