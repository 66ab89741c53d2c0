"""What the hosts' query of a guest cluster brings, in every shape that it may have."""

from __future__ import annotations

import json
from typing import Any

import pytest

from vhdsfix.model.facts import GuestDisk, GuestQuery
from vhdsfix.remote.guest_query import guest_query

PATHS = ["C:\\ClusterStorage\\V1\\a.vhds", "C:\\ClusterStorage\\V1\\b.vhds"]
INFORMATION: dict[str, Any] = {
    "ClusterId": "{1-2}",
    "ClusterSize": 2,
    "SharedVirtualHardDiskPaths": PATHS,
    "IsClustered": [True, False],
    "IsOnline": [True, True],
    "IsOwned": [False, True],
    "IsActiveActive": [False, False],
}
TOLD = GuestQuery(
    0,
    "{1-2}",
    2,
    (
        GuestDisk(PATHS[0], is_clustered=True, is_online=True, is_owned=False, is_active_active=False),
        GuestDisk(PATHS[1], is_clustered=False, is_online=True, is_owned=True, is_active_active=False),
    ),
)


def wrapped(information: dict[str, Any]) -> dict[str, Any]:
    """Lists as 5.1 may write them."""
    return {
        name: {"value": value, "Count": len(value)} if isinstance(value, list) else value
        for name, value in information.items()
    }


def as_xml(information: dict[str, Any]) -> str:
    def one(name: str, value: Any) -> str:
        if isinstance(value, list):
            items = "".join(f"<VALUE>{str(item).upper()}</VALUE>" for item in value)
            if name == "SharedVirtualHardDiskPaths":
                items = "".join(f"<VALUE>{item}</VALUE>" for item in value)
            return f'<PROPERTY.ARRAY NAME="{name}"><VALUE.ARRAY>{items}</VALUE.ARRAY></PROPERTY.ARRAY>'
        return f'<PROPERTY NAME="{name}" TYPE="x"><VALUE>{value}</VALUE></PROPERTY>'

    return f"<INSTANCE>{''.join(one(*entry) for entry in information.items())}</INSTANCE>"


@pytest.mark.parametrize(
    "information",
    [
        INFORMATION,
        {name.lower(): value for name, value in INFORMATION.items()},
        {**INFORMATION, "CimClass": {"a": ["b"]}, "PSComputerName": None, "ClusterSize": "2"},
        wrapped(INFORMATION),
        [INFORMATION],
        as_xml(INFORMATION),
        [as_xml(INFORMATION)],
    ],
    ids=["object", "small letters", "more than that", "wrapped", "list", "xml", "list of xml"],
)
def test_every_shape_says_the_same(information: object) -> None:
    assert guest_query(0, information) == TOLD
    assert guest_query(0, json.loads(json.dumps(information))) == TOLD


@pytest.mark.parametrize("information", [None, "", {}])
def test_where_nothing_is_told_only_the_return_value_is_known(information: object) -> None:
    assert guest_query(32768, information) == GuestQuery(32768)


@pytest.mark.parametrize("name", ["IsOnline", "SharedVirtualHardDiskPaths", "IsOwned"])
def test_arrays_that_do_not_run_parallel_say_nothing_of_disks(name: str) -> None:
    shorter = {**INFORMATION, name: INFORMATION[name][:1]}
    assert guest_query(0, shorter) == GuestQuery(0, "{1-2}", 2)


def test_one_disk_may_come_without_its_list() -> None:
    one = {"SharedVirtualHardDiskPaths": PATHS[0], "IsOnline": True}
    assert guest_query(0, one) == GuestQuery(0, disks=(GuestDisk(PATHS[0], is_online=True),))


def test_what_is_not_told_of_a_disk_is_not_known() -> None:
    told = {"SharedVirtualHardDiskPaths": PATHS[:1], "IsOnline": [None], "IsOwned": ["perhaps"]}
    assert guest_query(0, told).disks == (GuestDisk(PATHS[0]),)


@pytest.mark.parametrize(
    "odd",
    [
        {"ClusterId": ["x"]},
        {"ClusterId": "x" * 5000},
        {"ClusterSize": "many"},
        {"ClusterSize": True},
        {"ClusterSize": -1},
        {"ClusterSize": 10**20},
        {"SharedVirtualHardDiskPaths": [7]},
        {"SharedVirtualHardDiskPaths": {"value": None}},
        {"SharedVirtualHardDiskPaths": ["x"] * 1000},
    ],
    ids=lambda odd: str(odd)[:40],
)
def test_what_is_odd_is_not_believed(odd: dict[str, Any]) -> None:
    assert guest_query(0, odd) == GuestQuery(0)


@pytest.mark.parametrize(
    "information",
    [
        7,
        True,
        ["a", "b"],
        "Microsoft.Management.Infrastructure.CimInstance",
        "<!DOCTYPE a><INSTANCE/>",
        "<A/>",
    ],
    ids=str,
)
def test_a_shape_that_is_not_known_is_no_answer(information: object) -> None:
    with pytest.raises(ValueError, match=r"^it |^the XML "):
        guest_query(0, information)
