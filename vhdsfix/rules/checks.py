"""Every check that no grant rests on was made; what was not looked at is not called in order."""

from __future__ import annotations

from collections.abc import Iterator

from vhdsfix.model.facts import NOT_ASKED, Facts, NodeFacts, QueriedVm
from vhdsfix.model.findings import Finding
from vhdsfix.model.inventory import Inventory
from vhdsfix.model.readings import Known, Unknown, known_or
from vhdsfix.rules.catalogue import finding
from vhdsfix.rules.config_store import cluster_name, its_volume
from vhdsfix.rules.host_versions import version_numbers
from vhdsfix.rules.in_question import (
    checks_in_question,
    guest_clusters_in_question,
    shared_drives,
    told_by_their_nodes,
    vms_in_question,
)
from vhdsfix.wording import counted

FIRST_WITH_CHECKS = (1, 1)
"""The format of saved facts that holds them."""

_SERVICES = "backup integration services"

_Missed = tuple[str, str, str]
"""What was asked, of whom or what, and why there is no answer."""


def every_check_was_made(facts: Facts, inventory: Inventory) -> tuple[Finding, ...]:
    """One finding a question, however many nodes left it open. A question that did not arise was not missed."""
    by_question: dict[str, dict[str, list[str]]] = {}
    missed = (
        *_of_nodes(facts),
        *_of_vms(facts, inventory),
        *_left_out(facts, inventory),
        *_versions(facts, inventory),
        *_of_disks(inventory),
    )
    for question, whom, why in missed:
        if why != NOT_ASKED.why:
            by_question.setdefault(question, {}).setdefault(why, []).append(whom)
    return (*_older_facts(facts), *(_missed(question, whys) for question, whys in by_question.items()))


def _of_nodes(facts: Facts) -> Iterator[_Missed]:
    state = facts.cluster.config_store_state
    if isinstance(state, Unknown) and not isinstance(facts.cluster.config_store, Unknown):
        yield "state of the cluster WMI resource", cluster_name(facts), state.why
    volume = its_volume(facts, known_or(facts.cluster.config_store, ""))
    if volume and volume.state is None:
        yield "state of the volume with ConfigStoreRootPath", volume.name, "it was not told"
    for node in facts.nodes:
        for question, reading in _readings(node):
            if isinstance(reading, Unknown):
                yield question, node.name, reading.why


def _readings(node: NodeFacts) -> tuple[tuple[str, object], ...]:
    checks = node.checks
    return (
        (_SERVICES, checks.backup_services),
        ("names that guests give themselves (KVP)", checks.guest_names),
        ("recovery checkpoints", checks.checkpoints),
        ("failed merges (event 19100)", checks.merge_failures),
        ("whether ConfigStoreRootPath is visible", checks.sees),
    )


def _of_vms(facts: Facts, inventory: Inventory) -> Iterator[_Missed]:
    attached = shared_drives(facts)
    for vm, checks in checks_in_question(facts, inventory):
        for one in checks.guest_queries:
            if one.vm_id == vm.vm_id and (why := _unheard(one, attached[vm.vm_id])):
                yield "what guests tell of their cluster", f"{vm.name} on {vm.node}", why


def _unheard(queried: QueriedVm, attached: int) -> str | None:
    if isinstance(queried.answer, Unknown):
        return queried.answer.why
    told = len(queried.answer.value.disks)
    return (
        f"it names {counted(told, 'disk')}, and {counted(attached, 'that can be shared is', 'that can be shared are')} attached"
        if told > attached
        else None
    )


def _left_out(facts: Facts, inventory: Inventory) -> Iterator[_Missed]:
    """What an answer does not say of a VM that it is about."""
    for vm, checks in checks_in_question(facts, inventory):
        whom = f"{vm.name} on {vm.node}"
        services = checks.backup_services
        if isinstance(services, Known) and all(service.vm_id != vm.vm_id for service in services.value):
            yield _SERVICES, whom, "the answer does not name the VM"
        for checkpoint in known_or(checks.checkpoints, ()):
            if checkpoint.vm_id == vm.vm_id and checkpoint.made_at is None:
                yield "age of recovery checkpoints", whom, f"when {checkpoint.name} was made was not told"


def _versions(facts: Facts, inventory: Inventory) -> Iterator[_Missed]:
    """A version that was not told, where others were."""
    in_question = vms_in_question(inventory)
    vms = [vm for vm in told_by_their_nodes(facts, inventory).values() if vm.vm_id in in_question]
    hosts = [(node.name, node.os_version) for node in known_or(facts.cluster.nodes, ())]
    for question, versions in (
        ("Windows versions", hosts),
        ("VM versions", [(vm.name, vm.version) for vm in vms]),
    ):
        if any(version for _, version in versions):
            yield from ((question, whom, "it was not told") for whom, version in versions if not version)


def _of_disks(inventory: Inventory) -> Iterator[_Missed]:
    for cluster, _ in guest_clusters_in_question(inventory):
        for files in cluster.disk_files:
            if files.unseen and not files.unseen.endswith(NOT_ASKED.why):
                yield (
                    "all files of VHD Sets (only the folder of the disk itself is known)",
                    files.disk,
                    files.unseen,
                )


def _missed(question: str, whys: dict[str, list[str]]) -> Finding:
    asked = sorted({whom for whoms in whys.values() for whom in whoms})
    return finding(
        "check-not-made",
        subject=question,
        summary=f"{question}: could not be looked at for {', '.join(asked)}",
        evidence=tuple(f"{', '.join(sorted(whoms))}: {why}" for why, whoms in sorted(whys.items())),
    )


def _older_facts(facts: Facts) -> Iterator[Finding]:
    version = version_numbers(facts.format_version)
    if version < FIRST_WITH_CHECKS:
        yield finding(
            "check-not-made",
            subject=cluster_name(facts),
            summary="these facts were saved by an older vhdsfix, which asked only for what grants rest on",
            evidence=(f"their format version is {facts.format_version}",),
            fix="take new facts: vhdsfix plan --facts-out FILE",
        )
