"""What one pipeline sent back, without the library that received it."""

from __future__ import annotations

import msgspec

from vhdsfix.remote.one_line import one_line
from vhdsfix.remote.statements import Command, plain_name

_PROXY_REFUSED = "ParameterArgumentValidationError"
_NOT_FOUND = "CommandNotFoundException"
_NEEDED = ("select-object", "convertto-json")
_MISSING = (
    "this session lacks the module's own Select-Object or ConvertTo-Json:"
    " use another --configuration-name, or a role that makes both visible"
)


class ErrorRecord(msgspec.Struct, frozen=True):
    """`error_id` is the fully qualified one; `command` what it names: the command that ran, failed to bind, or is unknown.

    `target`: the text of what it is about, where it says so.
    """

    error_id: str
    command: str | None
    text: str
    target: str = ""

    @property
    def short_id(self) -> str:
        """The id without the class behind it: the classes of some modules' cmdlets are not known for certain."""
        return self.error_id.partition(",")[0]

    @property
    def why(self) -> str:
        """The error as one line for a person; for a restricted endpoint, what it is missing."""
        said = self.text
        if self.is_restriction:
            said = _MISSING
        elif self.short_id == _NOT_FOUND and self.command:
            said = f"this session has no command {self.command}"
        return one_line(f"{said} ({self.error_id})")

    @property
    def is_restriction(self) -> bool:
        """Whether no question can be answered in this session. Source: WIRE 7.3: the JEA proxy of Select-Object refuses property
        names, and belongs to no module; ConvertTo-Json is not visible.
        """
        plain = (self.command or "").rpartition("\\")[2].casefold()
        return plain in _NEEDED and self.short_id in (_PROXY_REFUSED, _NOT_FOUND)

    def says_there_is_no(self, command: Command) -> bool:
        """Whether the session does not have it, so that it did not run."""
        return self.short_id == _NOT_FOUND and plain_name(self.command or "") == command.plain_name


class Messages(msgspec.Struct, frozen=True):
    """Output objects in order (texts and numbers are what we ask for), error records, and whether it is Completed."""

    output: tuple[object, ...]
    errors: tuple[ErrorRecord, ...]
    completed: bool
