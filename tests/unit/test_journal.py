from __future__ import annotations

import json
import os
import stat
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.plans import plan_for
from tests.fakes.small_world import small_world
from vhdsfix.apply import journal as journals
from vhdsfix.apply.journal import Intent, Journal, Result, RunRecord, died_runs, read
from vhdsfix.errors import JournalError
from vhdsfix.model.outcome import AlreadyRight, Done, Drifted, Outcome, Stuck, Untouched
from vhdsfix.model.plan import HostCluster

CLUSTER = HostCluster("LAB-CLUSTER", "a33199c4-6b8e-5aeb-ba4e-6ba87316c977")
ACTIONS = plan_for(small_world()).actions
BEFORE = {".": "D:(A;;FA;;;BA)", "Disk.vhds": "D:(A;ID;FA;;;BA)"}


def noon() -> datetime:
    return datetime(2026, 11, 23, 12, 0, 0, 999_999, tzinfo=UTC)


def new_journal(folder: Path, digits: str = "a1b2", cluster: HostCluster = CLUSTER) -> Journal:
    return Journal.create(
        folder, cluster=cluster, plan="f" * 64, who="CORP\\anna@laptop", clock=noon, token=digits
    )


def lines_of(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_whole_run_is_written_to_the_letter(tmp_path: Path) -> None:
    journal = new_journal(tmp_path)
    journal.intend(ACTIONS[0], BEFORE)
    journal.result(ACTIONS[0], Stuck("why"), None)
    journal.end()
    assert journal.path.name == "20261123T120000Z-a1b2.jsonl"
    at = "2026-11-23T12:00:00Z"
    assert lines_of(journal.path) == [
        {
            "format": "vhdsfix-journal/1",
            "run": "20261123T120000Z-a1b2",
            "at": at,
            "who": "CORP\\anna@laptop",
            "cluster": {"name": CLUSTER.name, "id": CLUSTER.id},
            "plan": "f" * 64,
        },
        {
            "at": at,
            "intent": ACTIONS[0].id,
            "op": "grant",
            "folder": ACTIONS[0].folder,
            "sid": ACTIONS[0].sid,
            "before": BEFORE,
            "vm": "Guest1",
            "rights": "(OI)F",
        },
        {"at": at, "result": ACTIONS[0].id, "outcome": {"outcome": "stuck", "why": "why"}, "after": None},
        {"at": at, "end": "20261123T120000Z-a1b2"},
    ]


def test_an_intent_is_on_the_disk_when_intend_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = new_journal(tmp_path)
    synced: list[bytes] = []
    fsync = os.fsync

    def watched(descriptor: int) -> None:
        fsync(descriptor)
        synced.append(journal.path.read_bytes())

    monkeypatch.setattr(os, "fsync", watched)
    journal.intend(ACTIONS[0], BEFORE)
    assert synced[-1].endswith(b"\n")
    assert ACTIONS[0].id.encode() in synced[-1].splitlines()[-1]


@pytest.mark.skipif(os.name != "posix", reason="file modes and folder fsync are POSIX'")
def test_a_new_journal_is_its_owners_alone_and_its_folder_is_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[bool] = []
    monkeypatch.setattr(os, "fsync", lambda fd: synced.append(stat.S_ISDIR(os.fstat(fd).st_mode)))
    journal = new_journal(tmp_path / "state" / "journals")
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(journal.path.parent.stat().st_mode) == 0o700
    assert synced == [True, False]


def test_a_run_never_writes_into_the_journal_of_another(tmp_path: Path) -> None:
    new_journal(tmp_path)
    with pytest.raises(JournalError, match=r"making the journal .*exists"):
        new_journal(tmp_path)


def test_a_folder_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(JournalError, match="nothing was changed") as caught:
        new_journal(tmp_path / "file" / "journals")
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/dev/full is Linux'")
def test_a_full_disk_ends_the_journal_for_good(tmp_path: Path) -> None:
    journal = new_journal(tmp_path)
    real = journal.path.rename(tmp_path / "real")
    journal.path.symlink_to("/dev/full")
    with pytest.raises(JournalError, match="No space left"):
        journal.intend(ACTIONS[0], BEFORE)
    journal.path.unlink()
    real.rename(journal.path)
    with pytest.raises(JournalError, match="No space left"):
        journal.intend(ACTIONS[1], BEFORE)
    with pytest.raises(JournalError, match="No space left"):
        journal.end()
    assert len(lines_of(journal.path)) == 1


def test_a_journal_that_vanished_is_not_begun_anew(tmp_path: Path) -> None:
    journal = new_journal(tmp_path)
    journal.path.unlink()
    with pytest.raises(JournalError, match="writing the journal"):
        journal.intend(ACTIONS[0], BEFORE)
    assert not journal.path.exists()


def test_lines_of_several_threads_stay_whole(tmp_path: Path) -> None:
    journal = new_journal(tmp_path)
    threads = [threading.Thread(target=_ten_pairs, args=(journal,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read(journal.path).lines) == 4 * 20


def _ten_pairs(journal: Journal) -> None:
    for _ in range(10):
        journal.intend(ACTIONS[0], BEFORE)
        journal.result(ACTIONS[0], Done(), BEFORE)


def test_an_action_tried_twice_has_a_pair_for_each_try(tmp_path: Path) -> None:
    journal = new_journal(tmp_path)
    journal.intend(ACTIONS[0], BEFORE)
    journal.result(ACTIONS[0], Untouched("1332"), BEFORE)
    journal.intend(ACTIONS[0], BEFORE)
    assert [intent.intent for intent in read(journal.path).open_intents] == [ACTIONS[0].id]
    journal.result(ACTIONS[0], Done(), BEFORE)
    assert read(journal.path).open_intents == ()


def test_died_runs_are_those_of_this_cluster_without_an_end(tmp_path: Path) -> None:
    ended = new_journal(tmp_path, "0001")
    ended.end()
    died = new_journal(tmp_path, "0002")
    died.intend(ACTIONS[0], BEFORE)
    new_journal(tmp_path, "0003", HostCluster("LAB-CLUSTER", "another id"))
    renamed = new_journal(tmp_path, "0004", HostCluster("OLD-NAME", CLUSTER.id.upper()))
    (tmp_path / "20261123T120000Z-0005.jsonl").write_bytes(b'{"at":')
    assert [record.path for record in died_runs(tmp_path, CLUSTER)] == [died.path, renamed.path]


def test_without_an_id_a_cluster_is_known_by_its_name(tmp_path: Path) -> None:
    new_journal(tmp_path, cluster=HostCluster("lab-cluster", ""))
    assert len(died_runs(tmp_path, CLUSTER)) == 1
    assert died_runs(tmp_path, HostCluster("OTHER", CLUSTER.id)) == ()


def test_no_journals_yet(tmp_path: Path) -> None:
    assert died_runs(tmp_path / "not there", CLUSTER) == ()


@pytest.mark.parametrize(
    "garbage",
    [
        b"\n",
        b"garbage\n",
        b"\xff\xfe\n",
        b"[]\n",
        b"{}\n",
        b'{"at":"2026-11-23T12:00:00Z","result":"abc","outcome":{"outcome":"fine"},"after":null}\n',
        b'{"at":"yesterday","end":"x"}\n',
        b'{"at":"2026-11-23T12:00:00Z","intent":"abc","op":"grant","folder":"C:","sid":"S-1-1-0","before":{}}\n',
    ],
)
def test_garbage_is_named_by_file_and_line(tmp_path: Path, garbage: bytes) -> None:
    journal = new_journal(tmp_path)
    journal.path.write_bytes(journal.path.read_bytes() + garbage)
    with pytest.raises(JournalError) as caught:
        died_runs(tmp_path, CLUSTER)
    assert f"{journal.path}, line 2" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_journal_without_its_header_or_of_another_format_is_refused(tmp_path: Path) -> None:
    journal = new_journal(tmp_path)
    header = journal.path.read_bytes()
    journal.end()
    journal.path.write_bytes(journal.path.read_bytes().removeprefix(header))
    with pytest.raises(JournalError, match="line 1: the run's header is missing"):
        read(journal.path)
    journal.path.write_bytes(header.replace(b"journal/1", b"journal/2"))
    with pytest.raises(JournalError, match="vhdsfix-journal/2"):
        read(journal.path)
    journal.path.write_bytes(header * 2)
    with pytest.raises(JournalError, match="several runs"):
        read(journal.path)


texts = st.dictionaries(st.text(), st.text(), max_size=3)
whys = st.text()
outcomes = st.one_of(
    st.just(Done()),
    st.just(AlreadyRight()),
    st.builds(Drifted, whys),
    st.builds(Untouched, whys),
    st.builds(Stuck, whys),
)


@given(st.lists(st.tuples(st.sampled_from(ACTIONS), texts, outcomes, st.none() | texts), max_size=4))
def test_what_is_read_is_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[object, ...]]
) -> None:
    journal = new_journal(tmp_path_factory.mktemp("journal"))
    for action, before, outcome, after in pairs:
        journal.intend(action, before)  # type: ignore[arg-type]  # drawn by hypothesis, as the strategy above says
        journal.result(action, outcome, after)  # type: ignore[arg-type]  # likewise
    lines = read(journal.path).lines
    assert [line.before for line in lines if isinstance(line, Intent)] == [pair[1] for pair in pairs]
    assert [(line.outcome, line.after) for line in lines if isinstance(line, Result)] == [
        pair[2:] for pair in pairs
    ]


def _whole(folder: Path) -> tuple[Path, RunRecord]:
    journal = new_journal(folder)
    for action in ACTIONS:
        journal.intend(action, BEFORE)
        journal.result(action, Done(), BEFORE)
    journal.end()
    return journal.path, read(journal.path)


def test_a_journal_cut_at_any_byte_is_readable_up_to_there(tmp_path: Path) -> None:
    path, whole = _whole(tmp_path)
    content = path.read_bytes()
    for length in range(len(content)):
        path.write_bytes(content[:length])
        record = read(path)
        complete = content[:length].count(b"\n")
        assert record.header == (whole.header if complete else None)
        assert record.lines == whole.lines[: max(complete - 1, 0)]


def test_after_a_torn_line_was_cut_off_another_can_follow(tmp_path: Path) -> None:
    path, whole = _whole(tmp_path)
    path.write_bytes(path.read_bytes()[:-5])
    journals.cut_off_torn_line(path)
    last = whole.lines[-1]
    journals.append(path, last)
    assert read(path) == whole


def test_outcomes_of_every_kind_come_back(tmp_path: Path) -> None:
    journal = new_journal(tmp_path)
    every: list[Outcome] = [Done(), AlreadyRight(), Drifted("a"), Untouched("b"), Stuck("c")]
    for outcome in every:
        journal.result(ACTIONS[0], outcome, None)
    assert [line.outcome for line in read(journal.path).lines if isinstance(line, Result)] == every
