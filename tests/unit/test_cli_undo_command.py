"""`vhdsfix undo` with an undo that touches no host: what is asked for, what is shown, how it ends."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from tests.unit import plans
from vhdsfix.cli import app
from vhdsfix.cli.next_command import undo_command
from vhdsfix.cli.options import ConnectionOptions
from vhdsfix.commands import undo
from vhdsfix.commands.requests import UndoRequest
from vhdsfix.commands.result import ApplyReport, Reason, Result
from vhdsfix.commands.work import Endable
from vhdsfix.errors import DeclinedError, ExitCode
from vhdsfix.model.outcome import ActionOutcome, Done, Untouched
from vhdsfix.model.plan import Action, Plan
from vhdsfix.plan_document import REMOVE, RESTORE, command_of
from vhdsfix.ports import Notify, Stop
from vhdsfix.rules.catalogue import finding

RUN = "20261123T120000Z-a1b2"


def taking_back(action: Action, op: str, rights: str) -> Action:
    return msgspec.structs.replace(
        action,
        op=op,
        rights=rights,
        command=command_of(op, action.folder, action.vm_id, rights),  # type: ignore[arg-type]  # an Op, as text
        reason=f"before run {RUN} it had {rights or 'no entry of its own'} here",
    )


ACTIONS = (taking_back(plans.ACTIONS[0], REMOVE, ""), taking_back(plans.ACTIONS[1], RESTORE, "(OI)M"))
REFUSED = finding(
    "undo-refused", "DemoGuestNode1 on C:\\x", "it is not taken back: the folder changed since the run"
)
PLAN = msgspec.structs.replace(plans.DEMO, kind="undo", undoes=RUN, actions=ACTIONS, findings=(REFUSED,))
NOTHING = msgspec.structs.replace(PLAN, actions=(), findings=())


class FakeUndo:
    def __init__(self, plan: Plan = PLAN, after: Plan = NOTHING) -> None:
        self.plan = plan
        self.after = after
        self.requests: list[UndoRequest] = []

    def __call__(
        self,
        request: UndoRequest,
        approve: Callable[[Plan], bool],
        _notify: Notify,
        _stop: Stop,
        _endable: Endable,
    ) -> Result:
        self.requests.append(request)
        if not self.plan.actions:
            return Result("undo", ApplyReport(self.plan, ()))
        if not approve(self.plan):
            raise DeclinedError("nothing was changed: the plan was not approved")
        ended = (ActionOutcome(ACTIONS[0], Done()), ActionOutcome(ACTIONS[1], Untouched("why not")))
        report = ApplyReport(self.plan, ended, self.after, "/journal")
        return Result("undo", report, (Reason(ExitCode.NOT_DONE, "1 of 2 changes not in place"),))


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Callable[[FakeUndo], FakeUndo]:
    def put_in_place(fake: FakeUndo) -> FakeUndo:
        monkeypatch.setattr(undo, "run", fake)
        monkeypatch.setattr(sys, "stdin", io.StringIO("yes\n"))
        return fake

    return put_in_place


Use = Callable[[FakeUndo], FakeUndo]


def test_the_plan_says_what_was_before_and_what_is_refused(
    use: Use, capsys: pytest.CaptureFixture[str]
) -> None:
    use(FakeUndo())
    assert app.main(["undo", RUN, "--lab", "demo", "--yes"]) == 6
    out, err = capsys.readouterr()
    for said in (
        f"Takes back what run {RUN} did",
        "take away what the folder itself allows DemoGuestNode2, on HV02",
        "give DemoGuestNode3 back (OI)M",
        "/remove:g",
        "/grant:r",
        "before run",
        "undo-refused",
        "1 of 2 changes in place",
        "every VM has what it had before the run",
    ):
        assert said in out
    assert err.count("\n") == 1


def test_as_json_it_is_one_document(use: Use, capsys: pytest.CaptureFixture[str]) -> None:
    use(FakeUndo())
    assert app.main(["undo", RUN, "--lab", "demo", "--yes", "--format", "json"]) == 6
    read = json.loads(capsys.readouterr().out)
    assert (read["command"], read["data"]["plan"]["kind"], read["data"]["plan"]["undoes"]) == (
        "undo",
        "undo",
        RUN,
    )
    assert [one["action"]["op"] for one in read["data"]["outcomes"]] == ["remove", "restore"]


def test_with_nobody_to_ask_nothing_is_done(use: Use, capsys: pytest.CaptureFixture[str]) -> None:
    use(FakeUndo())
    assert app.main(["undo", RUN, "--lab", "demo"]) == 10
    assert capsys.readouterr().err.startswith("vhdsfix: nobody to ask")


def test_nothing_to_take_back(use: Use, capsys: pytest.CaptureFixture[str]) -> None:
    use(FakeUndo(NOTHING))
    assert app.main(["undo", RUN, "--lab", "demo"]) == 0
    assert "Nothing to take back" in capsys.readouterr().out


def test_the_request_says_what_the_options_said(use: Use) -> None:
    fake = use(FakeUndo())
    words = ["--folder", "C:\\a", "--folder", "C:\\b", "--vm", "V", "--vm", "W"]
    app.main(["undo", RUN, "--lab", "demo", "--yes", *words, "--max-changes", "7", "--lock-timeout", "2"])
    (request,) = fake.requests
    assert (request.run, request.folders, request.vms) == (RUN, ("C:\\a", "C:\\b"), ("V", "W"))
    assert (request.max_changes, request.lock_timeout_s) == (7, 2)


NEEDS_TWO = "config_version = 1\n[limits]\nrequire_approval = true\n"
NO_MORE_THAN_ONE = "config_version = 1\n[limits]\nmax_changes = 1\n"


@pytest.fixture
def two_people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("two.toml").write_text(NEEDS_TWO, encoding="utf-8")
    Path("one.toml").write_text(NO_MORE_THAN_ONE, encoding="utf-8")


@pytest.mark.skipif(os.name == "nt", reason="a shell of Windows quotes otherwise")
@pytest.mark.usefixtures("two_people")
@pytest.mark.parametrize(
    ("options", "to_do", "next_words"),
    [
        ([], "To make 2 changes:", "undo u.json --lab demo"),
        (
            ["--config", "two.toml"],
            "To make 2 changes:",
            "undo u.json --config two.toml --lab demo --approve DIGEST",
        ),
        (
            ["--config", "one.toml"],
            "narrow the plan by --folder or --vm, or go on with all of it:",
            "undo u.json --config one.toml --lab demo --max-changes 2",
        ),
    ],
)
def test_a_saved_plan_ends_in_the_command_that_carries_it_out(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    to_do: str,
    next_words: str,
) -> None:
    monkeypatch.setattr(undo, "plan", lambda _request, _path, _notify: Result("undo", PLAN))
    assert app.main(["undo", RUN, "--save", "u.json", "--lab", "demo", *options]) == 0
    out = capsys.readouterr().out
    assert to_do in " ".join(out.split())
    assert out.endswith(f"\n  vhdsfix {next_words}\n")


@pytest.mark.skipif(os.name == "nt", reason="a shell of Windows quotes otherwise")
@pytest.mark.usefixtures("two_people")
def test_where_a_second_person_is_needed_trying_again_begins_with_a_saved_plan(
    use: Use, capsys: pytest.CaptureFixture[str]
) -> None:
    fake = use(FakeUndo(after=PLAN))
    Path("u.json").write_bytes(b"{}")
    app.main(["undo", "u.json", "--config", "two.toml", "--lab", "demo", "--approve", "3f2a91bc3f2a"])
    assert fake.requests[0].approved_digest == "3f2a91bc3f2a"
    again = f"undo {RUN} --config two.toml --lab demo --save FILE"
    assert f"To try again:\n  vhdsfix {again}\n" in capsys.readouterr().out


@pytest.mark.parametrize("approval", [["--yes"], ["--approve", ""]])
def test_what_is_only_saved_needs_no_approval(
    approval: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.main(["undo", RUN, "--save", "u.json", "--lab", "demo", *approval]) == 64
    assert "leave out --yes and --approve" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["undo"], ["undo", RUN, "--lab", "demo", "--folder", "relative"]])
def test_wrong_usage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(words) == 64
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.skipif(os.name == "nt", reason="a shell of Windows quotes otherwise")
def test_what_to_type_next_names_the_same_part() -> None:
    connection = ConnectionOptions(lab="demo")
    line = undo_command(connection, RUN, ("C:\\a b",), ("V",))
    assert line == f"vhdsfix undo {RUN} --folder 'C:\\a b' --vm V --lab demo"
