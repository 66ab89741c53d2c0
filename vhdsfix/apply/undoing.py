"""One change of a run, and whether it can be taken back now: judged from the run's journal and fresh facts, nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from vhdsfix import access, sddl
from vhdsfix.apply import compare
from vhdsfix.apply.dacls import Dacls, dacls_of, parsed
from vhdsfix.apply.goal import Goal, goal_of, lack, own_entries
from vhdsfix.apply.made import Made
from vhdsfix.apply.use_of_files import Loss, losses_of
from vhdsfix.membership import inventory_of, shared_disk, short_name
from vhdsfix.membership.shown import drives_of, everything_was_shown
from vhdsfix.model.facts import Facts
from vhdsfix.model.inventory import FolderUse, Vm
from vhdsfix.model.plan import ConfiguredGuestCluster, Op
from vhdsfix.model.readings import Absent, Unknown
from vhdsfix.model.windows import Ace, AceType, FolderPath, Sid, VmId
from vhdsfix.plan_document import REMOVE, RESTORE


class AsBefore(msgspec.Struct, frozen=True):
    """The VM has what it had before the run; there is nothing to take back."""


class Possible(msgspec.Struct, frozen=True):
    """The change that puts back what the VM had; `rights` are empty where it had nothing of its own."""

    op: Op
    rights: str


class Refused(msgspec.Struct, frozen=True):
    """Why it is not taken back. `unseen`: because something could not be looked at."""

    why: str
    unseen: bool = False


Standing = AsBefore | Possible | Refused


class Case(msgspec.Struct, frozen=True):
    """The facts of one look, as a plan to undo asks for them. `made`: all that the run did, of which a part may be asked for."""

    facts: Facts
    vms: dict[VmId, Vm]
    uses: dict[str, FolderUse]
    dacls: dict[str, Dacls | Absent | Unknown]
    made: tuple[Made, ...]

    def sids_on(self, folder: FolderPath) -> frozenset[Sid]:
        return frozenset(one.vm_id.sid for one in self.made if one.folder.key == folder.key)

    def sids_above(self, folder: FolderPath) -> frozenset[Sid]:
        """Of the VMs that the run changed on folders above: what it did there reaches down."""
        return frozenset(one.vm_id.sid for one in self.made if folder.is_below(one.folder))


def case_of(facts: Facts, made: tuple[Made, ...], configured: tuple[ConfiguredGuestCluster, ...]) -> Case:
    inventory = inventory_of(facts, configured)
    uses = {use.path.key: use for use in inventory.folders}
    return Case(
        facts=facts,
        vms={vm.vm_id: vm for vm in inventory.vms},
        uses=uses,
        dacls={
            folder.path.key: dacls_of(
                folder, uses[folder.path.key].attached if folder.path.key in uses else ()
            )
            for folder in facts.folders
        },
        made=made,
    )


def standing_of(made: Made, case: Case) -> Standing:
    """The first that holds: it cannot be seen, is as before already, must not be touched, or can be taken back."""
    now = case.dacls.get(made.folder.key, Unknown("it was not asked for"))
    if isinstance(now, Absent):
        return Refused("the folder is gone")
    if isinstance(now, Unknown):
        return Refused(now.why, unseen=True)
    try:
        before = parsed(made.before)
        left = parsed(made.left) if made.left else None
        after = parsed(made.after) if made.after else None
        goal_of(made.op, made.rights, made.vm_id)
    except (sddl.SddlError, KeyError, ValueError) as error:
        return Refused(f"the run's journal does not say what the folder was like: {error}")
    return _as_before(made, case, before, now) or next(
        _refusals(made, case, _States(before, left, after, now)),
        back_to(before, made.vm_id),
    )


class _States(msgspec.Struct, frozen=True):
    """A folder before the run's change, as the run left it, as it was just after this change, and now."""

    before: Dacls
    left: Dacls | None
    after: Dacls | None
    now: Dacls


def _as_before(made: Made, case: Case, before: Dacls, now: Dacls) -> Standing | None:
    """Where the folder itself allows the VM what it did: is there anything on the files that a change would take away?"""
    vm_id = made.vm_id
    if own_entries(before.folder, vm_id) != own_entries(now.folder, vm_id):
        return None
    if lack(Goal(vm_id, own_entries(before.folder, vm_id)), now):
        return None
    other = [
        name
        for name, file in sorted(now.files.items())
        if name in before.files
        and access.allow_of(before.files[name], vm_id.sid) != access.allow_of(file, vm_id.sid)
    ]
    if not other or vm_id.sid in case.sids_above(made.folder):
        return AsBefore()
    return Refused(
        f"the folder allows the VM what it did before, and what {', '.join(other)} got is what the folder passes on: "
        "no change to the folder takes that back"
    )


def back_to(before: Dacls, vm_id: VmId) -> Possible | Refused:
    """The one change that gives a VM again what a folder itself allowed it."""
    own = own_entries(before.folder, vm_id)
    if not own:
        return Possible(REMOVE, "")
    rights = access.icacls_rights(own[0]) if len(own) == 1 else None
    if rights is None:
        listed = ", ".join(map(sddl.write_ace, own))
        return Refused(
            f"before, the folder allowed the VM {listed}, which icacls cannot put back as one entry"
        )
    return Possible(RESTORE, rights)


def _refusals(made: Made, case: Case, states: _States) -> Iterator[Refused]:
    if why := _changed_since(made, case, states):
        yield Refused(f"the folder changed since the run: {why}")
    vm = case.vms.get(made.vm_id)
    if vm is None:
        why = "no node shows this VM now, so nobody can name it to icacls"
        yield Refused(why, unseen=not everything_was_shown(case.facts))
        return
    yield from _of_permissions(made.vm_id, case.sids_on(made.folder), states)
    use = case.uses.get(made.folder.key)
    for loss in losses_of(made, states.before, states.now, case.facts, others=case.made, use=use):
        yield _for_a_loss(loss)
    yield from _of_checkpoints(made, vm, case.facts)


def _changed_since(made: Made, case: Case, states: _States) -> str | None:
    """What is not as the run left it; what the run did to its own VMs, and an undo that took some of it back, count not."""
    base, now = states.left or states.before, states.now
    above = case.sids_above(made.folder)
    sids = case.sids_on(made.folder) | above
    difference = compare.difference_but_for_all_of if above else compare.difference
    if why := difference(base.folder, now.folder, sids):
        return why
    for name in sorted(base.files.keys() & now.files.keys()):
        if why := compare.file_difference(base.files[name], now.files[name], sids, now.folder):
            return f"on {name} {why}"
    own = own_entries(now.folder, made.vm_id)
    if own in (own_entries(states.before.folder, made.vm_id), _own_afterwards(made, states)):
        return None
    return "the VM's own entries are others than the run left"


def _own_afterwards(made: Made, states: _States) -> tuple[Ace, ...]:
    """The VM's own entries as the run left them; where it saw nothing, as the change would leave them."""
    if states.after:
        return own_entries(states.after.folder, made.vm_id)
    wanted = goal_of(made.op, made.rights, made.vm_id).entries
    if wanted is not None:
        return wanted
    return own_entries(access.with_grant(states.before.folder, made.vm_id), made.vm_id)


def _of_permissions(vm_id: VmId, sids: frozenset[Sid], states: _States) -> Iterator[Refused]:
    now = states.now
    if not access.is_canonical(now.folder):
        yield Refused("its permissions are in an unusual order (non-canonical DACL), which icacls may change")
    mine = [ace for ace in now.folder.aces if ace.sid == vm_id.sid and not ace.is_inherited]
    odd = [ace for ace in mine if ace.type is not AceType.ALLOW]
    if odd:
        listed = ", ".join(map(sddl.write_ace, odd))
        yield Refused(
            f"the folder has other entries of the VM ({listed}), and icacls may take them away, too"
        )
    losses = access.losses_by_propagation(now.folder, now.files, but_for=sids)
    if losses:
        name = min(losses)
        yield Refused(f"{name} would lose {losses[name]}")


def _for_a_loss(loss: Loss) -> Refused:
    if loss.unseen:
        return Refused(
            f"whether the VM keeps its access to {loss.file} cannot be told: {loss.unseen}", unseen=True
        )
    return Refused(f"the VM would be left without its own access to {loss.file}, which it uses: {loss.why}")


def _of_checkpoints(made: Made, vm: Vm, facts: Facts) -> Iterator[Refused]:
    """A backup may be running, or its merge still to come: that needs the grant. Nodes are asked about VMs that share disks."""
    drives = [drive for drive in drives_of(facts) if drive.vm_id == vm.vm_id]
    if not any(drive.shared or shared_disk(drive) for drive in drives):
        if any(drive.path and drive.path.is_below(made.folder) for drive in drives):
            yield Refused(
                "whether it has a recovery checkpoint was not asked: it shares no disk", unseen=True
            )
        return
    its_nodes = {short_name(name) for name in (vm.node, *vm.also_on)}
    for checkpoints in (
        node.checks.checkpoints for node in facts.nodes if short_name(node.name) in its_nodes
    ):
        if isinstance(checkpoints, Unknown):
            yield Refused(
                f"whether it has a recovery checkpoint is not known: {checkpoints.why}", unseen=True
            )
        elif any(one.vm_id == vm.vm_id for one in checkpoints.value):
            yield Refused(
                "the VM has a recovery checkpoint: a backup runs, or its merge, which needs the grant"
            )
