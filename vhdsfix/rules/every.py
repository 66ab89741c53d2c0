"""All rules, asked one after another."""

from __future__ import annotations

from vhdsfix.model.facts import Facts
from vhdsfix.model.findings import Finding, Severity
from vhdsfix.model.inventory import Inventory
from vhdsfix.model.plan import Scope
from vhdsfix.model.verdicts import VmAccess
from vhdsfix.rules import (
    checks,
    config_store,
    coverage,
    grants,
    group_grants,
    guest_answers,
    guest_membership,
    host_versions,
    inherited_entries,
    leftovers,
    merges,
    node_states,
    open_folders,
    places,
    reach,
    shared_vhdx,
    shares,
    stale_entries,
    targets,
    vm_settings,
)
from vhdsfix.rules.acceptance import accepted

_ORDER = {severity: place for place, severity in enumerate(Severity)}


def findings_of(
    facts: Facts, inventory: Inventory, verdicts: tuple[VmAccess, ...], scope: Scope
) -> tuple[Finding, ...]:
    """Everything that a person should know, the most severe first; what is accepted today says why."""
    found = (
        *_of_folders(facts, inventory, verdicts),
        *_of_guest_clusters(facts, inventory, scope),
        *_of_backups(facts, inventory, verdicts, scope),
        *_of_host_cluster(facts, inventory),
        *_not_looked_at(facts, inventory),
    )
    judged = targets.with_what_comes_first(accepted(found, scope, facts.taken_at[:10]))
    return tuple(sorted(judged, key=_order))


def _of_folders(facts: Facts, inventory: Inventory, verdicts: tuple[VmAccess, ...]) -> tuple[Finding, ...]:
    return (
        *grants.every_vm_has_its_grant(facts, inventory, verdicts),
        *group_grants.no_vm_depends_on_a_group(facts, inventory, verdicts),
        *targets.a_folder_that_needs_a_grant_may_be_changed(facts, inventory, verdicts),
        *reach.a_grant_reaches_only_shared_disks(facts, inventory),
        *reach.every_guest_cluster_has_its_folders_to_itself(inventory),
        *open_folders.no_folder_is_open_to_everybody(facts, inventory),
        *open_folders.every_folder_is_in_canonical_order(facts, inventory),
        *inherited_entries.every_file_would_keep_what_it_inherited(facts, inventory),
        *places.every_folder_lies_on_a_shared_volume(facts, inventory),
        *shares.every_share_is_open_to_the_hosts(inventory),
        *stale_entries.every_entry_is_of_a_vm_that_exists(facts, inventory),
    )


def _of_guest_clusters(facts: Facts, inventory: Inventory, scope: Scope) -> tuple[Finding, ...]:
    return (
        *coverage.every_configured_guest_node_is_a_vm(facts, inventory, scope.configured),
        *coverage.some_guest_cluster_was_found(facts, inventory),
        *guest_membership.every_guest_cluster_is_whole(inventory),
        *guest_membership.every_guest_cluster_answered(facts, inventory),
        *guest_membership.all_evidence_agrees(inventory),
        *guest_membership.every_path_of_a_vhd_set_is_believed(facts, inventory),
        *guest_answers.every_guest_tells_of_its_cluster(facts, inventory),
        *guest_answers.every_shared_disk_is_ready_for_a_backup(facts, inventory),
        *shared_vhdx.every_shared_disk_is_a_vhd_set(facts, inventory),
    )


def _of_backups(
    facts: Facts, inventory: Inventory, verdicts: tuple[VmAccess, ...], scope: Scope
) -> tuple[Finding, ...]:
    return (
        *vm_settings.every_vm_has_a_recent_version(facts, inventory),
        *vm_settings.every_vm_lets_the_host_back_it_up(facts, inventory),
        *leftovers.no_recovery_checkpoint_was_left(facts, inventory, scope.leftover_after_h),
        *leftovers.every_checkpoint_file_belongs_to_a_disk(facts, inventory, scope.leftover_after_h),
        *merges.no_merge_failed(facts, inventory, verdicts),
    )


def _of_host_cluster(facts: Facts, inventory: Inventory) -> tuple[Finding, ...]:
    return (
        *config_store.the_config_store_is_set(facts),
        *host_versions.every_host_knows_vhd_sets(facts),
        *host_versions.every_host_runs_the_same_version(facts),
        *node_states.every_node_takes_part(facts, inventory),
    )


def _not_looked_at(facts: Facts, inventory: Inventory) -> tuple[Finding, ...]:
    return (
        *coverage.every_cluster_question_was_answered(facts),
        *coverage.every_node_answered(facts, inventory),
        *coverage.every_clustered_vm_is_shown(facts, inventory),
        *checks.every_check_was_made(facts, inventory),
    )


def _order(found: Finding) -> tuple[int, str, str, str]:
    return _ORDER[found.severity], found.id, found.subject.casefold(), found.summary
