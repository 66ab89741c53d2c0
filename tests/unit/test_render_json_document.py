from __future__ import annotations

import json

import msgspec

from tests.unit import plans
from vhdsfix.commands.result import ApplyReport
from vhdsfix.render.json_document import document


def test_the_keys_are_pinned() -> None:
    text = document("plan", 5, [(5, "HV03\nis down", True), (2, "2 grants to make", False)], plans.DEMO)
    read = json.loads(text)
    assert list(read) == ["command", "data", "exit", "vhdsfix"]
    assert read["vhdsfix"] == 1
    assert read["command"] == "plan"
    assert read["exit"] == {
        "code": 5,
        "reasons": [
            {"code": 5, "why": "HV03\\nis down", "counts": True},
            {"code": 2, "why": "2 grants to make", "counts": False},
        ],
    }
    assert sorted(read["data"]) == [
        "actions",
        "cluster",
        "complete",
        "created_at",
        "digest",
        "findings",
        "folders",
        "format_version",
        "inventory",
        "kind",
        "scope",
        "tool",
        "undoes",
    ]


def test_the_keys_of_an_apply_are_pinned() -> None:
    read = json.loads(document("apply", 6, [], ApplyReport(plans.DEMO, plans.NOT_ALL_DONE, None, "/j")))
    assert sorted(read["data"]) == [
        "after",
        "expected",
        "journal",
        "journal_failure",
        "news",
        "outcomes",
        "plan",
        "recovered",
    ]
    assert sorted(read["data"]["outcomes"][0]) == ["action", "outcome"]
    assert read["data"]["outcomes"][0]["outcome"]["outcome"] == "stuck"


def test_any_text_comes_back_from_ascii() -> None:
    name = '日本 é \U0001f600 \x1b\x7f\x9b \u202e " \\u0041'
    plan = msgspec.structs.replace(plans.DEMO, cluster=msgspec.structs.replace(plans.DEMO.cluster, name=name))
    text = document("plan", 0, [], plan)
    assert text.isascii()
    assert "\x7f" not in text
    assert json.loads(text)["data"]["cluster"]["name"] == name
