"""Get-Item, Get-ChildItem and Get-Acl over the tree that all nodes share."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from vhdsfix.lab.binding import Bound
from vhdsfix.lab.cmdlets.cmdlet import Call, Run
from vhdsfix.lab.error_records import ACCESS_EXCEPTIONS, NOT_FOUND_EXCEPTIONS, TerminatingError
from vhdsfix.lab.ntfs import Entry
from vhdsfix.lab.objects import EnumValue, PSObject

_PROVIDER = "Microsoft.PowerShell.Core\\FileSystem::"
_SECURITY = (
    "System.Security.AccessControl.FileSystemSecurity",
    "System.Security.AccessControl.ObjectSecurity",
)
_FILE_SECURITY = ("System.Security.AccessControl.FileSecurity", *_SECURITY)
_FOLDER_SECURITY = ("System.Security.AccessControl.DirectorySecurity", *_SECURITY)
_ATTRIBUTES = {"Hidden": 2, "Directory": 16, "Archive": 32, "ReparsePoint": 1024}
"""Source: System.IO.FileAttributes of .NET; as a flags enum its text lists them in this order."""


def _get_item(call: Call, records: Iterator[Bound]) -> Iterator[Any]:
    for bound in records:
        for path, entry in _visible(call, bound):
            if entry.hidden and "Force" not in bound:
                _not_found(call, path, "PathNotFound", path)
            else:
                yield _file_system_object(path, entry)


def _get_child_item(call: Call, records: Iterator[Bound]) -> Iterator[Any]:
    for bound in records:
        for path, entry in _visible(call, bound):
            found = [(path, entry)] if entry.file else call.runspace.world.tree.children(path)
            for child, about in found:
                if _asked_for(about, bound):
                    yield _file_system_object(child, about)


def _asked_for(entry: Entry, bound: Bound) -> bool:
    if entry.hidden and not bound.get("Force"):
        return False
    return not (bound.get("File") and not entry.file) and not (bound.get("Directory") and entry.file)


def _get_acl(call: Call, records: Iterator[Bound]) -> Iterator[Any]:
    for bound in records:
        for path in _paths(bound):
            entry = call.runspace.world.tree.get(path)
            if entry is None:
                _not_found(call, path, "GetAcl_PathNotFound", None)
            elif entry.denied:
                raise _acl_denied(call)
            else:
                yield _security(call.runspace.world.tree.spelled(path), entry)


def _acl_denied(call: Call) -> TerminatingError:
    """One descriptor that may not be read ends the statement. Source: FACTS 4."""
    message = "Attempted to perform an unauthorized operation."
    return TerminatingError(call.error(ACCESS_EXCEPTIONS[0], "NotSpecified", ACCESS_EXCEPTIONS, message))


def _visible(call: Call, bound: Bound) -> Iterator[tuple[str, Entry]]:
    """The items that are there and may be looked at; an error record for each other."""
    for path in _paths(bound):
        entry = call.runspace.world.tree.get(path)
        if entry is None:
            _not_found(call, path, "PathNotFound", path)
        elif entry.denied:
            message = f"Access to the path '{path}' is denied."
            call.write_error(
                call.error("DirUnauthorizedAccessError", "PermissionDenied", ACCESS_EXCEPTIONS, message, path)
            )
        else:
            yield call.runspace.world.tree.spelled(path), entry


def _paths(bound: Bound) -> list[str]:
    paths = (path.removeprefix(_PROVIDER) for path in bound["LiteralPath"])
    return [path.rstrip("\\") or path for path in paths]


def _not_found(call: Call, path: str, error_id: str, target: str | None) -> None:
    """Source: PowerShell's source (Get-Acl names no target), as in the engine's stand-ins."""
    message = f"Cannot find path '{path}' because it does not exist."
    call.write_error(call.error(error_id, "ObjectNotFound", NOT_FOUND_EXCEPTIONS, message, target))


def _file_system_object(path: str, entry: Entry) -> PSObject:
    kind = "System.IO.FileInfo" if entry.file else "System.IO.DirectoryInfo"
    name = path.rpartition("\\")[2] or path
    properties = {
        "Name": name,
        "FullName": path,
        "PSIsContainer": not entry.file,
        "Extension": name[name.rfind(".") :] if entry.file and "." in name else "",
        "Length": entry.size if entry.file else None,
        "Attributes": _attributes(entry.file, entry.hidden, entry.link is not None),
        "LinkTarget": entry.link,
        "LastWriteTimeUtc": datetime.fromisoformat(entry.written),
        "PSPath": _PROVIDER + path,
        "PSChildName": name,
    }
    return PSObject((kind, "System.IO.FileSystemInfo"), properties, text=path)


@functools.cache
def _attributes(is_file: bool, is_hidden: bool, is_link: bool) -> EnumValue:
    names = ["Archive" if is_file else "Directory"]
    if is_hidden:
        names.insert(0, "Hidden")
    if is_link:
        names.append("ReparsePoint")
    return EnumValue("System.IO.FileAttributes", ", ".join(names), sum(_ATTRIBUTES[name] for name in names))


def _security(path: str, entry: Entry) -> PSObject:
    notes = {
        "Path": _PROVIDER + path,
        "PSPath": _PROVIDER + path,
        "PSChildName": path.rpartition("\\")[2] or path,
        "Sddl": entry.sddl,
    }
    return PSObject(_FILE_SECURITY if entry.file else _FOLDER_SECURITY, notes=notes)


CMDLETS: dict[str, Run] = {"Get-Item": _get_item, "Get-ChildItem": _get_child_item, "Get-Acl": _get_acl}
