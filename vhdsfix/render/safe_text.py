"""The one place where text that a node, a file or a person chose becomes safe to print."""

from __future__ import annotations

from rich.text import Text

# Letters and marks that print as nothing. Source: Unicode, Default_Ignorable_Code_Point and the blank braille pattern.
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")


def visible(text: str) -> str:
    r"""The text with everything that prints as nothing, or moves other text, as an escape: \x1b, \n, \u202e.

    Backslashes stay as they are, because paths are full of them.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_shown, text))


def said(text: str, style: str = "") -> Text:
    """The text for rich: made visible first, and never read as markup."""
    return Text(visible(text), style=style)


def said_together(*parts: Text) -> Text:
    """One line of parts that keep their own styles."""
    return Text.assemble(*parts)


def _shown(character: str) -> str:
    if character in _INVISIBLE:
        return f"\\u{ord(character):04x}"
    return character if character.isprintable() else repr(character)[1:-1]
