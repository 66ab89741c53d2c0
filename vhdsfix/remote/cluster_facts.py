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
    RESOURCES,
    SHARED_VOLUMES,
    VM_IDS,
    VM_RESOURCE_TYPE,
    ResourceRow,
    VmIdRow,
)
from vhdsfix.remote.questions import Named, name_of


def cluster_facts(answers: Answers) -> ClusterFacts:
    return ClusterFacts(
        identity=answers.only(
            CLUSTER,
            lambda row: ClusterIdentity(row.name, row.id, row.domain or "", row.shared_volumes_root or ""),
        ),
        nodes=_some(answers, answers.each(CLUSTER_NODES, lambda row: ClusterNode(row.name, row.state))),
        volumes=answers.each(SHARED_VOLUMES, lambda row: SharedVolume(row.volume, FolderPath(row.mount))),
        clustered_vms=_clustered_vms(answers),
        config_store=_config_store(answers),
    )


def _some(
    answers: Answers, nodes: Known[tuple[ClusterNode, ...]] | Unknown
) -> Known[tuple[ClusterNode, ...]] | Unknown:
    """A cluster without nodes is one that was not seen."""
    return answers.unknown(CLUSTER_NODES, "it named none") if nodes == Known(()) else nodes


def _clustered_vms(answers: Answers) -> Known[tuple[ClusteredVm, ...]] | Unknown:
    answer = answers.of(RESOURCES)
    resources = answer.value if isinstance(answer, Known) else ()
    owners = _owners(resources)

    def clustered_vm(row: VmIdRow) -> ClusteredVm:
        resource = _text(row.resource)
        return ClusteredVm(VmId(row.vm_id), resource, owners.get((resource or "").casefold()))

    vms = answers.each(VM_IDS, clustered_vm)
    if isinstance(vms, Known) and len(vms.value) < (expected := _vm_resources(resources)):
        return answers.unknown(VM_IDS, f"{len(vms.value)} came, and there are {expected} VM resources")
    return vms


def _vm_resources(resources: tuple[ResourceRow, ...]) -> int:
    return sum(name_of(row.resource_type).casefold() == VM_RESOURCE_TYPE.casefold() for row in resources)


def _owners(resources: tuple[ResourceRow, ...]) -> dict[str, str | None]:
    """By the resource's name, which is unique in a cluster: the node that owns it."""
    return {resource.name.casefold(): _text(resource.owner_node) for resource in resources}


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


def _text(named: Named | None) -> str | None:
    return None if named is None else name_of(named)
