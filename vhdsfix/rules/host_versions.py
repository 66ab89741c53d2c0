"""Every node runs a Windows that knows VHD Sets, and all of them the same."""

from __future__ import annotations

import re

from vhdsfix.model.facts import Facts
from vhdsfix.model.findings import Finding
from vhdsfix.model.readings import known_or
from vhdsfix.rules.catalogue import finding
from vhdsfix.rules.config_store import cluster_name

# Source: FACTS 1.1 (KB4230569: 2012 R2 or earlier is unsupported). Assumed: 10.0.14393 is the first build of 2016.
FIRST_WITH_VHD_SETS = (10, 0, 14393)
_ASKED = "Get-ClusterNode says that it runs"


def every_host_knows_vhd_sets(facts: Facts) -> tuple[Finding, ...]:
    return tuple(
        finding(
            "host-too-old",
            subject=name,
            summary=f"{name} runs Windows {version}, which is older than VHD Sets (10.0.14393, Windows Server 2016)",
            evidence=(f"{_ASKED} {version}",),
        )
        for name, version in sorted(_versions(facts).items())
        if version_numbers(version)[:3] < FIRST_WITH_VHD_SETS
    )


def every_host_runs_the_same_version(facts: Facts) -> tuple[Finding, ...]:
    versions = _versions(facts)
    different = sorted(set(versions.values()), key=version_numbers)
    if len({version_numbers(version)[:3] for version in different}) < 2:  # noqa: PLR2004 - one version is no mixture
        return ()
    summary = f"the nodes run {len(different)} versions of Windows: {', '.join(different)}"
    evidence = tuple(
        f"{', '.join(sorted(name for name in versions if versions[name] == version))}: {version}"
        for version in different
    )
    return (finding("host-versions-mixed", cluster_name(facts), summary, evidence),)


def version_numbers(text: str) -> tuple[int, ...]:
    """The numbers of a version as Windows writes it, such as 10.0.17763; none where it is written otherwise."""
    return (
        tuple(map(int, text.split("."))) if re.fullmatch(r"\d{1,9}(\.\d{1,9}){0,3}", text, re.ASCII) else ()
    )


def _versions(facts: Facts) -> dict[str, str]:
    """By node; only versions that were told, and that can be read."""
    return {
        node.name: node.os_version
        for node in known_or(facts.cluster.nodes, ())
        if node.os_version and version_numbers(node.os_version)
    }
