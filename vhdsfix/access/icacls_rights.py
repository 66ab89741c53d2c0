"""An allow entry as icacls takes it, such as (OI)(CI)M, and back."""

from __future__ import annotations

import re

from vhdsfix.access.rights import FULL_CONTROL
from vhdsfix.model.windows import Ace, AceFlag, AceType, Sid

# Source: WSD icacls.md (F, M, RX, R, W), winnt.h for their bits. Assumed: a W that icacls writes holds SYNCHRONIZE, and not
# READ_CONTROL, which FILE_GENERIC_WRITE has.
_MASKS = {"F": FULL_CONTROL, "M": 0x0013_01BF, "RX": 0x0012_00A9, "R": 0x0012_0089, "W": 0x0010_0116}
_FLAGS = {
    "OI": AceFlag.OBJECT_INHERIT,
    "CI": AceFlag.CONTAINER_INHERIT,
    "IO": AceFlag.INHERIT_ONLY,
    "NP": AceFlag.NO_PROPAGATE,
}
_RIGHTS = re.compile(r"((?:\((?:OI|CI|IO|NP)\))*)(F|M|RX|R|W)")


def icacls_rights(ace: Ace) -> str | None:
    """What stands behind the account's name for icacls to make this entry; None where it cannot say it so.

    Only explicit, plain allow entries can be said, and of rights only those with a letter of their own.
    """
    letters = next((letters for letters, mask in _MASKS.items() if mask == ace.mask), None)
    if letters is None or ace.type is not AceType.ALLOW or ace.flags & ~sum(_FLAGS.values()):
        return None
    return "".join(f"({name})" for name, flag in _FLAGS.items() if ace.flags & flag) + letters


def entry_of(rights: str, sid: Sid) -> Ace:
    """The entry that icacls makes of such a text; ValueError for any other."""
    match = _RIGHTS.fullmatch(rights)
    if not match:
        raise ValueError(f"{rights!r} are no rights that icacls is given here, such as (OI)F")
    flags = sum(flag for name, flag in _FLAGS.items() if f"({name})" in match[1])
    return Ace(type=AceType.ALLOW, flags=flags, mask=_MASKS[match[2]], sid=sid)
