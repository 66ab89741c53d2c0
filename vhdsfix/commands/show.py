"""`show` and `history`: a saved plan or a run again, and the list of the runs. They ask no host."""

from __future__ import annotations

from pathlib import Path

from vhdsfix.commands import files, runs
from vhdsfix.commands.result import Reason, Result
from vhdsfix.errors import ExitCode, StalePlanError
from vhdsfix.model.plan import Plan
from vhdsfix.plan_document import read_plan


def run(name: str, state_dir: Path) -> Result:
    """Return the Plan of a file, or the ToldRun of an id or a journal.

    Raises UsageError for neither, StalePlanError for a plan that is damaged, JournalError for a journal that nobody can read.
    """
    path = Path(name)
    if files.is_there(path) and not runs.is_a_journal(path):
        return Result("show", _plan(path))
    shown = runs.told_run(runs.journal_of(state_dir, name))
    return Result("show", shown, _damaged(shown.journal, shown.damage))


def history(state_dir: Path) -> Result:
    """Return a RunInShort for each run, the newest first."""
    listed = runs.all_runs(state_dir)
    return Result(
        "history", listed, tuple(one for run in listed for one in _damaged(run.journal, run.damage))
    )


def _plan(path: Path) -> Plan:
    try:
        return read_plan(files.read_whole(path, "the plan"))
    except StalePlanError as error:
        raise StalePlanError(f"{path} is refused: {error}") from error


def _damaged(journal: str, damage: tuple[str, ...]) -> tuple[Reason, ...]:
    if not damage:
        return ()
    return (Reason(ExitCode.INCOMPLETE, f"the journal {journal} is not whole: {damage[0]}"),)
