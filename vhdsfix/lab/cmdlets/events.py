"""Get-WinEvent, by a table of log name and id."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vhdsfix.lab.binding import Bound
from vhdsfix.lab.cmdlets.cmdlet import Call, Run
from vhdsfix.lab.cmdlets.contract import object_of
from vhdsfix.lab.objects import text_of

_TYPE = "System.Diagnostics.Eventing.Reader.EventLogRecord"


def _events(call: Call, records: Iterator[Bound]) -> Iterator[Any]:
    rows = call.runspace.rows(call.name)
    for bound in records:
        (table,) = bound["FilterHashtable"]
        if unknown := set(table) - {"LogName", "Id"}:
            raise call.not_simulated(f"the filter {unknown.pop()}")
        found = [row for row in rows if all(text_of(row[key]) == text_of(table[key]) for key in table)]
        if not found:  # Source: PowerShell's GetEventCommand.cs
            message = "No events were found that match the specified selection criteria."
            call.write_error(
                call.error("NoMatchingEventsFound", "ObjectNotFound", ("System.Exception",), message)
            )
        yield from (object_of(_TYPE, row) for row in found[: bound.get("MaxEvents")])


CMDLETS: dict[str, Run] = {"Get-WinEvent": _events}
