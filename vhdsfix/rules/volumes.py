"""Where the cluster mounts its shared volumes, and what lies there."""

from __future__ import annotations

from vhdsfix.model.facts import Facts, SharedVolume
from vhdsfix.model.readings import Known, Unknown, known_or
from vhdsfix.model.windows import FolderPath, name_key

DEFAULT_SHARED_VOLUMES_ROOT = "ClusterStorage"
"""Source: FACTS 4 (failover-cluster-csvs.md)."""


def shared_volumes_roots(facts: Facts) -> set[str]:
    """Keys of where the cluster mounts its volumes. Source: FACTS 4 (Get-Cluster's SharedVolumesRoot)."""
    identity = facts.cluster.identity
    if isinstance(identity, Known) and identity.value.shared_volumes_root:
        return {name_key(identity.value.shared_volumes_root.rstrip("\\"))}
    return set()


def volume_of(facts: Facts, path: FolderPath) -> SharedVolume | None:
    """The shared volume that a path lies on; None where it lies on none that was named."""
    on_it = (
        volume
        for volume in known_or(facts.cluster.volumes, ())
        if path.key == volume.mount_folder.key or path.is_below(volume.mount_folder)
    )
    return next(on_it, None)


def is_on_a_volume(facts: Facts, path: FolderPath) -> bool:
    return volume_of(facts, path) is not None


def is_below_a_root(facts: Facts, path: FolderPath) -> bool:
    """Whether it lies where the cluster mounts its volumes; while that was not told, where it usually does."""
    if isinstance(facts.cluster.identity, Unknown):
        return any(name_key(above.name) == name_key(DEFAULT_SHARED_VOLUMES_ROOT) for above in path.ancestors)
    return any(path.key.startswith(f"{root}\\") for root in shared_volumes_roots(facts))
