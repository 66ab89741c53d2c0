from __future__ import annotations

import itertools

from vhdsfix.commands.result import FIRST_THAT_HOLDS, Reason, exit_code
from vhdsfix.errors import ExitCode


def test_the_order_is_that_of_the_design() -> None:
    assert [int(code) for code in FIRST_THAT_HOLDS] == [1, 130, 64, 7, 8, 9, 10, 6, 4, 11, 5, 2, 3, 0]
    assert set(FIRST_THAT_HOLDS) == set(ExitCode)


def test_of_any_two_the_earlier_wins_in_either_order() -> None:
    for first, second in itertools.combinations(FIRST_THAT_HOLDS, 2):
        reasons = [Reason(first, ""), Reason(second, "")]
        assert exit_code(reasons, detailed=True) == first
        assert exit_code(reversed(reasons), detailed=True) == first


def test_pending_changes_and_findings_count_only_when_asked() -> None:
    reasons = [Reason(ExitCode.CHANGES_PENDING, ""), Reason(ExitCode.NEEDS_A_PERSON, "")]
    assert exit_code(reasons, detailed=False) == 0
    assert exit_code(reasons, detailed=True) == 2
    assert exit_code([*reasons, Reason(ExitCode.INCOMPLETE, "")], detailed=False) == 5
    assert exit_code([], detailed=True) == 0
