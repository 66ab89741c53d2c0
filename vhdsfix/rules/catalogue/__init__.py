"""Every kind of finding: its id, how bad it is, the story behind it, the fix, and who says so."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from vhdsfix.model.findings import Finding
from vhdsfix.model.windows import FolderPath, VmId
from vhdsfix.rules.catalogue import backups, coverage, folders, grants, guest_clusters, host_cluster
from vhdsfix.rules.catalogue.kind import FindingKind

__all__ = ["CATALOGUE", "FindingKind", "finding"]

_SUBJECTS = (grants, folders, guest_clusters, host_cluster, backups, coverage)
CATALOGUE: Mapping[str, FindingKind] = MappingProxyType(
    {kind.id: kind for subject in _SUBJECTS for kind in subject.KINDS}
)


def finding(
    kind_id: str,
    subject: str,
    summary: str,
    evidence: tuple[str, ...] = (),
    *,
    fix: str | None = None,
    folder: FolderPath | None = None,
    vm_id: VmId | None = None,
    incomplete: bool = False,
) -> Finding:
    """A finding of a kind; what the kind says of itself is filled in."""
    kind = CATALOGUE[kind_id]
    return Finding(
        id=kind.id,
        severity=kind.severity,
        subject=subject,
        summary=summary,
        evidence=evidence,
        fix=fix or kind.fix,
        source=kind.source,
        folder=folder,
        vm_id=vm_id,
        incomplete=incomplete,
    )
