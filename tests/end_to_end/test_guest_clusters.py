"""A guest cluster is asked itself, by an account of its own, beside the hosts."""

from __future__ import annotations

import socket
from pathlib import Path

import msgspec
import pytest

from vhdsfix.commands import fleet, lab_run
from vhdsfix.commands.requests import Target
from vhdsfix.config import NodeAddress, Secret, Settings
from vhdsfix.model.facts import Facts
from vhdsfix.model.plan import Scope
from vhdsfix.model.readings import Known, Unknown
from vhdsfix.remote.limits import TIME_LIMITS, TimeLimits
from vhdsfix.survey import survey

CLUSTER = "MAILCLUSTER"


def surveyed(
    settings: Settings,
    state_dir: Path,
    guest_password: str = lab_run.GUEST_PASSWORD,
    limits: TimeLimits = TIME_LIMITS,
) -> Facts:
    target = Target(
        settings,
        state_dir,
        Secret(lab_run.PASSWORD),
        limits=limits,
        guest_passwords={CLUSTER: Secret(guest_password)},
    )
    with fleet.for_reading(target, "plan") as reached:
        return survey(
            reached.hosts, Scope(), "2026-11-23T02:00:00Z", settings.cluster_name, lambda _progress: None
        )


def hosts_answered(facts: Facts) -> bool:
    return sum(isinstance(node.drives, Known) for node in facts.nodes) == 3


def test_it_tells_its_nodes(tmp_path: Path) -> None:
    with lab_run.started("node-down", tmp_path, "plan") as lab:
        facts = surveyed(lab_run.settings_within(lab, Settings()), tmp_path)
    (guest,) = facts.guests
    assert (guest.configured, guest.name) == (CLUSTER, Known(CLUSTER))
    assert isinstance(guest.nodes, Known)
    assert [(node.name, node.state) for node in guest.nodes.value] == [
        ("MAIL-N1", 0),
        ("MAIL-N2", 0),
        ("MAIL-N3", 1),
    ]
    assert hosts_answered(facts)


@pytest.mark.parametrize("password", ["wrong", lab_run.PASSWORD])
def test_one_that_refuses_its_account_costs_nothing_else(tmp_path: Path, password: str) -> None:
    """The hosts' password is as wrong there as any other."""
    with lab_run.started("node-down", tmp_path, "plan") as lab:
        facts = surveyed(lab_run.settings_within(lab, Settings()), tmp_path, password)
    (guest,) = facts.guests
    assert isinstance(guest.nodes, Unknown)
    assert "refused" in guest.nodes.why
    assert password not in guest.nodes.why
    assert hosts_answered(facts)


def test_an_address_where_nobody_answers_is_passed_over(tmp_path: Path) -> None:
    with lab_run.started("node-down", tmp_path, "plan") as lab:
        settings = lab_run.settings_within(lab, Settings())
        (connection,) = settings.guest_connections
        nobody = NodeAddress("MAIL-N0", "127.0.0.1", 1)
        tried = msgspec.structs.replace(connection, addresses=(nobody, *connection.addresses))
        facts = surveyed(msgspec.structs.replace(settings, guest_connections=(tried,)), tmp_path)
    assert isinstance(facts.guests[0].nodes, Known)


def test_one_that_is_silent_costs_no_more_than_its_own_time(tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        lab_run.started("node-down", tmp_path, "plan") as lab,
    ):
        settings = lab_run.settings_within(lab, Settings())
        (connection,) = settings.guest_connections
        address = NodeAddress("MAIL-N0", "127.0.0.1", silent.getsockname()[1])
        tried = msgspec.structs.replace(connection, addresses=(address,))
        facts = surveyed(
            msgspec.structs.replace(settings, guest_connections=(tried,)),
            tmp_path,
            limits=msgspec.structs.replace(TIME_LIMITS, guest_s=0.2, open_retry_s=0.0),
        )
    nodes = facts.guests[0].nodes
    assert isinstance(nodes, Unknown)
    assert "in the time allowed" in nodes.why  # ended by us, long before the wire gives up
    assert hosts_answered(facts)


def test_where_nobody_answers_it_says_why(tmp_path: Path) -> None:
    with lab_run.started("node-down", tmp_path, "plan") as lab:
        settings = lab_run.settings_within(lab, Settings())
        (connection,) = settings.guest_connections
        gone = msgspec.structs.replace(connection, addresses=(NodeAddress("MAIL-N0", "127.0.0.1", 1),))
        facts = surveyed(msgspec.structs.replace(settings, guest_connections=(gone,)), tmp_path)
    guest = facts.guests[0]
    assert isinstance(guest.nodes, Unknown)
    assert "127.0.0.1:1" in guest.nodes.why
    assert hosts_answered(facts)
