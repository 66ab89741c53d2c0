"""Every VM of a guest cluster was found, and everything that tells of it agrees."""

from __future__ import annotations

from vhdsfix.model.facts import Facts
from vhdsfix.model.findings import Finding
from vhdsfix.model.inventory import Completeness, DiskFiles, Inventory
from vhdsfix.model.readings import Unknown
from vhdsfix.rules.catalogue import finding
from vhdsfix.rules.in_question import guest_clusters_in_question
from vhdsfix.wording import counted, one_or_more


def every_guest_cluster_is_whole(inventory: Inventory) -> tuple[Finding, ...]:
    """What may hide a VM of any guest cluster is said once, elsewhere; here is what tells of one in particular."""
    return tuple(
        finding(
            "guest-cluster-incomplete",
            subject=cluster.name,
            summary=f"guest cluster {cluster.name} is not known whole: {_counted(cluster.completeness)}",
            evidence=(*cluster.completeness.not_found, *cluster.completeness.not_seen),
            incomplete=True,
        )
        for cluster in inventory.guest_clusters
        if cluster.completeness.not_found or set(cluster.completeness.not_seen) - set(inventory.not_shown)
    )


def every_guest_cluster_answered(facts: Facts, inventory: Inventory) -> tuple[Finding, ...]:
    """One that was found says so among what is missing of it; here are those of which nothing was found."""
    found = {name.casefold() for cluster in inventory.guest_clusters for name in cluster.configured_as}
    return tuple(
        finding(
            "guest-cluster-incomplete",
            subject=guest.configured,
            summary=f"guest cluster {guest.configured} was to be asked itself, and did not answer: {guest.nodes.why}",
            evidence=(guest.nodes.why,),
            incomplete=True,
        )
        for guest in facts.guests
        if isinstance(guest.nodes, Unknown) and guest.configured.casefold() not in found
    )


def _counted(whole: Completeness) -> str:
    if whole.expected is None:
        return f"{whole.found} of its VMs were found, and nobody said how many there are"
    return f"{whole.found} of {counted(max(whole.expected, whole.found), 'VM')} were found"


def all_evidence_agrees(inventory: Inventory) -> tuple[Finding, ...]:
    return tuple(
        finding("guest-evidence-disagrees", one.cluster, one.summary, one.says)
        for one in inventory.disagreements
    )


def every_path_of_a_vhd_set_is_believed(facts: Facts, inventory: Inventory) -> tuple[Finding, ...]:
    """What a node counts among a VHD Set's files leads to a folder only where it can be one of them.

    While the volumes are not known no path can be believed: that is said elsewhere.
    """
    if isinstance(facts.cluster.volumes, Unknown):
        return ()
    return tuple(
        _not_counted(files)
        for cluster, _ in guest_clusters_in_question(inventory)
        for files in cluster.disk_files
        if files.doubtful
    )


def _not_counted(files: DiskFiles) -> Finding:
    number = len(files.doubtful)
    return finding(
        "vhd-set-path-not-counted",
        subject=files.disk,
        summary=f"{counted(number, 'path')} told as {one_or_more(number, 'a file', 'files')} of {files.disk.name} "
        f"{one_or_more(number, 'is', 'are')} not counted among its folders",
        evidence=tuple(f"Get-VHDSet -GetAllPaths names {path}" for path in files.doubtful),
    )
