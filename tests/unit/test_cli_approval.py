from __future__ import annotations

import io
import signal
import sys

import msgspec
import pytest

from tests.unit import plans
from vhdsfix.cli.approval import Approval
from vhdsfix.cli.interruption import interruption
from vhdsfix.errors import DeclinedError, UsageError


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def begun() -> list[str]:
    return []


def approval(begun: list[str], *, in_advance: bool = False, json_on_stdout: bool = False) -> Approval:
    return Approval(
        in_advance=in_advance, json_on_stdout=json_on_stdout, before_changes=lambda: begun.append("changes")
    )


@pytest.mark.parametrize(
    ("answer", "approved"),
    [("yes\n", True), (" yes \n", True), ("y\n", False), ("YES\n", False), ("\n", False), ("", False)],
)
def test_only_the_word_yes_approves(
    answer: str,
    approved: bool,
    begun: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    assert approval(begun)(plans.DEMO) is approved
    assert begun == (["changes"] if approved else [])
    assert "Make 2 changes on LAB-CLUSTER?" in capsys.readouterr().err


def test_without_a_terminal_nobody_is_asked_and_the_plan_was_shown(
    begun: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("yes\n"))
    with pytest.raises(
        DeclinedError, match=r"nobody to ask.*with --yes$"
    ):  # a saved plan would be asked about, too
        approval(begun)(plans.DEMO)
    assert begun == []
    assert "DemoGuestNode2" in capsys.readouterr().out


def test_the_question_shows_a_clusters_name_as_text(
    begun: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("no\n"))
    cluster = msgspec.structs.replace(plans.DEMO.cluster, name="A\x1b[2J")
    approval(begun)(msgspec.structs.replace(plans.DEMO, cluster=cluster))
    assert "\x1b[2J" not in capsys.readouterr().err


def test_approval_in_advance_asks_nobody(
    begun: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert approval(begun, in_advance=True)(plans.DEMO)
    assert begun == ["changes"]
    assert "Make 2 changes" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "where"),
    [
        ({"in_advance": True}, "out"),
        ({"in_advance": True, "json_on_stdout": True}, "err"),
        ({"json_on_stdout": True}, "err"),
        ({}, "err"),
    ],
)
def test_the_plan_is_shown_where_the_person_sees_it(
    options: dict[str, bool],
    where: str,
    begun: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("yes\n"))
    approval(begun, **options)(plans.DEMO)
    shown = capsys.readouterr()
    assert "DemoGuestNode2" in getattr(shown, where)
    assert "DemoGuestNode2" not in getattr(shown, "out" if where == "err" else "err")


def test_a_plan_that_nobody_can_read_is_not_approved(
    begun: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_text: str) -> int:
        raise OSError(28, "No space left on device")

    stdout = io.StringIO()
    monkeypatch.setattr(stdout, "write", gone)
    monkeypatch.setattr(sys, "stdout", stdout)
    with pytest.raises(UsageError, match="nothing was changed: the plan could not be shown"):
        approval(begun, in_advance=True)(plans.DEMO)
    assert begun == []


SIGNALS = [signal.SIGINT, signal.SIGTERM]
HANG_UP = [] if sys.platform == "win32" else [signal.SIGHUP]


@pytest.mark.parametrize("first", [*SIGNALS, *HANG_UP])
@pytest.mark.parametrize("second", SIGNALS)
def test_the_first_signal_asks_to_stop_and_the_second_ends_at_once(
    first: signal.Signals, second: signal.Signals, capfd: pytest.CaptureFixture[str]
) -> None:
    before = [signal.getsignal(each) for each in SIGNALS]
    with interruption() as interrupted:
        interrupted.watch()
        assert not interrupted.asked()
        signal.raise_signal(first)
        assert interrupted.asked()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(second)
    assert [signal.getsignal(each) for each in SIGNALS] == before
    assert "stopping after the change in hand" in capfd.readouterr().err


@pytest.mark.parametrize("which", HANG_UP)
def test_a_terminal_that_hangs_up_again_and_again_asks_once(which: signal.Signals) -> None:
    with interruption() as interrupted:
        interrupted.watch()
        for _ in range(3):
            signal.raise_signal(which)
        assert interrupted.asked()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("which", HANG_UP)
def test_what_is_not_to_end_with_its_terminal_does_not(which: signal.Signals) -> None:
    """As `nohup` starts it."""
    before = signal.signal(which, signal.SIG_IGN)
    try:
        with interruption() as interrupted:
            signal.raise_signal(which)
            assert not interrupted.asked()
        assert signal.getsignal(which) is signal.SIG_IGN
    finally:
        signal.signal(which, before)


@pytest.mark.parametrize("which", [*SIGNALS, *HANG_UP])
def test_before_any_change_a_signal_ends_at_once(which: signal.Signals) -> None:
    with interruption() as interrupted, pytest.raises(KeyboardInterrupt):
        signal.raise_signal(which)
    assert interrupted.asked()


def test_a_look_among_changes_is_ended_at_once_and_not_begun_after_a_signal() -> None:
    with interruption() as interrupted:
        interrupted.watch()
        with pytest.raises(KeyboardInterrupt), interrupted.ends_at_once():
            signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt), interrupted.ends_at_once():
            pytest.fail("it was begun")


def test_after_a_look_the_first_signal_only_asks_again() -> None:
    with interruption() as interrupted:
        interrupted.watch()
        with interrupted.ends_at_once():
            pass
        signal.raise_signal(signal.SIGINT)
        assert interrupted.asked()
