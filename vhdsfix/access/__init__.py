"""What a VM may do in a folder, and what a grant there would change: judged from DACLs alone."""

from __future__ import annotations

from vhdsfix.access.granting import (
    allow_of,
    explicit_allow_of,
    grant_entry,
    is_canonical,
    with_explicit_allow,
    with_grant,
)
from vhdsfix.access.icacls_rights import entry_of, icacls_rights
from vhdsfix.access.inheritance import (
    after_propagation,
    below_after_propagation,
    inherited_by_file,
    inherited_by_subfolder,
    losses_by_propagation,
)
from vhdsfix.access.judging import group_access, judge, judge_after_grant, own_rights

__all__ = [
    "after_propagation",
    "allow_of",
    "below_after_propagation",
    "entry_of",
    "explicit_allow_of",
    "grant_entry",
    "group_access",
    "icacls_rights",
    "inherited_by_file",
    "inherited_by_subfolder",
    "is_canonical",
    "judge",
    "judge_after_grant",
    "losses_by_propagation",
    "own_rights",
    "with_explicit_allow",
    "with_grant",
]
