"""A plan that takes back what a run did: made of the run's journal and fresh facts, nothing else. Source: DESIGN 6."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from vhdsfix import access
from vhdsfix.apply.dacls import THE_FOLDER, Dacls, parsed
from vhdsfix.apply.made import Made
from vhdsfix.apply.undoing import Case, Possible, Refused, back_to, case_of, standing_of
from vhdsfix.apply.use_of_files import folders_between
from vhdsfix.membership.disk_files import unique
from vhdsfix.membership.shown import vms_of
from vhdsfix.model.facts import Facts
from vhdsfix.model.findings import Finding
from vhdsfix.model.outcome import ActionOutcome, Untouched
from vhdsfix.model.plan import (
    Action,
    ConfiguredGuestCluster,
    HostCluster,
    Plan,
    PlanInventory,
    PlannedFile,
    PlannedFolder,
    PlannedVm,
    Scope,
    Tool,
)
from vhdsfix.model.readings import known_or
from vhdsfix.model.windows import FolderPath, VmId
from vhdsfix.plan_document import RESTORE, action_id, command_of, sealed
from vhdsfix.rules import fixes
from vhdsfix.rules.catalogue import finding
from vhdsfix.sddl import SddlError


class ToTakeBack(msgspec.Struct, frozen=True):
    """A run by its id, all that it made, and what of it is to be taken back."""

    id: str
    made: tuple[Made, ...]
    chosen: tuple[Made, ...]


class Undoing(msgspec.Struct, frozen=True):
    """What can be taken back, as a plan, and what is not, each as an action that was never to be tried."""

    plan: Plan
    refused: tuple[ActionOutcome, ...]


def folders_to_read(made: tuple[Made, ...], facts: Facts) -> dict[FolderPath, list[str]]:
    """The folders that a plan to undo is judged on, each with the nodes of its VMs: the run's, and what lies between these
    and a disk of such a VM further down.
    """
    nodes = {vm.vm_id: vm.node for vm in vms_of(facts)}
    wanted: dict[str, tuple[FolderPath, list[str]]] = {}
    for one in made:
        for folder in (one.folder, *folders_between(one.folder, one.vm_id, facts)):
            asked = wanted.setdefault(folder.key, (folder, []))[1]
            asked += [nodes[one.vm_id]] if one.vm_id in nodes else []
    return dict(wanted.values())


def plan_to_undo(
    run: ToTakeBack, facts: Facts, configured: tuple[ConfiguredGuestCluster, ...], tool: Tool
) -> Undoing:
    """The same arguments give the same plan. `configured`: what the config says of guest clusters."""
    made = run.chosen
    case = case_of(facts, run.made, configured)
    standings = tuple((one, standing_of(one, case)) for one in made)
    refused = tuple((one, standing) for one, standing in standings if isinstance(standing, Refused))
    identity = known_or(facts.cluster.identity, None)
    plan = Plan(
        kind="undo",
        tool=tool,
        created_at=facts.taken_at,
        cluster=HostCluster(identity.name, identity.id) if identity else HostCluster("", ""),
        scope=Scope(folders=tuple(dict.fromkeys(one.folder for one in made))),
        complete=not any(standing.unseen for _, standing in refused),
        inventory=PlanInventory(tuple(case.vms[vm_id] for vm_id in _vm_ids(made) if vm_id in case.vms), ()),
        folders=tuple(_folders(made, case)),
        actions=tuple(
            _action(one, standing, run.id, case)
            for one, standing in standings
            if isinstance(standing, Possible)
        ),
        findings=tuple(_finding(one, standing, case) for one, standing in refused),
        undoes=run.id,
    )
    outcomes = (
        ActionOutcome(_refused_action(one, run.id, case), Untouched(_with_what_was(one, standing.why)))
        for one, standing in refused
    )
    return Undoing(sealed(plan), tuple(outcomes))


def calls_for(made: Iterable[Made]) -> Iterator[tuple[str, str]]:
    """The changes that put back what a run found: of each its action's id and rights."""
    for one in made:
        try:
            change = back_to(parsed(one.before), one.vm_id)
        except (SddlError, KeyError):
            continue
        if isinstance(change, Possible):
            yield action_id(change.op, one.folder, one.vm_id.sid), change.rights


def _vm_ids(made: Iterable[Made]) -> tuple[VmId, ...]:
    return tuple(dict.fromkeys(one.vm_id for one in made))


def _action(one: Made, change: Possible, run: str, case: Case) -> Action:
    vm = case.vms.get(one.vm_id)
    had = f"it had {change.rights}" if change.rights else "it had no entry of its own"
    return Action(
        id=action_id(change.op, one.folder, one.vm_id.sid),
        op=change.op,
        folder=one.folder,
        vm_id=one.vm_id,
        vm_name=vm.name if vm else one.vm,
        sid=one.vm_id.sid,
        rights=change.rights,
        run_on=vm.node if vm else "",
        command=command_of(change.op, one.folder, one.vm_id, change.rights),
        reason=f"before run {run} {had} here",
    )


def _refused_action(one: Made, run: str, case: Case) -> Action:
    """What would be done if it could be; without a command where icacls cannot be told to."""
    try:
        change = back_to(parsed(one.before), one.vm_id)
    except (SddlError, KeyError):
        change = Refused("nobody knows what it had")
    if isinstance(change, Possible):
        return _action(one, change, run, case)
    unsayable = _action(one, Possible(RESTORE, ""), run, case)
    return msgspec.structs.replace(unsayable, command="", reason=change.why)


def _with_what_was(one: Made, why: str) -> str:
    return (
        f"{why}; just before its change the folder had {one.before.get(THE_FOLDER, 'what nobody wrote down')}"
    )


def _finding(one: Made, refused: Refused, case: Case) -> Finding:
    vm = case.vms.get(one.vm_id)
    name = vm.name if vm else one.vm
    was = tuple(
        f"just before its change, {_named(one, file)}: {text}" for file, text in sorted(one.before.items())
    )
    return finding(
        "undo-refused",
        subject=f"{name} on {one.folder}",
        summary=f"what the run gave {name} ({one.vm_id}) is not taken back: {refused.why}",
        evidence=was,
        fix=f"mend the cause and say undo again, or decide by hand; {fixes.show_command(one.folder)} shows what is there",
        folder=one.folder,
        vm_id=one.vm_id,
        incomplete=refused.unseen,
    )


def _named(one: Made, file: str) -> str:
    return str(one.folder) if file == THE_FOLDER else file


def _folders(made: tuple[Made, ...], case: Case) -> Iterator[PlannedFolder]:
    seen = {folder.path.key: folder for folder in case.facts.folders}
    for path in unique(one.folder for one in made):
        dacls, use = case.dacls.get(path.key), case.uses.get(path.key)
        if isinstance(dacls, Dacls):
            yield PlannedFolder(
                path=path,
                read_on=seen[path.key].read_on,
                sddl_before=dacls.texts[THE_FOLDER],
                files=tuple(
                    PlannedFile(name, text)
                    for name, text in sorted(dacls.texts.items())
                    if name != THE_FOLDER
                ),
                vms=tuple(_planned_vm(one, dacls, case) for one in made if one.folder.key == path.key),
                attached=use.attached if use else (),
                private=use.private if use else (),
            )


def _planned_vm(one: Made, now: Dacls, case: Case) -> PlannedVm:
    vm = case.vms.get(one.vm_id)
    verdict = access.judge(now.folder, now.files, one.vm_id)
    name, node = (vm.name, vm.node) if vm else (one.vm, "")
    return PlannedVm(
        one.vm_id, name, node, one.vm_id.sid, verdict.kind.value, verdict.why, "the run changed it"
    )
