"""Numbers and the words beside them, for a person."""

from __future__ import annotations


def counted(number: int, thing: str, things: str = "") -> str:
    """A number of things: "1 node", "2 nodes". `things`: what stands beside more than one, or none, if it is not made by an s."""
    return f"{number} {one_or_more(number, thing, things or f'{thing}s')}"


def one_or_more(number: int, one: str, more: str) -> str:
    """The word that goes with so many."""
    return one if number == 1 else more
