"""Runs the statements of one pipeline, and reports what PowerShell reports of them.

Source: WIRE 7.1. An error that ends the first of several statements is an ordinary record, and only the next statement's
output is reported; in a later one it ends the report as Failed. Either way the host runs all the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from vhdsfix.lab.binding import Binding
from vhdsfix.lab.cmdlets import icacls
from vhdsfix.lab.cmdlets.catalog import CMDLETS, ICACLS, is_icacls, is_module, spelled
from vhdsfix.lab.cmdlets.cmdlet import Call, Cmdlet, start
from vhdsfix.lab.error_records import (
    ErrorRecord,
    TerminatingError,
    command_not_found,
    module_not_found,
    script_not_allowed,
    written_by_program,
)
from vhdsfix.lab.objects import text_of
from vhdsfix.lab.runspace import Runspace
from vhdsfix.lab.statements import Command, Statement


class Output(msgspec.Struct, frozen=True):
    """An object that came out of a statement."""

    value: Any


Message = Output | ErrorRecord
Report = Callable[[Message], None]


class PipelineEnd(msgspec.Struct, frozen=True):
    """What the client is told, in order; Completed, unless `failure` says why it Failed."""

    messages: tuple[Message, ...]
    failure: ErrorRecord | None = None


def run_pipeline(
    runspace: Runspace, statements: tuple[Statement, ...], cmdlets: Mapping[str, Cmdlet] = CMDLETS
) -> PipelineEnd:
    """Run all statements; what comes after the end is not told.

    `cmdlets` may have more than the lab's own, for tests of the batch rule.
    """
    runspace.begin()
    reported: list[Message] = []
    end: PipelineEnd | None = None
    first_failed = False
    for index, statement in enumerate(statements):
        try:
            _run_statement(runspace, statement, cmdlets, reported.append)
        except TerminatingError as error:
            if index == 0 and len(statements) > 1:
                reported.append(error.record.as_written)
                first_failed = True
                continue
            end = end or PipelineEnd(tuple(reported), error.record)
        if first_failed:
            end = end or PipelineEnd(tuple(reported))
    return end or PipelineEnd(tuple(reported))


def _run_statement(
    runspace: Runspace, statement: Statement, cmdlets: Mapping[str, Cmdlet], report: Report
) -> None:
    if len(statement) == 1 and is_icacls(statement[0].name) and not statement[0].is_script:
        _run_icacls(runspace, statement[0], report)
        return
    for value in _objects(runspace, statement, cmdlets, report):
        report(Output(value))


def _objects(
    runspace: Runspace, statement: Statement, cmdlets: Mapping[str, Cmdlet], report: Report
) -> Iterator[Any]:
    """Every command is found and bound before the first one runs."""
    names = [_found(runspace, command, cmdlets) for command in statement]
    bound = [
        _bound(name, cmdlets[name], command, index > 0)
        for index, (name, command) in enumerate(zip(names, statement, strict=True))
    ]
    objects: Iterator[Any] | None = None
    for binding in bound:
        cmdlet = cmdlets[binding.name]
        call = Call(binding.name, binding.invoked_as, binding.signature, runspace, report)
        objects = start(cmdlet, call, binding, objects)
    return objects or iter(())


def _found(runspace: Runspace, command: Command, cmdlets: Mapping[str, Cmdlet]) -> str:
    if command.is_script:
        raise script_not_allowed(command.name)
    name = spelled(command.name, cmdlets)
    if name is None and spelled(command.name, CMDLETS):  # hidden here: tried on PowerShell's own engine
        raise command_not_found(command.name.rpartition("\\")[2])
    module = command.name.rpartition("\\")[0]
    if name is None and module and runspace.loads_modules and not is_module(module):
        raise module_not_found(command.name, module)
    if name is None or _is_unknown(runspace, name):
        raise command_not_found(command.name)
    return name


def _is_unknown(runspace: Runspace, name: str) -> bool:
    fault = runspace.fault_of(name)
    return fault is not None and fault.kind == "unknown"


def _bound(name: str, cmdlet: Cmdlet, command: Command, expects_input: bool) -> Binding:
    signature = cmdlet.signature_for(command.name)
    binding = Binding(name, command.name, signature, expects_input=expects_input)
    binding.bind_command_line(command)
    return binding


def _run_icacls(runspace: Runspace, command: Command, report: Report) -> None:
    """A native command: its lines are text, what it says on stderr are records, its exit code is no error (WIRE 7.5)."""
    if _is_unknown(runspace, ICACLS):
        raise command_not_found(command.name)
    ended = _icacls_ended(runspace, command)
    runspace.last_exit_code = ended.exit_code
    for line in ended.stdout:
        report(Output(line))
    for index, line in enumerate(ended.stderr):
        report(written_by_program(ICACLS, line, is_first=index == 0))


def _icacls_ended(runspace: Runspace, command: Command) -> icacls.Native:
    fault = runspace.fault_of(ICACLS)
    if fault is not None and fault.kind == "denied":
        return icacls.denied(runspace.world, runspace.node)
    named = tuple(text_of(part) for pair in command.parameters for part in (f"-{pair[0]}", pair[1]))
    return icacls.run(
        runspace.world, runspace.node, named + tuple(text_of(value) for value in command.arguments)
    )
