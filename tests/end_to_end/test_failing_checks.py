"""Each command that a node is asked besides, each way of failing: it costs only what it was asked for, and never the node.

The places of a batch are test_failing_questions.py's.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.end_to_end.one_node import ERRORS, TO_CHECK, Facts, fail, full_world, reading, readings
from vhdsfix.commands.guarded import GuardedReader
from vhdsfix.commands.time_allowed import TimeAllowed
from vhdsfix.commands.watchdog import Watchdog
from vhdsfix.lab.faults import Kind
from vhdsfix.lab.world import World
from vhdsfix.model.readings import Known, Unknown
from vhdsfix.remote.node import RemoteReader


@pytest.fixture
def world() -> World:
    return full_world()


@pytest.fixture
def reader(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RemoteReader]:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with reading(world) as node:
        yield node


@pytest.fixture(scope="module")
def facts() -> dict[str, Facts]:
    """What a node tells where nothing fails."""
    with reading(full_world()) as untouched:
        return {"node": readings(untouched.itself()), "checks": readings(untouched.checks(TO_CHECK))}


# The facts that each command's failure makes unknown.
CHECKED: dict[str, set[str]] = {
    "Get-VHDSet": {"vhd_sets"},
    "Get-VM": {"backup_services", "checkpoints"},
    "Get-VMIntegrationService": {"backup_services"},
    "Get-VMSnapshot": {"checkpoints"},
    "Get-WinEvent": {"merge_failures"},
    "Get-Item": {"sees"},
    "Get-CimInstance": {"guest_names", "guest_query"},
    "Get-CimAssociatedInstance": {"guest_query"},
    "Invoke-CimMethod": {"guest_query"},
}


@pytest.mark.parametrize(("command", "kind"), list(itertools.product(CHECKED, ERRORS)))
def test_a_check_that_fails_costs_only_what_it_asked(
    reader: RemoteReader, world: World, facts: dict[str, Facts], command: str, kind: Kind
) -> None:
    fail(world, command, kind)
    after = readings(reader.checks(TO_CHECK))
    assert {name for name, reading in after.items() if isinstance(reading, Unknown)} == CHECKED[command]
    for name in facts["checks"].keys() - CHECKED[command]:
        assert after[name] == facts["checks"][name]
    world.faults.clear()
    assert readings(reader.itself()) == facts["node"]


@pytest.mark.parametrize("command", CHECKED)
def test_a_check_that_hangs_costs_only_what_it_asked(
    world: World, facts: dict[str, Facts], command: str
) -> None:
    """As the watchdog does, the session is ended while the command hangs: the batch's, then that of the question alone."""
    fail(world, command, "slow")
    with reading(world, RemoteReader.abort) as reader:
        after = readings(reader.checks(TO_CHECK))
        assert {name for name, reading in after.items() if isinstance(reading, Unknown)} == CHECKED[command]
        for name in facts["checks"].keys() - CHECKED[command]:
            assert after[name] == facts["checks"][name]
        world.faults.clear()
        assert readings(reader.itself()) == facts["node"]


def test_a_run_that_is_stopped_asks_nothing_more(world: World) -> None:
    """Ctrl-C ends what is waited for; the questions that would follow alone are not asked."""
    fail(world, "Get-WinEvent", "slow")
    guarded: list[GuardedReader] = []
    with closing(Watchdog()) as watchdog, reading(world, lambda _node: guarded[0].abort()) as node:
        guarded.append(GuardedReader(node, watchdog, TimeAllowed()))
        after = readings(guarded[0].checks(TO_CHECK))
    assert all("the run was stopped" in left.why for left in after.values())


# What an empty answer leaves: where something has to be there, nothing is no answer.
CHECKED_EMPTY: dict[str, dict[str, object]] = {
    "Get-VHDSet": {"vhd_sets": Unknown},
    "Get-VM": {"backup_services": Unknown, "checkpoints": Known(())},
    "Get-VMIntegrationService": {"backup_services": Unknown},
    "Get-VMSnapshot": {"checkpoints": Known(())},
    "Get-WinEvent": {"merge_failures": Known(())},
    "Get-Item": {"sees": Unknown},
    "Get-CimInstance": {"guest_names": Unknown, "guest_query": Unknown},
    "Get-CimAssociatedInstance": {"guest_query": Unknown},
    "Invoke-CimMethod": {"guest_query": Unknown},
}


@pytest.mark.parametrize("command", CHECKED_EMPTY)
def test_a_check_that_comes_back_empty_is_not_called_in_order(
    reader: RemoteReader, world: World, command: str
) -> None:
    fail(world, command, "empty")
    after = readings(reader.checks(TO_CHECK))
    for name, left in CHECKED_EMPTY[command].items():
        assert isinstance(after[name], Unknown) if left is Unknown else after[name] == left
