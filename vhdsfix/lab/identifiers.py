"""Ids of what the lab makes, the same in every run, and the SIDs that follow from them."""

from __future__ import annotations

import hashlib
import struct
import uuid


def stable_id(what: str) -> str:
    """A GUID that is the same for the same words: uuid5, without an object for each of a large world's files."""
    named = uuid.NAMESPACE_DNS.bytes + f"{what}.lab.example".encode()
    found = hashlib.sha1(named, usedforsecurity=False).hexdigest()
    variant = int(found[16], 16) & 3 | 8  # Source: RFC 9562 4.1
    return f"{found[:8]}-{found[8:12]}-5{found[13:16]}-{variant:x}{found[17:20]}-{found[20:32]}"


def vm_sid(vm_id: str) -> str:
    """Source: FACTS 2.1."""
    return "S-1-5-83-1-" + "-".join(map(str, struct.unpack("<4I", uuid.UUID(vm_id).bytes_le)))
