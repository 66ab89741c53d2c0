"""A guest cluster for a person: how many of its VMs have their grant, whether all were found, and what says who they are."""

from __future__ import annotations

from collections.abc import Iterator

from vhdsfix.model.inventory import Completeness, EvidenceKind, GuestCluster, Vm
from vhdsfix.model.plan import Plan
from vhdsfix.model.verdicts import VerdictKind
from vhdsfix.wording import counted

_WHO_KNOWS = {
    EvidenceKind.GUEST: "as the guest cluster says",
    EvidenceKind.QUERY: "as its guests told their hosts",
    EvidenceKind.CONFIG: "as the config says",
}


def lines_of(guest: GuestCluster, plan: Plan) -> Iterator[str]:
    """The first line stands for itself, those after it are about the same guest cluster."""
    yield _standing(guest, plan)
    if guest.members:
        yield _how_many(guest.name, guest.completeness)
        yield from _who(guest, {vm.vm_id: vm for vm in plan.inventory.vms})


def _standing(guest: GuestCluster, plan: Plan) -> str:
    """How many of a guest cluster's VMs have their grant on every folder that this plan shows them on."""
    rows = [
        (vm.vm_id, vm.verdict) for folder in plan.folders for vm in folder.vms if vm.vm_id in guest.vm_ids
    ]
    shown = {vm_id for vm_id, _ in rows}
    lacking = {vm_id for vm_id, verdict in rows if verdict != VerdictKind.GRANTED}
    if not shown:
        return f"Guest cluster {guest.name}: none of its folders is in this plan"
    granted = len(shown) - len(lacking)
    return f"Guest cluster {guest.name}: {granted} of {counted(len(guest.vm_ids), 'VM')} have their grant"


def _how_many(name: str, completeness: Completeness) -> str:
    if completeness.expected is None or completeness.told_by is None:
        found = f"{counted(completeness.found, 'node')} of {name} found; how many there are, nobody says"
    else:
        who = _WHO_KNOWS[completeness.told_by]
        found = f"{completeness.found} of {counted(completeness.expected, 'node')} of {name} found, {who}"
    why, *more = (*completeness.not_found, *completeness.not_seen, "")
    others = f", and {counted(len(more) - 1, 'reason')} more below" if len(more) > 1 else ""
    return f"{found}: incomplete, because {why}{others}" if why else found


def _who(guest: GuestCluster, vms: dict[str, Vm]) -> Iterator[str]:
    """One line for all VMs of the same evidence."""
    names: dict[str, list[str]] = {}
    for member in guest.members:
        kinds = ", ".join(dict.fromkeys(one.kind.value for one in member.evidence))
        names.setdefault(kinds, []).append(vms[member.vm_id].name or member.vm_id)
    for kinds in sorted(names):
        yield f"by {kinds}: {', '.join(sorted(names[kinds], key=str.casefold))}"
