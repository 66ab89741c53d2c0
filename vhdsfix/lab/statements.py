"""What a client asks for, in PowerShell's terms: statements of commands, each with its parameters and arguments."""

from __future__ import annotations

from typing import Any

import msgspec


class Command(msgspec.Struct, frozen=True):
    """One command of a pipeline. Parameters in the order given; values are plain: text, number, bool, UUID, list, dict, None.

    `is_script`: the name is script text, as PowerShell's AddScript sends it.
    """

    name: str
    parameters: tuple[tuple[str, Any], ...] = ()
    arguments: tuple[Any, ...] = ()
    is_script: bool = False


Statement = tuple[Command, ...]
"""Commands that hand their objects on, from the first to the last."""
