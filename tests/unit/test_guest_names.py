"""What guests call themselves: each item is XML that a guest wrote."""

from __future__ import annotations

import pytest

from vhdsfix.remote.guest_names import name_among

BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


def item(data: str, name: str = "FullyQualifiedDomainName", before: str = "") -> str:
    return (
        f'{before}<INSTANCE CLASSNAME="Msvm_KvpExchangeDataItem"><PROPERTY NAME="Caption" TYPE="string"></PROPERTY>'
        f'<PROPERTY NAME="Data" TYPE="string"><VALUE>{data}</VALUE></PROPERTY>'
        f'<PROPERTY NAME="Name" TYPE="string"><VALUE>{name}</VALUE></PROPERTY></INSTANCE>'
    )


def test_the_item_of_that_name_is_the_guests_name() -> None:
    items = (item("Windows", "OSName"), item("sql1.corp.example"), item("10.0", "OSVersion"))
    assert name_among(items) == "sql1.corp.example"


def test_what_others_items_hold_does_not_matter() -> None:
    assert name_among(("<", "", "x" * 100_000, item("sql1"), item("&a;", before=BOMB))) == "sql1"


def test_the_same_name_twice_is_one() -> None:
    assert name_among((item("sql1"), item(" sql1 "))) == "sql1"


@pytest.mark.parametrize(
    "items",
    [
        (),
        (item("a"), item("b")),
        (item(""),),
        (item("x" * 256),),
        (item("&#x1b;[31m"),),
        (item("a\u202eb"),),
        (item("&b;", before=BOMB),),
        (item("&b;"),),
        (item("a", "fullyqualifieddomainname"),),
        ("<INSTANCE/>",),
        ("<A><B/></A>",),
        ("\ud800",),
    ],
    ids=repr,
)
def test_what_is_no_name_is_none(items: tuple[str, ...]) -> None:
    assert name_among(items) is None
