"""Each kind of text that holds tokens, taken apart and put together again."""

from __future__ import annotations

import re

import msgspec

from vhdsfix import sddl
from vhdsfix.model.facts import NOT_ASKED
from vhdsfix.model.windows import Ace, Acl, SecurityDescriptor, Sid, VmId, name_key
from vhdsfix.scrub.tokens import Tokens

_ADDRESS = re.compile(r"[0-9.]+|.*:.*")
_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_SID = re.compile(r"[Ss]-1-(?:0[xX][0-9A-Fa-f]+|[0-9]+)(?:-(?:0[xX][0-9A-Fa-f]+|[0-9]+))+")
# Source: MS-DTYP 2.4.2.4: accounts that every Windows has, services (S-1-5-80) and the group of all VMs among them.
_WELL_KNOWN_SID = re.compile(r"S-1-(?:[0-3]-\d+|16-\d+|15-2-[12]|5-\d+|5-(?:32|64|80|90|96)-[\d-]+|5-83-0)$")
_DISK_FILES = frozenset({"VHDS", "AVHDX", "VHDX", "VHD", "AVHD", "MRT", "RCT"})
_CHECKPOINT = re.compile(rf"(_{_GUID.pattern})+$")
_SHARED_VOLUMES = "CLUSTERSTORAGE"
_LARGEST_DECIMAL = 0xFFFF_FFFF
"""Source: MS-DTYP 2.4.2.1: a larger authority is written in hexadecimal."""
NOT_SDDL = "not SDDL, and not shown because it may hold names"


def name(tokens: Tokens, text: str) -> str:
    """A computer's, VM's, cluster's or folder's name; of a name with a domain each part by itself."""
    if not text.strip():
        return text
    if _ADDRESS.fullmatch(text):
        return tokens.address(text)
    if _GUID.fullmatch(text.strip("{}")):
        return ident(tokens, text)
    return ".".join(tokens.label(part) if part.strip() else part for part in text.split("."))


def ident(tokens: Tokens, text: str) -> str:
    """An id: a GUID within whatever braces and blanks, otherwise a name; a guest may write anything in its place."""
    found = _GUID.search(text)
    if found is None or found[0] != text.strip("{} "):
        return name(tokens, text)
    return f"{text[: found.start()]}{tokens.guid(found[0])}{text[found.end() :]}"


def path(tokens: Tokens, text: str) -> str:
    r"""A path of folders and files; its drive, `ClusterStorage` and the endings of disk files stay."""
    if not text.strip():
        return text
    parts = text.replace("/", "\\").split("\\")
    if text.startswith("\\\\"):
        return "\\".join(
            [*parts[:2], name(tokens, parts[2]), *(part_of_path(tokens, part) for part in parts[3:])]
        )
    return "\\".join([_drive(tokens, parts[0]), *(part_of_path(tokens, part) for part in parts[1:])])


def part_of_path(tokens: Tokens, text: str) -> str:
    """A folder's or file's name: a disk file keeps its ending and the ids of its checkpoints."""
    if not text or name_key(text) == _SHARED_VOLUMES:
        return text
    stem, _, ending = text.rpartition(".")
    if not stem or name_key(ending) not in _DISK_FILES:
        return name(tokens, text)
    checkpoint = _CHECKPOINT.search(stem)
    base = stem[: checkpoint.start()] if checkpoint else stem
    ids = _GUID.sub(lambda found: tokens.guid(found[0]), checkpoint[0]) if checkpoint else ""
    return f"{part_of_path(tokens, base)}{ids}.{ending}"


def descriptor(tokens: Tokens, text: str) -> str:
    """SDDL with other accounts than those that every Windows has; a condition's names become one opaque name."""
    try:
        parsed = sddl.parse(text)
    except sddl.SddlError:
        return NOT_SDDL
    if any(ace.expression for ace in _all_aces(parsed)):
        text = sddl.write(_without_conditions(tokens, parsed))
    return _SID.sub(lambda found: sid(tokens, found[0]), text)


def sid(tokens: Tokens, text: str) -> str:
    """An account: a VM's follows from its id, one that every Windows has stays."""
    plain = _in_plain_numbers(text)
    vm_id = plain.vm_id
    if vm_id:
        return VmId(tokens.guid(vm_id)).sid
    return text if _WELL_KNOWN_SID.match(plain) else tokens.account(plain)


def reason(tokens: Tokens, text: str) -> str:
    """Why something is not known: an error's text may name anybody, so only its codes stay."""
    return text if text == NOT_ASKED.why else tokens.reason(text)


def subject(tokens: Tokens, text: str) -> str:
    """What an accepted finding is about: a path, a name, or a VM on a path."""
    who, on, where = text.rpartition(" on ")
    if on and _is_path(where):
        return f"{name(tokens, who)}{on}{path(tokens, where)}"
    return path(tokens, text) if _is_path(text) else name(tokens, text)


def _in_plain_numbers(text: str) -> Sid:
    """The account as we write it, however SDDL spells its numbers."""
    authority, *rest = (int(part, 16 if part[1:2] in ("x", "X") else 10) for part in text.split("-")[2:])
    written = str(authority) if authority <= _LARGEST_DECIMAL else f"0x{authority:012X}"
    return Sid("-".join(["S-1", written, *map(str, rest)]))


def _is_path(text: str) -> bool:
    return bool(re.match(r"[A-Za-z]:\\|\\\\", text))


def _drive(tokens: Tokens, text: str) -> str:
    return text if re.fullmatch(r"[A-Za-z]:", text) else part_of_path(tokens, text)


def _all_aces(parsed: SecurityDescriptor) -> tuple[Ace, ...]:
    return (*parsed.aces, *((parsed.sacl.entries or ()) if parsed.sacl else ()))


def _without_conditions(tokens: Tokens, parsed: SecurityDescriptor) -> SecurityDescriptor:
    return msgspec.structs.replace(
        parsed,
        dacl=_opaque(tokens, parsed.dacl),
        sacl=_opaque(tokens, parsed.sacl),
    )


def _opaque(tokens: Tokens, acl: Acl | None) -> Acl | None:
    if acl is None or acl.entries is None:
        return acl
    entries = tuple(
        msgspec.structs.replace(ace, expression=f"({tokens.label(_letters_of(ace.expression))})")
        if ace.expression
        else ace
        for ace in acl.entries
    )
    return msgspec.structs.replace(acl, entries=entries)


def _letters_of(expression: str) -> str:
    return "".join(re.findall(r"\w+", expression)) or "condition"
