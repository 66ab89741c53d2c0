"""A whole plan: its folders side by side, the actions of one folder one after another."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

from vhdsfix.apply.folder import FolderAtWork, FolderGrants
from vhdsfix.apply.journal import Journal
from vhdsfix.model.outcome import ActionOutcome, Outcome, Untouched
from vhdsfix.model.plan import Action, Op, Plan, PlannedFolder
from vhdsfix.model.windows import FolderPath, Sid
from vhdsfix.ports import Notify, Progress, Registry, Stop

Outcomes = tuple[ActionOutcome, ...]
AtOnce = Callable[[Sequence[Callable[[], Outcomes]]], Sequence[Outcomes]]


def apply_plan(
    plan: Plan,
    held_back: Mapping[str, Outcome],
    registry: Registry,
    journal: Journal,
    *,
    notify: Notify,
    stop: Stop,
    at_once: AtOnce,
) -> Outcomes:
    """Carry out a plan's actions and return one outcome for each, in the plan's order.

    `held_back`: actions that are not to be tried, by id, and how each ends.

    Raises nothing for a node, a folder or a journal that fails: they become outcomes. `journal.end()`, which is the
    caller's, raises what kept the journal from being written. `notify` and `stop` are called from several threads.
    """
    steps = _Steps(notify, len(plan.actions))

    def work_on(group: tuple[FolderGrants, ...]) -> Outcomes:
        folders = [(FolderAtWork(grants, registry, journal), grants.actions) for grants in group]
        return tuple(
            ActionOutcome(action, held_back.get(action.id) or _next(folder, action, stop, steps))
            for folder, actions in folders
            for action in actions
        )

    tasks = [partial(work_on, group) for group in apart(grants_by_folder(plan))]
    outcomes = {one.action.id: one for of_folder in at_once(tasks) for one in of_folder}
    return tuple(outcomes[action.id] for action in plan.actions)


def grants_by_folder(plan: Plan) -> tuple[FolderGrants, ...]:
    """The plan's actions by folder, in its order."""
    planned = {folder.path.key: folder for folder in plan.folders}
    actions: dict[str, list[Action]] = {}
    for action in plan.actions:
        actions.setdefault(action.folder.key, []).append(action)
    return tuple(
        FolderGrants(
            planned.get(key) or _unseen(of_folder[0]),
            tuple(of_folder),
            frozenset(_sids_above(of_folder[0].folder, actions.values())),
        )
        for key, of_folder in actions.items()
    )


def _sids_above(folder: FolderPath, actions: Iterable[list[Action]]) -> Iterator[Sid]:
    return (one.sid for of_folder in actions if folder.is_below(of_folder[0].folder) for one in of_folder)


def apart(folders: tuple[FolderGrants, ...]) -> tuple[tuple[FolderGrants, ...], ...]:
    """Groups of folders that can go side by side. Those of one group lie in one another, the deepest first.

    A grant reaches everything below its folder: the folders there would take it for somebody else's change. Source: FACTS 3.
    """
    tops = [one for one in folders if not any(one.path.is_below(other.path) for other in folders)]
    groups = ([one for one in folders if one is top or one.path.is_below(top.path)] for top in tops)
    return tuple(
        tuple(sorted(group, key=lambda one: len(one.path.ancestors), reverse=True)) for group in groups
    )


def _next(folder: FolderAtWork, action: Action, stop: Stop, steps: _Steps) -> Outcome:
    if stop():
        return Untouched("stopped before it was tried")
    steps.announce(action)
    return folder.carry_out(action)


_DOING: dict[Op, str] = {"grant": "granting", "remove": "taking back", "restore": "restoring"}


class _Steps:
    """Counts the actions that were begun, in whatever folder."""

    def __init__(self, notify: Notify, total: int) -> None:
        self._notify = notify
        self._total = total
        self._begun = 0
        self._one_at_a_time = threading.Lock()

    def announce(self, action: Action) -> None:
        with self._one_at_a_time:
            self._begun += 1
            begun = self._begun
        self._notify(Progress(_DOING[action.op], f"{action.vm_name} on {action.folder}", begun, self._total))


def _unseen(action: Action) -> PlannedFolder:
    """A folder that the plan acts on and does not describe: whatever is there now has drifted."""
    return PlannedFolder(path=action.folder, read_on="", sddl_before=None, files=(), vms=())
