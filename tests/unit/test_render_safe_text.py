from __future__ import annotations

import io

import pytest

from vhdsfix.ports import Progress
from vhdsfix.render.console import console_on
from vhdsfix.render.progress import ProgressLine
from vhdsfix.render.safe_text import said, visible


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain C:\\a\\b é 日本", "plain C:\\a\\b é 日本"),
        ("a\x1b[31mb", r"a\x1b[31mb"),
        ("a\r\nb\tc", r"a\r\nb\tc"),
        ("vm\u202egpj.exe", r"vm\u202egpj.exe"),
        ("a\u200bb\u2028c\ufeff", r"a\u200bb\u2028c\ufeff"),
        ("\x00\x7f\x9b", r"\x00\x7f\x9b"),
        ("\ud800", r"\ud800"),
        ("\xa0", r"\xa0"),
    ],
)
def test_what_prints_as_nothing_is_shown_as_an_escape(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_markup_in_a_name_is_inert() -> None:
    stream = io.StringIO()
    console_on(stream).print(said("[red]x[/red] [/] :smile: [link=http://x]y"))
    assert stream.getvalue() == "[red]x[/red] [/] :smile: [link=http://x]y\n"


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp437", "utf-8", "utf-16"])
def test_a_stream_of_any_encoding_takes_any_text(encoding: str) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding)
    console_on(stream).print(said("日本 é \ud800"))
    stream.flush()
    assert raw.getvalue().decode(encoding).startswith("日本 é" if "utf" in encoding else r"\u65e5\u672c")


def test_colours_only_on_a_terminal_and_not_with_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    on_terminal, in_a_pipe, without = Terminal(), io.StringIO(), Terminal()
    console_on(on_terminal).print(said("x", "red"))
    console_on(in_a_pipe).print(said("x", "red"))
    monkeypatch.setenv("NO_COLOR", "1")
    console_on(without).print(said("x", "red"))
    assert "\x1b[31m" in on_terminal.getvalue()
    assert in_a_pipe.getvalue() == "x\n"
    assert "\x1b[31m" not in without.getvalue()


def test_a_pipe_is_100_columns_whatever_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    assert console_on(io.StringIO()).width == 100


def test_progress_says_nothing_in_a_pipe_unless_asked() -> None:
    quiet, verbose = io.StringIO(), io.StringIO()
    step = Progress("asking", "HV01\n", 1, 4)
    ProgressLine(quiet, plain_lines=False).notify(step)
    ProgressLine(verbose, plain_lines=True).notify(step)
    assert quiet.getvalue() == ""
    assert verbose.getvalue() == "asking: HV01\\n (1 of 4)\n"


def test_progress_on_a_terminal_leaves_no_line_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    terminal = Terminal()
    line = ProgressLine(terminal, plain_lines=False)
    line.notify(Progress("asking", "HV01"))
    line.notify(Progress("asking", "HV02"))
    line.clear()
    line.clear()
    assert "asking: HV02" in terminal.getvalue()
    assert terminal.getvalue().endswith("\x1b[2K")
