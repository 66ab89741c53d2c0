"""Cmdlets that answer with rows of the world, chosen by their parameters."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from vhdsfix.lab.binding import Bound
from vhdsfix.lab.cmdlets.cmdlet import Call, Run
from vhdsfix.lab.cmdlets.contract import object_of
from vhdsfix.lab.error_records import ErrorRecord
from vhdsfix.lab.objects import has_wildcard, is_like, items_of, property_of, text_of

Row = dict[str, Any]
NotFound = Callable[[Call, str, Any], ErrorRecord]
"""The error for a plain value that no row has: call, parameter, value."""


def chosen_by(links: Mapping[str, str], not_found: NotFound) -> Run:
    """A cmdlet whose parameters choose rows. `links`: parameter -> property of the row it is compared with.

    "Property>RowProperty" compares a property of the object that is bound. A parameter without a link is a property's name.
    """

    def run(call: Call, records: Iterator[Bound]) -> Iterator[Any]:
        for bound in records:
            rows = call.runspace.rows(call.name)
            for parameter, value in _selecting(call, bound):
                source, _, target = links.get(parameter, parameter).rpartition(">")
                wanted = [property_of(item, source) if source else item for item in items_of(value)]
                # Assumed: an object that is bound is there, whatever it has: a VM without drives is no error.
                for missing in [] if source else _not_among(rows, target, wanted):
                    call.write_error(not_found(call, parameter, missing))
                tests = [_test(item) for item in wanted if item is not None]
                rows = [row for row in rows if any(test(row.get(target)) for test in tests)]
            yield from (object_of(call.signature.output, row) for row in rows)

    return run


def _selecting(call: Call, bound: Bound) -> list[tuple[str, Any]]:
    """The bound parameters but switches."""
    types = call.signature.parameters
    return [(name, value) for name, value in bound.items() if types[name].type != "SwitchParameter"]


def _not_among(rows: list[Row], target: str, wanted: list[Any]) -> list[Any]:
    plain = [item for item in wanted if item is not None and not has_wildcard(text_of(item))]
    return [item for item in plain if not any(map(_test(item), (row.get(target) for row in rows)))]


def _test(wanted: Any) -> Callable[[Any], bool]:
    """Whether what a row has is what is wanted."""
    if isinstance(wanted, uuid.UUID):
        wanted_id = str(wanted)
        return lambda have: have is not None and text_of(have).lower() == wanted_id
    return lambda have: have is not None and is_like(have, wanted)
