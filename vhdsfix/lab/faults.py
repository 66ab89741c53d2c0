"""Ways in which one command fails on one node, so that a test can ask what the client then believes."""

from __future__ import annotations

from typing import Literal

import msgspec

Kind = Literal["unknown", "denied", "terminating", "nonterminating", "null", "empty", "slow"]


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a command fails, each time it is called; with `vm`, a name or id, only for that VM, if VMs are piped into it.

    unknown: there is no such command. denied: an access error and nothing else (icacls: exit code 5, nothing written).
    terminating: the statement ends. nonterminating: an error record, and the last object is missing. null: `property` is null
    in every object. empty: no objects and no error. slow: it answers `seconds` late; a session that ends ends it. A native command can only be unknown or denied.
    """

    kind: Kind
    property: str = ""
    vm: str = ""
    seconds: float = 3600.0
    message: str = "The operation failed."
    error_id: str = "Unspecified"


Faults = dict[str, dict[str, Fault]]
"""By node, then by command name without its module."""
