"""Ids of what the lab makes, the same in every run, and the SIDs that follow from them."""

from __future__ import annotations

import struct
import uuid


def stable_id(what: str) -> str:
    """A GUID that is the same for the same words."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{what}.lab.example"))


def vm_sid(vm_id: str) -> str:
    """Source: FACTS 2.1."""
    return "S-1-5-83-1-" + "-".join(map(str, struct.unpack("<4I", uuid.UUID(vm_id).bytes_le)))
