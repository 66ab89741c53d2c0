from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from tests.fakes.plans import plan_for
from tests.fakes.small_world import FOLDER, VM_IDS, small_world
from tests.laws.test_plan_laws import all_facts
from vhdsfix.apply.grants_made import grants_made
from vhdsfix.apply.journal import Journal, RunRecord, read
from vhdsfix.apply.made import attempts_of, made_by
from vhdsfix.commands.cluster_lock import journal_folder
from vhdsfix.commands.runs import with_grants_made
from vhdsfix.model.facts import GrantMade
from vhdsfix.model.outcome import AlreadyRight, Done, Drifted, Outcome, Stuck, Untouched
from vhdsfix.model.plan import Action, HostCluster, Op
from vhdsfix.model.readings import Known

GRANT = plan_for(small_world()).actions[0]
AT = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Runs:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.records: list[RunRecord] = []

    def add(self, action: Action, outcome: Outcome | None) -> None:
        at = AT + timedelta(hours=len(self.records))
        journal = Journal.create(
            self.folder,
            cluster=HostCluster("LAB", "1"),
            plan="0",
            who="me",
            clock=lambda: at,
            token=f"{len(self.records):04}",
        )
        journal.intend(action, {".": "D:"})
        if outcome:
            journal.result(action, outcome, None)
        self.records.append(read(journal.path))

    def made(self) -> list[str]:
        return [grant.at for grant in grants_made(self.records)]


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path)


def other(op: Op, rights: str = "") -> Action:
    return msgspec.structs.replace(GRANT, op=op, rights=rights)


def test_a_proved_grant_is_told_with_the_moment_of_its_proof(runs: Runs) -> None:
    runs.add(GRANT, Done())
    assert grants_made(runs.records) == (GrantMade(FOLDER, VM_IDS[0].sid, "2026-11-23T12:00:00Z"),)


@pytest.mark.parametrize("outcome", [AlreadyRight(), Drifted("x"), Untouched("x"), Stuck("x"), None])
def test_what_was_not_proved_is_no_grant(runs: Runs, outcome: Outcome | None) -> None:
    runs.add(GRANT, outcome)
    assert runs.made() == []


def test_a_change_that_may_still_land_is_not_forgotten_for_a_second_try_elsewhere_that_did_nothing(
    tmp_path: Path,
) -> None:
    journal = Journal.create(
        tmp_path, cluster=HostCluster("LAB", "1"), plan="0", who="me", clock=lambda: AT, token="0000"
    )
    for outcome in (Stuck("it may still land"), Untouched("refused there, and nothing changed")):
        journal.intend(GRANT, {".": "D:"})
        journal.result(GRANT, outcome, {".": "D:"})
    record = read(journal.path)
    assert [attempt.result.outcome for attempt in attempts_of(record) if attempt.result] == [
        Stuck("it may still land")
    ]
    assert [one.action for one in made_by(record)] == [GRANT.id]


def test_the_last_proof_counts(runs: Runs) -> None:
    runs.add(GRANT, Done())
    runs.add(GRANT, Done())
    assert runs.made() == ["2026-11-23T13:00:00Z"]


@pytest.mark.parametrize("outcome", [Done(), Stuck("x"), None])
def test_what_was_taken_back_or_may_have_been_is_no_grant_any_more(
    runs: Runs, outcome: Outcome | None
) -> None:
    runs.add(GRANT, Done())
    runs.add(other("remove"), outcome)
    assert runs.made() == []


def test_a_journal_that_nobody_can_read_stops_no_plan(tmp_path: Path) -> None:
    facts = all_facts()
    assert isinstance(facts.cluster.identity, Known)
    identity = facts.cluster.identity.value
    runs = Runs(journal_folder(tmp_path, HostCluster(identity.name, identity.id)))
    runs.add(GRANT, Done())
    (runs.folder / "20200101T000000Z-dead.jsonl").mkdir()
    (runs.folder / "20200101T000000Z-beef.jsonl").write_bytes(b"garbage\n\xff")
    assert [one.sid for one in with_grants_made(facts, tmp_path).grants_made] == [VM_IDS[0].sid]
    assert with_grants_made(facts, tmp_path / "none").grants_made == ()


def test_a_grant_that_was_put_back_whole_is_one_from_then_on(runs: Runs) -> None:
    runs.add(GRANT, Done())
    runs.add(other("remove"), Done())
    runs.add(other("restore", "(OI)F"), Done())
    assert runs.made() == ["2026-11-23T14:00:00Z"]
    runs.add(other("restore", "(OI)M"), Done())
    assert runs.made() == []
