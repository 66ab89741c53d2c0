"""`lab`: the scenarios, and the worlds that are kept of them."""

from __future__ import annotations

import signal
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from vhdsfix.commands import lab_run
from vhdsfix.commands.result import Result
from vhdsfix.config import guest_password_variable
from vhdsfix.lab import picture, scenarios, state
from vhdsfix.lab import transcript as transcripts
from vhdsfix.lab.certificates import Authority


def names() -> Result:
    """Return each scenario's name and what it is about, in one line."""
    return Result("lab list", tuple((name, scenarios.load(name).about) for name in scenarios.names()))


def show(name: str, state_dir: Path) -> Result:
    """Return the scenario's world as it is now, as a tree of branches. Raises LabError."""
    return Result("lab show", picture.of(state.look(lab_run.worlds_folder(state_dir), name)))


def reset(name: str, state_dir: Path) -> Result:
    """Bring the scenario's beginning back; its transcript goes too. Raises LabError."""
    folder = lab_run.worlds_folder(state_dir)
    state.reset(folder, name)
    lab_run.transcript_file(folder, name).unlink(missing_ok=True)
    return Result("lab reset", (f"{name} is as it was at the beginning",))


def serve(name: str, state_dir: Path, say: Callable[[str], None], *, https: bool) -> Result:
    """Serve the scenario until it is interrupted or ended (SIGTERM); says a config that reaches it, line by line.

    Either way the world is kept; the certificates of `https` are not. Raises LabError.
    """
    for stop in (signal.SIGINT, signal.SIGTERM):  # a shell starts background jobs with SIGINT ignored
        signal.signal(stop, signal.default_int_handler)
    with (
        tempfile.TemporaryDirectory(prefix="vhdsfix-lab-") as folder,
        lab_run.started(name, state_dir, "lab serve", Authority(Path(folder)) if https else None) as lab,
    ):
        for line in lab_run.config_text(lab).splitlines():
            say(line)
        say("")
        say(f"# The password is {lab_run.PASSWORD}: set VHDSFIX_PASSWORD={lab_run.PASSWORD}")
        for guest in lab.guest_connections:
            variable = guest_password_variable(guest.guest_cluster)
            say(f"# The guests' own is {lab_run.GUEST_PASSWORD}: set {variable}={lab_run.GUEST_PASSWORD}")
        say(
            f"# Save these lines as lab.toml, then: vhdsfix plan --config lab.toml   ({name} is served until Ctrl-C)"
        )
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return Result("lab serve", ())
    return Result("lab serve", ())


def transcript(name: str, state_dir: Path) -> Result:
    """Return the pipelines that the scenario's nodes were sent since its beginning. Raises LabError."""
    scenarios.load(name)
    file = lab_run.transcript_file(lab_run.worlds_folder(state_dir), name)
    return Result("lab transcript", tuple(transcripts.read(file)))
