r"""JSON as Windows PowerShell 5.1's ConvertTo-Json -Compress writes it.

Source: WIRE 7.4; contract of the engine's ConvertTo-Json: enums are numbers, < > & ' are \u escapes, depth counts from the
outermost, and what lies deeper is its text.
"""

from __future__ import annotations

import functools
import re
import uuid
from datetime import datetime
from json.encoder import encode_basestring
from typing import Any

from vhdsfix.lab.objects import EnumValue, PSObject, text_of

_ESCAPED_BESIDES = re.compile("[<>&'\x85\u2028\u2029]")
"""What JSON itself would leave as it is."""


class NotJsonError(Exception):
    """A value that the lab does not write as JSON: 5.1's time spans are not asked for (WIRE 7.4)."""


def json_text(value: Any, depth: int, level: int = 0) -> str:  # noqa: PLR0911 - a case for each type
    match value:
        case str() | uuid.UUID():
            return _quoted(str(value))
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case EnumValue():
            return str(value.number)
        case datetime():
            return f'"\\/Date({int(value.timestamp() * 1000)})\\/"'
        case list() | dict() | PSObject() if level > depth:
            return _quoted(text_of(value))
        case list():
            return f"[{','.join(json_text(item, depth, level + 1) for item in value)}]"
        case dict() | PSObject():
            members = value.items() if isinstance(value, dict) else value.members()
            written = [f"{_quoted_name(name)}:{json_text(item, depth, level + 1)}" for name, item in members]
            return f"{{{','.join(written)}}}"
        case _:
            raise NotJsonError(f"a {type(value).__name__} in ConvertTo-Json")


def _quoted(text: str) -> str:
    return _ESCAPED_BESIDES.sub(_escape, encode_basestring(text))


_quoted_name = functools.lru_cache(maxsize=256)(_quoted)


def _escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
