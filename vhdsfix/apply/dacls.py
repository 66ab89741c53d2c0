"""The DACLs of a folder and of its disk files, as one node showed them at one moment."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from vhdsfix import sddl
from vhdsfix.errors import NodeError
from vhdsfix.model.facts import FileFacts, FolderFacts
from vhdsfix.model.readings import Absent, Known, Unknown
from vhdsfix.model.windows import FolderPath, SecurityDescriptor, name_key
from vhdsfix.ports import Reader

THE_FOLDER = "."  # no file can have this name


class Dacls(msgspec.Struct, frozen=True):
    """`texts`: SDDL by file name, the folder's under THE_FOLDER; `folder` and `files` are the same, parsed.

    `private`: keys of the names of files that one VM alone has attached; nobody else is judged on them.
    """

    texts: Mapping[str, str]
    folder: SecurityDescriptor
    files: Mapping[str, SecurityDescriptor]
    private: frozenset[str] = frozenset()

    @property
    def shared_files(self) -> dict[str, SecurityDescriptor]:
        return {name: file for name, file in self.files.items() if name_key(name) not in self.private}


def read_dacls(
    reader: Reader, folder: FolderPath, must_list: Collection[str] = (), private: Collection[str] = ()
) -> Dacls | Absent | Unknown:
    """The folder's DACLs now; Unknown unless every disk file's DACL was readable.

    `must_list`: names of files that VMs have attached. A listing without one of them was not a whole listing. `private`:
    names of files that one VM alone has attached.
    """
    try:
        facts = reader.folders((folder,))[0]
    except NodeError as error:
        return Unknown(str(error))
    dacls = dacls_of(facts, must_list)
    if not isinstance(dacls, Dacls):
        return dacls
    return msgspec.structs.replace(dacls, private=frozenset(map(name_key, private)))


def dacls_of(facts: FolderFacts, must_list: Collection[str] = ()) -> Dacls | Absent | Unknown:
    """What a node's answer says of the folder's DACLs, all of them or none."""
    match facts.sddl, facts.files:
        case Absent(), _:
            return Absent()
        case Unknown(why=why), _:
            return Unknown(f"{facts.read_on} could not show the folder's permissions: {why}")
        case Known(value=text), Known(value=files):
            return _of_files(text, files, must_list, facts.read_on)
        case _, Unknown(why=why):
            return Unknown(f"{facts.read_on} could not list the folder's files: {why}")
        case _:
            return Unknown(f"{facts.read_on} showed the folder, but then no longer its files")


def parsed(texts: Mapping[str, str]) -> Dacls:
    """Raises SddlError for a text that is no SDDL, KeyError where the folder's is missing."""
    descriptors = {name: sddl.parse(text) for name, text in texts.items()}
    folder = descriptors.pop(THE_FOLDER)
    return Dacls(texts=texts, folder=folder, files=descriptors)


def _of_files(
    folder_text: str, files: tuple[FileFacts, ...], must_list: Collection[str], read_on: str
) -> Dacls | Unknown:
    listed = {name_key(file.name) for file in files}
    unlisted = [name for name in must_list if name_key(name) not in listed]
    if unlisted:
        return Unknown(f"{read_on} did not list {', '.join(unlisted)}, which a VM has attached")
    texts = {THE_FOLDER: folder_text}
    for file in files:
        match file.sddl:
            case Known(value=text):
                texts[file.name] = text
            case Unknown(why=why):
                return Unknown(f"{read_on} could not show the permissions of {file.name}: {why}")
            case Absent():
                pass  # it went away meanwhile: a backup merged it
    try:
        return parsed(texts)
    except sddl.SddlError as error:
        return Unknown(f"{read_on} gave a security descriptor that cannot be read: {error}")
