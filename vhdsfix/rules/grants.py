"""Each VM has its own grant on every folder it uses, and on every disk file there."""

from __future__ import annotations

from collections.abc import Iterator

from vhdsfix.model.facts import Facts
from vhdsfix.model.findings import Finding
from vhdsfix.model.inventory import Inventory, Vm
from vhdsfix.model.verdicts import MENDED_BY_A_GRANT, Verdict, VerdictKind, VmAccess
from vhdsfix.model.windows import FolderPath
from vhdsfix.rules import fixes
from vhdsfix.rules.catalogue import finding

_FINDING_OF = {
    VerdictKind.UNKNOWN: "access-unknown",
    VerdictKind.BLOCKED: "grant-blocked",
    VerdictKind.MISSING: "grant-missing",
    VerdictKind.PARTIAL: "grant-partial",
    VerdictKind.FILE_BEHIND: "files-behind",
    VerdictKind.FILE_BLOCKED: "file-blocked",
}
MENDED = frozenset(_FINDING_OF[kind] for kind in MENDED_BY_A_GRANT)
"""The ids of the findings that a grant on the folder mends."""


def every_vm_has_its_grant(
    facts: Facts, inventory: Inventory, verdicts: tuple[VmAccess, ...]
) -> tuple[Finding, ...]:
    vms = {vm.vm_id: vm for vm in inventory.vms}
    read_on = {folder.path.key: folder.read_on for folder in facts.folders}
    via = {
        (use.path, vm_id): via
        for use in inventory.folders
        for vm_id, via in zip(use.vm_ids, use.via, strict=True)
    }
    return tuple(
        _finding(
            access,
            verdict,
            vms[access.vm_id],
            read_on.get(access.folder.key, ""),
            via[access.folder, access.vm_id],
        )
        for access in verdicts
        for verdict in _what_is_wrong(access)
    )


def _what_is_wrong(access: VmAccess) -> Iterator[Verdict]:
    """The verdict, and besides it what a grant would not mend: a file that does not inherit, or that nobody can judge."""
    if access.verdict.kind in _FINDING_OF:
        yield access.verdict
    if access.after_grant and access.after_grant.kind in (VerdictKind.FILE_BLOCKED, VerdictKind.UNKNOWN):
        yield access.after_grant


def _finding(access: VmAccess, verdict: Verdict, vm: Vm, read_on: str, via: str) -> Finding:
    where = f"read on {read_on}: {verdict.why}" if read_on else verdict.why
    return finding(
        _FINDING_OF[verdict.kind],
        subject=f"{vm.name} on {access.folder}",
        summary=f"{vm.name} ({vm.vm_id}): {verdict.why}",
        evidence=(via, where, *_through_groups(access)),
        fix=_fix(access, verdict),
        folder=access.folder,
        vm_id=access.vm_id,
        incomplete=verdict.kind is VerdictKind.UNKNOWN,
    )


def _through_groups(access: VmAccess) -> tuple[str, ...]:
    if not access.through_groups:
        return ()
    groups = ", ".join(access.through_groups)
    return (f"it has full control only through {groups}, which does not replace a grant of its own",)


def _fix(access: VmAccess, verdict: Verdict) -> str | None:
    if verdict.kind in MENDED_BY_A_GRANT:
        return fixes.grant_command(access.folder, access.vm_id)
    if verdict.kind is VerdictKind.FILE_BLOCKED:
        files = [FolderPath(f"{access.folder}\\{name}") for name in verdict.files]
        return "; ".join(fixes.file_grant_command(file, access.vm_id) for file in files)
    if verdict.kind is VerdictKind.BLOCKED:
        return f"{fixes.show_command(access.folder)} shows who is denied; remove the deny if it is a mistake"
    return None
