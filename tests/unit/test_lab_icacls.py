"""The lab's icacls: whom it knows where, where it puts an entry, and what it refuses."""

from __future__ import annotations

import pytest

from vhdsfix.lab import scenarios
from vhdsfix.lab.cmdlets import icacls
from vhdsfix.lab.world import Language, World

FOLDER = "C:\\ClusterStorage\\NTFS-03\\GuestClustersSharedDisks"
FILE = FOLDER + "\\GuestClusterDisk.vhds"
NODE2 = "NT VIRTUAL MACHINE\\A0AF7903-94B4-4A2C-B3B3-16050D5F80F2"
SID1 = "S-1-5-83-1-3545863478-1299063338-27660475-2603302812"
SID2 = "S-1-5-83-1-2695854339-1244435636-85373875-4068499213"


@pytest.fixture
def world() -> World:
    return scenarios.build(scenarios.load("demo"))


def sddl(world: World, path: str = FOLDER) -> str:
    entry = world.tree.get(path)
    assert entry is not None
    return entry.sddl


def explicit_entries(before: str) -> str:
    """The folder's SDDL with these explicit entries, and what it inherits."""
    return f"O:BAG:SYD:AI{before}(A;OICIID;FA;;;BA)(A;OICIID;FA;;;SY)(A;OICIID;0x1200a9;;;BU)(A;CIID;LC;;;BU)"


@pytest.mark.parametrize("account", [NODE2, NODE2.lower(), f"*{SID2}"])
def test_a_grant_is_written_where_the_vm_is_registered_and_reaches_the_files(
    world: World, account: str
) -> None:
    answer = icacls.run(world, "HV02", (FOLDER, "/grant", f"{account}:(OI)F"))
    assert answer == icacls.Native(
        0, (f"processed file: {FOLDER}", "Successfully processed 1 files; Failed processing 0 files"), ()
    )
    assert sddl(world) == explicit_entries(f"(A;OI;FA;;;{SID2})(A;OI;FA;;;{SID1})")
    for path, entry in world.tree.children(FOLDER):
        assert f"(A;ID;FA;;;{SID2})" in entry.sddl, path


@pytest.mark.parametrize(
    "account", [NODE2, f"*{SID2}", "NT VIRTUAL MACHINE\\a0af7903-94b4-4a2c-b3b3-16050d5f80f"]
)
def test_elsewhere_nobody_knows_the_vm_and_nothing_is_written(world: World, account: str) -> None:
    before = world.tree.dump()
    answer = icacls.run(world, "HV01", (FOLDER, "/grant", f"{account}:(OI)F"))
    assert answer == icacls.Native(
        1332,
        ("Successfully processed 0 files; Failed processing 1 files",),
        (f"{account}: No mapping between account names and security IDs was done.",),
    )
    assert world.tree.dump() == before


def test_a_vm_that_moved_is_known_on_its_new_node_only(world: World) -> None:
    world.move_vm("DemoGuestNode2", "HV04")
    grant = (FOLDER, "/grant", f"{NODE2}:(OI)F")
    assert icacls.run(world, "HV02", grant).exit_code == 1332
    assert icacls.run(world, "HV04", grant).exit_code == 0


@pytest.mark.parametrize(
    ("before", "arguments", "after"),
    [
        ("(A;OI;FA;;;@)", ("/grant", "@:(OI)F"), "(A;OI;FA;;;@)"),
        ("(A;OI;FR;;;@)", ("/grant", "@:(OI)F"), "(A;OI;FA;;;@)"),
        ("(A;OI;WDWO;;;@)", ("/grant", "@:(OI)R"), "(A;OI;0x1e0089;;;@)"),
        ("(A;OICI;FR;;;@)", ("/grant", "@:(OI)F"), "(A;OI;FA;;;@)(A;OICI;FR;;;@)"),
        ("(D;;WD;;;S-1-5-83-0)(A;;FR;;;WD)", ("/grant", "@:(OI)F"), "(D;;WD;;;S-1-5-83-0)(A;OI;FA;;;@)(A;;FR;;;WD)"),
        ("(A;CI;FR;;;@)(D;OI;FR;;;@)", ("/grant:r", "@:(OI)F"), "(D;OI;FR;;;@)(A;OI;FA;;;@)"),
        ("(D;OI;FR;;;@)(A;OI;FA;;;@)(A;;FR;;;WD)(A;CI;FR;;;@)", ("/remove:g", "@"), "(D;OI;FR;;;@)(A;;FR;;;WD)"),
        ("(A;;FR;;;WD)", ("/remove:g", "@"), "(A;;FR;;;WD)"),
        ("(A;CIOI;FR;;;@)", ("/grant", "@:(OI)(CI)F"), "(A;OICI;FA;;;@)"),
        ("(A;OI;FR;;;@)(A;OI;WO;;;@)", ("/grant", "@:(OI)W"), "(A;OI;0x1a019f;;;@)"),
        ("(A;OI;FA;;;S-1-5-83-0)(A;OI;FR;;;WD)", ("/grant", "@:(OI)F"), "(A;OI;FA;;;@)(A;OI;FA;;;S-1-5-83-0)(A;OI;FR;;;WD)"),
        ('(D;;WD;;;BU)(XD;;WD;;;WD;(@User.a == "b"))(A;;FR;;;WD)', ("/grant", "@:(OI)F"), '(D;;WD;;;BU)(XD;;WD;;;WD;(@User.a == "b"))(A;OI;FA;;;@)(A;;FR;;;WD)'),
        ('(XA;OI;FA;;;@;(@User.a == "b"))', ("/grant", "@:(OI)F"), '(A;OI;FA;;;@)(XA;OI;FA;;;@;(@User.a == "b"))'),
        ("", ("/grant", "@:(CI)(OI)(IO)(F)"), "(A;OICIIO;FA;;;@)"),
        ("", ("/grant", "@:M", "/grant", "@:(OI)RX"), "(A;OI;0x1200a9;;;@)(A;;0x1301bf;;;@)"),
    ],
)  # fmt: skip
def test_an_entry_is_merged_replaced_or_removed_in_its_place(
    world: World, before: str, arguments: tuple[str, ...], after: str
) -> None:
    world.set_sddl(FOLDER, explicit_entries(before.replace("@", SID2)))
    named = tuple(argument.replace("@", NODE2) for argument in arguments)
    assert icacls.run(world, "HV02", (FOLDER, *named)).exit_code == 0
    assert sddl(world) == explicit_entries(after.replace("@", SID2))


def test_a_file_takes_no_inheritance_flags(world: World) -> None:
    assert icacls.run(world, "HV02", (FILE, "/grant", f"{NODE2}:(OI)(CI)F")).exit_code == 0
    assert sddl(world, FILE).startswith(f"O:BAG:SYD:AI(A;;FA;;;{SID2})(A;ID;FA;;;{SID1})")


@pytest.mark.parametrize(
    ("path", "arguments", "code", "text"),
    [
        (FOLDER + "\\none", ("/grant", f"{NODE2}:(OI)F"), 2, "The system cannot find the file specified."),
        ("C:\\none\\none", ("/grant", f"{NODE2}:(OI)F"), 3, "The system cannot find the path specified."),
        ("C:\\denied", ("/grant", f"{NODE2}:(OI)F"), 5, "Access is denied."),
        ("C:\\broken", ("/grant", f"{NODE2}:(OI)F"), 13, "no DACL"),
        (FOLDER, ("/grant", "Everyone:(OI)F"), 87, "Everyone"),
        (FOLDER, ("/grant", f"{NODE2}:(OI)X"), 87, "(OI)X"),
        (FOLDER, ("/grant", NODE2), 87, "Invalid parameter"),
        (FOLDER, ("/grant",), 87, "/grant"),
        (FOLDER, ("/deny", f"{NODE2}:F"), 87, "/deny"),
        (FOLDER, ("/grant", f"{NODE2}:(OI)F", "/T"), 87, "/T"),
        (FOLDER, (), 87, "does not list"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_written(
    world: World, path: str, arguments: tuple[str, ...], code: int, text: str
) -> None:
    world.tree.add("C:\\denied", denied=True)
    world.tree.add("C:\\broken", sddl="D:NO_ACCESS_CONTROL")
    before = world.tree.dump()
    answer = icacls.run(world, "HV02", (path, *arguments))
    assert answer.exit_code == code
    assert len(answer.stderr) == 1
    assert text in answer.stderr[0]
    assert answer.stdout == ("Successfully processed 0 files; Failed processing 1 files",)
    assert world.tree.dump() == before


@pytest.mark.parametrize("sddl", ["O:BAG:SYD:NO_ACCESS_CONTROL", "rubbish"])
def test_a_file_without_entries_does_not_stop_the_grant_on_its_folder(world: World, sddl: str) -> None:
    world.set_sddl(FILE, sddl)
    assert icacls.run(world, "HV02", (FOLDER, "/grant", f"{NODE2}:(OI)F")).exit_code == 0
    for path, entry in world.tree.children(FOLDER):
        assert f"(A;ID;FA;;;{SID2})" in entry.sddl or sddl == "rubbish" == entry.sddl, path


@pytest.mark.parametrize(
    ("language", "not_mapped", "denied", "none_done", "one_done"),
    [
        (
            "de",
            "Zuordnungen von Kontennamen und Sicherheitskennungen wurden nicht durchgeführt.",
            "Zugriff verweigert",
            "0 Dateien erfolgreich verarbeitet, bei 1 Dateien ist ein Verarbeitungsfehler aufgetreten.",
            "1 Dateien erfolgreich verarbeitet, bei 0 Dateien ist ein Verarbeitungsfehler aufgetreten.",
        ),
        (
            "pl",
            "Nie zostało wykonane mapowanie między nazwami kont a identyfikatorami zabezpieczeń.",
            "Odmowa dostępu.",
            "Successfully processed 0 files; Failed processing 1 files",
            "Successfully processed 1 files; Failed processing 0 files",
        ),
    ],
)
def test_a_node_answers_in_its_own_language(
    language: Language, not_mapped: str, denied: str, none_done: str, one_done: str
) -> None:
    scenario = scenarios.load("demo")
    for node in scenario.node:
        node.language = language
    world = scenarios.build(scenario)
    world.tree.add("C:\\denied", denied=True)

    def run(node: str, path: str) -> icacls.Native:
        return icacls.run(world, node, (path, "/grant", f"{NODE2}:(OI)F"))

    assert run("HV01", FOLDER) == icacls.Native(1332, (none_done,), (f"{NODE2}: {not_mapped}",))
    assert run("HV02", "C:\\denied") == icacls.Native(5, (none_done,), (f"C:\\denied: {denied}",))
    assert run("HV02", FOLDER) == icacls.Native(0, (f"processed file: {FOLDER}", one_done), ())


def test_without_arguments_it_is_refused(world: World) -> None:
    assert icacls.run(world, "HV02", ()).exit_code == 87
