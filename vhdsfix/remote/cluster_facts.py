"""A node's answers about the host cluster → ClusterFacts."""

from __future__ import annotations

from vhdsfix.model.facts import ClusteredVm, ClusterFacts, ClusterIdentity, ClusterNode, SharedVolume
from vhdsfix.model.readings import Absent, Known, Unknown
from vhdsfix.model.windows import FolderPath, VmId
from vhdsfix.remote.answers import Answers
from vhdsfix.remote.cluster_questions import (
    CLUSTER,
    CLUSTER_NODES,
    CONFIG_STORE,
    CONFIG_STORE_RESOURCE_TYPE,
    CONFIGURATION_RESOURCE_TYPE,
    RESOURCES,
    SHARED_VOLUMES,
    VM_IDS,
    VM_RESOURCE_TYPE,
    ClusterNodeRow,
    ResourceRow,
    VmIdRow,
)
from vhdsfix.remote.questions import Named, name_of
from vhdsfix.wording import counted


def cluster_facts(answers: Answers) -> ClusterFacts:
    return ClusterFacts(
        identity=answers.only(
            CLUSTER,
            lambda row: ClusterIdentity(row.name, row.id, row.domain or "", row.shared_volumes_root or ""),
        ),
        nodes=cluster_nodes(answers),
        volumes=answers.each(
            SHARED_VOLUMES, lambda row: SharedVolume(row.volume, FolderPath(row.mount), row.state)
        ),
        clustered_vms=_clustered_vms(answers),
        config_store=_config_store(answers),
        config_store_state=_config_store_state(answers),
    )


def cluster_nodes(answers: Answers) -> Known[tuple[ClusterNode, ...]] | Unknown:
    """A cluster without nodes is one that was not seen."""
    nodes = answers.each(CLUSTER_NODES, _node)
    return answers.unknown(CLUSTER_NODES, "it named none") if nodes == Known(()) else nodes


def _node(row: ClusterNodeRow) -> ClusterNode:
    version = (row.major_version, row.minor_version, row.build_number)
    return ClusterNode(row.name, row.state, None if None in version else ".".join(map(str, version)))


def _clustered_vms(answers: Answers) -> Known[tuple[ClusteredVm, ...]] | Unknown:
    answer = answers.of(RESOURCES)
    resources = answer.value if isinstance(answer, Known) else ()
    by_name = {resource.name.casefold(): resource for resource in resources}
    configurations = _configuration_states(resources)

    def clustered_vm(row: VmIdRow) -> ClusteredVm:
        name = _text(row.resource)
        resource = by_name.get((name or "").casefold())
        if resource is None:
            return ClusteredVm(VmId(row.vm_id), name)
        group = _text(resource.owner_group)
        return ClusteredVm(
            VmId(row.vm_id), name, _text(resource.owner_node), configurations.get((group or "").casefold())
        )

    vms = answers.each(VM_IDS, clustered_vm)
    if isinstance(vms, Known) and len(vms.value) < (expected := _vm_resources(resources)):
        return answers.unknown(VM_IDS, f"{len(vms.value)} came, of {counted(expected, 'VM resource')}")
    return vms


def _vm_resources(resources: tuple[ResourceRow, ...]) -> int:
    return sum(_is_of(VM_RESOURCE_TYPE, row) for row in resources)


def _configuration_states(resources: tuple[ResourceRow, ...]) -> dict[str, int | None]:
    """By group: the state of its VM configurations; None where it has several that differ, or that did not tell.

    A VM and its configuration are in one group, which seldom holds another VM. To read the configurations' own VmID would be
    one more thing that can fail in a question that must not.
    """
    states: dict[str, set[int | None]] = {}
    for row in resources:
        group = _text(row.owner_group)
        if group is not None and _is_of(CONFIGURATION_RESOURCE_TYPE, row):
            states.setdefault(group.casefold(), set()).add(row.state)
    return {group: found.pop() if len(found) == 1 else None for group, found in states.items()}


def _is_of(resource_type: str, row: ResourceRow) -> bool:
    return name_of(row.resource_type).casefold() == resource_type.casefold()


def _config_store(answers: Answers) -> Known[str] | Absent | Unknown:
    """Absent only where other resources were seen: who may see nothing is answered with nothing, too."""
    paths = answers.each(CONFIG_STORE, lambda row: row.path or "")
    if isinstance(paths, Unknown):
        return paths
    if len(set(paths.value)) > 1:
        return answers.unknown(CONFIG_STORE, "there are several")
    if any(paths.value):
        return Known(paths.value[0])
    types = answers.each(RESOURCES, lambda row: name_of(row.resource_type).casefold())
    if isinstance(types, Unknown):
        return types
    if not types.value:
        return answers.unknown(CONFIG_STORE, "not one cluster resource was shown")
    return Known("") if CONFIG_STORE_RESOURCE_TYPE.casefold() in types.value else Absent()


def _config_store_state(answers: Answers) -> Known[int] | Absent | Unknown:
    """Absent only where other resources were seen, as the path."""
    rows = answers.each(RESOURCES, lambda row: row)
    if isinstance(rows, Unknown):
        return rows
    if not rows.value:
        return answers.unknown(RESOURCES, "not one was shown")
    states = {row.state for row in rows.value if _is_of(CONFIG_STORE_RESOURCE_TYPE, row)}
    if not states:
        return Absent()
    state = states.pop()
    if state is None or states:
        return answers.unknown(RESOURCES, f"not one state came of {CONFIG_STORE_RESOURCE_TYPE}")
    return Known(state)


def _text(named: Named | None) -> str | None:
    return None if named is None else name_of(named)
