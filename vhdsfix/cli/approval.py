"""Showing a plan and getting a person's yes before anything is changed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TextIO

from vhdsfix.errors import DeclinedError, UsageError
from vhdsfix.model.plan import Plan
from vhdsfix.render.console import console_on
from vhdsfix.render.plan_text import print_plan
from vhdsfix.render.safe_text import said
from vhdsfix.wording import counted

THE_WORD = "yes"


class Approval:
    """Called with the plan when it is known. `shown`: a person has seen it."""

    def __init__(self, *, in_advance: bool, json_on_stdout: bool, before_changes: Callable[[], None]) -> None:
        self._in_advance = in_advance
        self._json_on_stdout = json_on_stdout
        self._before_changes = before_changes
        self.shown = False

    def __call__(self, plan: Plan) -> bool:
        """Whether the plan may be applied. Raises DeclinedError when there is nobody to ask."""
        self._show(plan)
        self.shown = True
        approved = self._in_advance or _asked(plan)
        if approved:
            self._before_changes()
        return approved

    def _show(self, plan: Plan) -> None:
        """Raises UsageError where nobody can read it: then nothing is changed."""
        try:
            print_plan(console_on(self._stream()), plan, next_command=None)
        except OSError as error:
            raise UsageError(
                f"nothing was changed: the plan could not be shown ({error.strerror or 'nobody reads on'}); mend where the output "
                "goes, and say it again"
            ) from error

    def _stream(self) -> TextIO:
        """Standard output, unless that is for JSON or the person to be asked would not see it."""
        person_elsewhere = not self._in_advance and sys.stdin.isatty() and not sys.stdout.isatty()
        return sys.stderr if self._json_on_stdout or person_elsewhere else sys.stdout


def _asked(plan: Plan) -> bool:
    if not sys.stdin.isatty():
        raise DeclinedError(
            "nobody to ask: there is no terminal and --yes was not given; nothing was changed. Look at the plan, then "
            "say it again with --yes"
        )
    sys.stdout.flush()
    question = (
        f"Make {counted(len(plan.actions), 'change')} on {plan.cluster.name}? Only {THE_WORD!r} does it: "
    )
    console_on(sys.stderr).print(said(question), end="", soft_wrap=True)
    return sys.stdin.readline().strip() == THE_WORD
