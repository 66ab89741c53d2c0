"""The folders of the scope, each from a node that shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from vhdsfix import planner
from vhdsfix.errors import NodeError
from vhdsfix.model.facts import Facts, FolderFacts
from vhdsfix.model.plan import Scope
from vhdsfix.model.readings import Known, Unknown
from vhdsfix.model.windows import FolderPath
from vhdsfix.ports import Hosts, Notify, Progress, Reader
from vhdsfix.survey.nodes import Nodes
from vhdsfix.wording import counted

FoldersToRead = Mapping[FolderPath, Sequence[str]]
"""Folders, each with the names of the nodes to ask first: those where its VMs run."""


def folders_in(scope: Scope, facts: Facts) -> FoldersToRead:
    """What cluster and nodes said that the scope is about."""
    inventory = planner.inventory_in_scope(facts, scope)
    vms = {vm.vm_id: vm.node for vm in inventory.vms}
    return {use.path: [vms[vm_id] for vm_id in use.vm_ids] for use in inventory.folders}


def ask_folders(
    wanted: FoldersToRead, nodes: Nodes, hosts: Hosts[Reader], notify: Notify
) -> tuple[FolderFacts, ...]:
    """Each folder from the first node that can be asked; what that node could not see, from the next."""
    choices = {path: nodes.readers_for(names) for path, names in wanted.items()}
    found = {path: _unseen(path, "no node that could be asked shows this folder") for path in choices}
    for attempt in range(2):
        open_paths = [path for path in choices if _is_open(found[path]) and len(choices[path]) > attempt]
        by_reader: dict[Reader, list[FolderPath]] = {}
        for path in open_paths:
            by_reader.setdefault(choices[path][attempt], []).append(path)
        tasks = [_folder_question(reader, paths, notify) for reader, paths in by_reader.items()]
        for answers in hosts.at_once(tasks):
            found.update({folder.path: _better(found[folder.path], folder) for folder in answers})
    return tuple(found[path] for path in sorted(found))


def _folder_question(
    reader: Reader, paths: Sequence[FolderPath], notify: Notify
) -> Callable[[], tuple[FolderFacts, ...]]:
    def ask() -> tuple[FolderFacts, ...]:
        notify(Progress(f"reading {counted(len(paths), 'folder')} on", reader.node))
        try:
            return reader.folders(paths)
        except NodeError as error:
            return tuple(_unseen(path, str(error), reader.node) for path in paths)

    return ask


def _unseen(path: FolderPath, why: str, read_on: str = "") -> FolderFacts:
    unknown = Unknown(why)
    return FolderFacts(path, read_on, sddl=unknown, files=unknown, subfolders=unknown, links=unknown)


def _is_open(folder: FolderFacts) -> bool:
    return any(
        isinstance(reading, Unknown)
        for reading in (folder.sddl, folder.files, folder.subfolders, folder.links)
    )


def _better(before: FolderFacts, now: FolderFacts) -> FolderFacts:
    """The look that saw the permissions; a second look replaces the first only if it saw them too."""
    return before if isinstance(before.sddl, Known) and not isinstance(now.sddl, Known) else now
