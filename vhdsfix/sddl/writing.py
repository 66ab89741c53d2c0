"""SecurityDescriptor → SDDL text, as Windows writes it but for masks without a name, which stay hexadecimal."""

from __future__ import annotations

from vhdsfix.model.windows import Ace, Acl, DomainAlias, SecurityDescriptor, Sid
from vhdsfix.sddl.letters import ACE_TYPES, NULL_ACL, WELL_KNOWN_SIDS, WRITTEN_RIGHTS, flags_of

_ALIAS_OF_SID: dict[str, str] = {sid: letters for letters, sid in WELL_KNOWN_SIDS.items()}
_LETTERS_OF_TYPE = {kind: letters for letters, kind in ACE_TYPES.items()}


def write(descriptor: SecurityDescriptor) -> str:
    """The text of a security descriptor: O, G, D, S; accounts and rights by their letters where they have any."""
    parts: list[str] = []
    if descriptor.owner is not None:
        parts.append("O:" + _write_account(descriptor.owner))
    if descriptor.group is not None:
        parts.append("G:" + _write_account(descriptor.group))
    if descriptor.dacl is not None:
        parts.append("D:" + _write_acl(descriptor.dacl))
    if descriptor.sacl is not None:
        parts.append("S:" + _write_acl(descriptor.sacl))
    return "".join(parts)


def write_ace(ace: Ace) -> str:
    """One entry with its brackets."""
    flags = flags_of(ace.type).items()
    fields = [
        _LETTERS_OF_TYPE[ace.type],
        "".join(letters for letters, bit in flags if ace.flags & bit),
        WRITTEN_RIGHTS.get(ace.mask) or f"{ace.mask:#x}",
        ace.object_type or "",
        ace.inherited_object_type or "",
        _write_account(ace.sid),
    ]
    if ace.expression is not None:
        fields.append(ace.expression)
    return f"({';'.join(fields)})"


def _write_account(account: Sid | DomainAlias) -> str:
    return _ALIAS_OF_SID.get(account, account)


def _write_acl(acl: Acl) -> str:
    flags = "P" * acl.protected + "AR" * acl.inherit_required + "AI" * acl.auto_inherited
    if acl.entries is None:
        return flags + NULL_ACL
    return flags + "".join(map(write_ace, acl.entries))
