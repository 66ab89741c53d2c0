"""Laws of taking back: what a run found is there again, entry by entry, and what cannot be seen is not touched."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.nodes import FakeNode, FakeRegistry
from tests.fakes.plans import plan_for
from tests.fakes.small_world import BACKING, DISK, FOLDER, VM_IDS, small_world
from vhdsfix import sddl
from vhdsfix.access import explicit_allow_of
from vhdsfix.apply.compare import file_difference, same_but_for
from vhdsfix.apply.folder import FolderAtWork
from vhdsfix.apply.journal import Journal, RunRecord, read
from vhdsfix.apply.made import made_by
from vhdsfix.apply.run import grants_by_folder
from vhdsfix.apply.undo import ToTakeBack, Undoing, folders_to_read, plan_to_undo
from vhdsfix.lab.dacl import parse
from vhdsfix.lab.world import World
from vhdsfix.model.facts import Facts, NodeChecks
from vhdsfix.model.outcome import Done, Outcome
from vhdsfix.model.plan import HostCluster, Plan, Tool
from vhdsfix.model.readings import Known, Unknown
from vhdsfix.model.windows import SecurityDescriptor
from vhdsfix.plan_document import read_plan, written

LAW = settings(max_examples=60, database=None)
PLACES = (FOLDER, DISK, BACKING)

_accounts = st.sampled_from([*(vm_id.sid for vm_id in VM_IDS), "BA", "BU", "S-1-5-21-1-2-3-1001"])
_flags = st.sampled_from(["", "OI", "OICI", "CI", "OINP", "OICIIO"])
_rights = st.sampled_from(["FA", "0x1301bf", "0x1200a9", "0x120089", "0x100116", "0x1"])
allows = st.builds(lambda flags, rights, who: f"(A;{flags};{rights};;;{who})", _flags, _rights, _accounts)
denies = st.builds(
    lambda flags, rights: f"(D;{flags};{rights};;;S-1-5-21-1-2-3-1001)",
    _flags,
    st.sampled_from(["FA", "0x1"]),
)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """The small world with other entries on its folder and files; what is inherited is as the folder passes it on."""
    world = small_world()
    for path in PLACES:
        explicit = "".join((*draw(st.lists(denies, max_size=1)), *draw(st.lists(allows, max_size=4))))
        world.tree.set_dacl(path, parse(f"D:{explicit}").explicit)
    if draw(st.booleans()):
        world.set_sddl(BACKING, f"O:BAG:SYD:PAI(A;;FA;;;BA){''.join(draw(st.lists(allows, max_size=2)))}")
    return world


class Runs:
    """Runs over a world, each with its journal."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.folder = folder
        self.nodes = tuple(FakeNode(world, node.name) for node in world.nodes)
        self.count = 0

    def carry_out(self, plan: Plan) -> tuple[RunRecord, list[Outcome]]:
        self.count += 1
        journal = Journal.create(
            self.folder,
            cluster=HostCluster("LAB-CLUSTER", "1"),
            plan=plan.digest,
            who="me",
            clock=lambda: datetime(2026, 11, 23, tzinfo=UTC),
            token=f"{self.count:04}",
        )
        registry = FakeRegistry(self.world, self.nodes)
        outcomes = [
            at_work.carry_out(action)
            for grants in grants_by_folder(plan)
            for at_work in [FolderAtWork(grants, registry, journal)]
            for action in grants.actions
        ]
        journal.end()
        return read(journal.path), outcomes

    def facts(self, record: RunRecord) -> Facts:
        checks = NodeChecks(checkpoints=Known(()))
        nodes = tuple(msgspec.structs.replace(node.itself(), checks=checks) for node in self.nodes)
        seen = Facts("2026-11-23T03:00:00Z", self.nodes[0].cluster(), nodes, ())
        return msgspec.structs.replace(
            seen, folders=self.nodes[0].folders(tuple(folders_to_read(made_by(record), seen)))
        )

    def dacls(self) -> dict[str, SecurityDescriptor]:
        return {path: sddl.parse(entry.sddl) for path in PLACES if (entry := self.world.tree.get(path))}


def sddls(world: World) -> dict[str, str]:
    return {path: entry.sddl for path in PLACES if (entry := world.tree.get(path))}


def undoing_of(record: RunRecord, facts: Facts) -> Undoing:
    made = made_by(record)
    return plan_to_undo(ToTakeBack("run", made, made), facts, (), Tool("vhdsfix", "0"))


@given(worlds())
@LAW
def test_undo_brings_back_what_a_run_found(world: World) -> None:
    with tempfile.TemporaryDirectory() as folder:
        runs = Runs(world, Path(folder))
        before = runs.dacls()
        record, _ = runs.carry_out(plan_for(world))
        after = runs.dacls()
        undoing = undoing_of(record, runs.facts(record))
        _, outcomes = runs.carry_out(undoing.plan)
        now = runs.dacls()

    assert outcomes == [Done()] * len(undoing.plan.actions)
    sids = {vm_id.sid for vm_id in VM_IDS}
    refused = {one.action.sid for one in undoing.refused}
    assert same_but_for(before[FOLDER], now[FOLDER], sids)
    assert all(
        file_difference(before[path], now[path], sids, now[FOLDER]) is None for path in (DISK, BACKING)
    )
    for vm_id in VM_IDS:
        expected = after if vm_id.sid in refused else before
        assert explicit_allow_of(now[FOLDER], {vm_id.sid}) == explicit_allow_of(expected[FOLDER], {vm_id.sid})
    if not refused:
        assert {path: sorted(map(str, dacl.aces)) for path, dacl in now.items()} == {
            path: sorted(map(str, dacl.aces)) for path, dacl in before.items()
        }


@given(worlds())
@LAW
def test_what_was_added_to_nothing_is_taken_away_to_the_letter(world: World) -> None:
    """No VM had an entry: no place among the others, no order, nothing differs but that inheritance was worked out (AI)."""
    for path in PLACES:
        entry = world.tree.get(path)
        assert entry
        for vm_id in VM_IDS:
            kept = parse(entry.sddl)
            others = tuple(ace for ace in kept.aces if ace.trustee != vm_id.sid)
            entry.sddl = str(msgspec.structs.replace(kept, aces=others))
    before = sddls(world)
    with tempfile.TemporaryDirectory() as folder:
        runs = Runs(world, Path(folder))
        record, _ = runs.carry_out(plan_for(world))
        undoing = undoing_of(record, runs.facts(record))
        assert undoing.refused == ()
        runs.carry_out(undoing.plan)
    assert sddls(world) == before


@given(worlds(), st.lists(st.sampled_from(["vms", "drives", "checks", "folder"]), min_size=1, unique=True))
@LAW
def test_what_is_forgotten_never_adds_a_change(world: World, forgotten: Sequence[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        runs = Runs(world, Path(folder))
        record, _ = runs.carry_out(plan_for(world))
        facts = runs.facts(record)
    whole = undoing_of(record, facts).plan
    unknown = Unknown("nobody could look")
    lost = {field: unknown for field in forgotten if field in ("vms", "drives")}
    if "checks" in forgotten:
        lost["checks"] = NodeChecks()  # type: ignore[assignment]  # a field of another kind
    nodes = tuple(msgspec.structs.replace(node, **lost) for node in facts.nodes)
    folders = tuple(msgspec.structs.replace(one, sddl=unknown) for one in facts.folders)
    facts = msgspec.structs.replace(
        facts, nodes=nodes, folders=folders if "folder" in forgotten else facts.folders
    )
    undoing = undoing_of(record, facts)
    assert undoing.plan.actions == ()
    assert not whole.actions or not undoing.plan.complete


@given(worlds())
@LAW
def test_a_plan_to_undo_only_takes_back_and_survives_its_document(world: World) -> None:
    with tempfile.TemporaryDirectory() as folder:
        runs = Runs(world, Path(folder))
        record, _ = runs.carry_out(plan_for(world))
        plan = undoing_of(record, runs.facts(record)).plan
    assert {action.op for action in plan.actions} <= {"remove", "restore"}
    assert read_plan(written(plan)) == plan
