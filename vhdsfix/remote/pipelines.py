"""Our statements as a pipeline of pypsrp's, and what came back of it as our messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from pypsrp.complex_objects import Command as PypsrpCommand
from pypsrp.complex_objects import PSInvocationState
from pypsrp.powershell import PowerShell, RunspacePool

from vhdsfix.remote.messages import ErrorRecord, Messages
from vhdsfix.remote.one_line import one_line
from vhdsfix.remote.statements import Calculated, Command, Statement, Value


class _UncopiedCommand(PypsrpCommand):
    """pypsrp copies every command deeply, twice, before it writes it down: two fifths of a plan's work, and nothing changes one."""

    def __deepcopy__(self, _memo: object) -> Self:
        return self


def pipeline_of(pool: RunspacePool, statements: Sequence[Statement]) -> PowerShell:
    pipeline = PowerShell(pool)
    for index, statement in enumerate(statements):
        if index:
            pipeline.add_statement()
        for command in statement:
            _add(pipeline, command)
    return pipeline


def _add(pipeline: PowerShell, command: Command) -> None:
    version = pipeline.runspace_pool.protocol_version or ""
    pipeline.add_command(_UncopiedCommand(command.name, protocol_version=version, is_script=False))
    for name, value in command.parameters.items():
        pipeline.add_parameter(name, _sent(value))
    for argument in command.arguments:
        pipeline.add_argument(argument)


def _sent(value: Value) -> object:
    if isinstance(value, tuple):
        return [
            {"n": item.name, "e": item.expression} if isinstance(item, Calculated) else item for item in value
        ]
    return str(value) if isinstance(value, str) else value  # pypsrp knows str, not what is derived from it


def messages_of(pipeline: PowerShell) -> Messages:
    return Messages(
        output=tuple(pipeline.output),
        errors=tuple(_error_record(error) for error in pipeline.streams.error),
        completed=pipeline.state == PSInvocationState.COMPLETED,
    )


def _error_record(error: Any) -> ErrorRecord:
    """Which command it names: WIRE 7.1 (the one that ran, else the category's activity, else the target)."""
    named = error.invocation_name or error.activity or error.target_name
    return ErrorRecord(
        one_line(error.fq_error), str(named) if named else None, one_line(error), str(error.target_name or "")
    )
