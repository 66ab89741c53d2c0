"""What tells who somebody is: labels, addresses, ids and accounts, and what stands for each of them.

Everything is numbered in the order in which it sorts, so that what sorted first still does, and each spelling of a name stays a
spelling of the same one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Protocol

from vhdsfix.model.windows import name_key

_COMPUTER_LABEL = re.compile(r"[\w-]+")
_TAIL = re.compile(r" *$")
# Signs that shells and Windows read; marks and pictures belong to the letters of a name.
_SIGNS = re.compile(r"[!-,/:-@\[-^`{-~\u2018-\u201f]")
# What says what went wrong and names nobody: an HRESULT, and the type of a .NET exception.
_CODES = re.compile(r"0x[0-9A-Fa-f]{8}\b|\b[A-Z][A-Za-z]{2,40}Exception\b")
_WORD = "name"


class Tokens(Protocol):
    """What becomes of each token: noted, or replaced."""

    def label(self, text: str) -> str: ...
    def address(self, text: str) -> str: ...
    def guid(self, text: str) -> str: ...
    def account(self, text: str) -> str: ...
    def reason(self, text: str) -> str: ...


class Noted:
    """Every token that was met; each is handed back as it is."""

    def __init__(self) -> None:
        self.labels: set[str] = set()
        self.addresses: set[str] = set()
        self.guids: set[str] = set()
        self.accounts: set[str] = set()
        self.reasons: set[str] = set()

    def label(self, text: str) -> str:
        self.labels.add(text)
        return text

    def address(self, text: str) -> str:
        self.addresses.add(text)
        return text

    def guid(self, text: str) -> str:
        self.guids.add(text.lower())
        return text

    def account(self, text: str) -> str:
        self.accounts.add(text)
        return text

    def reason(self, text: str) -> str:
        self.reasons.add(text)
        return text


class Numbered:
    """What stands for each token that was noted."""

    def __init__(self, noted: Noted) -> None:
        self._labels = _numbered_labels(noted.labels)
        self._addresses = {key: number for number, key in enumerate(_keys(noted.addresses), 1)}
        self._guids = {guid: number for number, guid in enumerate(sorted(noted.guids), 1)}
        self._accounts = {sid: number for number, sid in enumerate(sorted(noted.accounts), 1)}
        self._reasons = {reason: number for number, reason in enumerate(sorted(noted.reasons), 1)}

    def label(self, text: str) -> str:
        return self._labels[text]

    def address(self, text: str) -> str:
        number = self._addresses[name_key(text)]
        if ":" in text:
            return f"2001:db8::{number:x}"
        return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"

    def guid(self, text: str) -> str:
        """A GUID of the same case; the number comes first, so that it sorts by it."""
        number = self._guids[text.lower()]
        guid = f"{number:08x}-cafe-4000-8000-{number:012x}"
        return guid if text == text.lower() else guid.upper()

    def account(self, text: str) -> str:
        return f"S-1-5-21-1-2-3-{1000 + self._accounts[text]}"

    def reason(self, text: str) -> str:
        codes = ", ".join(dict.fromkeys(_CODES.findall(text)))
        return f"reason {self._reasons[text]}" + (f" ({codes})" if codes else "")


def _keys(texts: Iterable[str]) -> list[str]:
    return sorted({name_key(text) for text in texts})


def _numbered_labels(labels: set[str]) -> dict[str, str]:
    """By label: a name with a number. Spellings that differ in case alone get the same, in other cases.

    Most labels are followed by a dot, in a file's name and in a computer's, so they sort as if they all were.
    """
    keys = sorted({name_key(label) for label in labels}, key=lambda key: f"{key}.")
    width = len(str(len(keys)))
    spellings: dict[str, list[str]] = {}
    for label in sorted(labels):
        spellings.setdefault(name_key(label), []).append(label)
    return {
        label: f"{_spelled(place, len(spellings[key]))}{number:0{width}}{_shape(label)}"
        for number, key in enumerate(keys, 1)
        for place, label in enumerate(spellings[key])
    }


def _spelled(place: int, of: int) -> str:
    """One of the 16 ways to write the word; they sort as the spellings they stand for, and a single one is all small."""
    case = max(0, 2 ** len(_WORD) - of + place)
    return "".join(
        letter if case >> bit & 1 else letter.upper()
        for bit, letter in zip(range(len(_WORD) - 1, -1, -1), _WORD, strict=True)
    )


def _shape(label: str) -> str:
    """What a label has that computers' names have not: blanks, quotes, brackets; and how it ends, which matters to Windows."""
    if _COMPUTER_LABEL.fullmatch(label):
        return ""
    tail = _TAIL.search(label)
    end = tail[0] if tail else ""
    return f" _{''.join(_SIGNS.findall(label))}{end}"
