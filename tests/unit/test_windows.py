"""Windows' identifiers as values: VM ids and their SIDs, SIDs, entries."""

from __future__ import annotations

import pytest

from vhdsfix.model.windows import (
    Ace,
    AceFlag,
    AceType,
    Acl,
    DomainAlias,
    FolderPath,
    SecurityDescriptor,
    Sid,
    VmId,
    name_key,
)

# Source: FACTS 2.1 (the last one: Hyper-V-Worker event 18590); the zero GUID: JYTH unit test.
KNOWN_PAIRS = [
    ("BCBD8064-6BB4-42EF-A9C0-7C14211C9E02", "S-1-5-83-1-3166535780-1122986932-343720105-43916321"),
    ("AFF04EB7-A25D-40BD-A809-9325ADD90B37", "S-1-5-83-1-2951761591-1086169693-630393256-923523501"),
    ("D9E0EB0A-5B37-508E-9173-67E9ADE83ACF", "S-1-5-83-1-3655396106-1351506743-3915871121-3476744365"),
    ("00000000-0000-0000-0000-000000000000", "S-1-5-83-1-0-0-0-0"),
]


@pytest.mark.parametrize(("guid", "sid"), KNOWN_PAIRS)
def test_a_vm_id_gives_its_sid_and_the_sid_its_vm_id(guid: str, sid: str) -> None:
    assert VmId(guid).sid == sid
    assert Sid(sid).vm_id == VmId(guid)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a0af7903-94b4-4a2c-b3b3-16050d5f80f",  # KB4230569's own sample: a digit short
        "a0af7903-94b4-4a2c-b3b3-16050d5f80f22",
        "a0af790394b44a2cb3b316050d5f80f2",
        "g0af7903-94b4-4a2c-b3b3-16050d5f80f2",
        "a0af7903-94b4-4a2c-b3b3-16050d5f80f2\n",
    ],
)
def test_a_wrong_guid_is_refused_by_name(text: str) -> None:
    with pytest.raises(ValueError, match="is not a GUID"):
        VmId(text)


def test_two_spellings_of_a_guid_are_one_vm_id() -> None:
    spelled = "{A0AF7903-94B4-4A2C-B3B3-16050D5F80F2}"
    assert VmId(spelled) == VmId(spelled.strip("{}").lower())
    assert VmId(spelled).account == "NT VIRTUAL MACHINE\\A0AF7903-94B4-4A2C-B3B3-16050D5F80F2"


@pytest.mark.parametrize(
    "text",
    [
        "S-1-5",
        "S-2-5-32",
        "s-1-5-32",
        "S-1-5-032",
        "S-1-5-4294967296",
        "S-1-5-32-",
        "S-1-5" + "-1" * 16,
        "S-1-99999999999-1",
        "S-1-5-٣",
        "S-1-5-32\n",
    ],
)
def test_a_sid_has_one_spelling_only(text: str) -> None:
    with pytest.raises(ValueError, match="is not a SID"):
        Sid(text)


@pytest.mark.parametrize(
    "sid", ["S-1-5-83-0", "S-1-5-83-1-1-2-3", "S-1-5-83-2-1-2-3-4", "S-1-5-18", "S-1-5-83-1-1-2-3-4-5"]
)
def test_other_sids_are_no_vms(sid: str) -> None:
    assert Sid(sid).vm_id is None


def test_an_account_of_an_unknown_domain_is_no_sid() -> None:
    with pytest.raises(ValueError, match="is not a SID"):
        Sid(DomainAlias("DA"))


@pytest.mark.parametrize(
    ("kind", "is_allow", "is_deny", "is_plain"),
    [
        (AceType.ALLOW, True, False, True),
        (AceType.DENY, False, True, True),
        (AceType.OBJECT_ALLOW, True, False, True),
        (AceType.OBJECT_DENY, False, True, True),
        (AceType.CONDITIONAL_ALLOW, True, False, False),
        (AceType.CONDITIONAL_DENY, False, True, False),
        (AceType.CONDITIONAL_OBJECT_ALLOW, True, False, False),
        (AceType.AUDIT, False, False, False),
        (AceType.MANDATORY_LABEL, False, False, False),
    ],
)
def test_what_an_entry_says(kind: AceType, is_allow: bool, is_deny: bool, is_plain: bool) -> None:
    ace = Ace(type=kind, flags=0, mask=1, sid=Sid("S-1-1-0"))
    assert (ace.is_allow, ace.is_deny, ace.is_plain) == (is_allow, is_deny, is_plain)


def test_an_entry_for_an_object_type_is_not_plain() -> None:
    guid = "bf967aba-0de6-11d0-a285-00aa003049e2"
    ace = Ace(type=AceType.OBJECT_ALLOW, flags=0, mask=1, sid=Sid("S-1-1-0"), inherited_object_type=guid)
    assert not ace.is_plain


def test_flags_of_an_entry() -> None:
    ace = Ace(
        type=AceType.ALLOW,
        flags=AceFlag.OBJECT_INHERIT | AceFlag.INHERITED,
        mask=1,
        sid=Sid("S-1-1-0"),
    )
    assert (ace.reaches_files, ace.reaches_folders) == (True, False)
    assert (ace.is_inherited, ace.is_inherit_only) == (True, False)


def test_no_dacl_a_null_one_and_an_empty_one_are_three_things() -> None:
    absent, null, empty = (
        SecurityDescriptor(dacl=None),
        SecurityDescriptor(dacl=Acl(None)),
        SecurityDescriptor(dacl=Acl(())),
    )
    assert len({absent, null, empty}) == 3
    assert [descriptor.has_null_dacl for descriptor in (absent, null, empty)] == [False, True, False]
    assert all(descriptor.aces == () for descriptor in (absent, null, empty))


@pytest.mark.parametrize(
    "text",
    [
        "C:",
        "C:a",
        "\\\\server",
        "a\\b",
        r"C:\a\..\b",
        r"C:\a\.",
        r"\\?\C:\a",
        r"\\.\pipe\a",
        r"C:\a:stream",
        'C:\\a" /grant Everyone:F "',
        "C:\\a\nb",
        r"C:\a*",
        "C:\\" + "a" * 40000,
    ],
)
def test_what_could_mean_another_place_is_no_path(text: str) -> None:
    with pytest.raises(ValueError, match="is not an absolute Windows path"):
        FolderPath(text)


@pytest.mark.parametrize("path", [r"C:\...\b", r"C:\..a\b..", r"C:\a.\.b", r"C:\ a \b ", r"C:\Ä[1]\it's $x"])
def test_a_path_is_the_same_however_it_is_written(path: str) -> None:
    written = (path, path.replace("\\", "/"), f"{path}\\", path.replace("\\", "\\\\"))
    assert {FolderPath(text) for text in written} == {path}
    assert {FolderPath(text).key for text in written} == {path.upper()}


@pytest.mark.parametrize(
    ("one", "other"), [("STRASSE", "Straße"), ("K", "\u212a"), ("I", "\u0131"), ("S", "\u017f")]
)
def test_names_that_only_look_alike_stay_apart(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


def test_names_of_one_file_have_one_key() -> None:
    assert name_key("ärger.VHDS") == name_key("ÄRGER.vhds")


@pytest.mark.parametrize(
    ("path", "parent"),
    [
        ("C:\\a\\b.vhds", "C:\\a"),
        ("C:\\a", "C:\\"),
        ("C:\\", "C:\\"),
        ("\\\\files\\share\\a\\b", "\\\\files\\share\\a"),
        ("\\\\files\\share\\a", "\\\\files\\share"),
        ("\\\\files\\share", "\\\\files\\share"),
    ],
)
def test_a_paths_parent_is_as_good_a_path(path: str, parent: str) -> None:
    above = FolderPath(path).parent
    assert (above, above.key) == (parent, FolderPath(parent).key)
