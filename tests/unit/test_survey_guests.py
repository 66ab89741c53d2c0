"""Which guest is asked with which account, in which order, and what becomes of one that does not answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar, cast

import pytest

from vhdsfix.errors import AuthError, LostError, NodeError, UnreachableError
from vhdsfix.model.facts import ClusterNode, GuestFacts
from vhdsfix.model.readings import Known, Unknown
from vhdsfix.ports import GuestReader, Hosts, Reader
from vhdsfix.survey.guests import ask_guests

T = TypeVar("T")
REFUSED = AuthError("it refused the user and password")
DEAD = UnreachableError("connecting to it timed out")


class Guest:
    """One address. `fails`: what logging on ends with; `told`: what it says of its nodes."""

    def __init__(
        self,
        guest_cluster: str,
        node: str,
        fails: NodeError | None = None,
        *,
        account: str = "corp\\guests",
        told: Known[tuple[ClusterNode, ...]] | Unknown | NodeError | None = None,
    ) -> None:
        self.guest_cluster, self.node, self.account = guest_cluster, node, account
        self.fails = fails
        self.told = told or Known((ClusterNode(node, 0),))
        self.tried = 0

    def connect(self) -> None:
        self.tried += 1
        if self.fails:
            raise self.fails

    def itself(self) -> GuestFacts:
        if isinstance(self.told, NodeError):
            raise self.told
        return GuestFacts(self.guest_cluster, Known(self.guest_cluster), self.told)


class Fleet:
    """Only the guests of `Hosts`, one task after another."""

    def __init__(self, *guests: Guest) -> None:
        self._guests = guests

    def guests(self) -> Sequence[GuestReader]:
        return self._guests

    def at_once(self, tasks: Sequence[Callable[[], T]]) -> Sequence[T]:
        return [task() for task in tasks]


def asked(*guests: Guest) -> dict[str, GuestFacts]:
    answers = ask_guests(cast("Hosts[Reader]", Fleet(*guests)), lambda _progress: None)
    assert len({facts.configured for facts in answers}) == len(answers)
    return {facts.configured: facts for facts in answers}


def why(facts: GuestFacts) -> str:
    assert isinstance(facts.nodes, Unknown)
    return facts.nodes.why


def test_without_a_connection_nobody_is_asked() -> None:
    assert asked() == {}


def test_the_first_address_that_answers_is_enough() -> None:
    first, second, third = Guest("A", "a1", DEAD), Guest("A", "a2"), Guest("A", "a3")
    assert asked(first, second, third)["A"].nodes == Known((ClusterNode("a2", 0),))
    assert [guest.tried for guest in (first, second, third)] == [1, 1, 0]


def test_one_that_cannot_tell_its_nodes_is_passed_over() -> None:
    """The guest is there, and its cluster service is not."""
    stopped = Guest(
        "A", "a1", told=Unknown("a1 did not tell the cluster's nodes: the service is not running")
    )
    assert asked(stopped, Guest("A", "a2"))["A"].nodes == Known((ClusterNode("a2", 0),))


@pytest.mark.parametrize("told", [LostError("the answer was lost"), Unknown("the answer was lost")])
def test_where_none_answers_it_is_unknown_with_every_reason(told: NodeError | Unknown) -> None:
    answer = asked(Guest("A", "a1", DEAD), Guest("A", "a2", told=told))["A"]
    assert why(answer) == "connecting to it timed out; the answer was lost"
    assert answer.name == answer.nodes


def test_an_account_that_was_refused_is_not_tried_at_the_next_address() -> None:
    first, second = Guest("A", "a1", REFUSED), Guest("A", "a2")
    assert "refused" in why(asked(first, second)["A"])
    assert second.tried == 0


def test_a_guest_that_is_dead_costs_the_others_nothing() -> None:
    answers = asked(Guest("A", "a1", DEAD), Guest("B", "b1"), Guest("C", "c1", account="other"))
    assert isinstance(answers["B"].nodes, Known)
    assert isinstance(answers["C"].nodes, Known)


def test_after_two_refusals_nobody_tries_that_account_again() -> None:
    guests = [Guest(name, name, REFUSED) for name in "ABCD"]
    answers = asked(*guests)
    assert [guest.tried for guest in guests] == [1, 1, 0, 0]
    assert "might lock it" in why(answers["C"])
    assert "might lock it" in why(answers["D"])


def test_another_account_is_tried_all_the_same() -> None:
    refused = [Guest(name, name, REFUSED) for name in "ABC"]
    other = Guest("D", "d1", account="other")
    assert isinstance(asked(*refused, other)["D"].nodes, Known)


def test_once_it_was_accepted_a_refusal_stops_nobody() -> None:
    """Another guest cluster may not know the account; it is no wrong password."""
    guests = [Guest("A", "a1"), *(Guest(name, name, REFUSED) for name in "BCD"), Guest("E", "e1")]
    answers = asked(*guests)
    assert all(guest.tried == 1 for guest in guests)
    assert isinstance(answers["E"].nodes, Known)


def test_a_guest_that_let_us_in_and_cannot_tell_has_accepted_the_account() -> None:
    guests = [
        Guest("A", "a1", told=Unknown("no cluster here")),
        *(Guest(name, name, REFUSED) for name in "BCD"),
        Guest("E", "e1"),
    ]
    assert isinstance(asked(*guests)["E"].nodes, Known)
