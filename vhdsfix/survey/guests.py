"""The guest clusters themselves, each at the first of its addresses that answers. One that does not answer costs nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple, TypeVar

from vhdsfix.errors import AuthError, NodeError
from vhdsfix.model.facts import GuestFacts
from vhdsfix.model.readings import Known, Unknown
from vhdsfix.ports import GuestReader, Hosts, Notify, Progress, Reader

T = TypeVar("T")

REFUSALS_ENOUGH = 2
"""So many guests may refuse an account before any accepts it. Assumed: no lockout policy is stricter than that."""

Addresses = Sequence[GuestReader]


def ask_guests(hosts: Hosts[Reader], notify: Notify) -> tuple[GuestFacts, ...]:
    """Side by side, but for those of one account until one guest has accepted it: wrong passwords lock it."""
    clusters = _by(lambda guest: guest.guest_cluster.casefold(), hosts.guests())
    accounts = _by(lambda addresses: addresses[0].account, clusters)
    tried = hosts.at_once([partial(_until_accepted, same_account, notify) for same_account in accounts])
    rest = [addresses for one in tried for addresses in one.not_tried]
    answers = hosts.at_once([partial(_ask, addresses, notify) for addresses in rest])
    return (*(facts for one in tried for facts in one.answers), *(answer.facts for answer in answers))


class _Tried(NamedTuple):
    """What the guest clusters of one account said so far, and those that may be asked side by side now."""

    answers: list[GuestFacts]
    not_tried: Sequence[Addresses]


class _Answer(NamedTuple):
    """`accepted`: whether the account was let in, and `refused`: whether it was not. Neither: nobody was there to say."""

    facts: GuestFacts
    accepted: bool = False
    refused: bool = False


def _until_accepted(clusters: Sequence[Addresses], notify: Notify) -> _Tried:
    answers: list[GuestFacts] = []
    refusals = 0
    for number, addresses in enumerate(clusters):
        if refusals == REFUSALS_ENOUGH:
            why = "not asked: more attempts with this account might lock it"
            answers += [_silent(left[0], why) for left in clusters[number:]]
            break
        answer = _ask(addresses, notify)
        answers.append(answer.facts)
        refusals += answer.refused
        if answer.accepted:
            return _Tried(answers, clusters[number + 1 :])
    return _Tried(answers, [])


def _ask(addresses: Addresses, notify: Notify) -> _Answer:
    """The first address that answers; none after one that refused the account, which is the same everywhere."""
    whys: list[str] = []
    accepted = False
    for guest in addresses:
        notify(Progress("asking guest cluster", guest.guest_cluster))
        try:
            guest.connect()
            accepted = True
            facts = guest.itself()
        except AuthError as error:
            return _Answer(_silent(guest, str(error)), refused=True)
        except NodeError as error:
            whys.append(str(error))
            continue
        if isinstance(facts.nodes, Known):
            return _Answer(facts, accepted=True)
        whys.append(facts.nodes.why)
    return _Answer(_silent(addresses[0], "; ".join(whys)), accepted)


def _silent(guest: GuestReader, why: str) -> GuestFacts:
    return GuestFacts(guest.guest_cluster, Unknown(why), Unknown(why))


def _by(key: Callable[[T], str], values: Sequence[T]) -> list[list[T]]:
    """Those of one key together, in their order."""
    found: dict[str, list[T]] = {}
    for value in values:
        found.setdefault(key(value), []).append(value)
    return list(found.values())
