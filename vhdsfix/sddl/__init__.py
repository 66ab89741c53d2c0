"""SDDL text ↔ SecurityDescriptor, strictly: what cannot be read for certain is an error, never "no access"."""

from __future__ import annotations

from vhdsfix.sddl.reading import SddlError, parse
from vhdsfix.sddl.writing import write, write_ace

__all__ = ["SddlError", "parse", "write", "write_ace"]
