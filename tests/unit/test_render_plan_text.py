from __future__ import annotations

import io
import re

import msgspec
import pytest
from rich.console import Console

from tests.unit import plans
from vhdsfix.model.findings import Finding, Severity
from vhdsfix.model.inventory import Completeness, Evidence, EvidenceKind, GuestCluster, Member
from vhdsfix.model.plan import Plan, PlanInventory, Scope
from vhdsfix.model.verdicts import VerdictKind
from vhdsfix.render.apply_text import print_outcomes
from vhdsfix.render.console import console_on
from vhdsfix.render.explain_text import print_kinds
from vhdsfix.render.plan_text import print_plan
from vhdsfix.rules.catalogue import CATALOGUE


def shown(plan: Plan, next_command: str | None = "vhdsfix apply --lab demo") -> str:
    stream = io.StringIO()
    print_plan(console_on(stream), plan, next_command=next_command)
    return stream.getvalue()


def test_a_plan_says_who_where_verdict_and_why() -> None:
    text = shown(plans.DEMO)
    assert "Guest cluster DemoGuestCluster: 1 of 3 VMs have their grant" in text
    assert f"\n{plans.FOLDER}\n" in text
    assert re.search(r"DemoGuestNode2 +HV02 +missing +no allow entry of its own", text)
    assert re.search(r"DemoGuestNode1 +HV01 +granted", text)


def with_evidence(*, completeness: Completeness) -> Plan:
    """The demo's plan; the third VM is known by the config alone."""
    seen = (Evidence(EvidenceKind.DISK, "HV01 shows it"), Evidence(EvidenceKind.QUERY, "its guest told"))
    named = (Evidence(EvidenceKind.CONFIG, "the config names it"),)
    first, second, third = plans.VMS
    members = (Member(first.vm_id, seen), Member(second.vm_id, seen), Member(third.vm_id, named))
    cluster = msgspec.structs.replace(plans.CLUSTER, members=members, completeness=completeness)
    return msgspec.structs.replace(plans.DEMO, inventory=PlanInventory(plans.VMS, (cluster,)))


def test_it_says_that_all_nodes_were_found_who_knows_and_by_what_each_is_known() -> None:
    text = shown(with_evidence(completeness=Completeness(3, 3, EvidenceKind.GUEST)))
    assert "\n  3 of 3 nodes of DemoGuestCluster found, as the guest cluster says\n" in text
    assert "\n  by disk, host query: DemoGuestNode1, DemoGuestNode2\n" in text
    assert "\n  by config: DemoGuestNode3\n" in text


def test_it_says_why_a_guest_cluster_is_incomplete() -> None:
    completeness = Completeness(
        3, 4, EvidenceKind.CONFIG, ("the config names 4 nodes",), ("HV03: timed out",)
    )
    text = shown(with_evidence(completeness=completeness))
    assert (
        "\n  3 of 4 nodes of DemoGuestCluster found, as the config says: "
        "incomplete, because the config names 4 nodes, and 1 reason more below\n"
    ) in text


def test_it_says_that_nobody_knows_how_many_there_are() -> None:
    text = shown(with_evidence(completeness=Completeness(3)))
    assert "\n  3 nodes of DemoGuestCluster found; how many there are, nobody says\n" in text


def test_each_command_can_be_copied_whole() -> None:
    lines = [line.strip() for line in shown(plans.DEMO).splitlines()]
    for action in plans.ACTIONS:
        assert action.command in lines
    assert f"fix:     {plans.CONFIG_STORE.fix}" in lines


def test_a_finding_comes_with_subject_evidence_fix_and_source() -> None:
    text = shown(plans.DEMO)
    assert "warning  config-store-unset  LAB-CLUSTER" in text
    assert "seen:    Get-ClusterParameter on HV01 gave an empty value" in text
    assert "source:  blog.workinghardinit.work" in text
    assert "This mends grant-missing (2)." in text


def test_the_last_line_says_what_to_do() -> None:
    assert shown(plans.DEMO).endswith(
        "Nothing has been changed. To make 2 changes:\n  vhdsfix apply --lab demo\n"
    )
    assert shown(plans.DEMO, None).endswith("2 changes to make.\n")


def test_an_incomplete_plan_says_so_and_why() -> None:
    end = shown(plans.INCOMPLETE).partition("INCOMPLETE")[2]
    assert "HV03 could not be asked" in end
    assert "2 changes" in end


def without_actions(plan: Plan, **changes: object) -> str:
    return shown(msgspec.structs.replace(plan, actions=(), **changes)).splitlines()[-1]


def test_a_plan_without_actions_says_why() -> None:
    assert without_actions(plans.ALL_GRANTED) == "Nothing to change: every VM has its grant on every folder."
    assert (
        without_actions(plans.NOTHING_FOUND)
        == "Nothing to change: no folder holds a VHD Set of a guest cluster."
    )
    assert without_actions(plans.DEMO).startswith("No change is planned, though 2 grants are not in order")
    assert "of what could be seen" in without_actions(plans.ALL_GRANTED, complete=False)
    narrowed = Scope(guest_clusters=("DemoGuestCluster",))
    assert without_actions(plans.ALL_GRANTED, scope=narrowed).endswith("in this plan's scope.")


def test_a_guest_cluster_outside_the_scope_is_not_said_to_have_its_grants() -> None:
    other = GuestCluster("other", "OtherGuestCluster", (plans.VMS[0].vm_id,), (), ())
    nothing = msgspec.structs.replace(plans.DEMO, inventory=PlanInventory(plans.VMS, (other,)), folders=())
    assert "OtherGuestCluster: none of its folders is in this plan" in shown(nothing)


def test_an_unknown_verdict_does_not_count_as_a_grant() -> None:
    row = plans.planned(plans.VMS[0], VerdictKind.UNKNOWN, "the folder could not be read")
    folder = msgspec.structs.replace(plans.DEMO.folders[0], vms=(row,))
    assert "0 of 3 VMs have their grant" in shown(msgspec.structs.replace(plans.DEMO, folders=(folder,)))


def test_accepted_findings_and_notes_stay_visible() -> None:
    accepted = msgspec.structs.replace(plans.CONFIG_STORE, accepted="change 4711")
    note = Finding("config-store-set", Severity.NOTE, "C", "it is set", (), "Nothing to do.", "KB")
    text = shown(msgspec.structs.replace(plans.ALL_GRANTED, findings=(accepted, note)))
    assert "Accepted, and not counted" in text
    assert "because: change 4711" in text
    assert "Good to know" in text
    assert "Needs a person" not in text


EVIL = "vm[red]\x1b[2J\u202e\n日本[/red]"


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_nothing_a_node_says_breaks_the_page(encoding: str) -> None:
    vm = msgspec.structs.replace(plans.VMS[0], name=EVIL, node=EVIL)
    row = plans.planned(vm, VerdictKind.MISSING, EVIL)
    cluster = msgspec.structs.replace(plans.CLUSTER, name=EVIL)
    finding = Finding(EVIL, Severity.ERROR, EVIL, EVIL, (EVIL,), EVIL, EVIL, incomplete=True)
    plan = msgspec.structs.replace(
        plans.DEMO,
        complete=False,
        cluster=msgspec.structs.replace(plans.DEMO.cluster, name=EVIL),
        inventory=PlanInventory((vm,), (cluster,)),
        folders=(msgspec.structs.replace(plans.DEMO.folders[0], vms=(row,)),),
        actions=(msgspec.structs.replace(plans.ACTIONS[0], vm_name=EVIL, run_on=EVIL, command=EVIL),),
        findings=(finding,),
    )
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding)
    print_plan(console_on(stream), plan, next_command=EVIL)
    stream.flush()
    text = raw.getvalue().decode(encoding)
    assert r"vm[red]\x1b[2J\u202e\n" in text
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_a_narrow_terminal_loses_no_text(width: int) -> None:
    stream = io.StringIO()
    print_plan(Console(file=stream, width=width), plans.DEMO, next_command="next")
    assert plans.ACTIONS[0].command in stream.getvalue()
    assert "…" not in stream.getvalue()
    assert "missing" in stream.getvalue()


def test_outcomes_say_how_each_change_ended_and_what_is_still_open() -> None:
    stream = io.StringIO()
    print_outcomes(
        console_on(stream), plans.NOT_ALL_DONE, plans.DEMO, "/j/run.jsonl", next_command="vhdsfix apply"
    )
    text = stream.getvalue()
    assert re.search(r"DemoGuestNode2 +HV02 +STUCK +the answer to the write was lost", text)
    assert "0 of 2 changes in place" in text
    assert "Journal: /j/run.jsonl" in text
    assert text.endswith("Still open: 2 changes. To try again:\n  vhdsfix apply\n")


def test_a_whole_success_is_said_to_be_one() -> None:
    stream = io.StringIO()
    print_outcomes(console_on(stream), plans.ONLY_DONE, plans.ALL_GRANTED, None, next_command="vhdsfix apply")
    assert "2 of 2 changes in place, read back and proved." in stream.getvalue()
    assert stream.getvalue().endswith("every VM has its grant on every folder.\n")


def test_explain_shows_one_kind_whole_and_several_by_title() -> None:
    one, all_of_them = io.StringIO(), io.StringIO()
    kinds = tuple(CATALOGUE.values())
    print_kinds(console_on(one), kinds[:1])
    print_kinds(console_on(all_of_them), kinds)
    assert kinds[0].source in one.getvalue()
    assert all(kind.id in all_of_them.getvalue() for kind in kinds)


def test_of_many_findings_of_one_kind_the_first_are_shown_whole_and_of_the_others_what_differs() -> None:
    alike = tuple(
        msgspec.structs.replace(
            plans.UNREACHED, subject=f"HV{number:02}", summary=f"HV{number:02}: timed out"
        )
        for number in range(9)
    )
    command = msgspec.structs.replace(alike[8], fix="Start-Service -Name WinRM")
    text = shown(msgspec.structs.replace(plans.ALL_GRANTED, findings=(*alike[:8], command)))

    assert text.count(f"fix:     {plans.UNREACHED.fix}") == 3
    assert all(
        f"  warning  node-not-reached  HV{number:02}\n           HV{number:02}: timed" in text
        for number in range(9)
    )
    assert "fix:     Start-Service -Name WinRM" in text
