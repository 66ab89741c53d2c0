"""The lab's files and folders inherit as Windows' do."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vhdsfix.errors import LabError
from vhdsfix.lab.dacl import Ace, inherited_by, parse
from vhdsfix.lab.ntfs import Tree, parent

VM = "S-1-5-83-1-1-2-3-4"
ROOT = "O:BAG:SYD:PAI(A;OICI;FA;;;BA)(A;OICI;FA;;;SY)"


def tree_with(*paths: str, root: str = ROOT) -> Tree:
    """A tree below C: made of these paths; those with a dot in their name are files."""
    tree = Tree()
    tree.add("C:\\", sddl=root)
    for path in paths:
        tree.add(path, file="." in path)
    return tree


def sddl_of(tree: Tree, path: str) -> str:
    entry = tree.get(path)
    assert entry is not None
    return entry.sddl


def grant(*flags: str) -> Ace:
    return Ace("A", flags, "FA", VM)


@pytest.mark.parametrize(
    ("parents", "file", "folder"),
    [  # the table of W32 "ACE Inheritance Rules"
        ("(A;;FA;;;WD)", "", ""),
        ("(A;OI;FA;;;WD)", "(A;ID;FA;;;WD)", "(A;OIIOID;FA;;;WD)"),
        ("(A;CI;FA;;;WD)", "", "(A;CIID;FA;;;WD)"),
        ("(A;OICI;FA;;;WD)", "(A;ID;FA;;;WD)", "(A;OICIID;FA;;;WD)"),
        ("(A;OINP;FA;;;WD)", "(A;ID;FA;;;WD)", ""),
        ("(A;CINP;FA;;;WD)", "", "(A;ID;FA;;;WD)"),
        ("(A;OICINP;FA;;;WD)", "(A;ID;FA;;;WD)", "(A;ID;FA;;;WD)"),
        ("(A;OICIIO;FA;;;WD)", "(A;ID;FA;;;WD)", "(A;OICIID;FA;;;WD)"),
        ("(D;OICIIOID;0x2;;;WD)", "(D;ID;0x2;;;WD)", "(D;OICIID;0x2;;;WD)"),
        # generic rights and creators become specific, and stay as they are for what is further below
        ("(A;OICI;GA;;;WD)", "(A;ID;FA;;;WD)", "(A;ID;FA;;;WD)(A;OICIIOID;GA;;;WD)"),
        ("(A;OICIIO;GRGX;;;CO)", "(A;ID;0x1200a9;;;LA)", "(A;ID;0x1200a9;;;LA)(A;OICIIOID;GRGX;;;CO)"),
        ("(A;OICINP;GW;;;CG)", "(A;ID;0x120116;;;SY)", "(A;ID;0x120116;;;SY)"),
        ("(A;OI;GA;;;CO)", "(A;ID;FA;;;LA)", "(A;OIIOID;GA;;;CO)"),
        # a condition and the types of an object entry go along
        ('(XA;OI;FA;;;WD;(@User.a == "x))(y;z"))', '(XA;ID;FA;;;WD;(@User.a == "x))(y;z"))', '(XA;OIIOID;FA;;;WD;(@User.a == "x))(y;z"))'),
    ],
)  # fmt: skip
def test_a_child_inherits_what_the_flags_of_the_entry_say(parents: str, file: str, folder: str) -> None:
    above, child = parse(f"D:{parents}"), parse("O:LAG:SYD:AI")
    assert "".join(map(str, inherited_by(above, child, child_is_file=True))) == file
    assert "".join(map(str, inherited_by(above, child, child_is_file=False))) == folder


@pytest.mark.parametrize(
    "sddl",
    [
        "O:BAG:SYD:P",
        "D:ARAI(A;;FA;;;BA)S:AI(AU;SAFA;FA;;;WD)",
        "O:BAG:SYS:(AU;SA;FA;;;WD)D:(A;OI;0x1301bf;;;WD)",
        "D:(OA;CI;CCDC;bf967aba-0de6-11d0-a285-00aa003049e2;;AO)O:BAG:SY",
    ],
)
def test_what_nobody_changes_stays_the_same_text(sddl: str) -> None:
    assert str(parse(sddl)) == sddl


@pytest.mark.parametrize(
    "text",
    ["", "O:BAG:SY", "D:NO_ACCESS_CONTROL", "D:(A;OI;FA;;;BA", "D:(A;;FA;;BA)", "D:(A;OX;FA;;;BA)", "D:(A;;FA;;;BA)x"],
)  # fmt: skip
def test_text_without_a_dacl_of_entries_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"DACL|entr"):
        parse(text)


def test_a_new_item_inherits_at_every_depth() -> None:
    tree = tree_with("C:\\f", root="D:P(A;OI;FA;;;WD)")
    tree.add("C:\\f\\g")
    assert sddl_of(tree, "C:\\f\\g") == "O:BAG:SYD:AI(A;OIIOID;FA;;;WD)"
    assert tree.add("C:\\f\\g\\a.vhds", file=True).sddl == "O:BAG:SYD:AI(A;ID;FA;;;WD)"


@pytest.mark.parametrize("root", ["D:P(A;CI;FA;;;WD)", "D:NO_ACCESS_CONTROL", "rubbish"])
def test_a_new_item_has_its_creators_default_where_nothing_is_passed_on(root: str) -> None:
    tree = tree_with(root=root)
    assert tree.add("C:\\a.vhds", file=True).sddl == "O:BAG:SYD:AI(A;;FA;;;BA)(A;;FA;;;SY)"


def test_a_new_dacl_reaches_everything_below_that_is_not_protected() -> None:
    tree = tree_with("C:\\f", "C:\\f\\a.vhds", "C:\\f\\g", "C:\\f\\g\\b.avhdx", "C:\\f\\closed", "C:\\other")
    protected = "D:PAI(A;;FA;;;SY)"
    tree.add("C:\\f\\p.vhds", file=True, sddl=protected)
    closed = tree.get("C:\\f\\closed")
    assert closed is not None
    closed.sddl = protected
    inside = tree.add("C:\\f\\closed\\c.vhds", file=True).sddl
    other = sddl_of(tree, "C:\\other")

    tree.set_dacl("c:\\F\\", (grant("OI"),))

    base = "(A;OICIID;FA;;;BA)(A;OICIID;FA;;;SY)"
    assert sddl_of(tree, "C:\\f") == f"O:BAG:SYD:AI(A;OI;FA;;;{VM}){base}"
    assert sddl_of(tree, "C:\\f\\a.vhds") == f"O:BAG:SYD:AI(A;ID;FA;;;{VM})(A;ID;FA;;;BA)(A;ID;FA;;;SY)"
    assert sddl_of(tree, "C:\\f\\g") == f"O:BAG:SYD:AI(A;OIIOID;FA;;;{VM}){base}"
    assert sddl_of(tree, "C:\\f\\g\\b.avhdx") == f"O:BAG:SYD:AI(A;ID;FA;;;{VM})(A;ID;FA;;;BA)(A;ID;FA;;;SY)"
    assert sddl_of(tree, "C:\\f\\p.vhds") == sddl_of(tree, "C:\\f\\closed") == protected
    assert sddl_of(tree, "C:\\f\\closed\\c.vhds") == inside
    assert sddl_of(tree, "C:\\other") == other


def test_inherited_entries_that_the_folder_no_longer_has_go_away() -> None:
    tree = tree_with("C:\\f", "C:\\f\\a.vhds")
    before = sddl_of(tree, "C:\\f\\a.vhds")
    tree.set_dacl("C:\\f", (grant("OI"),))
    tree.set_dacl("C:\\f", ())
    assert sddl_of(tree, "C:\\f\\a.vhds") == before


def test_a_file_that_was_moved_in_keeps_its_entries_until_its_folders_dacl_is_set_again() -> None:
    tree = tree_with("C:\\f")
    tree.set_dacl("C:\\f", (grant("OI"),))
    moved = tree.add("C:\\f\\moved.vhds", file=True, sddl="O:BAG:SYD:AI(A;;FR;;;WD)(A;ID;FA;;;BU)")
    assert moved.sddl == "O:BAG:SYD:AI(A;;FR;;;WD)(A;ID;FA;;;BU)"
    tree.set_dacl("C:\\f", (grant("OI"),))
    assert moved.sddl == f"O:BAG:SYD:AI(A;;FR;;;WD)(A;ID;FA;;;{VM})(A;ID;FA;;;BA)(A;ID;FA;;;SY)"


def test_a_protected_folder_keeps_its_own_entries_and_passes_them_on() -> None:
    tree = tree_with()
    tree.add("C:\\p", sddl="O:BAG:SYD:P(A;OI;FR;;;WD)")
    tree.add("C:\\p\\a.vhds", file=True)
    tree.set_dacl("C:\\p", (grant("OI"),))
    assert sddl_of(tree, "C:\\p") == f"O:BAG:SYD:PAI(A;OI;FA;;;{VM})"
    assert sddl_of(tree, "C:\\p\\a.vhds") == f"O:BAG:SYD:AI(A;ID;FA;;;{VM})"


@pytest.mark.parametrize("above", ["D:NO_ACCESS_CONTROL", "rubbish"])
def test_a_folder_inherits_nothing_from_one_without_entries(above: str) -> None:
    tree = tree_with("C:\\f", "C:\\f\\g")
    tree.set_dacl("C:\\f\\g", (grant("OI"),))
    entry = tree.get("C:\\f")
    assert entry is not None
    entry.sddl = above
    tree.set_dacl("C:\\f\\g", (grant("CI"),))
    assert sddl_of(tree, "C:\\f\\g") == f"O:BAG:SYD:AI(A;CI;FA;;;{VM})"


def test_nothing_changes_when_the_items_own_descriptor_is_none() -> None:
    tree = tree_with("C:\\f", "C:\\f\\a.vhds")
    tree.add("C:\\f\\g", sddl="O:BAD:NO_ACCESS_CONTROL")
    before = tree.dump()
    with pytest.raises(ValueError, match="no DACL"):
        tree.set_dacl("C:\\f\\g", (grant("OI"),))
    assert tree.dump() == before


@pytest.mark.parametrize(
    ("sddl", "after"),
    [  # W32 "Automatic Propagation of Inheritable ACEs": a DACL of the inherited entries alone
        ("O:BAG:SYD:NO_ACCESS_CONTROL", f"O:BAG:SYD:AI(A;ID;FA;;;{VM})(A;ID;FA;;;BA)(A;ID;FA;;;SY)"),
        ("D:ARNO_ACCESS_CONTROLS:(AU;SA;FA;;;WD)", f"D:ARAI(A;ID;FA;;;{VM})(A;ID;FA;;;BA)(A;ID;FA;;;SY)S:(AU;SA;FA;;;WD)"),
        ("O:BAG:SYD:", f"O:BAG:SYD:AI(A;ID;FA;;;{VM})(A;ID;FA;;;BA)(A;ID;FA;;;SY)"),
        ("O:BAG:SYD:PNO_ACCESS_CONTROL", "O:BAG:SYD:PNO_ACCESS_CONTROL"),
        ("rubbish", "rubbish"),
        ("D:(A;;FA;;;BA", "D:(A;;FA;;;BA"),
    ],
)  # fmt: skip
def test_a_file_without_entries_gets_its_folders_and_stops_no_propagation(sddl: str, after: str) -> None:
    tree = tree_with("C:\\f")
    tree.add("C:\\f\\a.vhds", file=True, sddl=sddl)
    tree.add("C:\\f\\b.vhds", file=True)
    tree.set_dacl("C:\\f", (grant("OI"),))
    assert sddl_of(tree, "C:\\f\\a.vhds") == after
    assert f"(A;ID;FA;;;{VM})" in sddl_of(tree, "C:\\f\\b.vhds")


def test_a_null_dacl_stays_where_nothing_is_inherited_and_becomes_an_empty_one_afterwards() -> None:
    tree = tree_with("C:\\f", root="D:P")
    tree.add("C:\\f\\a.vhds", file=True, sddl="D:NO_ACCESS_CONTROL")
    tree.set_dacl("C:\\f", (grant("CI"),))
    assert sddl_of(tree, "C:\\f\\a.vhds") == "D:NO_ACCESS_CONTROL"
    tree.set_dacl("C:\\f", (grant("OI"),))
    tree.set_dacl("C:\\f", ())
    assert sddl_of(tree, "C:\\f\\a.vhds") == "D:AI"


def test_below_a_folder_that_stays_as_it_is_nothing_changes() -> None:
    tree = tree_with("C:\\f")
    tree.add("C:\\f\\g", sddl="rubbish")
    tree.add("C:\\f\\g\\a.vhds", file=True)
    below = sddl_of(tree, "C:\\f\\g\\a.vhds")
    tree.set_dacl("C:\\f", (grant("OI"),))
    assert sddl_of(tree, "C:\\f\\g\\a.vhds") == below


def test_paths_are_compared_as_windows_compares_them() -> None:
    tree = tree_with("C:\\Straße", "C:\\Straße\\Öl.vhds")
    assert tree.get("c:/sTRAßE\\öL.VHDS") is tree.get("C:\\Straße\\Öl.vhds") is not None
    assert tree.get("C:\\Strasse") is None
    assert tree.spelled("c:\\straße\\") == "C:\\Straße"
    assert [path for path, _ in tree.children("c:\\straße\\")] == ["C:\\Straße\\Öl.vhds"]
    assert tree.get("C:\\ſtraße") is None  # noqa: RUF001 - a letter of its own, for Windows


def test_children_are_those_directly_below_in_the_order_of_their_names() -> None:
    tree = tree_with("C:\\f", "C:\\f\\b.vhds", "C:\\f\\A", "C:\\f\\A\\deep.vhds", "C:\\f2")
    assert [path for path, _ in tree.children("C:\\f")] == ["C:\\f\\A", "C:\\f\\b.vhds"]
    assert [path for path, _ in tree.children("C:\\")] == ["C:\\f", "C:\\f2"]


def test_what_comes_and_goes_after_a_look_is_seen_at_the_next_one() -> None:
    tree = tree_with("C:\\f", "C:\\f\\a.vhds", "C:\\f\\sub", "C:\\f\\sub\\b.vhds")
    assert len(tree.children("C:\\f")) == 2
    assert len(tree.children("C:\\f\\sub")) == 1
    tree.add("C:\\F\\c.vhds", file=True)
    tree.remove("c:\\f\\SUB")
    assert [path for path, _ in tree.children("C:\\f")] == ["C:\\f\\a.vhds", "C:\\F\\c.vhds"]
    assert tree.children("C:\\f\\sub") == ()


@pytest.mark.parametrize("path", ["C:\\f", "C:\\nowhere\\a.vhds", "f", "\\\\server\\share\\f"])
def test_what_is_there_or_has_no_folder_cannot_be_added(path: str) -> None:
    tree = tree_with("C:\\f")
    with pytest.raises(LabError, match="cannot add"):
        tree.add(path)


def test_what_is_removed_is_gone_with_everything_below() -> None:
    tree = tree_with("C:\\f", "C:\\f\\g", "C:\\f\\g\\a.vhds", "C:\\f2")
    tree.remove("c:\\F")
    tree.remove("C:\\none")
    assert list(tree.dump()) == ["C:\\", "C:\\f2"]


def test_a_dump_is_read_back_as_it_was() -> None:
    tree = tree_with("C:\\f")
    tree.add("C:\\f\\a.vhds", file=True, size=4096, hidden=True, denied=True)
    tree.add("C:\\link", link="D:\\elsewhere")
    dump = tree.dump()
    assert dump["C:\\f\\a.vhds"]["size"] == 4096
    assert set(dump["C:\\f"]) == {"sddl"}
    assert Tree.load(dump).dump() == dump


@pytest.mark.parametrize("entry", [{"file": True}, {"sddl": 3}, {"sddl": "", "owner": "BA"}, "D:"])
def test_a_dump_of_another_shape_is_refused(entry: object) -> None:
    with pytest.raises(LabError, match="cannot be read"):
        Tree.load({"C:\\": entry})


flag_sets = st.sets(st.sampled_from(["OI", "CI", "NP", "IO"])).map(
    lambda chosen: tuple(flag for flag in ("OI", "CI", "NP", "IO") if flag in chosen)
)
entries = st.builds(
    Ace,
    kind=st.sampled_from(["A", "D"]),
    flags=flag_sets,
    rights=st.sampled_from(["FA", "0x1200a9", "GA", "GRGX"]),
    trustee=st.sampled_from(["WD", "CO", "BU", VM]),
)
dacls = st.lists(entries, max_size=4).map(tuple)


@settings(max_examples=300)
@given(flags=flag_sets, depth=st.integers(1, 4))
def test_how_deep_an_entry_reaches_follows_from_its_flags_alone(flags: tuple[str, ...], depth: int) -> None:
    tree = tree_with("C:\\f", root="D:P")
    folder = "C:\\f"
    for _ in range(depth - 1):
        folder += "\\g"
        tree.add(folder)
    tree.add(folder + "\\a.vhds", file=True)
    tree.add(folder + "\\last")
    tree.set_dacl("C:\\f", (grant(*flags),))
    reaches = depth == 1 or "NP" not in flags
    for path, flag in ((folder + "\\a.vhds", "OI"), (folder + "\\last", "CI")):
        effective = [a for a in parse(sddl_of(tree, path)).aces if a.trustee == VM and "IO" not in a.flags]
        assert bool(effective) == (flag in flags and reaches)


@settings(max_examples=300)
@given(data=st.data())
def test_after_a_new_dacl_every_item_below_has_its_own_entries_and_its_folders(data: st.DataObject) -> None:
    tree = tree_with(
        "C:\\f", "C:\\f\\a.vhds", "C:\\f\\g", "C:\\f\\g\\b.vhds", "C:\\f\\g\\h", "C:\\f\\g\\h\\c.vhds"
    )
    own: dict[str, str] = {}
    for path in list(tree.dump())[2:]:
        control = data.draw(st.sampled_from(["D:P", "D:", "D:AI"]))
        descriptor = msgspec.structs.replace(parse(f"O:LAG:SY{control}"), aces=data.draw(dacls))
        entry = tree.get(path)
        assert entry is not None
        entry.sddl = own[path] = str(descriptor)
    explicit = data.draw(dacls)

    tree.set_dacl("C:\\f", explicit)

    assert parse(sddl_of(tree, "C:\\f")).explicit == explicit
    untouched: set[str] = set()
    for path, before in own.items():
        now = parse(sddl_of(tree, path))
        if parse(before).is_protected or parent(path) in untouched:
            untouched.add(path)
            assert str(now) == before
            continue
        above = parse(sddl_of(tree, parent(path)))
        expected = inherited_by(above, now, child_is_file="." in path)
        assert now.aces == (*parse(before).aces, *expected)
        assert all(ace.is_inherited for ace in expected)
    once = tree.dump()
    tree.set_dacl("C:\\f", explicit)
    assert tree.dump() == once
