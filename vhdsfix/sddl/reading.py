"""SDDL text → SecurityDescriptor.

Source: MS-DTYP 2.5.1 (grammar), sddl.h (letters). Wider than the grammar only where Windows is: spaces between the parts
and before a field's text, small letters within an entry, numbers in hexadecimal, octal and decimal (Source: the Windows
results recorded in Samba's python/samba/tests/sddl.py). Narrower than Windows in one thing: a number that is too large is
an error, where Windows cuts it off.
"""

from __future__ import annotations

import re
from functools import lru_cache

from vhdsfix.model.windows import Ace, AceType, Acl, DomainAlias, SecurityDescriptor, Sid
from vhdsfix.sddl.letters import (
    ACE_TYPES,
    DOMAIN_ALIASES,
    NULL_ACL,
    RIGHTS,
    TYPES_THAT_NEED_AN_EXPRESSION,
    TYPES_WITH_AN_EXPRESSION,
    TYPES_WITH_OBJECTS,
    WELL_KNOWN_SIDS,
    flags_of,
)

_SPACES = re.compile(r" *")
# What ends an owner or group is the next part's letter: in O:S-1-2-0x200D: the D belongs to the DACL.
_OWNER = re.compile(r" *([Ss]-[0-9A-Fa-fxX-]+?|[A-Za-z]{2})(?= *(?:[OGDS]:|\Z))")
_ACL_FLAG = re.compile(rf" *({NULL_ACL}|P|AR|AI)")
_SID = re.compile(r"[Ss]-1-([0-9]+|0[xX][0-9A-Fa-f]+)((?:-(?:0[xX][0-9A-Fa-f]+|[0-9]+))+)")
_NUMBER_OF_RIGHTS = re.compile(r"0[xX][0-9A-Fa-f]+|0[0-7]*|[1-9][0-9]*")
_GUID = re.compile(r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}")
# A string has no escape for its own quotation mark but %0022. Source: MS-DTYP 2.5.1.1 (lit-char)
_BRACKET_OR_STRING = re.compile(r'"[^"]*"|[()"]')

_LONGEST_NUMBER = 20
_LARGEST_32_BITS = 0xFFFF_FFFF
_LARGEST_AUTHORITY = 0xFFFF_FFFF_FFFF
_MOST_SUB_AUTHORITIES = 15
_FIELDS = 6


class SddlError(ValueError):
    """The text is no SDDL; the message says what is wrong and where."""


@lru_cache(maxsize=8192)  # the files of a folder mostly have one and the same, and several rules read it
def parse(text: str) -> SecurityDescriptor:
    """Read a security descriptor; raises SddlError. The parts may stand in any order, each at most once."""
    accounts: dict[str, Sid | DomainAlias] = {}
    acls: dict[str, Acl] = {}
    position = _skip_spaces(text, 0)
    while position < len(text):
        part = _part_at(text, position)
        if part in accounts or part in acls:
            raise SddlError(f"a second part {part}: at {position}")
        if part in "OG":
            accounts[part], position = _account_at(text, position + 2)
        else:
            acls[part], position = _acl_at(text, position + 2)
        position = _skip_spaces(text, position)
    return SecurityDescriptor(
        dacl=acls.get("D"), owner=accounts.get("O"), group=accounts.get("G"), sacl=acls.get("S")
    )


def _skip_spaces(text: str, position: int) -> int:
    match = _SPACES.match(text, position)
    return match.end() if match else position


def _excerpt(text: str, position: int) -> str:
    return f"{text[position : position + 12]!r} at {position}"


def _part_at(text: str, position: int) -> str:
    if text[position] not in "OGDS" or not text.startswith(":", position + 1):
        raise SddlError(f"unexpected {_excerpt(text, position)}")
    return text[position]


def _account_at(text: str, position: int) -> tuple[Sid | DomainAlias, int]:
    match = _OWNER.match(text, position)
    if not match:
        raise SddlError(f"no account in {_excerpt(text, position)}")
    try:
        return _account(match[1]), match.end()
    except SddlError as error:
        raise SddlError(f"{error} at {position}") from None


def _acl_at(text: str, position: int) -> tuple[Acl, int]:
    flags: set[str] = set()
    while match := _ACL_FLAG.match(text, position):
        flags.add(match[1])
        position = match.end()
    entries: list[Ace] = []
    position = _skip_spaces(text, position)
    while text.startswith("(", position):
        entry, end = _entry_at(text, position)
        entries.append(entry)
        position = _skip_spaces(text, end)
    if entries and NULL_ACL in flags:
        raise SddlError(f"entries in a list without any access control, before {position}")
    acl = Acl(
        entries=None if NULL_ACL in flags else tuple(entries),
        protected="P" in flags,
        inherit_required="AR" in flags,
        auto_inherited="AI" in flags,
    )
    return acl, position


def _entry_at(text: str, start: int) -> tuple[Ace, int]:
    """The entry whose bracket opens at `start`, and the place after its closing one."""
    close = text.find(")", start)
    if close < 0:
        raise SddlError(f"the entry at {start} is not closed")
    fields = text[start + 1 : close].split(";", _FIELDS)
    try:
        if len(fields) <= _FIELDS:
            return _entry(fields, None), close + 1
        expression, end = _expression_at(text, close - len(fields[_FIELDS]))
        return _entry(fields[:_FIELDS], expression), end
    except SddlError as error:
        raise SddlError(f"{error} in the entry at {start}") from None


def _expression_at(text: str, position: int) -> tuple[str, int]:
    """A seventh field with its balanced brackets, and the place after the bracket that closes the entry."""
    start = _skip_spaces(text, position)
    if not text.startswith("(", start):
        raise SddlError(f"no expression in {_excerpt(text, start)}")
    depth = 0
    for token in _BRACKET_OR_STRING.finditer(text, start):
        if token[0] == '"':
            raise SddlError(f"the string at {token.start()} is not closed")
        depth += {"(": 1, ")": -1}.get(token[0], 0)
        if depth == 0:
            close = _skip_spaces(text, token.end())
            if text.startswith(")", close):
                return text[start : token.end()], close + 1
            raise SddlError(f"unexpected {_excerpt(text, close)} after the expression")
    raise SddlError(f"the expression at {start} is not closed")


def _entry(fields: list[str], expression: str | None) -> Ace:
    if len(fields) != _FIELDS:
        raise SddlError(f"{len(fields)} fields instead of {_FIELDS}")
    kind = _kind(fields[0])
    object_type, inherited_object_type = _guid(fields[3]), _guid(fields[4])
    if kind not in TYPES_WITH_OBJECTS and (object_type or inherited_object_type):
        raise SddlError(f"an object type in an entry of type {fields[0]!r}")
    if expression is None and kind in TYPES_THAT_NEED_AN_EXPRESSION:
        raise SddlError(f"no expression in an entry of type {fields[0]!r}")
    if expression is not None and kind not in TYPES_WITH_AN_EXPRESSION:
        raise SddlError(f"a seventh field in an entry of type {fields[0]!r}")
    return Ace(
        type=kind,
        flags=_flags(fields[1], kind),
        mask=_mask(fields[2]),
        sid=_account(fields[5]),
        object_type=object_type,
        inherited_object_type=inherited_object_type,
        expression=expression,
    )


def _upper(text: str) -> str:
    """As Windows compares letters: only the plain ones have another case."""
    return text.upper() if text.isascii() else text


def _kind(field: str) -> AceType:
    try:
        return ACE_TYPES[_upper(field.lstrip(" "))]
    except KeyError:
        raise SddlError(f"unknown type {field[:20]!r}") from None


def _flags(field: str, kind: AceType) -> int:
    letters = _upper(field.lstrip(" "))
    known = flags_of(kind)
    flags = 0
    try:
        for place in range(0, len(letters), 2):
            flags |= known[letters[place : place + 2]]
    except KeyError:
        raise SddlError(f"unknown flag in {field[:40]!r}") from None
    return flags


def _mask(field: str) -> int:
    text = field.lstrip(" ")
    if text[:1].isdecimal():
        return _mask_of_number(text)
    if text.endswith(" "):
        raise SddlError(f"a space after the rights {field[:40]!r}")
    letters = _upper(text.replace(" ", ""))
    mask = 0
    try:
        for place in range(0, len(letters), 2):
            mask |= RIGHTS[letters[place : place + 2]]
    except KeyError:
        raise SddlError(f"unknown right in {field[:40]!r}") from None
    return mask


def _mask_of_number(text: str) -> int:
    if not _NUMBER_OF_RIGHTS.fullmatch(text):
        raise SddlError(f"bad access mask {text[:40]!r}")
    return _number(text, _LARGEST_32_BITS, octal=text.startswith("0"))


def _number(text: str, largest: int, *, octal: bool = False) -> int:
    """A number in digits, or in hexadecimal after 0x; raises SddlError when it is larger than allowed."""
    if len(text) > _LONGEST_NUMBER:
        raise SddlError(f"number out of range: {text[:_LONGEST_NUMBER]}…")
    base = 16 if text[1:2] in {"x", "X"} else 8 if octal else 10
    number = int(text, base)
    if number > largest:
        raise SddlError(f"number out of range: {text}")
    return number


def _guid(field: str) -> str | None:
    if not field.strip(" "):
        return None
    if not _GUID.fullmatch(field):
        raise SddlError(f"bad GUID {field[:40]!r}")
    return field.lower()


@lru_cache(maxsize=1024)
def _account(field: str) -> Sid | DomainAlias:
    text = field.lstrip(" ")
    letters = _upper(text.rstrip(" "))
    if letters in WELL_KNOWN_SIDS:
        return WELL_KNOWN_SIDS[letters]
    if letters in DOMAIN_ALIASES:
        return DomainAlias(letters)
    match = _SID.fullmatch(text)
    if not match:
        raise SddlError(f"unknown account {field[:80]!r}")
    # Above 32 bits an authority is written in hexadecimal. Source: MS-DTYP 2.4.2.1
    authority = _number(match[1], _LARGEST_AUTHORITY)
    written = str(authority) if authority <= _LARGEST_32_BITS else f"0x{authority:012X}"
    numbers = [str(_number(part, _LARGEST_32_BITS)) for part in match[2].split("-")[1:]]
    if len(numbers) > _MOST_SUB_AUTHORITIES:
        raise SddlError(f"more than {_MOST_SUB_AUTHORITIES} numbers after the authority in {text[:40]!r}…")
    return Sid("-".join(["S-1", written, *numbers]))
