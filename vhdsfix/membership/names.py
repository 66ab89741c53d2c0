"""Computers' names as Windows compares them."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"[0-9.]+|.*:.*")
_COMPUTER_NAME = re.compile(r"[\w-]+(\.[\w-]+)*")


def short_name(name: str) -> str:
    """A computer's name without its domain; an IP address as it is."""
    return (name if _ADDRESS.fullmatch(name) else name.partition(".")[0]).casefold()


def display_name(vm_name: str) -> str:
    """A VM's display name as a computer's short name; the empty text where it cannot be one."""
    return short_name(vm_name) if _COMPUTER_NAME.fullmatch(vm_name) else ""
