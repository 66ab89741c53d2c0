"""Every option that more than one command has, once."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import typer


@dataclass(frozen=True)
class ConnectionOptions:
    """Which hosts are asked, and how; None and []: the command line does not say."""

    node: Annotated[
        list[str],
        typer.Option(metavar="HOST[:PORT]", help="A node of the host cluster; one is enough. Repeatable."),
    ] = field(default_factory=list)
    cluster: Annotated[
        str | None, typer.Option(metavar="NAME", help="Stop unless the nodes belong to this host cluster.")
    ] = None
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The config file (TOML). Environment: VHDSFIX_CONFIG.")
    ] = None
    lab: Annotated[
        str | None, typer.Option(metavar="NAME", help="Ask the built-in lab's scenario of this name instead.")
    ] = None
    user: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Log on as this account; without it the current logon is used. Environment: VHDSFIX_USER.",
        ),
    ] = None
    password_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Its first line is the password; - reads standard input. Environment: VHDSFIX_PASSWORD holds the "
            "password itself. Without either a terminal is asked.",
        ),
    ] = None
    auth: Annotated[
        str | None,
        typer.Option(
            metavar="KIND", help="negotiate (the default), ntlm, kerberos or basic (only over https)."
        ),
    ] = None
    transport: Annotated[
        str | None,
        typer.Option(
            metavar="KIND",
            help="auto (the default: http where Kerberos encrypts, otherwise https), http or https.",
        ),
    ] = None
    ca_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Trust these certificates (PEM) instead of the system's."),
    ] = None
    configuration_name: Annotated[
        str | None, typer.Option(metavar="NAME", help="The session configuration (endpoint) on the nodes.")
    ] = None
    timeout: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            help="For the whole run: what is not asked by then is unknown, and no change is begun. One that was begun is "
            "finished and proved.",
        ),
    ] = None


@dataclass(frozen=True)
class ScopeOptions:
    """What a plan is about; nothing named: everything that is found."""

    folder: Annotated[
        list[str], typer.Option(metavar="PATH", help="Only this folder of the host cluster. Repeatable.")
    ] = field(default_factory=list)
    guest_cluster: Annotated[
        list[str], typer.Option(metavar="NAME", help="Only this guest cluster. Repeatable.")
    ] = field(default_factory=list)
    accept_reach: Annotated[
        list[str],
        typer.Option(
            metavar="PATH",
            help="Grant on this folder although the grant reaches more than the shared disks. Repeatable.",
        ),
    ] = field(default_factory=list)


@dataclass(frozen=True)
class ChangeOptions:
    """On what conditions something is changed."""

    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before changing anything.")] = False
    approve: Annotated[
        str | None,
        typer.Option(
            metavar="DIGEST",
            help="Do not ask, if the saved plan's digest begins with these (12 or more) digits; else refuse. For two people.",
        ),
    ] = None
    max_age: Annotated[
        int,
        typer.Option(metavar="DAYS", min=0, max=36500, help="Refuse a saved plan that is older than this."),
    ] = 7
    max_changes: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=0,
            help="Refuse a plan with more changes. Without it: the config's max_changes, or 100.",
        ),
    ] = None
    lock_timeout: Annotated[
        float,
        typer.Option(
            metavar="SECONDS", min=0, help="Wait so long for another run on this machine to end; 0: do not."
        ),
    ] = 0

    @property
    def is_approved(self) -> bool:
        """Nobody is to be asked."""
        return self.yes or self.approve is not None


@dataclass(frozen=True)
class OutputOptions:
    """What is printed where, and what the exit code tells."""

    format: Annotated[
        Literal["text", "json"], typer.Option(help="json prints one document on standard output.")
    ] = "text"
    detailed_exitcode: Annotated[
        bool,
        typer.Option(
            "--detailed-exitcode", help="Exit 2 when changes are pending, 3 when a finding needs a person."
        ),
    ] = False
    log_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Append a log in JSON lines to this file.")
    ] = None
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Print progress and log lines on standard error.")
    ] = False


OverHttps = Annotated[
    bool, typer.Option("--https", help="Over HTTPS, with a certificate and a CA file made for the run.")
]
