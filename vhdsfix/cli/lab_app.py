"""`vhdsfix lab …` on the command line. What a command needs is imported when it runs."""

from __future__ import annotations

from typing import Annotated

import typer

from vhdsfix.cli.options import OverHttps
from vhdsfix.errors import ExitCode

GroupHelp = Annotated[bool, typer.Option("--help", help="Show this message and exit.")]
"""The groups have a --help of our own, because typer's makes every subcommand import pydantic."""
LabName = Annotated[str, typer.Argument(metavar="NAME", help="The scenario's name.")]

lab = typer.Typer(
    help="The built-in lab: simulated host clusters to try vhdsfix on.",
    rich_markup_mode=None,
    add_help_option=False,
)


def show_help_of_a_group(context: typer.Context, *, wanted: bool) -> None:
    """Help that was asked for is a result; help in place of a command that is missing is a complaint."""
    if wanted or context.invoked_subcommand is None:
        typer.echo(context.get_help(), err=not wanted)
        raise typer.Exit(ExitCode.DONE if wanted else ExitCode.USAGE)


@lab.callback(invoke_without_command=True)
def lab_program(context: typer.Context, *, wants_help: GroupHelp = False) -> None:
    show_help_of_a_group(context, wanted=wants_help)


@lab.command("list")
def lab_list() -> int:
    """List the scenarios."""
    from vhdsfix.cli import lab_commands

    return lab_commands.names()


@lab.command("show")
def lab_show(name: LabName) -> int:
    """Print a scenario's world, and who may do what."""
    from vhdsfix.cli import lab_commands

    return lab_commands.show(name)


@lab.command("reset")
def lab_reset(name: LabName) -> int:
    """Bring a scenario back to its start."""
    from vhdsfix.cli import lab_commands

    return lab_commands.reset(name)


@lab.command("serve")
def lab_serve(name: LabName, *, https: OverHttps = False) -> int:
    """Run a scenario until Ctrl-C. Prints a config that reaches it."""
    from vhdsfix.cli import lab_commands

    return lab_commands.serve(name, https=https)


@lab.command("transcript")
def lab_transcript(
    name: LabName,
    *,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Every word, what only carries the answers included.")
    ] = False,
) -> int:
    """Print what a scenario's nodes were sent."""
    from vhdsfix.cli import lab_commands

    return lab_commands.transcript(name, every_word=verbose)
