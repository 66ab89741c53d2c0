"""The command line: options in, an exit code out. What a command needs is imported when it runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from vhdsfix import __version__
from vhdsfix.cli.lab_app import GroupHelp, lab, show_help_of_a_group
from vhdsfix.cli.option_groups import with_option_groups
from vhdsfix.cli.options import ChangeOptions, ConnectionOptions, OutputOptions, ScopeOptions
from vhdsfix.errors import ExitCode, UsageError, VhdsfixError

ABOUT = """Finds and repairs the VM grants that host-level backups of Hyper-V guest clusters need.

Backups of guest clusters on shared VHD Sets fail with event 19100, 0x80070005, when a VM has no grant of its own on a
folder with its VHDS files. `vhdsfix plan` shows who lacks what and changes nothing; `vhdsfix apply` repairs it and
proves it. To see it without any host: `vhdsfix plan --lab demo`."""

EXIT_CODES = """\b
Exit codes:
  0  done, or nothing to do
  1  internal error
  2  changes pending; only with --detailed-exitcode
  3  a finding needs a person; only with --detailed-exitcode
  4  no node let us in
  5  incomplete: something could not be looked at
  6  a change is not in place
  7  plan refused: stale, damaged or of an unknown version
  8  locked by another run
  9  more changes than are allowed
 10  not approved
 11  a guest node of --expect-node is not there, or lacks a grant
 64  wrong usage, or a file that cannot be read or written
130  interrupted

Journals and the lab's worlds are kept in the user's state folder, or in VHDSFIX_STATE_DIR."""

# Help as plain text: rich would double what `--help` costs, and a pipe in any encoding can take it.
app = typer.Typer(
    help=ABOUT,
    epilog=EXIT_CODES,
    rich_markup_mode=None,
    add_completion=False,
    add_help_option=False,
    pretty_exceptions_enable=False,
)
app.add_typer(lab, name="lab")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line (without the program's name; None: this program's own) and return its exit code."""
    try:
        return int(
            typer.main.get_command(app).main(arguments, prog_name="vhdsfix", standalone_mode=False) or 0
        )
    except typer.TyperException as error:
        return _wrong_usage(error)
    except VhdsfixError as error:
        return _cannot_start(error)
    except (
        OSError
    ) as error:  # what a command itself meets is told by then: this is help that cannot be printed
        return _cannot_start(UsageError(f"standard output cannot be written: {error.strerror or error}"))
    except Exception as error:  # noqa: BLE001 - the last line of defence: a person gets one line, never a traceback
        from vhdsfix.cli import ending

        return ending.of_a_bug(error)


def _cannot_start(error: VhdsfixError) -> int:
    """A command's own modules may say that they cannot be used here: the lab, where its libraries are missing."""
    from vhdsfix.cli import ending

    ending.complain(str(error))
    return error.exit_code


def _wrong_usage(error: typer.TyperException) -> int:
    from vhdsfix.cli import ending

    context = getattr(error, "ctx", None)
    command = context.command_path if context else "vhdsfix"
    message = error.format_message().rstrip(".")
    ending.complain(f"{message}. `{command} --help` lists what there is.")
    return ExitCode.USAGE


@app.callback(invoke_without_command=True)
def program(
    context: typer.Context,
    *,
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
    wants_help: GroupHelp = False,
) -> None:
    if version:
        typer.echo(f"vhdsfix {__version__}")
        raise typer.Exit(ExitCode.DONE)
    show_help_of_a_group(context, wanted=wants_help)


@app.command()
@with_option_groups
def plan(
    *,
    scope: ScopeOptions,
    connection: ConnectionOptions,
    output: OutputOptions,
    save: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the plan there, for `vhdsfix apply FILE`.")
    ] = None,
    facts_out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write what the nodes answered there.")
    ] = None,
    scrub: Annotated[
        bool,
        typer.Option(
            "--scrub",
            help="Replace names, addresses, GUIDs and SIDs in that file, for a bug report; it gives the same plan.",
        ),
    ] = False,
    facts: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Judge these saved answers and ask no host.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the files of --save and --facts-out if they exist.")
    ] = False,
) -> int:
    """Show which VM lacks its grant on which folder. Changes nothing."""
    from vhdsfix.cli import plan_command

    files = plan_command.Files(save=save, facts_out=facts_out, scrub=scrub, facts=facts, force=force)
    return plan_command.run(scope, connection, output, files)


@app.command()
@with_option_groups
def apply(
    *,
    scope: ScopeOptions,
    connection: ConnectionOptions,
    change: ChangeOptions,
    output: OutputOptions,
    plan_file: Annotated[
        Path | None,
        typer.Argument(metavar="PLAN", help="A plan that `vhdsfix plan --save` wrote; none: plan now."),
    ] = None,
    require_complete: Annotated[
        bool, typer.Option("--require-complete", help="Refuse a plan that could not look everywhere.")
    ] = False,
    all_or_nothing: Annotated[
        bool,
        typer.Option(
            "--all-or-nothing",
            help="Look at every folder first, and change nothing if one cannot be changed as planned.",
        ),
    ] = False,
    expect_node: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Exit 0 only if this guest node is there and has its grant wherever its cluster has disks, 11 otherwise; "
            "what is wrong elsewhere is only told. Repeatable.",
        ),
    ] = None,
    wait: Annotated[
        float,
        typer.Option(metavar="SECONDS", min=0, help="Wait so long for --expect-node's nodes to be there."),
    ] = 0,
) -> int:
    """Make a plan's changes and prove each. Shows the plan and asks first; then every grant is read back."""
    from vhdsfix.cli import apply_command

    wanted = apply_command.Wanted(
        plan_file=plan_file,
        change=change,
        require_complete=require_complete,
        expected_nodes=tuple(expect_node or ()),
        wait_s=wait,
        all_or_nothing=all_or_nothing,
    )
    return apply_command.run(scope, connection, output, wanted)


@app.command()
@with_option_groups
def undo(
    *,
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN|PLAN",
            help="The run to take back: its id, the beginning of it, or its journal; or a plan that --save wrote.",
        ),
    ],
    folder: Annotated[
        list[str] | None, typer.Option(metavar="PATH", help="Only what it did on this folder. Repeatable.")
    ] = None,
    vm: Annotated[
        list[str] | None,
        typer.Option(metavar="VM", help="Only what it did for this VM (name or id). Repeatable."),
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Only write the plan there, for `vhdsfix undo FILE`."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace --save's file if it exists.")] = False,
    connection: ConnectionOptions,
    change: ChangeOptions,
    output: OutputOptions,
) -> int:
    """Take back what a run did: each VM gets what it had before, no more. Shows the plan and asks first.

    It refuses, and says why: folders that changed since, VMs that would lose their own access to a disk file they use, VMs
    with a recovery checkpoint.
    """
    from vhdsfix.cli import undo_command

    wanted = undo_command.Wanted(
        run=run,
        folders=tuple(folder or ()),
        vms=tuple(vm or ()),
        save=save,
        force=force,
        change=change,
    )
    return undo_command.run(connection, output, wanted)


@app.command()
@with_option_groups
def show(
    *,
    name: Annotated[
        str,
        typer.Argument(
            metavar="PLAN|RUN", help="A saved plan's file; or a run's id, its beginning, or its journal."
        ),
    ],
    output: OutputOptions,
) -> int:
    """Print a saved plan again, or what a run did. Asks no host."""
    from vhdsfix.cli import offline_commands

    return offline_commands.show(name, output)


@app.command()
@with_option_groups
def history(*, output: OutputOptions) -> int:
    """List the runs that changed something, or tried to, from here. Asks no host."""
    from vhdsfix.cli import offline_commands

    return offline_commands.history(output)


@app.command()
def explain(
    finding: Annotated[str | None, typer.Argument(metavar="FINDING", help="A finding's id.")] = None,
) -> int:
    """Say what a finding means. Without an id, list them all."""
    from vhdsfix.cli import offline_commands

    return offline_commands.explain(finding)


@app.command()
def schema(document: Annotated[str, typer.Argument(metavar="DOCUMENT", help="plan")]) -> int:
    """Print the JSON Schema of a document that vhdsfix writes."""
    from vhdsfix.cli import offline_commands

    return offline_commands.schema(document)
