"""Computers' names as Windows compares them."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"[0-9.]+|.*:.*")


def short_name(name: str) -> str:
    """A computer's name without its domain; an IP address as it is."""
    return (name if _ADDRESS.fullmatch(name) else name.partition(".")[0]).casefold()
