"""What bench.py measures, inside the venv: the lab in a process of its own, the client in this one.

Only figures of one run are compared with each other; what is printed are ratios, and the figures behind them.
"""

from __future__ import annotations

import logging
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import NamedTuple

import msgspec
import structlog

from vhdsfix.commands import fleet, plan
from vhdsfix.commands.requests import PlanRequest, Target
from vhdsfix.config import NodeAddress, Secret, Settings
from vhdsfix.lab import endpoints, scenarios
from vhdsfix.lab.auth import Account
from vhdsfix.lab.rule import Rule
from vhdsfix.lab.server import Lab, LabNode
from vhdsfix.remote.connection import Connection
from vhdsfix.remote.session import Session
from vhdsfix.remote.statements import Command, Effect

ACCOUNT = Account("LAB\\admin", "rehearsal")
MOST_PER_FILE_S = 0.0001
MOST_PER_VM_S = 0.0005
SMALL = Rule(seed=1, nodes=64, vms=128, folders=8, files=32)
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
NOTHING = ((Command("Microsoft.PowerShell.Utility\\Write-Output", {"InputObject": ""}),),)


class Took(NamedTuple):
    """Seconds: on the clock, of this process's CPU, of the lab's."""

    wall_s: float
    client_s: float
    lab_s: float


def main() -> None:
    """Print one line for each comparison."""
    for title, rule in (("64 nodes, 8 guest clusters", SMALL), ("large", scenarios.load("large").by_rule)):
        with _served(rule, latency_ms=100) as (settings, lab_s):
            empty = _took(lambda: _ask_nothing(settings), lab_s)
            planned = _took(lambda: _plan(settings), lab_s)
        print(
            f"{title}, 100 ms latency: a plan takes {planned.wall_s / empty.wall_s:.2f} times what an empty question to each"
            f" node takes ({planned.wall_s:.1f} s, {empty.wall_s:.1f} s)"
        )
        with _served(rule, latency_ms=0) as (settings, lab_s):
            empty = _took(lambda: _ask_nothing(settings), lab_s)
            planned = _took(lambda: _plan(settings), lab_s)
        if rule is not SMALL:  # there the clusters' own questions outweigh what few files and VMs may cost
            print(_beyond_the_sessions(title, rule, planned.client_s - empty.client_s))
        print(
            f"{title}, no latency: the lab needs {planned.lab_s / planned.client_s:.2f} times the CPU of the client for a plan"
            f" ({planned.lab_s:.1f} s, {planned.client_s:.1f} s; {planned.wall_s:.1f} s on the clock)"
        )


def _beyond_the_sessions(title: str, rule: Rule | None, seconds: float) -> str:
    """What a plan costs besides logging on to each node and asking it nothing, of what it may cost."""
    files, vms = (rule.files, rule.vms) if rule else (0, 0)
    allowed_s = files * MOST_PER_FILE_S + vms * MOST_PER_VM_S
    return (
        f"{title}: beyond the sessions themselves a plan needs {seconds / allowed_s:.2f} times the client CPU that {files} files and"
        f" {vms} VMs may cost ({seconds:.2f} s, {allowed_s:.2f} s), and the process had at most {_peak_mb()} MB of memory so far"
    )


def _peak_mb() -> str:
    try:
        import resource  # noqa: PLC0415 - Windows has none
    except ImportError:
        return "an unknown number of"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return f"{peak / (2**20 if sys.platform == 'darwin' else 2**10):.0f}"


def _took(work: Callable[[], object], lab_s: Callable[[], float]) -> Took:
    wall, client, lab = time.monotonic(), time.process_time(), lab_s()
    work()
    return Took(time.monotonic() - wall, time.process_time() - client, lab_s() - lab)


def _plan(settings: Settings) -> None:
    with tempfile.TemporaryDirectory() as state:
        result = plan.run(
            PlanRequest(Target(settings, Path(state), Secret(ACCOUNT.password))), lambda _step: None
        )
    if result.data is None:
        raise SystemExit("there is no plan")


def _ask_nothing(settings: Settings) -> None:
    """One session a node, one question, closed; as many side by side as a plan logs on to."""
    password = Secret(ACCOUNT.password)

    def ask(node: NodeAddress) -> None:
        to = Connection(node.name or "", node.address, node.port, transport="http", user=ACCOUNT.user)
        session = Session(to, password, Effect.READS)
        session.run("asking nothing of", NOTHING)
        session.close()

    with ThreadPoolExecutor(fleet.AT_ONCE) as pool:
        list(pool.map(ask, settings.nodes))


@contextmanager
def _served(rule: Rule | None, latency_ms: int) -> Iterator[tuple[Settings, Callable[[], float]]]:
    """Settings that reach the world's nodes, and what tells the seconds of CPU that the lab has used."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    lab = spawn.Process(target=_serve, args=(theirs, rule, latency_ms))
    lab.start()
    try:
        nodes = tuple(NodeAddress(*at) for at in ours.recv())
        yield Settings(nodes=nodes, user=ACCOUNT.user, transport="http"), lambda: _cpu_of(ours)
    finally:
        ours.send("end")
        lab.join()


def _cpu_of(lab: Pipe) -> float:
    lab.send("cpu")
    seconds: float = lab.recv()
    return seconds


def _serve(asked: Pipe, rule: Rule | None, latency_ms: int) -> None:
    scenario = msgspec.structs.replace(scenarios.load("large"), by_rule=rule)
    world = scenarios.build(scenario)
    nodes = [
        LabNode(node.name, endpoints.shells(world, node.name), ACCOUNT, latency_ms=latency_ms)
        for node in world.nodes
    ]
    with Lab(nodes) as lab:
        asked.send([(at.name, at.address, at.port) for at in lab.endpoints])
        while asked.recv() == "cpu":
            asked.send(time.process_time())


if __name__ == "__main__":
    main()
