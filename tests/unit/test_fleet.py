"""Whom the fleet connects to, and how it ends what nobody waits for any more."""

from __future__ import annotations

import threading

import pytest

from vhdsfix.commands.fleet import AT_ONCE, _Fleet
from vhdsfix.config import NodeAddress, Settings
from vhdsfix.errors import UnreachableError
from vhdsfix.remote.connection import Connection


class Node:
    """What the fleet opens: remembers where to, and that it was ended."""

    def __init__(self, to: Connection) -> None:
        self.to = to
        self.aborted = threading.Event()
        self.closed = False

    @property
    def node(self) -> str:
        return self.to.name

    def abort(self) -> None:
        self.aborted.set()

    def close(self) -> None:
        self.closed = True


def fleet(*nodes: NodeAddress, auth: str = "negotiate") -> _Fleet[Node]:  # type: ignore[type-var]
    return _Fleet(Settings(nodes=nodes, auth=auth), Node)  # type: ignore[arg-type, type-var]


@pytest.mark.parametrize(
    ("given", "domain", "address"),
    [
        ("hv01.corp.example", "other.example", "HV02.corp.example"),
        ("10.0.0.5", "corp.example", "HV02.corp.example"),
        ("hv01", "corp.example", "HV02.corp.example"),
        ("hv01", "", "HV02"),
    ],
)
def test_a_node_that_the_cluster_named_is_reached_in_the_given_nodes_domain(
    given: str, domain: str, address: str
) -> None:
    with fleet(NodeAddress(None, given)) as hosts:
        assert hosts.reach("HV02", domain).to.address == address


@pytest.mark.parametrize(
    "name", ["evil.example", "1.2.3.4", "-oops", "evil#", "bad/x?y=", "u@evil", "a b", "", "x" * 64]
)
def test_a_node_does_not_choose_whom_we_log_on_to(name: str) -> None:
    with (
        fleet(NodeAddress(None, "hv01.corp.example")) as hosts,
        pytest.raises(UnreachableError, match="was not asked"),
    ):
        hosts.reach(name, "corp.example")


def test_a_domain_that_is_none_is_not_used() -> None:
    with (
        fleet(NodeAddress(None, "10.0.0.5")) as hosts,
        pytest.raises(UnreachableError, match="was not asked"),
    ):
        hosts.reach("HV02", "evil.example/x")


def test_basic_goes_only_to_nodes_that_a_person_named() -> None:
    with fleet(NodeAddress("HV01", "hv01.corp.example"), auth="basic") as hosts:
        assert hosts.reach("HV01", "corp.example").to.address == "hv01.corp.example"
        with pytest.raises(UnreachableError, match="basic sends the password itself"):
            hosts.reach("HV02", "corp.example")


def test_a_given_node_is_known_by_what_it_calls_itself() -> None:
    with fleet(NodeAddress(None, "10.0.0.5")) as hosts:
        node = hosts.given()[0]
        hosts.remember_name(node, "HV07")  # type: ignore[arg-type]
        assert hosts.reach("hv07", "corp.example") is node


def test_an_interruption_ends_every_call_at_once() -> None:
    with fleet(NodeAddress("HV01", "hv01"), NodeAddress("HV02", "hv02")) as hosts:
        waiting = hosts.given()[1]

        def interrupted() -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            hosts.at_once([interrupted, lambda: waiting.aborted.wait(30)])
        assert waiting.aborted.is_set()


def test_every_node_has_a_thread_and_many_tasks_share_them() -> None:
    """Or a task that waits for its turn on one node would keep another node waiting."""
    with fleet(*(NodeAddress(f"HV{n:02}", f"hv{n:02}") for n in range(AT_ONCE + 2))) as hosts:
        side_by_side = threading.Barrier(AT_ONCE + 2)
        hosts.at_once([lambda: side_by_side.wait(30)] * (AT_ONCE + 2))
        threads = hosts.at_once([threading.get_ident for _ in range(10 * AT_ONCE)])
    assert len(set(threads)) <= 2 * AT_ONCE + 2


def test_every_session_is_closed_at_the_end() -> None:
    with fleet(NodeAddress("HV01", "hv01")) as hosts:
        nodes = [*hosts.given(), hosts.reach("HV02", "corp.example")]
    assert all(node.closed for node in nodes)
