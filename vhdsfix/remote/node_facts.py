"""A node's answers about itself → NodeFacts."""

from __future__ import annotations

from vhdsfix.model.facts import Drive, NodeFacts, VmFacts
from vhdsfix.model.readings import Known
from vhdsfix.model.windows import FolderPath, VmId
from vhdsfix.remote.answers import Answers
from vhdsfix.remote.node_questions import DRIVES, HOST, VMS, DriveRow, VmRow
from vhdsfix.remote.one_line import one_line

LONGEST_NAME = 256
"""Characters. Assumed: Hyper-V allows 100; a guest cannot make it longer, a hostile node could."""


def node_facts(answers: Answers) -> NodeFacts:
    host = answers.only(HOST, lambda row: row.name)
    return NodeFacts(
        name=host.value if isinstance(host, Known) else answers.node,
        host=host,
        vms=answers.each(VMS, _vm),
        drives=answers.each(DRIVES, _drive),
    )


def _vm(row: VmRow) -> VmFacts:
    """Raises ValueError for an id that is none, and for a name longer than any."""
    if len(row.name) > LONGEST_NAME:
        raise ValueError(f"a VM's name has {len(row.name)} characters")
    return VmFacts(VmId(row.id), row.name, row.is_clustered)


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
