"""Journals on disks that are full, read-only or torn: one clear line, and no write to a node without its intent on the disk."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from tests.fakes.nodes import FakeNode, FakeRegistry
from tests.fakes.plans import plan_for
from tests.fakes.small_world import FOLDER, NODES, VM_IDS, small_world
from vhdsfix.apply import journal as journals
from vhdsfix.apply.folder import FolderAtWork
from vhdsfix.apply.journal import Journal, died_runs, read, read_what_is_whole
from vhdsfix.apply.recovery import close_open_intents
from vhdsfix.apply.run import grants_by_folder
from vhdsfix.errors import JournalError
from vhdsfix.model.outcome import Done, Outcome, Untouched
from vhdsfix.model.plan import HostCluster

CLUSTER = HostCluster("LAB-CLUSTER", "1")
AT = datetime(2026, 11, 23, tzinfo=UTC)


class Run:
    """A run over the small world, whose journal may meet a bad disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.world = small_world()
        self.nodes = tuple(FakeNode(self.world, name) for name in NODES)
        self.plan = plan_for(self.world)
        self.journal = new_journal(folder, "0001")

    def outcomes(self) -> list[Outcome]:
        grants = grants_by_folder(self.plan)[0]
        at_work = FolderAtWork(grants, FakeRegistry(self.world, self.nodes), self.journal)
        return [at_work.carry_out(action) for action in grants.actions]

    def granted(self) -> set[str]:
        """What was ever sent to a node."""
        return {vm_id.sid for node in self.nodes for _, vm_id in node.grants}

    def intents(self) -> set[str]:
        return {line.sid for line in read(self.journal.path).lines if isinstance(line, journals.Intent)}


def new_journal(folder: Path, token: str) -> Journal:
    return Journal.create(folder, cluster=CLUSTER, plan="0", who="me", clock=lambda: AT, token=token)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path)


@contextmanager
def room_for(bytes_more: int, path: Path) -> Iterator[None]:
    """No file of this process may grow beyond the journal's size and so many bytes: what a quota or a full disk does."""
    resource = pytest.importorskip("resource", reason="limits on files are POSIX'")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + bytes_more, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def size_of_one_grant(folder: Path) -> tuple[int, int]:
    """Bytes of an intent, and of an intent and its result."""
    run = Run(folder)
    run.outcomes()
    lines = run.journal.path.read_bytes().splitlines(keepends=True)
    return len(lines[1]), len(lines[1]) + len(lines[2])


def test_a_disk_that_fills_up_in_the_middle_of_an_intent(run: Run) -> None:
    before = run.world.tree.dump()
    with room_for(100, run.journal.path):
        outcomes = run.outcomes()
    assert all(isinstance(one, Untouched) and "File too large" in one.why for one in outcomes)
    assert (run.granted(), run.world.tree.dump()) == (set(), before)
    assert not run.journal.path.read_bytes().endswith(b"\n")
    with pytest.raises(JournalError, match="make room"):
        run.journal.end()


@pytest.mark.parametrize("more", [0, 50])
def test_a_disk_that_fills_up_before_a_result(run: Run, tmp_path: Path, more: int) -> None:
    intent, _ = size_of_one_grant(tmp_path / "measured")
    with room_for(intent + more, run.journal.path):
        first, *rest = run.outcomes()
    assert first == Done()
    assert all(isinstance(one, Untouched) and "not tried" in one.why for one in rest)
    assert run.granted() == run.intents() == {VM_IDS[0].sid}


def test_wherever_it_fills_up_nothing_is_sent_without_its_intent(tmp_path: Path) -> None:
    intent, pair = size_of_one_grant(tmp_path / "measured")
    for room in range(0, 3 * pair, intent // 3):
        run = Run(tmp_path / str(room))
        with room_for(room, run.journal.path):
            run.outcomes()
        assert run.granted() <= run.intents()


def test_the_next_run_mends_a_torn_journal_and_closes_it(run: Run, tmp_path: Path) -> None:
    intent, _ = size_of_one_grant(tmp_path / "measured")
    with room_for(intent + 50, run.journal.path):
        run.outcomes()
    (died,) = died_runs(run.folder, CLUSTER)
    (closed,) = close_open_intents(died, run.nodes, lambda: AT)
    assert closed.outcome == Done()
    assert read(run.journal.path).has_ended


@pytest.mark.parametrize("code", [errno.EROFS, errno.ENOSPC, errno.EACCES, errno.EDQUOT, errno.EIO])
def test_a_folder_that_takes_no_journal_is_one_line(tmp_path: Path, mocker: MockerFixture, code: int) -> None:
    mocker.patch("vhdsfix.apply.journal.os.open", side_effect=OSError(code, os.strerror(code)))
    with pytest.raises(JournalError) as caught:
        new_journal(tmp_path, "0001")
    message = str(caught.value)
    assert os.strerror(code) in message
    assert "nothing was changed" in message
    assert "\n" not in message


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/dev/full is Linux'")
def test_an_fsync_that_fails_counts_as_not_written(run: Run, mocker: MockerFixture) -> None:
    mocker.patch("vhdsfix.apply.journal.os.fsync", side_effect=OSError(errno.EIO, os.strerror(errno.EIO)))
    assert all(isinstance(one, Untouched) for one in run.outcomes())
    assert run.granted() == set()


def test_no_line_is_ever_written_behind_a_torn_one(run: Run) -> None:
    torn = run.journal.path.read_bytes() + b'{"at":"2026'
    run.journal.path.write_bytes(torn)
    assert all(isinstance(one, Untouched) and "cut off" in one.why for one in run.outcomes())
    assert run.granted() == set()
    assert run.journal.path.read_bytes() == torn


class TestOldJournals:
    def test_damage_in_a_run_that_ended_stops_nobody(self, run: Run) -> None:
        run.outcomes()
        run.journal.end()
        lines = run.journal.path.read_bytes().splitlines(keepends=True)
        run.journal.path.write_bytes(b"".join([lines[0], b"\x00garbage\n", *lines[2:]]))
        assert died_runs(run.folder, CLUSTER) == ()

    def test_damage_in_a_run_that_did_not_end_is_named_and_what_to_do(self, run: Run) -> None:
        run.outcomes()
        run.journal.path.write_bytes(run.journal.path.read_bytes() + b"garbage\n")
        with pytest.raises(JournalError) as caught:
            died_runs(run.folder, CLUSTER)
        message = str(caught.value)
        assert f"{run.journal.path}, line 8" in message
        assert f"vhdsfix show {run.journal.path}" in message
        assert "move the file away" in message

    def test_a_file_that_cannot_be_read_is_named_and_what_to_do(self, run: Run) -> None:
        (run.folder / "20200101T000000Z-dead.jsonl").mkdir()  # a folder in its place: nobody can read it
        with pytest.raises(
            JournalError, match="make it readable, or look at what that run did and move it away"
        ):
            died_runs(run.folder, CLUSTER)

    def test_what_is_whole_can_be_read_all_the_same(self, run: Run) -> None:
        run.outcomes()
        lines = run.journal.path.read_bytes().splitlines(keepends=True)
        run.journal.path.write_bytes(b"".join([*lines[:3], b"{]\n", *lines[4:]]))
        record, damages = read_what_is_whole(run.journal.path)
        assert [damage.line for damage in damages] == [4]
        assert len(record.lines) == 5
        assert record.header


def test_two_runs_side_by_side_do_not_write_into_each_others_journal(run: Run) -> None:
    other = new_journal(run.folder, "0002")
    other.intend(run.plan.actions[1], {".": "D:"})
    run.outcomes()
    assert len(read(other.path).lines) == 1
    assert len(read(run.journal.path).lines) == 6
    assert {FOLDER} == {line.folder for line in read(other.path).lines if isinstance(line, journals.Intent)}
