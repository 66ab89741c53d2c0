"""`vhdsfix show` and `history`: plans and runs again, whatever became of their files."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.fakes.plans import plan_for
from tests.fakes.small_world import VM_IDS, small_world
from tests.unit import plans
from vhdsfix.apply.journal import Journal, Result, append
from vhdsfix.cli import app
from vhdsfix.model.outcome import Done, Outcome, Stuck, Untouched
from vhdsfix.model.plan import HostCluster
from vhdsfix.plan_document import sealed, written

ACTIONS = plan_for(small_world()).actions
BEFORE = {".": "D:(A;;FA;;;BA)", "Disk.vhds": "D:(A;ID;FA;;;BA)"}
BEGAN = datetime(2026, 11, 23, 12, tzinfo=UTC)


class State:
    """A state folder in which runs left their journals."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.hours = 0

    def run(
        self, *outcomes: Outcome | None, cluster: str = "LAB-CLUSTER", end: bool = True, undoes: str = ""
    ) -> Path:
        """One that made as many changes; None: nobody knows how it ended."""
        self.hours += 1
        journal = Journal.create(
            self.folder / "journal" / cluster,
            cluster=HostCluster(cluster, cluster),
            plan="f" * 64,
            who="CORP\\anna@laptop",
            clock=lambda: BEGAN + timedelta(hours=self.hours),
            token=f"{self.hours:04}",
            undoes=undoes,
        )
        for action, outcome in zip(ACTIONS, outcomes, strict=False):
            journal.intend(action, BEFORE)
            if outcome is not None:
                journal.result(action, outcome, BEFORE)
        if end:
            journal.end()
        return journal.path


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> State:
    monkeypatch.setenv("VHDSFIX_STATE_DIR", str(tmp_path / "state"))
    return State(tmp_path / "state")


Capture = pytest.CaptureFixture[str]


def document(capsys: Capture) -> dict[str, object]:
    read = json.loads(capsys.readouterr().out)
    assert isinstance(read, dict)
    return read


class TestHistory:
    def test_without_a_run(self, state: State, capsys: Capture) -> None:
        assert not state.folder.exists()
        assert app.main(["history"]) == 0
        assert "No run has changed anything" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("place", "said"),
        [("state", "is no folder; set VHDSFIX_STATE_DIR"), ("state/journal", "cannot list")],
    )
    def test_a_file_in_the_place_of_a_folder_is_not_no_run(
        self, state: State, capsys: Capture, place: str, said: str
    ) -> None:
        file = state.folder.parent / place
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"")
        for command in (["history"], ["show", "2026"], ["undo", "2026", "--lab", "demo", "--yes"]):
            assert app.main(command) == 64
            out, err = capsys.readouterr()
            assert said in err
            assert str(file) in err
            assert (out, err.count("\n")) == ("", 1)

    def test_the_newest_comes_first_with_what_became_of_its_changes(
        self, state: State, capsys: Capture
    ) -> None:
        state.run(Done(), Done(), Stuck("why"))
        state.run(Done(), None, cluster="OTHER", end=False)
        state.run(Untouched("why"), undoes="20261123T130000Z-0001")
        assert app.main(["history", "--format", "json"]) == 0
        rows = document(capsys)["data"]
        assert isinstance(rows, list)
        told = [
            (row["cluster"], row["done"], row["not_done"], row["open"], bool(row["ended"])) for row in rows
        ]
        assert told == [
            ("LAB-CLUSTER", 0, 1, 0, True),
            ("OTHER", 1, 0, 1, False),
            ("LAB-CLUSTER", 2, 1, 0, True),
        ]
        assert {row["who"] for row in rows} == {"CORP\\anna@laptop"}
        assert rows[0]["undoes"] == "20261123T130000Z-0001"

    def test_as_text(self, state: State, capsys: Capture) -> None:
        state.run(Done(), Done(), Stuck("why"))
        assert app.main(["history"]) == 0
        row = next(
            line for line in capsys.readouterr().out.splitlines() if line.startswith("20261123T130000Z-0001")
        )
        assert row.split()[1:] == [
            "LAB-CLUSTER",
            "CORP\\anna@laptop",
            "2",
            "1",
            "-",
            "yes",
        ]

    @pytest.mark.parametrize("damage", ["garbage", "no header", "a folder", "empty", "torn"])
    def test_a_damaged_journal_hides_no_other(self, state: State, capsys: Capture, damage: str) -> None:
        state.run(Done())
        bad = state.run(Done(), Done(), Done())
        state.run(Done())
        content = bad.read_bytes()
        lines = content.splitlines(keepends=True)
        if damage == "a folder":
            bad.unlink()
            bad.mkdir()
        else:
            bad.write_bytes(
                {
                    "garbage": b"".join([*lines[:2], b"\xff\x00{\n", *lines[3:]]),
                    "no header": b"".join(lines[1:]),
                    "empty": b"",
                    "torn": content[:-3],
                }[damage]
            )
        expected = 0 if damage in ("empty", "torn") else 5
        assert app.main(["history", "--format", "json"]) == expected
        out, err = capsys.readouterr()
        rows = json.loads(out)["data"]
        assert len(rows) == 3
        assert bool(rows[1]["damage"]) == bool(expected)
        assert err.count("\n") == (1 if expected else 0)
        assert app.main(["history"]) == expected

    def test_what_a_journal_says_cannot_move_the_cursor(self, state: State, capsys: Capture) -> None:
        path = state.run(Done())
        path.write_bytes(path.read_bytes().replace(b"anna", b"\\u001b[2J"))
        app.main(["history"])
        assert "\x1b" not in capsys.readouterr().out


class TestShowARun:
    def test_by_its_id_its_beginning_or_its_file(self, state: State, capsys: Capture) -> None:
        path = state.run(Done(), Stuck("it may still land"))
        told = []
        for name in (path.stem, "20261123t13", str(path)):
            assert app.main(["show", name]) == 0
            told.append(capsys.readouterr().out)
        assert told[0] == told[1] == told[2]
        for said in (
            "LAB-CLUSTER",
            "CORP\\anna@laptop",
            "Guest1",
            "Guest2",
            "STUCK",
            "it may still land",
            "grant (OI)F",
        ):
            assert said in told[0]

    def test_the_way_back_names_what_undo_will_find(self, state: State, capsys: Capture) -> None:
        own = state.run(Done())
        app.main(["show", str(own)])
        assert f"`vhdsfix undo {own.stem}` takes back 1 change" in capsys.readouterr().out
        elsewhere = state.folder.parent / "a copy.jsonl"
        elsewhere.write_bytes(own.read_bytes())
        app.main(["show", str(elsewhere)])
        assert f"`vhdsfix undo '{elsewhere}'` takes back 1 change" in capsys.readouterr().out
        own.write_bytes(own.read_bytes().replace(own.stem.encode(), b"../../another"))
        app.main(["show", own.stem])
        assert f"`vhdsfix undo {own}` takes back 1 change" in capsys.readouterr().out

    def test_as_json_with_what_was_before_and_after(self, state: State, capsys: Capture) -> None:
        path = state.run(Done(), None, end=False)
        assert app.main(["show", path.stem, "--format", "json"]) == 0
        run = document(capsys)["data"]
        assert isinstance(run, dict)
        first, second = run["changes"]
        assert (first["vm"], first["vm_id"], first["op"], first["outcome"]) == (
            "Guest1",
            VM_IDS[0],
            "grant",
            {"outcome": "done"},
        )
        assert first["before"] == first["after"] == BEFORE
        assert (second["outcome"], second["recovered"], run["ended"]) == (None, False, None)

    def test_an_open_change_and_one_that_a_later_run_closed(self, state: State, capsys: Capture) -> None:
        path = state.run(None, end=False)
        app.main(["show", path.stem])
        assert "open" in capsys.readouterr().out
        append(path, Result(BEGAN, ACTIONS[0].id, Done(), None, recovered=True))
        app.main(["show", path.stem])
        assert "found out by a later run" in " ".join(capsys.readouterr().out.split())

    def test_a_journal_of_an_older_version_that_names_no_vm(self, state: State, capsys: Capture) -> None:
        path = state.run(Done())
        path.write_bytes(path.read_bytes().replace(b',"vm":"Guest1"', b"").replace(b'"rights":"(OI)F",', b""))
        assert app.main(["show", path.stem]) == 0
        assert VM_IDS[0] in capsys.readouterr().out

    def test_a_damaged_one_as_far_as_it_goes(self, state: State, capsys: Capture) -> None:
        path = state.run(Done(), Done())
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join([*lines[:3], b"garbage\n", *lines[4:]]))
        assert app.main(["show", path.stem]) == 5
        out, err = capsys.readouterr()
        assert "Guest1" in out
        assert "NOT WHOLE: line 4" in out
        assert err.count("\n") == 1

    @pytest.mark.parametrize(
        ("name", "said"),
        [
            ("nothing", "there is no run 'nothing'"),
            ("", "there is no run ''"),
            ("2026", "may be 20261123T130000Z-0001, 20261123T140000Z-0002"),
            ("/no/such/file.jsonl", "there is no journal /no/such/file.jsonl"),
            ("too-long-" * 99, "there is no run 'too-long-"),
        ],
    )
    def test_no_such_run_or_several(self, state: State, capsys: Capture, name: str, said: str) -> None:
        state.run(Done())
        state.run(Done())
        for command in (["show", name], ["undo", name, "--lab", "demo", "--yes"]):
            assert app.main(command) == 64
            out, err = capsys.readouterr()
            assert said in err
            assert (out, err.count("\n")) == ("", 1)

    def test_what_no_run_can_be_read_from_is_one_line(self, state: State, capsys: Capture) -> None:
        (state.run(Done()).parent / "20261123T990000Z-dead.jsonl").mkdir()
        assert app.main(["show", "20261123T99"]) == 64
        assert capsys.readouterr().err.count("\n") == 1


class TestShowAPlan:
    def test_it_is_printed_as_plan_printed_it(self, state: State, capsys: Capture) -> None:
        file = state.folder.parent / "plan.json"
        plan = sealed(plan_for(small_world()))
        file.write_bytes(written(plan))
        assert app.main(["show", str(file)]) == 0
        out = capsys.readouterr().out
        assert f"Plan {plan.digest[:12]}" in out
        assert ACTIONS[0].command in out
        assert "3 changes to make." in out

    def test_as_json(self, state: State, capsys: Capture) -> None:
        file = state.folder.parent / "plan.json"
        plan = sealed(plan_for(small_world()))
        file.write_bytes(written(plan))
        assert app.main(["show", str(file), "--format", "json"]) == 0
        read = document(capsys)
        assert read["command"] == "show"
        assert read["data"]["digest"] == plan.digest  # type: ignore[index]  # a plan's document is a dict

    @pytest.mark.parametrize(
        "content", [b"", b"{}", b"not a plan", b"\xff\xfe", b'{"format_version": "2.0"}']
    )
    def test_what_is_no_plan_is_refused(self, state: State, capsys: Capture, content: bytes) -> None:
        file = state.folder.parent / "plan.json"
        file.write_bytes(content)
        assert app.main(["show", str(file)]) == 7
        err = capsys.readouterr().err
        assert f"{file} is refused" in err
        assert err.count("\n") == 1

    def test_a_plan_that_somebody_changed_is_refused(self, state: State, capsys: Capture) -> None:
        file = state.folder.parent / "plan.json"
        file.write_bytes(written(sealed(plans.DEMO)).replace(b"DemoGuestNode2", b"DemoGuestNode9"))
        assert app.main(["show", str(file)]) == 7
        assert "its digest does not fit" in capsys.readouterr().err
