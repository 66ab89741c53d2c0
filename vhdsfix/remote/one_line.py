"""Text that a node chose, as one line that may stand in a message: whatever it holds, it prints as text."""

from __future__ import annotations

LONGEST = 300


def one_line(text: object) -> str:
    r"""At most `LONGEST` characters; line ends become spaces, other control characters escapes (\x1b)."""
    words = " ".join(str(text)[: 4 * LONGEST].split())
    shown = words if words.isprintable() else "".join(map(_visible, words))
    return shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…"


def _visible(character: str) -> str:
    return character if character.isprintable() else repr(character)[1:-1]
