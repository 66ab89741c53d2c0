"""The one JSON document that a command prints with --format json."""

from __future__ import annotations

import re
from collections.abc import Iterable

from vhdsfix.model.document import escaped, to_json
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
    return _NOT_PLAIN.sub(lambda found: escaped(found[0]), to_json(value, indent=2).decode("utf-8"))
