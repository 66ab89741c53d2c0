"""What guests told, by way of their hosts or themselves. A guest may say what it likes: it completes, names and warns."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from vhdsfix.membership.names import short_name
from vhdsfix.membership.shown import ids_on
from vhdsfix.model.facts import Facts, GuestFacts, GuestQuery
from vhdsfix.model.readings import Known, known_or
from vhdsfix.model.windows import VmId

COMPLETED = 0
"""Source: W32 msvm-vssservice-queryguestclusterinformation.md: the method's return value where it worked."""

T = TypeVar("T")


class Told(msgspec.Struct, frozen=True):
    """By VM: what the hosts' query of its guest cluster brought, and the short name its guest calls itself (KVP).

    By configured guest cluster: what it said of itself.
    """

    queries: dict[VmId, GuestQuery]
    names: dict[VmId, str]
    guests: dict[str, GuestFacts]


def told_by_guests(facts: Facts) -> Told:
    """Only what a node says of the VMs that it shows counts; where two nodes say different things, neither does."""
    queries: dict[VmId, set[GuestQuery]] = {}
    names: dict[VmId, set[str]] = {}
    for node in facts.nodes:
        own = ids_on(node)
        for queried in node.checks.guest_queries:
            if queried.vm_id in own and isinstance(queried.answer, Known):
                queries.setdefault(queried.vm_id, set()).add(queried.answer.value)
        for named in known_or(node.checks.guest_names, ()):
            if named.vm_id in own and named.name:
                names.setdefault(named.vm_id, set()).add(short_name(named.name))
    answered = {vm_id: query for vm_id, query in _agreed(queries).items() if query.return_value == COMPLETED}
    return Told(answered, _agreed(names), _guests(facts))


def cluster_id(query: GuestQuery) -> str | None:
    """The guest cluster's id, as ids compare."""
    return (query.cluster_id or "").strip("{} ").casefold() or None


def _agreed(said: dict[VmId, set[T]]) -> dict[VmId, T]:
    return {vm_id: next(iter(values)) for vm_id, values in said.items() if len(values) == 1}


def _guests(facts: Facts) -> dict[str, GuestFacts]:
    """One answer for each configured guest cluster; one that told its nodes comes before one that did not."""
    answers = sorted(facts.guests, key=lambda one: (not isinstance(one.nodes, Known), repr(one)))
    found: dict[str, GuestFacts] = {}
    for one in answers:
        found.setdefault(one.configured.casefold(), one)
    return found
