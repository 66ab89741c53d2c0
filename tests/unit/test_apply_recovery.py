from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.fakes import faults
from tests.fakes.nodes import FakeNode
from tests.fakes.plans import plan_for
from tests.fakes.small_world import DISK, FOLDER, VM_IDS, small_world
from vhdsfix.apply.dacls import Dacls, read_dacls
from vhdsfix.apply.journal import Journal, Result, died_runs, read
from vhdsfix.apply.recovery import close_open_intents
from vhdsfix.errors import UnreachableError
from vhdsfix.lab.world import World
from vhdsfix.model.outcome import Done, Outcome, Stuck, Untouched
from vhdsfix.model.plan import HostCluster

CLUSTER = HostCluster("LAB-CLUSTER", "1")
DIED_AT = datetime(2026, 11, 23, 12, tzinfo=UTC)


class DeadRun:
    """A run that announced the first VM's grant and was never heard of again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.world: World = small_world()
        self.node = FakeNode(self.world, "HV01")
        self.action = plan_for(self.world).actions[0]
        self.now = DIED_AT + timedelta(hours=8)
        journal = Journal.create(
            folder, cluster=CLUSTER, plan="0", who="me", clock=lambda: DIED_AT, token="0000"
        )
        self.path = journal.path
        before = read_dacls(self.node, FOLDER)
        assert isinstance(before, Dacls)
        journal.intend(self.action, before.texts)

    def close(self, *readers: FakeNode) -> list[Outcome]:
        """What the next run makes of it."""
        closed = [
            one
            for died in died_runs(self.folder, CLUSTER)
            for one in close_open_intents(died, readers or (self.node,), lambda: self.now)
        ]
        return [one.outcome for one in closed]


@pytest.fixture
def dead(tmp_path: Path) -> DeadRun:
    return DeadRun(tmp_path)


def test_a_grant_that_landed_is_done(dead: DeadRun) -> None:
    dead.node.run_icacls(FOLDER, VM_IDS[0])
    assert dead.close() == [Done()]
    record = read(dead.path)
    assert record.has_ended
    assert record.open_intents == ()
    result = record.lines[1]
    assert isinstance(result, Result)
    assert result.recovered
    assert result.after is not None
    assert VM_IDS[0].sid in result.after["."]


def test_it_is_closed_once(dead: DeadRun) -> None:
    dead.close()
    content = dead.path.read_bytes()
    assert dead.close() == []
    assert dead.path.read_bytes() == content


def test_a_grant_that_never_landed_is_untouched(dead: DeadRun) -> None:
    (outcome,) = dead.close()
    assert isinstance(outcome, Untouched)
    assert "the run died" in outcome.why


@pytest.mark.parametrize(("age", "kind"), [(timedelta(minutes=9), Stuck), (timedelta(minutes=10), Untouched)])
def test_a_young_one_may_still_land(dead: DeadRun, age: timedelta, kind: type[Outcome]) -> None:
    dead.now = DIED_AT + age
    (outcome,) = dead.close()
    assert isinstance(outcome, kind)
    assert ("may still land" in outcome.why) == (kind is Stuck)  # type: ignore[union-attr]  # both kinds have it


@pytest.mark.parametrize(
    "change",
    [
        lambda world: world.set_sddl(FOLDER, "O:BAG:SYD:(A;OICI;FA;;;BA)"),
        lambda world: world.set_sddl(DISK, "O:BAG:SYD:(A;;FA;;;BG)"),
    ],
)
def test_what_changed_otherwise_needs_a_person(dead: DeadRun, change: Callable[[World], None]) -> None:
    dead.node.run_icacls(FOLDER, VM_IDS[0])
    change(dead.world)
    (outcome,) = dead.close()
    assert isinstance(outcome, Stuck)


def test_what_nobody_can_show_stays_open(dead: DeadRun) -> None:
    faults.fail_reads(dead.node, UnreachableError("connecting to HV01: no route to host"))
    assert dead.close() == []
    record = read(dead.path)
    assert len(record.open_intents) == 1
    assert not record.has_ended


def test_the_first_node_that_shows_it_is_believed(dead: DeadRun) -> None:
    silent = FakeNode(dead.world, "HV02")
    faults.fail_reads(silent, UnreachableError("connecting to HV02: no route to host"))
    dead.node.run_icacls(FOLDER, VM_IDS[0])
    assert dead.close(silent, dead.node) == [Done()]


def test_a_folder_is_gone_only_if_every_node_says_so(dead: DeadRun) -> None:
    elsewhere = FakeNode(small_world(), "HV02")
    for path in (FOLDER, DISK):
        elsewhere.world.tree = type(elsewhere.world.tree).load(
            {name: entry for name, entry in elsewhere.world.tree.dump().items() if not name.startswith(path)}
        )
    silent = FakeNode(dead.world, "HV03")
    faults.fail_reads(silent, UnreachableError("connecting to HV03: no route to host"))
    assert dead.close(elsewhere, silent) == []
    (outcome,) = dead.close(elsewhere)
    assert outcome == Stuck("no node has the folder any more")


def test_a_torn_last_line_is_cut_off_first(dead: DeadRun) -> None:
    dead.path.write_bytes(dead.path.read_bytes() + b'{"after":null,"at":"2026')
    dead.node.run_icacls(FOLDER, VM_IDS[0])
    assert dead.close() == [Done()]
    assert read(dead.path).has_ended


def test_a_run_that_died_between_actions_is_only_ended(dead: DeadRun) -> None:
    dead.close()
    journal = Journal.create(
        dead.folder, cluster=CLUSTER, plan="0", who="me", clock=lambda: DIED_AT, token="0001"
    )
    assert dead.close() == []
    assert read(journal.path).has_ended


def test_a_journal_that_does_not_say_what_was_before_needs_a_person(dead: DeadRun) -> None:
    dead.path.write_bytes(dead.path.read_bytes().replace(b'".":"O:BAG:SY', b'".":"what'))
    (outcome,) = dead.close()
    assert isinstance(outcome, Stuck)
    assert "what the folder was like" in outcome.why


def test_a_file_of_another_vm_alone_that_keeps_the_vm_out_is_nobody_elses_business(dead: DeadRun) -> None:
    dead.world.add_file(f"{FOLDER}\\os.vhdx", "O:BAG:SYD:P(A;;FA;;;BA)")
    dead.node.run_icacls(FOLDER, VM_IDS[0])
    (died,) = died_runs(dead.folder, CLUSTER)
    (closed,) = close_open_intents(died, (dead.node,), lambda: dead.now, {FOLDER.key: ("OS.vhdx",)})
    assert closed.outcome == Done()
