"""A node's answers about a folder → FolderFacts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from vhdsfix.model.facts import FileFacts, FolderFacts
from vhdsfix.model.readings import Absent, Known, Unknown, known_or
from vhdsfix.model.windows import FolderPath, name_key
from vhdsfix.remote.answers import Answers
from vhdsfix.remote.folder_questions import ChildRow, FolderQuestions, is_disk_file, paths_to_root
from vhdsfix.remote.moments import utc

# Source: System.IO.FileAttributes.ReparsePoint.
REPARSE_POINT = 0x400

Children = Known[tuple[ChildRow, ...]] | Absent | Unknown
FileSddls = Mapping[str, Known[str] | Absent | Unknown]
"""By the file's name, as Windows compares it."""


class Listing(NamedTuple):
    """What a node said of a folder's content: all that is in it, its disk files, and the SDDLs that came together."""

    children: Children
    disk_files: tuple[ChildRow, ...]
    sddls: FileSddls

    @property
    def without_sddl(self) -> tuple[str, ...]:
        """Disk files that are there and whose SDDL did not come with the others'."""
        return tuple(row.name for row in self.disk_files if name_key(row.name) not in self.sddls)


def listing_of(questions: FolderQuestions, answers: Answers) -> Listing:
    children = answers.each_if_there(questions.children, lambda row: row)
    files = (row for row in known_or(children, ()) if not row.is_folder and is_disk_file(row.name))
    return Listing(children, tuple(files), _together(questions, answers))


def folder_facts(
    folder: FolderPath, questions: FolderQuestions, answers: Answers, listing: Listing, asked_alone: FileSddls
) -> FolderFacts:
    """`asked_alone`: what came of the files that were without SDDL."""
    children = listing.children
    return FolderFacts(
        path=folder,
        read_on=answers.node,
        sddl=answers.only_if_there(questions.sddl, lambda row: row.sddl),
        files=_files(listing, {**listing.sddls, **asked_alone}),
        subfolders=_subfolders(children),
        links=Absent() if isinstance(children, Absent) else _links(folder, questions, answers),
    )


def _together(questions: FolderQuestions, answers: Answers) -> FileSddls:
    answer = answers.of(questions.file_sddls)
    rows = answer.value if isinstance(answer, Known) else ()
    each_once = {row.sddl: Known(row.sddl) for row in rows}  # a folder's files mostly have one and the same
    return {name_key(row.path.rpartition("\\")[2]): each_once[row.sddl] for row in rows}


def _files(listing: Listing, sddls: FileSddls) -> Known[tuple[FileFacts, ...]] | Absent | Unknown:
    if not isinstance(listing.children, Known):
        return listing.children
    missing = Unknown("its SDDL did not come with the others'")
    return Known(
        tuple(
            FileFacts(row.name, sddls.get(name_key(row.name), missing), utc(row.written))
            for row in listing.disk_files
        )
    )


def _subfolders(children: Children) -> Known[tuple[str, ...]] | Absent | Unknown:
    if not isinstance(children, Known):
        return children
    return Known(tuple(row.name for row in children.value if row.is_folder))


def _links(
    folder: FolderPath, questions: FolderQuestions, answers: Answers
) -> Known[tuple[FolderPath, ...]] | Unknown:
    items = answers.each(questions.links, lambda row: (FolderPath(row.full_name), row.attributes))
    if isinstance(items, Unknown):
        return items
    attributes = {path.key: number for path, number in items.value}
    asked = paths_to_root(folder)
    unseen = [path for path in asked if path.key not in attributes]
    if unseen:
        return answers.unknown(questions.links, f"nothing came about {unseen[0]}")
    return Known(tuple(path for path in asked if attributes[path.key] & REPARSE_POINT))
