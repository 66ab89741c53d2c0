"""SDDL text: the collected strings, what Windows accepts beside the grammar, and what must be refused."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from vhdsfix import sddl
from vhdsfix.model.windows import AceType, Acl, DomainAlias, SecurityDescriptor, Sid
from vhdsfix.sddl.letters import DOMAIN_ALIASES

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent.parent / "data" / "sddl_cases.json").read_text(encoding="utf-8")
)["cases"]
READABLE = [case for case in CASES if "error" not in case["expected"]]
REFUSED = [case for case in CASES if "error" in case["expected"]]

# The domain that the oracle of the cases was given; here the aliases stay what they are.
RIDS = {
    "DA": 512, "DU": 513, "DC": 515, "DD": 516, "DG": 514, "CA": 517, "LA": 500, "LG": 501, "PA": 520,
    "RS": 553, "RO": 498, "EA": 519, "SA": 518, "CN": 522, "AP": 525, "KA": 526, "EK": 527,
}  # fmt: skip


def _name(case: dict[str, Any]) -> str:
    return str(case["name"])


def _account(account: Sid | DomainAlias | None) -> str | None:
    if isinstance(account, DomainAlias):
        return f"S-1-5-21-1111111111-2222222222-3333333333-{RIDS[account]}"
    return account


def _entries(acl: Acl | None) -> list[dict[str, Any]] | None:
    if acl is None or acl.entries is None:
        return None
    return [
        {
            "type": ace.type,
            "flags": ace.flags,
            "mask": ace.mask,
            "sid": _account(ace.sid),
            "objects": (ace.object_type, ace.inherited_object_type),
        }
        for ace in acl.entries
    ]


def _expected(entries: list[dict[str, Any]] | None) -> list[dict[str, Any]] | None:
    if entries is None:
        return None
    return [
        {key: entry[key] for key in ("type", "flags", "mask", "sid")}
        | {"objects": (entry.get("object"), entry.get("inherit_object"))}
        for entry in entries
    ]


def test_all_73_cases_are_here() -> None:
    assert (len(READABLE), len(REFUSED)) == (63, 10)


@pytest.mark.parametrize("case", [case for case in READABLE if "parsed" in case], ids=_name)
def test_a_case_is_read_as_the_independent_implementation_reads_it(case: dict[str, Any]) -> None:
    descriptor, parsed = sddl.parse(case["sddl"]), case["parsed"]
    assert _account(descriptor.owner) == parsed["owner"]
    assert _account(descriptor.group) == parsed["group"]
    assert _entries(descriptor.dacl) == _expected(parsed["dacl"])
    assert _entries(descriptor.sacl) == _expected(parsed["sacl"])


@pytest.mark.parametrize("case", READABLE, ids=_name)
def test_a_case_is_written_so_that_it_is_read_as_the_same(case: dict[str, Any]) -> None:
    descriptor = sddl.parse(case["sddl"])
    assert sddl.parse(sddl.write(descriptor)) == descriptor


@pytest.mark.parametrize("case", REFUSED, ids=_name)
def test_a_malformed_case_is_refused_in_one_line(case: dict[str, Any]) -> None:
    with pytest.raises(sddl.SddlError) as refused:
        sddl.parse(case["sddl"])
    assert re.search(r"at \d+", str(refused.value))
    assert "\n" not in str(refused.value)


# Source: the Windows results in Samba's python/samba/tests/sddl.py; the last ones: MS docs, winnt.h.
@pytest.mark.parametrize(
    ("text", "same_as"),
    [
        ("D:(A;;GA;;; LG)", "D:(A;;GA;;;LG)"),
        ("D:(A;;GA;;;WD )", "D:(A;;GA;;;WD)"),
        ("D: P (A; ;GA;;;LG) (A;;GX; ;;AA)", "D:P(A;;GA;;;LG)(A;;GX;;;AA)"),
        ("D:(a;;ga;;;lg)", "D:(A;;GA;;;LG)"),
        ("  O:AA G:WD ", "O:AAG:WD"),
        ("S:D:P", "D:PS:"),
        ("D:AIPARP(A;;GA;;;SY)", "D:PARAI(A;;GA;;;SY)"),
        ("D:(A;;GA;;;s-1-5-0x20-0X220)", "D:(A;;GA;;;BA)"),
        ("O:S-1-2-0x200D:", "O:S-1-2-512D:"),
        ("D:(A;;CC;;;S-1-21474836480-32-579)", "D:(A;;CC;;;S-1-0x500000000-32-579)"),
        ("D:(A;;123456789;;;SY)(A;;01234567;;;SY)", "D:(A;;0x75bcd15;;;SY)(A;;0x53977;;;SY)"),
        ("D:(A;;CC LC;;;SY)", "D:(A;;0x5;;;SY)"),
        ("D:(OA;;RP;4828CC14-1437-45bc-9B07-AD6F015E5F28;;AO)", "D:(OA;;RP;4828cc14-1437-45bc-9b07-ad6f015e5f28;;AO)"),
        ("S:(ML;;NWNRNX;;;HI)", "S:(ML;;0x7;;;S-1-16-12288)"),
        ("S:(FL;TP;0x1;;;WD)", "S:(FL;TP;0x1;;;WD)"),
    ],
)  # fmt: skip
def test_what_windows_accepts_is_read(text: str, same_as: str) -> None:
    assert sddl.parse(text) == sddl.parse(same_as)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("d:(A;;GA;;;LG)", "unexpected"),
        ("D:P:S:", "unexpected"),
        ("D:(A;;GA;;;LG)x", "unexpected 'x' at 14"),
        ("D:(A;;GA;;;WD)D:(A;;GA;;;WD)", "a second part D: at 14"),
        ("O:BAO:BA", "a second part O:"),
        ("O:", "no account"),
        ("O:S-1-5", "unknown account 'S-1-5' at 2"),
        ("O:ZZ", "unknown account 'ZZ'"),
        ("D:((A;;GA;;;LG))", "unknown type"),
        ("D:(Antlers;;GA;;;SY)", "unknown type"),
        ("D:(A;;GA;;)", "5 fields instead of 6"),
        ("D:(A;;GA ;;;LG)", "a space after the rights"),
        ("D:(A;;CCC;;;LG)", "unknown right"),
        ("D:(A;;-99;;;LG)", "unknown right"),
        ("D:(A;;09;;;LG)", "bad access mask"),
        ("D:(A;;0x;;;LG)", "bad access mask"),
        ("D:(A;;0x1FR;;;LG)", "bad access mask"),
        ("D:(A;;٣;;;LG)", "unknown right|bad access mask"),
        ("D:(A;o\u0131;FA;;;LG)", "unknown flag"),  # upper() would make it OI
        ("D:(A;;GA;;;S-1-3-4 )", "unknown account"),
        ("D:(A;;GA;;;S-0x1-3-4)", "unknown account"),
        ("D:(A;;GA;;;S-1-0x1313131313131-513)", "out of range"),
        (f"D:(A;;GA;;;S-1-5{'-1' * 16})", "more than 15 numbers"),
        ("D:(OA;;GA; f30e3bbf-9ff0-11d1-b603-0000f80367c1;;WD)", "bad GUID"),
        ("D:(A;;GA;f30e3bbf-9ff0-11d1-b603-0000f80367c1;;WD)", "an object type in an entry of type 'A'"),
        ("D:NO_ACCESS_CONTROL(A;;GA;;;WD)", "without any access control"),
        ("D:(A;;FA;;;WD;(1))", "a seventh field"),
        ("D:(XA;;FA;;;WD)", "no expression"),
        ("D:(XA;;FA;;;WD;)", "no expression"),
        ("D:(XA;;FA;;;WD;(a)", "after the expression"),
        ("D:(XA;;FA;;;WD;((a))", "after the expression"),
        ("D:(XA;;FA;;;WD;((a)", "is not closed"),
        ('D:(XA;;FA;;;WD;(a == "b))', "the string at 21 is not closed"),
    ],
)  # fmt: skip
def test_what_nobody_can_be_sure_of_is_refused(text: str, why: str) -> None:
    with pytest.raises(sddl.SddlError, match=why):
        sddl.parse(text)


def test_the_expression_of_a_conditional_entry_is_kept_as_text() -> None:
    text = '(@User.a == "x)(y;z" && (b || Member_of {SID(BA), SID(BO)}))'
    descriptor = sddl.parse(f"D:(XA; ;FX;;;S-1-1-0; {text} )(A;;FA;;;SY)")
    assert [ace.expression for ace in descriptor.aces] == [text, None]


@pytest.mark.parametrize("alias", sorted(DOMAIN_ALIASES))
def test_an_account_of_an_unknown_domain_stays_what_it_is(alias: str) -> None:
    (ace,) = sddl.parse(f"D:(A;;FA;;;{alias.lower()})").aces
    assert ace.sid == DomainAlias(alias)
    assert not isinstance(ace.sid, Sid)


def test_an_absent_a_null_and_an_empty_dacl_are_told_apart() -> None:
    assert sddl.parse("O:BA").dacl is None
    assert sddl.parse("D:PNO_ACCESS_CONTROL").dacl == Acl(None, protected=True)
    assert sddl.parse("D:P").dacl == Acl((), protected=True)


def test_a_descriptor_is_written_as_windows_would() -> None:
    text = "O:BAG:SYD:PAI(A;OI;FA;;;S-1-5-83-1-1-2-3-4)(D;OICIIOID;0x1301bf;;;WD)(XA;;FX;;;DA;(a))S:AR(AU;SAFA;GR;;;AU)"
    assert sddl.write(sddl.parse(text)) == text


def test_types_of_entries() -> None:
    kinds = [
        "A",
        "D",
        "AU",
        "AL",
        "OA",
        "OD",
        "OU",
        "OL",
        "XA",
        "XD",
        "ZA",
        "XU",
        "ML",
        "RA",
        "SP",
        "TL",
        "FL",
    ]
    entries = "".join(f"({kind};;;;;WD{';(a)' if kind[0] in 'XZR' else ''})" for kind in kinds)
    assert [ace.type for ace in sddl.parse(f"D:{entries}").aces] == [
        0,
        1,
        2,
        3,
        5,
        6,
        7,
        8,
        9,
        10,
        11,
        13,
        17,
        18,
        19,
        20,
        21,
    ]
    assert set(AceType) == {ace.type for ace in sddl.parse(f"D:{entries}").aces}


@pytest.mark.parametrize(
    "text",
    [
        "D:" + "(" * 100_000,
        "D:(XA;;FA;;;WD;" + "(" * 99_000 + ")" * 99_000,
        "D:(XA;;FA;;;WD;(" + '"' * 99_999 + ")",
        " " * 100_000 + "x",
        "O:S-" + "D" * 100_000,
        "O:" + " " * 100_000,
        "D:(A;;FA;;;S-1-5" + "-1" * 50_000 + ")",
        "D:(A;;" + "9" * 100_000 + ";;;WD)",
        "D:(XA;;FA;;;WD;(a)" * 5_000,
    ],
    ids=lambda text: str(text[:16].strip() or "spaces"),
)  # fmt: skip
def test_a_hundred_thousand_hostile_characters_are_refused_in_one_line(text: str) -> None:
    with pytest.raises(sddl.SddlError) as refused:
        sddl.parse(text)
    assert len(str(refused.value)) < 300


def test_a_descriptor_without_parts_is_the_empty_text() -> None:
    assert sddl.parse("") == SecurityDescriptor(dacl=None)
    assert sddl.write(SecurityDescriptor(dacl=None)) == ""
