"""The one JSON document that a command prints with --format json."""

from __future__ import annotations

import re
from collections.abc import Iterable

from vhdsfix.model.document import to_json
from vhdsfix.render.safe_text import visible

DOCUMENT_VERSION = 1
_NOT_PLAIN = re.compile(r"[^\x20-\x7e\n]")


def document(command: str, code: int, reasons: Iterable[tuple[int, str, bool]], data: object) -> str:
    """`{"vhdsfix": 1, "command": …, "exit": {"code": …, "reasons": [{"code": …, "why": …, "counts": …}]}, "data": …}`."""
    listed = [{"code": int(reason), "why": visible(why), "counts": counts} for reason, why, counts in reasons]
    return plain_json(
        {
            "vhdsfix": DOCUMENT_VERSION,
            "command": command,
            "exit": {"code": int(code), "reasons": listed},
            "data": data,
        }
    )


def plain_json(value: object) -> str:
    """Indented JSON of ASCII only, so that no pipe's encoding can break it."""
    return _NOT_PLAIN.sub(_escaped, to_json(value, indent=2).decode("utf-8"))


def _escaped(match: re.Match[str]) -> str:
    """Only strings hold such characters, so JSON's own escape is right everywhere (two for one beyond U+FFFF)."""
    units = match[0].encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
