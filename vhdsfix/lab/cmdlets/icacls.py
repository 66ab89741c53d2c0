"""icacls.exe for one folder or file: /grant, /grant:r and /remove:g, for the accounts of VMs. Everything else is refused.

Source: FACTS 2.3 and 3. Assumed: the exit codes but 0, 5 and 1332, and the place of a new entry (as in the stand-in of
PowerShell's own engine).
"""

from __future__ import annotations

import re

import msgspec

from vhdsfix.lab.cmdlets.icacls_texts import TEXTS, Texts
from vhdsfix.lab.dacl import DENIES, Ace, parse, rights_text
from vhdsfix.lab.ntfs import Entry, parent, tidy
from vhdsfix.lab.world import World

_NO_FILE, _NO_PATH, _DENIED, _UNREADABLE, _BAD_ARGUMENT, _NOT_MAPPED = 2, 3, 5, 13, 87, 1332
_RIGHTS = {"F": 0x1F01FF, "M": 0x1301BF, "RX": 0x1200A9, "R": 0x120089, "W": 0x100116}
_GRANT = re.compile(r"(.+?):((?:\((?:OI|CI|IO|NP)\))*)\(?(F|M|RX|R|W)\)?", re.IGNORECASE)
_VM_ACCOUNTS = ("NT VIRTUAL MACHINE\\", "*S-1-5-83-1-")


class Native(msgspec.Struct, frozen=True):
    """How a program ended: its exit code and the lines it wrote."""

    exit_code: int
    stdout: tuple[str, ...]
    stderr: tuple[str, ...]


class _RefusedError(Exception):
    """icacls ends with this exit code, having written nothing to the disk."""

    def __init__(self, exit_code: int, message: str) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def run(world: World, node: str, arguments: tuple[str, ...]) -> Native:
    """Run icacls on that node. A VM's name or SID is known only where the VM is registered, elsewhere it ends with 1332."""
    try:
        with world.tree.lock:
            path = _change(world, node, arguments)
    except _RefusedError as refused:
        return Native(refused.exit_code, (_summary(world, node, done=0),), (str(refused),))
    except ValueError as error:
        why = f"the simulated icacls cannot go on: {error}"
        return Native(_UNREADABLE, (_summary(world, node, done=0),), (why,))
    return Native(0, (f"processed file: {path}", _summary(world, node, done=1)), ())


def denied(world: World, node: str) -> Native:
    """The end of one that was not let in."""
    return Native(_DENIED, (_summary(world, node, done=0),), (_texts(world, node).denied,))


def _texts(world: World, node: str) -> Texts:
    return TEXTS[world.node(node).language]


def _summary(world: World, node: str, done: int) -> str:
    return _texts(world, node).summary.format(done=done, failed=1 - done)


def _change(world: World, node: str, arguments: tuple[str, ...]) -> str:
    if not arguments:
        raise _RefusedError(_BAD_ARGUMENT, "Invalid parameter")
    path, *rest = arguments
    entry = _found(world, node, path)
    explicit = parse(entry.sddl).explicit
    if not rest:
        raise _RefusedError(_BAD_ARGUMENT, "The lab's icacls does not list.")
    while rest:
        option, *rest = rest
        if option.lower() not in ("/grant", "/grant:r", "/remove:g") or not rest:
            raise _RefusedError(_BAD_ARGUMENT, f'Invalid parameter "{option}"')
        what, *rest = rest
        if option.lower() == "/remove:g":
            explicit = _without_allow(explicit, _sid(world, node, what))
        else:
            wanted = _entry_to_grant(world, node, what, is_file=entry.file)
            explicit = _granted(explicit, wanted, replace=option.lower() == "/grant:r")
    world.tree.set_dacl(path, explicit)
    return tidy(path)


def _found(world: World, node: str, path: str) -> Entry:
    entry = world.tree.get(path)
    if entry is None:
        if world.tree.get(parent(path)):
            raise _RefusedError(_NO_FILE, f"{path}: The system cannot find the file specified.")
        raise _RefusedError(_NO_PATH, f"{path}: The system cannot find the path specified.")
    if entry.denied:
        raise _RefusedError(_DENIED, f"{path}: {_texts(world, node).denied}")
    return entry


def _entry_to_grant(world: World, node: str, what: str, *, is_file: bool) -> Ace:
    match = _GRANT.fullmatch(what)
    if not match:
        raise _RefusedError(_BAD_ARGUMENT, f'Invalid parameter "{what}"')
    name, given, rights = match[1], match[2].upper(), match[3].upper()
    flags = () if is_file else tuple(flag for flag in ("OI", "CI", "NP", "IO") if f"({flag})" in given)
    return Ace("A", flags, rights_text(_RIGHTS[rights]), _sid(world, node, name))


def _granted(explicit: tuple[Ace, ...], wanted: Ace, *, replace: bool) -> tuple[Ace, ...]:
    """Entries of one SID with the same flags become one; it stands after the explicit denies."""
    alike = [ace for ace in explicit if _is_alike(ace, wanted)]
    if replace:
        kept, mask = _without_allow(explicit, wanted.trustee), wanted.mask
    else:
        kept, mask = tuple(ace for ace in explicit if ace not in alike), wanted.mask
        for ace in alike:
            mask |= ace.mask
        if any(ace.mask == mask for ace in alike):
            return explicit
    at = next((index for index, ace in enumerate(kept) if ace.kind not in DENIES), len(kept))
    return (*kept[:at], msgspec.structs.replace(wanted, rights=rights_text(mask)), *kept[at:])


def _is_alike(ace: Ace, wanted: Ace) -> bool:
    return (ace.kind, ace.trustee, set(ace.flags)) == ("A", wanted.trustee, set(wanted.flags))


def _without_allow(explicit: tuple[Ace, ...], sid: str) -> tuple[Ace, ...]:
    return tuple(ace for ace in explicit if ace.kind != "A" or ace.trustee != sid)


def _sid(world: World, node: str, account: str) -> str:
    name = account.upper()
    if not name.startswith(_VM_ACCOUNTS):
        raise _RefusedError(
            _BAD_ARGUMENT, f'The lab\'s icacls knows only the accounts of VMs, not "{account}"'
        )
    for vm in world.vms_on(node):
        if name in (f"NT VIRTUAL MACHINE\\{vm.id.upper()}", f"*{vm.sid}"):
            return vm.sid
    raise _RefusedError(_NOT_MAPPED, f"{account}: {_texts(world, node).not_mapped}")
