r"""JSON as Windows PowerShell 5.1's ConvertTo-Json -Compress writes it.

Source: WIRE 7.4; contract of the engine's ConvertTo-Json: enums are numbers, < > & ' are \u escapes, depth counts from the
outermost, and what lies deeper is its text.
"""

from __future__ import annotations

import functools
import uuid
from datetime import datetime
from json.encoder import encode_basestring
from typing import Any

from vhdsfix.lab.objects import EnumValue, PSObject, text_of

_ESCAPED_BESIDES = "<>&'\x85\u2028\u2029"
"""What JSON itself would leave as it is; all of it stands inside of texts."""


class NotJsonError(Exception):
    """A value that the lab does not write as JSON: 5.1's time spans are not asked for (WIRE 7.4)."""


def json_text(value: Any, depth: int) -> str:
    """Raises NotJsonError."""
    text = _written(value, depth, 0)
    for sign in _ESCAPED_BESIDES:
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _written(value: Any, depth: int, level: int) -> str:  # noqa: PLR0911 - a case for each type
    match value:
        case str() | uuid.UUID():
            return encode_basestring(str(value))
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
            return encode_basestring(text_of(value))
        case list():
            return f"[{','.join([_written(item, depth, level + 1) for item in value])}]"
        case dict() | PSObject():
            members = value.items() if isinstance(value, dict) else value.members()
            written = [f"{_quoted_name(name)}:{_written(item, depth, level + 1)}" for name, item in members]
            return f"{{{','.join(written)}}}"
        case _:
            raise NotJsonError(f"a {type(value).__name__} in ConvertTo-Json")


_quoted_name = functools.lru_cache(maxsize=256)(encode_basestring)
