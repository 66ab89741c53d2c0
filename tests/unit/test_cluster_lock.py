"""Who writes to a host cluster: one run at a time, and the others are told who. Another process stands for a real run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock
import pytest

from vhdsfix.commands import cluster_lock, identity
from vhdsfix.commands.cluster_lock import only_writer
from vhdsfix.commands.patience import Patience
from vhdsfix.errors import LockedError, StoppedError, UsageError
from vhdsfix.model.plan import HostCluster
from vhdsfix.ports import Progress

CLUSTER = HostCluster("PROD", "0f1e2d3c")
HOLDS = """
import sys
from pathlib import Path
from vhdsfix.commands.cluster_lock import only_writer
from vhdsfix.commands.patience import Patience
from vhdsfix.model.plan import HostCluster
with only_writer(Path(sys.argv[1]), HostCluster("PROD", "0f1e2d3c"), Patience(0, bool), print):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held_elsewhere(state_dir: Path) -> Iterator[subprocess.Popen[str]]:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(state_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield holder
        holder.kill()


def take(state_dir: Path, patience: Patience | None = None, told: list[Progress] | None = None) -> bool:
    """Whether it had to wait."""
    notify: Callable[[Progress], None] = (told if told is not None else []).append
    with only_writer(state_dir, CLUSTER, patience or Patience(0, lambda: False), notify) as writing:
        return writing.waited


def test_the_second_is_told_who_writes_and_since_when(tmp_path: Path) -> None:
    with held_elsewhere(tmp_path) as holder, pytest.raises(LockedError) as locked:
        take(tmp_path)
    said = str(locked.value)
    assert said.startswith(
        f"nothing was changed: another run of vhdsfix ({identity.who()}, process {holder.pid}, since 20"
    )
    assert "is writing to host cluster PROD" in said
    assert "--lock-timeout" in said


def test_a_run_that_was_killed_holds_nothing(tmp_path: Path) -> None:
    with held_elsewhere(tmp_path) as holder:
        holder.kill()
        holder.wait()
        assert note(tmp_path).exists()
        assert not take(tmp_path)
    assert not note(tmp_path).exists()


def test_what_a_dead_run_left_is_not_taken_for_the_one_that_holds_the_lock(tmp_path: Path) -> None:
    with held_elsewhere(tmp_path) as dead:
        dead.kill()
    with filelock.FileLock(note(tmp_path).with_name("lock")), pytest.raises(LockedError) as locked:
        take(tmp_path)
    assert "another run of vhdsfix on this machine is writing" in str(locked.value)
    assert str(dead.pid) not in str(locked.value)


@pytest.mark.parametrize("garbage", [b"", b"\xff\x00", b'{"who": 1}', b"[" * 100000])
def test_a_note_that_cannot_be_read_says_nothing(tmp_path: Path, garbage: bytes) -> None:
    with held_elsewhere(tmp_path):
        note(tmp_path).write_bytes(garbage)
        with pytest.raises(LockedError, match="another run of vhdsfix on this machine is writing"):
            take(tmp_path)


def test_it_waits_for_the_other_run_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_lock, "TRIED_EVERY_S", 0.01)
    told: list[Progress] = []
    with held_elsewhere(tmp_path) as holder:

        def end_the_other(_seconds: float) -> None:
            holder.kill()
            holder.wait()

        assert take(tmp_path, Patience(60, lambda: False, sleep=end_the_other), told)
    assert told[0].step == "waiting for"
    assert f"process {holder.pid}" in told[0].subject


def test_a_request_to_stop_ends_the_waiting(tmp_path: Path) -> None:
    with held_elsewhere(tmp_path), pytest.raises(StoppedError, match="nothing was changed"):
        take(tmp_path, Patience(60, lambda: True))


def test_another_cluster_is_not_locked(tmp_path: Path) -> None:
    with (
        held_elsewhere(tmp_path),
        only_writer(tmp_path, HostCluster("TEST", "4711"), Patience(0, lambda: False), lambda _step: None),
    ):
        pass


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "journal").write_text("a file", encoding="utf-8")
    with pytest.raises(UsageError, match="VHDSFIX_STATE_DIR"):
        take(tmp_path)


def note(state_dir: Path) -> Path:
    return cluster_lock.journal_folder(state_dir, CLUSTER) / "holder"
