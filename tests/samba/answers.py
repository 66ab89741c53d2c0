"""Samba's own C code on inheritance and access, asked over standard input and output: a line of JSON in, a line out.

It runs under the system's Python, for which Debian packages Samba (python3-samba). That one has no binding for
se_create_child_secdesc, so the library it has loaded is called.

Asked: {"folder": SDDL, "owner": SID, "group": SID, "vm": SID, "groups": [SID], "also": [SDDL]}, with rights as numbers, because
Samba before 4.18 reads FA as 0x1ff. Answered: {"children": {NAME: {"effective": …, "onward": …}}, "rights": {…: number},
"also": [number]}: what holds on a new file, on a new folder and on a new file in that; what these pass on; what the VM may do.
"""

from __future__ import annotations

import ctypes
import json
import sys
from pathlib import Path
from typing import Any

from samba.dcerpc import security  # type: ignore[import-not-found]  # only the system's Python has Samba
from samba.ndr import ndr_pack, ndr_unpack  # type: ignore[import-not-found]  # likewise
from samba.security import access_check  # type: ignore[import-not-found]  # likewise

_KINDS = {security.SEC_ACE_TYPE_ACCESS_ALLOWED: "A", security.SEC_ACE_TYPE_ACCESS_DENIED: "D"}
_INHERIT = security.SEC_ACE_FLAG_OBJECT_INHERIT | security.SEC_ACE_FLAG_CONTAINER_INHERIT
_SIZE_OF_DOM_SID = 68
_NO_DOMAIN = security.dom_sid("S-1-5-21-1-2-3")
_GENERIC = {
    security.SEC_GENERIC_ALL: security.SEC_RIGHTS_FILE_ALL,
    security.SEC_GENERIC_EXECUTE: security.SEC_RIGHTS_FILE_EXECUTE,
    security.SEC_GENERIC_WRITE: security.SEC_RIGHTS_FILE_WRITE,
    security.SEC_GENERIC_READ: security.SEC_RIGHTS_FILE_READ,
}


def _loaded(name: str) -> ctypes.CDLL:
    maps = Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()
    return ctypes.CDLL(next(line.split()[-1] for line in maps if name in line))


_SECURITY, _TALLOC = _loaded("libsamba-security"), _loaded("libtalloc.so")


def _child(folder: Any, owner: str, group: str, *, is_folder: bool) -> Any:
    """What se_create_child_secdesc makes; the folder's AI is set, so that it marks what it passes on as inherited.

    It cannot be asked about a folder without a DACL, which it makes itself where nothing is passed on.
    """
    if not _entries(folder):
        return _empty()
    folder.type |= security.SEC_DESC_DACL_AUTO_INHERITED
    packed, above, made = ndr_pack(folder), ctypes.c_void_p(), ctypes.c_void_p()
    _must(_SECURITY.unmarshall_sec_desc(None, packed, ctypes.c_size_t(len(packed)), ctypes.byref(above)))
    try:
        size, data = ctypes.c_size_t(), ctypes.c_void_p()
        new = (_dom_sid(owner), _dom_sid(group), ctypes.c_bool(is_folder))
        _must(_SECURITY.se_create_child_secdesc(above, ctypes.byref(made), ctypes.byref(size), above, *new))
        _must(_SECURITY.marshall_sec_desc(above, made, ctypes.byref(data), ctypes.byref(size)))
        return ndr_unpack(security.descriptor, ctypes.string_at(data.value or 0, size.value))
    finally:
        _TALLOC._talloc_free(above, b"answers.py")


def _dom_sid(sid: str) -> ctypes.Array[ctypes.c_char]:
    return ctypes.create_string_buffer(
        ndr_pack(security.dom_sid(sid)).ljust(_SIZE_OF_DOM_SID, b"\0"), _SIZE_OF_DOM_SID
    )


def _must(status: int) -> None:
    if status:
        raise OSError(f"Samba answered {status & 0xFFFFFFFF:#x}")


def _specific(mask: int) -> int:
    """Samba leaves it to the file server to say what generic rights are."""
    for generic, meaning in _GENERIC.items():
        if mask & generic:
            mask = mask & ~generic | meaning
    return mask


def _entries(descriptor: Any) -> list[Any]:
    return list(descriptor.dacl.aces) if descriptor.dacl else []


def _told(descriptor: Any) -> dict[str, list[Any]]:
    entries = _entries(descriptor)
    return {
        "effective": [
            [_KINDS[ace.type], _specific(ace.access_mask), str(ace.trustee)]
            for ace in entries
            if not ace.flags & security.SEC_ACE_FLAG_INHERIT_ONLY
        ],
        "onward": [
            [_KINDS[ace.type], ace.flags & _INHERIT, ace.access_mask, str(ace.trustee)]
            for ace in entries
            if ace.flags & _INHERIT
        ],
    }


def _empty() -> Any:
    return security.descriptor.from_sddl("O:BAG:SYD:", _NO_DOMAIN)


def _rights(descriptor: Any, token: Any, *, vm: str | None) -> int:
    """All that access_check would give. With `vm`, allow entries count for that SID only."""
    checked = _empty()
    for ace in _entries(descriptor):
        if vm is None or _KINDS[ace.type] == "D" or str(ace.trustee) == vm:
            ace.access_mask = _specific(ace.access_mask)
            checked.dacl_add(ace, len(_entries(checked)))
    return int(access_check(checked, token, security.SEC_FLAG_MAXIMUM_ALLOWED))


def _answer(asked: dict[str, Any]) -> dict[str, Any]:
    folder = security.descriptor.from_sddl(asked["folder"], _NO_DOMAIN)
    new_folder = _child(folder, asked["owner"], asked["group"], is_folder=True)
    found = {
        "here": folder,
        "file": _child(folder, asked["owner"], asked["group"], is_folder=False),
        "folder": new_folder,
        "deeper": _child(new_folder, asked["owner"], asked["group"], is_folder=False),
    }
    also = [security.descriptor.from_sddl(sddl, _NO_DOMAIN) for sddl in asked["also"]]
    token, vm = security.token(), asked["vm"]
    token.num_sids = 1 + len(asked["groups"])
    token.sids = [security.dom_sid(sid) for sid in (vm, *asked["groups"])]
    return {
        "children": {name: _told(descriptor) for name, descriptor in found.items() if name != "here"},
        "rights": {name: _rights(descriptor, token, vm=vm) for name, descriptor in found.items()},
        "with_groups": {name: _rights(found[name], token, vm=None) for name in ("here", "file")},
        "also": [_rights(descriptor, token, vm=vm) for descriptor in also],
    }


if __name__ == "__main__":
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_answer(json.loads(line))) + "\n")
        sys.stdout.flush()
