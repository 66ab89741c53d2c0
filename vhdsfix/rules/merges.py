"""No background merge failed of late (event 19100), told apart by its code.

Source: FACTS 1.5: 0x80070005 is the missing grant, 0x80070020 a file in use.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from vhdsfix.model.facts import Facts, MergeFailure
from vhdsfix.model.findings import Finding
from vhdsfix.model.inventory import Inventory, Vm
from vhdsfix.model.readings import known_or
from vhdsfix.model.times import HOURS_A_DAY, hours_between, is_older
from vhdsfix.model.verdicts import VerdictKind, VmAccess
from vhdsfix.model.windows import VmId
from vhdsfix.rules.catalogue import finding
from vhdsfix.rules.in_question import vms_in_question
from vhdsfix.wording import counted

ACCESS_DENIED = 0x8007_0005
SHARING_VIOLATION = 0x8007_0020
MENDED = frozenset({"merge-denied"})
"""The ids of the findings that the VM's grant mends, on whichever folder."""
REMEMBERED_H = 7 * HOURS_A_DAY
"""Older events are only counted."""


class _Failures(msgspec.Struct, frozen=True):
    """The failed merges of one VM with one code that its nodes' logs hold, the latest first; `vm` None: of no named VM."""

    vm: Vm | None
    nodes: tuple[str, ...]
    code: int | None
    events: tuple[MergeFailure, ...]
    older: int

    @property
    def subject(self) -> str:
        return self.vm.name if self.vm else ", ".join(self.nodes)

    @property
    def whose(self) -> str:
        return self.vm.name if self.vm else "a VM that the event does not name"

    @property
    def evidence(self) -> str:
        code = "no code that is known" if self.code is None else f"0x{self.code:08x}"
        older = f", and {self.older} older than {REMEMBERED_H // HOURS_A_DAY} days" if self.older else ""
        last = self.events[0].at
        return f"{counted(len(self.events), 'event 19100', 'events 19100')} with {code} on {', '.join(self.nodes)}, the last at {last}{older}"


def no_merge_failed(
    facts: Facts, inventory: Inventory, verdicts: tuple[VmAccess, ...]
) -> tuple[Finding, ...]:
    return tuple(_judged(failures, facts, verdicts) for failures in _recent(facts, inventory))


def _recent(facts: Facts, inventory: Inventory) -> Iterator[_Failures]:
    """Of VMs in question, and of events that name no VM; those of other VMs are not this plan's business."""
    vms = vms_in_question(inventory)
    grouped: dict[tuple[VmId | None, int | None], list[tuple[str, MergeFailure]]] = {}
    for node in facts.nodes:
        for event in known_or(node.checks.merge_failures, ()):
            if event.vm_id is None or event.vm_id in vms:
                grouped.setdefault((event.vm_id, event.code), []).append((node.name, event))
    for (vm_id, code), found in grouped.items():
        recent = [one for one in found if not is_older(one[1].at, REMEMBERED_H, facts.taken_at)]
        if recent:
            events = sorted((event for _, event in recent), key=lambda event: event.at, reverse=True)
            nodes = tuple(sorted({name for name, _ in recent}))
            vm = vms[vm_id] if vm_id else None
            yield _Failures(vm, nodes, code, tuple(events), len(found) - len(recent))


def _judged(failures: _Failures, facts: Facts, verdicts: tuple[VmAccess, ...]) -> Finding:
    if failures.code == ACCESS_DENIED:
        return _denied(failures, facts, verdicts)
    if failures.code == SHARING_VIOLATION:
        summary = f"background merges of {failures.whose} failed because a file was in use by something else"
        return _finding("merge-locked", failures, summary)
    return _finding("merge-failed", failures, f"background merges of {failures.whose} failed")


def _denied(failures: _Failures, facts: Facts, verdicts: tuple[VmAccess, ...]) -> Finding:
    own = [one for one in verdicts if failures.vm and one.vm_id == failures.vm.vm_id]
    refused = f"background merges of {failures.whose} were refused access to their files"
    if not own or any(one.verdict.kind is not VerdictKind.GRANTED for one in own):
        return _finding("merge-denied", failures, refused)
    granted_at = _granted_at(facts, own)
    if granted_at is None:
        evidence = "its grants are in place now; when they were made is not known here"
        return _finding("merge-denied-undated", failures, f"{refused}; it has its grants now", evidence)
    evidence = f"its last grant was made and proved at {granted_at}"
    if _is_after(failures.events[0].at, granted_at):
        return _finding("merge-denied", failures, f"{refused}, although it has its grants", evidence)
    return _finding("merge-denied-earlier", failures, f"{refused} before it had its grants", evidence)


def _granted_at(facts: Facts, own: list[VmAccess]) -> str | None:
    """When the last of the VM's grants on these folders was made, as far as the journals tell."""
    wanted = {(access.folder.key, access.vm_id.sid) for access in own}
    made = [grant.at for grant in facts.grants_made if (grant.folder.key, grant.sid) in wanted]
    return max(made, default=None)


def _is_after(moment: str, other: str) -> bool:
    hours = hours_between(other, moment)
    return hours is not None and hours > 0


def _finding(kind: str, failures: _Failures, summary: str, *evidence: str) -> Finding:
    vm_id = failures.vm.vm_id if failures.vm else None
    return finding(kind, failures.subject, summary, (failures.evidence, *evidence), vm_id=vm_id)
