"""`vhdsfix apply` with an apply that touches no host: what is shown where, who is asked, how it ends."""

from __future__ import annotations

import io
import json
import signal
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import msgspec
import pytest

from tests.unit import plans
from vhdsfix.cli import app
from vhdsfix.commands import apply
from vhdsfix.commands.requests import ApplyRequest
from vhdsfix.commands.result import ApplyReport, Reason, Result
from vhdsfix.errors import DeclinedError, ExitCode
from vhdsfix.model.plan import Plan, Scope
from vhdsfix.model.windows import FolderPath
from vhdsfix.ports import Notify, Progress, Stop

Approve = Callable[[Plan], bool]


class FakeApply:
    """Keeps the request; asks for approval if the plan has changes; then each change is done, unless it is stopped."""

    def __init__(
        self, plan: Plan = plans.DEMO, *, ctrl_c: bool = False, after: Plan = plans.ALL_GRANTED
    ) -> None:
        self.plan = plan
        self.after = after
        self.requests: list[ApplyRequest] = []
        self._ctrl_c = ctrl_c

    def __call__(
        self,
        request: ApplyRequest,
        approve: Approve,
        notify: Notify,
        stop: Stop,
        _endable: Callable[[], AbstractContextManager[None]],
    ) -> Result:
        self.requests.append(request)
        notify(Progress("asking", "HV01"))
        if not self.plan.actions:
            return Result("apply", ApplyReport(self.plan, ()))
        if not approve(self.plan):
            raise DeclinedError("nothing was changed: the plan was not approved")
        if self._ctrl_c:
            signal.raise_signal(signal.SIGINT)
        if stop():
            return Result(
                "apply",
                ApplyReport(self.plan, plans.NOT_ALL_DONE),
                (Reason(ExitCode.INTERRUPTED, "stopped"),),
            )
        return Result("apply", ApplyReport(self.plan, plans.ONLY_DONE, self.after, "/journal"))


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Callable[[FakeApply], FakeApply]:
    def put_in_place(fake: FakeApply) -> FakeApply:
        monkeypatch.setattr(apply, "run", fake)
        monkeypatch.setattr(sys, "stdin", io.StringIO("yes\n"))
        return fake

    return put_in_place


Use = Callable[[FakeApply], FakeApply]


def test_yes_applies_and_shows_plan_outcomes_and_what_is_left(
    use: Use, capsys: pytest.CaptureFixture[str]
) -> None:
    use(FakeApply())
    assert app.main(["apply", "--lab", "demo", "--yes"]) == 0
    out, err = capsys.readouterr()
    assert out.count("Changes to make") == 1
    assert "2 of 2 changes in place" in out
    assert "Nothing to change" in out
    assert err == ""


def test_with_nobody_to_ask_the_plan_is_shown_and_the_code_is_10(
    use: Use, capsys: pytest.CaptureFixture[str]
) -> None:
    use(FakeApply())
    assert app.main(["apply", "--lab", "demo"]) == 10
    out, err = capsys.readouterr()
    assert "Changes to make" in out
    assert err.startswith("vhdsfix: nobody to ask")
    assert err.count("\n") == 1


def test_json_is_one_document_even_with_a_plan_to_look_at(
    use: Use, capsys: pytest.CaptureFixture[str]
) -> None:
    use(FakeApply())
    assert app.main(["apply", "--lab", "demo", "--yes", "--format", "json"]) == 0
    out, err = capsys.readouterr()
    assert len(json.loads(out)["data"]["outcomes"]) == 2
    assert "Changes to make" in err


def test_a_plan_without_changes_is_shown_and_nobody_is_asked(
    use: Use, capsys: pytest.CaptureFixture[str]
) -> None:
    use(FakeApply(plans.ALL_GRANTED))
    assert app.main(["apply", "--lab", "demo"]) == 0
    assert "Nothing to change" in capsys.readouterr().out


def test_ctrl_c_after_the_approval_only_asks_to_stop(use: Use, capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(signal.SIGINT)
    use(FakeApply(ctrl_c=True))
    assert app.main(["apply", "--lab", "demo", "--yes"]) == 130
    assert "0 of 2 changes in place" in capsys.readouterr().out
    assert signal.getsignal(signal.SIGINT) is before


def test_the_request_says_what_the_options_said(use: Use) -> None:
    fake = use(FakeApply())
    app.main(["apply", "p.json", "--lab", "demo", "--yes", "--max-age", "0", "--require-complete"])
    app.main(
        [
            "apply",
            "--lab",
            "demo",
            "--yes",
            "--folder",
            "C:\\a",
            "--accept-reach",
            "C:\\b",
            "--guest-cluster",
            "G",
        ]
    )
    first, second = fake.requests
    assert (first.plan_file, first.max_age_days, first.require_complete) == (Path("p.json"), 0, True)
    assert (second.folders, second.accept_reach, second.guest_clusters) == (("C:\\a",), ("C:\\b",), ("G",))
    assert (second.plan_file, second.max_age_days, second.require_complete) == (None, 7, False)
    assert (second.approved_digest, second.max_changes, second.lock_timeout_s) == (None, None, 0)


def test_an_approved_digest_asks_nobody(use: Use, capsys: pytest.CaptureFixture[str]) -> None:
    fake = use(FakeApply())
    options = ["--approve", "3f2a91bc3f2a", "--max-changes", "2", "--lock-timeout", "1.5"]
    assert app.main(["apply", "p.json", "--lab", "demo", *options]) == 0
    request = fake.requests[0]
    assert (request.approved_digest, request.max_changes, request.lock_timeout_s) == ("3f2a91bc3f2a", 2, 1.5)
    assert "2 of 2 changes in place" in capsys.readouterr().out


SCOPED = msgspec.structs.replace(
    plans.DEMO, scope=Scope(folders=(FolderPath("C:\\a b"),), guest_clusters=("G",))
)
NEEDS_TWO = "config_version = 1\n[limits]\nrequire_approval = true\n"


@pytest.mark.parametrize(
    ("options", "again"),
    [
        (
            ["--folder", "C:\\c", "--max-changes", "200", "--all-or-nothing", "--expect-node", "N"],
            "apply --folder 'C:\\c' --lab demo --max-changes 200 --all-or-nothing --expect-node N",
        ),
        (["p.json"], "apply --folder 'C:\\a b' --guest-cluster G --lab demo"),
        (["--require-complete"], "apply --lab demo --require-complete"),
    ],
)
def test_trying_again_keeps_the_scope_and_the_conditions(
    use: Use, capsys: pytest.CaptureFixture[str], options: list[str], again: str
) -> None:
    use(FakeApply(SCOPED, after=SCOPED))
    app.main(["apply", *options, "--lab", "demo", "--yes"])
    assert f"To try again:\n  vhdsfix {again}\n" in capsys.readouterr().out


def test_where_a_second_person_is_needed_trying_again_begins_with_a_saved_plan(
    use: Use, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("two.toml").write_text(NEEDS_TWO, encoding="utf-8")
    use(FakeApply(SCOPED, after=SCOPED))
    app.main(["apply", "p.json", "--config", "two.toml", "--lab", "demo", "--approve", "3f2a91bc3f2a"])
    again = "plan --save FILE --folder 'C:\\a b' --guest-cluster G --config two.toml --lab demo"
    assert f"To try again:\n  vhdsfix {again}\n" in capsys.readouterr().out
