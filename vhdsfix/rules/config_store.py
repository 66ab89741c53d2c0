"""The host cluster knows where VM collections keep their configuration, and every node finds it there."""

from __future__ import annotations

from collections.abc import Iterator

from vhdsfix.model.facts import Facts, SharedVolume
from vhdsfix.model.findings import Finding
from vhdsfix.model.readings import Absent, Known, Unknown, known_or
from vhdsfix.model.windows import FolderPath
from vhdsfix.rules import fixes
from vhdsfix.rules.catalogue import finding
from vhdsfix.rules.volumes import volume_of

# Source: FACTS 1.3 (Microsoft.FailoverClusters.PowerShell.ClusterResourceState).
ONLINE = 2
_STATES = {
    -1: "Unknown",
    0: "Inherited",
    1: "Initializing",
    2: "Online",
    3: "Offline",
    4: "Failed",
    128: "Pending",
    129: "OnlinePending",
    130: "OfflinePending",
}

_ASKED = "ConfigStoreRootPath of the cluster resource of type Virtual Machine Cluster WMI"


def the_config_store_is_set(facts: Facts) -> tuple[Finding, ...]:
    cluster = cluster_name(facts)
    match facts.cluster.config_store:
        case Unknown() if not any(isinstance(node.host, Known) for node in facts.nodes):
            return ()  # nobody let us in: that says it all
        case Unknown(why=why):
            return (
                finding(
                    "reading-unknown",
                    subject=cluster,
                    summary=f"whether ConfigStoreRootPath is set could not be looked at: {why}",
                    evidence=(_ASKED,),
                    incomplete=True,
                ),
            )
        case Absent():
            summary = (
                "there is no cluster resource of type Virtual Machine Cluster WMI, so no ConfigStoreRootPath"
            )
            return (finding("config-store-no-resource", cluster, summary, (f"{_ASKED}: no such resource",)),)
        case Known(value=path) if path.strip():
            return tuple(_wrong_with(facts, path)) or (_set(cluster, path),)
        case _:
            fix = f"once you have chosen the folder (it can be set only once): {fixes.CONFIG_STORE}"
            summary = "ConfigStoreRootPath is not set; backups of VM collections may fail without naming it"
            return (finding("config-store-unset", cluster, summary, (f"{_ASKED}: empty",), fix=fix),)


def _set(cluster: str, path: str) -> Finding:
    return finding("config-store-set", cluster, f"ConfigStoreRootPath is {path}", (f"{_ASKED}: {path}",))


def _wrong_with(facts: Facts, path: str) -> Iterator[Finding]:
    yield from _off_its_volume(facts, path)
    yield from _not_visible(facts, path)
    yield from _resource_offline(facts)


def _off_its_volume(facts: Facts, path: str) -> Iterator[Finding]:
    """Nothing is said of the path while no volume was named; a state that was not told is a check not made."""
    if not known_or(facts.cluster.volumes, ()):
        return
    volume = its_volume(facts, path)
    seen = (f"{_ASKED}: {path}",)
    if volume is None:
        mounts = ", ".join(sorted(one.mount_folder for one in known_or(facts.cluster.volumes, ())))
        summary = f"ConfigStoreRootPath is {path}, which is on no cluster shared volume"
        evidence = (*seen, f"Get-ClusterSharedVolume names {mounts}")
        yield finding("config-store-off-csv", cluster_name(facts), summary, evidence)
    elif volume.state not in (None, ONLINE):
        state = in_words(volume.state)
        summary = f"ConfigStoreRootPath is {path}, and its volume {volume.name} is {state}"
        yield finding(
            "config-store-volume-offline",
            cluster_name(facts),
            summary,
            (*seen, f"Get-ClusterSharedVolume: {volume.name} is {state}"),
            fix=f"look why it is {state}; then: Get-ClusterSharedVolume -Name {fixes.literal(volume.name)} | Start-ClusterResource",
        )


def its_volume(facts: Facts, path: str) -> SharedVolume | None:
    """The shared volume that the path lies on; None where it lies on none that was named."""
    folder = _folder(path)
    return volume_of(facts, folder) if folder else None


def _not_visible(facts: Facts, path: str) -> Iterator[Finding]:
    folder = _folder(path)
    if folder is None:
        return
    told = {node.name: node.checks.sees.value for node in facts.nodes if isinstance(node.checks.sees, Known)}
    blind = sorted(name for name, sees in told.items() if folder.key not in {one.key for one in sees})
    if blind:
        yield finding(
            "config-store-not-visible",
            cluster_name(facts),
            f"ConfigStoreRootPath is {path}, which {', '.join(blind)} cannot see",
            tuple(f"Test-Path on {name}: there is no {path}" for name in blind),
        )


def _resource_offline(facts: Facts) -> Iterator[Finding]:
    state = facts.cluster.config_store_state
    if isinstance(state, Known) and state.value != ONLINE:
        yield finding(
            "config-store-resource-offline",
            cluster_name(facts),
            f"the cluster resource of type Virtual Machine Cluster WMI is {in_words(state.value)}",
            (f"Get-ClusterResource: {in_words(state.value)}",),
        )


def _folder(path: str) -> FolderPath | None:
    try:
        return FolderPath(path)
    except ValueError:
        return None


def in_words(state: int | None) -> str:
    """A ClusterResourceState as Windows calls it."""
    return _STATES.get(state or 0, f"in state {state}")


def cluster_name(facts: Facts) -> str:
    """The host cluster's name, or a plain word where it could not be asked."""
    identity = known_or(facts.cluster.identity, None)
    return identity.name if identity else "the host cluster"
