"""Real signals to a real process, whose nodes answer when the test lets them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import filelock
import pytest

from tests.end_to_end.rehearsal import PASSWORD, USER, Rehearsal, rehearsal
from vhdsfix.commands import cluster_lock
from vhdsfix.lab.psrp import SimulatedShell
from vhdsfix.lab.shell import OpenShell
from vhdsfix.lab.statements import Statement
from vhdsfix.lab.world import World
from vhdsfix.model.plan import HostCluster

pytestmark = pytest.mark.skipif(
    os.name == "nt", reason="Windows sends no signal to a process of another console"
)

FOLDER = r"C:\ClusterStorage\NTFS-03\GuestClustersSharedDisks"
VHDSFIX = (sys.executable, "-m", "vhdsfix")
SIGNALS = (signal.SIGINT, signal.SIGTERM, *([] if sys.platform == "win32" else [signal.SIGHUP]))
LONG_S = 100
"""Nothing takes so long; a test that fails must not hang."""


class Gate:
    """Nodes run a pipeline that has `command` only when it is opened, from the `nth` time on."""

    def __init__(self) -> None:
        self.command, self.nth = "", 1
        self._came, self._open, self._count = threading.Event(), threading.Event(), 0

    def close(self, command: str, nth: int = 1) -> None:
        self.command, self.nth = command, nth

    def pass_through(self, _node: str, statements: tuple[Statement, ...]) -> None:
        names = {command.name.rpartition("\\")[2] for statement in statements for command in statement}
        if self.command in names:
            self._count += 1
            if self._count >= self.nth:
                self._came.set()
                assert self._open.wait(LONG_S)

    def wait_until_somebody_stands_there(self) -> None:
        assert self._came.wait(LONG_S)

    def open(self) -> None:
        self._open.set()


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open()


@pytest.fixture
def lab(world: World, tmp_path: Path, gate: Gate) -> Iterator[Rehearsal]:
    def shells(name: str) -> OpenShell:
        return lambda _configuration: SimulatedShell(world, name, gate.pass_through)

    with rehearsal(world, tmp_path, {node.name: shells(node.name) for node in world.nodes}) as running:
        yield running
        gate.open()


class Run:
    """`vhdsfix apply --yes` as a process of its own; `until` reads its progress."""

    def __init__(self, lab: Rehearsal, *options: str, before: tuple[str, ...] = ()) -> None:
        config = lab.state_dir / "lab.toml"
        nodes = ", ".join(
            f'{{ name = "{node.name}", address = "{node.address}", port = {node.port} }}'
            for node in lab.settings.nodes
        )
        config.write_text(
            f"config_version = 1\n[host_cluster]\nnode = [{nodes}]\n"
            f"[connection]\nuser = '{USER}'\nauth = 'ntlm'\ntransport = 'http'\n",
            encoding="utf-8",
        )
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("VHDSFIX_")}
        self.process = subprocess.Popen(
            [
                *before,
                *VHDSFIX,
                "apply",
                "--yes",
                "-v",
                "--format",
                "json",
                "--config",
                str(config),
                *options,
            ],
            env={**inherited, "VHDSFIX_STATE_DIR": str(lab.state_dir), "VHDSFIX_PASSWORD": PASSWORD},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def until(self, text: str) -> None:
        assert self.process.stderr is not None
        seen = []
        for line in self.process.stderr:
            seen.append(line)
            if text in line:
                return
        pytest.fail(f"it ended without {text!r}: {''.join(seen)}")

    def send(self, which: signal.Signals) -> None:
        self.process.send_signal(which)

    def end(self) -> tuple[int, list[str] | None]:
        """Its exit code, and how each action ended; None where it reports nothing."""
        out, err = self.process.communicate(timeout=LONG_S)
        assert "Traceback" not in err
        report = json.loads(out)["data"]
        return self.process.returncode, report and [one["outcome"]["outcome"] for one in report["outcomes"]]


@pytest.fixture
def ended() -> Iterator[ExitStack]:
    """Whatever a test does, its process is gone afterwards."""
    with ExitStack() as stack:
        yield stack


def started(ended: ExitStack, lab: Rehearsal, *options: str, before: tuple[str, ...] = ()) -> Run:
    run = Run(lab, *options, before=before)
    ended.enter_context(run.process)
    ended.callback(run.process.kill)
    return run


def granted(world: World) -> int:
    """So many of the two VMs that lack their grant in the beginning have it."""
    text = str(world.tree.dump()[FOLDER]["sddl"])
    return sum(world.vm(name).sid in text for name in ("DemoGuestNode2", "DemoGuestNode3"))


@pytest.mark.parametrize("which", SIGNALS)
def test_once_finishes_the_change_in_hand_and_reports(
    lab: Rehearsal, gate: Gate, world: World, ended: ExitStack, which: signal.Signals
) -> None:
    gate.close("icacls.exe")
    run = started(ended, lab)
    gate.wait_until_somebody_stands_there()
    run.send(which)
    run.until("stopping after the change in hand")
    gate.open()

    assert run.end() == (130, ["done", "untouched"])
    assert granted(world) == 1


AT_A_TERMINAL = """
import os, pty, sys
out, err = os.dup(1), os.dup(2)
pid, terminal = pty.fork()
if not pid:
    os.dup2(out, 1)
    os.dup2(err, 2)
    os.execv(sys.argv[1], sys.argv[1:])
sys.stdin.readline()
os.close(terminal)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""
"""Has a command run at a terminal that is closed when a line comes in; what it says goes elsewhere."""


def test_a_terminal_that_is_closed_lets_the_change_in_hand_be_finished(
    lab: Rehearsal, gate: Gate, world: World, ended: ExitStack
) -> None:
    gate.close("icacls.exe")
    run = started(ended, lab, before=(sys.executable, "-c", AT_A_TERMINAL))
    gate.wait_until_somebody_stands_there()
    assert run.process.stdin
    run.process.stdin.write("close it\n")
    run.process.stdin.flush()
    run.until("stopping after the change in hand")
    gate.open()

    assert run.end() == (130, ["done", "untouched"])
    assert granted(world) == 1


def test_twice_ends_at_once_and_the_next_run_says_what_became_of_it(
    lab: Rehearsal, gate: Gate, world: World, ended: ExitStack
) -> None:
    gate.close("icacls.exe")
    run = started(ended, lab)
    gate.wait_until_somebody_stands_there()
    run.send(signal.SIGINT)
    run.until("stopping after the change in hand")
    run.send(signal.SIGINT)

    assert run.end() == (130, None)
    assert granted(world) == 0
    gate.open()
    assert started(ended, lab).end()[0] in (
        0,
        6,
    )  # the write that was under way lands before or after its look
    assert started(ended, lab).end()[0] == 0
    assert granted(world) == 2


@pytest.mark.parametrize("which", SIGNALS)
def test_while_nodes_are_asked_nobody_waits_for_them(
    lab: Rehearsal, gate: Gate, world: World, ended: ExitStack, which: signal.Signals
) -> None:
    gate.close("Get-VM")
    run = started(ended, lab)
    gate.wait_until_somebody_stands_there()
    run.send(which)

    assert run.end() == (130, None)  # and the gate is still closed
    assert granted(world) == 0


def test_the_look_afterwards_is_cut_short_and_what_was_done_is_told(
    lab: Rehearsal, gate: Gate, world: World, ended: ExitStack
) -> None:
    gate.close("Get-Cluster", nth=2)
    run = started(ended, lab)
    gate.wait_until_somebody_stands_there()
    run.send(signal.SIGTERM)

    assert run.end() == (130, ["done", "done"])
    assert granted(world) == 2


def test_waiting_for_another_run_ends_at_once(lab: Rehearsal, world: World, ended: ExitStack) -> None:
    folder = cluster_lock.journal_folder(lab.state_dir, HostCluster(world.cluster.name, world.cluster.id))
    folder.mkdir(parents=True)
    with filelock.FileLock(folder / "lock"):
        run = started(ended, lab, "--lock-timeout", "3600")
        run.until("waiting for: another run of vhdsfix")
        run.send(signal.SIGTERM)
        assert run.end() == (130, None)
    assert granted(world) == 0


def test_waiting_for_a_guest_node_ends_at_once(lab: Rehearsal, world: World, ended: ExitStack) -> None:
    run = started(ended, lab, "--expect-node", "DemoGuestNode4", "--wait", "3600")
    run.until("waiting for guest node DemoGuestNode4: no VM of its name is shown")
    run.send(signal.SIGINT)
    assert run.end() == (130, None)
    assert granted(world) == 0
