"""Errors as PowerShell reports them: ids, categories, targets, and the exceptions behind them.

Source: recordings of PowerShell's own engine (WIRE 7; tests/recordings).
"""

from __future__ import annotations

from typing import Any

import msgspec

from vhdsfix.lab.objects import short_type_name, text_of

RUNTIME_EXCEPTION = "System.Management.Automation.RuntimeException"
_STATE_EXCEPTIONS = (
    "System.Management.Automation.SessionStateException",
    RUNTIME_EXCEPTION,
    "System.SystemException",
)
OPERATION_EXCEPTIONS = ("System.InvalidOperationException", "System.SystemException")
ACCESS_EXCEPTIONS = ("System.UnauthorizedAccessException", "System.SystemException")
NOT_FOUND_EXCEPTIONS = ("System.Management.Automation.ItemNotFoundException", *_STATE_EXCEPTIONS)
VIRTUALIZATION_EXCEPTIONS = ("Microsoft.HyperV.PowerShell.VirtualizationException",)
_BINDING_EXCEPTIONS = (
    "System.Management.Automation.ParameterBindingException",
    RUNTIME_EXCEPTION,
    "System.SystemException",
)
_NOT_FOUND_EXCEPTIONS = (
    "System.Management.Automation.CommandNotFoundException",
    RUNTIME_EXCEPTION,
    "System.SystemException",
)
_PARENT_CONTAINS_RECORD = (
    "System.Management.Automation.ParentContainsErrorRecordException",
    "System.SystemException",
)


class ErrorRecord(msgspec.Struct, frozen=True):
    """One error. `category` is a name of System.Management.Automation.ErrorCategory.

    `exceptions`: type names of the exception behind it, most derived first, without System.Exception and System.Object.
    `command`: the invocation's name, None where no command was invoked; `activity` names it in the category.
    `target_is_wrapped`: the engine hands an object from the pipeline on in its own wrapping.
    """

    message: str
    error_id: str
    category: str
    exceptions: tuple[str, ...]
    target: Any = None
    command: str | None = None
    activity: str = ""
    target_is_wrapped: bool = False

    @property
    def reason(self) -> str:
        return self.exceptions[0].rpartition(".")[2]

    @property
    def target_name(self) -> str:
        return text_of(self.target)

    @property
    def target_type(self) -> str:
        if self.target_is_wrapped:
            return "PSObject"
        return "" if self.target is None else short_type_name(self.target)

    @property
    def category_message(self) -> str:
        target = f"{_shortened(self.target_name)}:{_shortened(self.target_type)}"
        return f"{self.category}: ({target}) [{_shortened(self.activity)}], {self.reason}"

    @property
    def as_written(self) -> ErrorRecord:
        """The record of an error that ended a statement, when only the record is reported, as for the first of several."""
        if RUNTIME_EXCEPTION not in self.exceptions:
            return self
        return msgspec.structs.replace(self, exceptions=_PARENT_CONTAINS_RECORD)


class TerminatingError(Exception):
    """The statement ends here."""

    def __init__(self, record: ErrorRecord) -> None:
        super().__init__(record.message)
        self.record = record


def command_not_found(name: str) -> TerminatingError:
    message = (
        f"The term '{name}' is not recognized as a name of a cmdlet, function, script file, or executable program.\n"
        "Check the spelling of the name, or if a path was included, verify that the path is correct and try again."
    )
    return TerminatingError(
        ErrorRecord(message, "CommandNotFoundException", "ObjectNotFound", _NOT_FOUND_EXCEPTIONS, name)
    )


def module_not_found(name: str, module: str) -> TerminatingError:
    """A command named with a module that the node does not have. Source: tried on PowerShell's own engine."""
    message = (
        f"The module '{module}' could not be loaded. For more information, run 'Import-Module {module}'."
    )
    return TerminatingError(
        ErrorRecord(message, "CouldNotAutoLoadModule", "ObjectNotFound", _NOT_FOUND_EXCEPTIONS, name)
    )


def script_not_allowed(text: str) -> TerminatingError:
    message = (
        "The syntax is not supported by this runspace. This can occur if the runspace is in no-language mode."
    )
    exceptions = (
        "System.Management.Automation.ParseException",
        RUNTIME_EXCEPTION,
        "System.SystemException",
    )
    return TerminatingError(ErrorRecord(message, "ScriptsNotAllowed", "ParserError", exceptions, text))


def binding_failed(command: str, error_class: str, error_id: str, message: str) -> TerminatingError:
    """A parameter or argument that the command cannot take; `error_id` without the class. The invocation has no name yet."""
    exceptions: tuple[str, ...] = _BINDING_EXCEPTIONS
    category = "InvalidArgument"
    if error_id == "ParameterArgumentValidationError":
        exceptions = ("System.Management.Automation.ParameterBindingValidationException", *exceptions)
        category = "InvalidData"
    record = ErrorRecord(
        message,
        f"{error_id},{error_class}",
        category,
        exceptions,
        command="",
        activity=command,
    )
    return TerminatingError(record)


def written_by_program(program: str, line: str, *, is_first: bool) -> ErrorRecord:
    """A line that a native command wrote to its standard error."""
    exceptions = (
        "System.Management.Automation.RemoteException",
        RUNTIME_EXCEPTION,
        "System.SystemException",
    )
    error_id = "NativeCommandError" if is_first else "NativeCommandErrorMessage"
    return ErrorRecord(line, error_id, "NotSpecified", exceptions, line, command=program)


def _shortened(text: str) -> str:
    """Source: the recording native-fails: 19 letters from each end, an ellipsis between, where there are more than 40.

    They are counted in units of UTF-16, and a letter of two may be cut in half: tried on PowerShell's own engine.
    """
    units = text.encode("utf-16-le", "surrogatepass")
    if len(units) <= 2 * 40:
        return text
    return (units[: 2 * 19] + "…".encode("utf-16-le") + units[-2 * 19 :]).decode("utf-16-le", "surrogatepass")
