"""What a command is asked for, as values: nothing here knows of a command line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from vhdsfix.config import Secret, Settings
from vhdsfix.model.windows import FolderPath
from vhdsfix.remote.limits import TIME_LIMITS, TimeLimits


class Target(msgspec.Struct, frozen=True):
    """The hosts to ask, how, and where this run keeps its files.

    `lab` names a scenario; then the lab brings nodes, port and account. No `password`: the current logon.
    `guest_passwords`: by the guest cluster's name, of those whose connection names a user. `timeout_s`: for the whole run;
    None for as long as it takes.
    """

    settings: Settings
    state_dir: Path
    password: Secret | None = None
    lab: str | None = None
    limits: TimeLimits = TIME_LIMITS
    timeout_s: float | None = None
    guest_passwords: Mapping[str, Secret] = {}


class PlanRequest(msgspec.Struct, frozen=True):
    """`facts`: judge these saved facts and ask nobody; in the scope saved with them unless the request has one of its own.

    `save`, `facts_out`: files to write. `scrub`: what goes to `facts_out` shall not say whose it is.

    `force`: an existing file at `save` or `facts_out` may be replaced.
    """

    target: Target
    folders: tuple[FolderPath, ...] = ()
    guest_clusters: tuple[str, ...] = ()
    accept_reach: tuple[FolderPath, ...] = ()
    facts: Path | None = None
    facts_out: Path | None = None
    scrub: bool = False
    save: Path | None = None
    force: bool = False


class ApplyRequest(msgspec.Struct, frozen=True):
    """`plan_file`: apply this saved plan if it is no older than `max_age_days`; otherwise plan now, in this scope.

    `require_complete`: refuse a plan that could not look everywhere. `approved_digest`: what the saved plan's digest begins
    with, at least. `max_changes`: refuse a plan with more; None: as the settings say. `lock_timeout_s`: wait so long for
    another run to end. `expected_nodes`: guest nodes that the run is about, each waited for up to `wait_s`.
    `all_or_nothing`: write nothing if a look at every folder shows that one cannot be changed as planned.
    """

    target: Target
    folders: tuple[FolderPath, ...] = ()
    guest_clusters: tuple[str, ...] = ()
    accept_reach: tuple[FolderPath, ...] = ()
    plan_file: Path | None = None
    max_age_days: int = 7
    require_complete: bool = False
    approved_digest: str | None = None
    max_changes: int | None = None
    lock_timeout_s: float = 0
    expected_nodes: tuple[str, ...] = ()
    wait_s: float = 0
    all_or_nothing: bool = False


class UndoRequest(msgspec.Struct, frozen=True):
    """`run`: the id of the run to take back, its beginning, its journal's path, or a saved plan's that takes one back. `vms`: ids,
    or names as they were then.

    Empty `folders` and `vms`: all that it did. `force`: a plan that is only saved may replace a file. The rest as in ApplyRequest.
    """

    target: Target
    run: str
    folders: tuple[FolderPath, ...] = ()
    vms: tuple[str, ...] = ()
    max_age_days: int = 7
    approved_digest: str | None = None
    max_changes: int | None = None
    lock_timeout_s: float = 0
    force: bool = False
