"""Kinds about what could not be looked at."""

from __future__ import annotations

from vhdsfix.model.findings import Severity
from vhdsfix.rules.catalogue.kind import FindingKind

KINDS = (
    FindingKind(
        "node-not-reached",
        Severity.WARNING,
        "A node of the host cluster could not be asked",
        "VMs that run there, and disks that only they use, may be missing from this plan. What was seen on the other nodes still holds.",
        "Read the reason, mend it, and run `vhdsfix plan` again.",
        "vhdsfix",
    ),
    FindingKind(
        "reading-unknown",
        Severity.WARNING,
        "Something could not be looked at",
        "A node answered, but not this question, or its answer contradicts another one. Nothing is concluded from a question without an "
        "answer.",
        "Read the reason, mend it, and run `vhdsfix plan` again.",
        "vhdsfix",
    ),
    FindingKind(
        "vm-not-shown",
        Severity.WARNING,
        "The cluster database knows a VM that no node showed",
        "Hyper-V shows nothing to an account without rights, and hides a VM whose configuration resource is offline. Its disks and its "
        "grants are not known.",
        "Use an account with Hyper-V rights on every node, and bring the VM's configuration resource online.",
        "containers/libhvee issue 224",
    ),
    FindingKind(
        "check-not-made",
        Severity.NOTE,
        "A check that no grant rests on could not be made",
        "Besides what the grants rest on, nodes are asked for VHD Sets, backup services, checkpoints, events and more. Here such a question "
        "got no answer. So the findings that would follow from it are missing, which does not mean that all is well; the rest of the plan "
        "holds.",
        "Read the reason; `vhdsfix plan` asks again.",
        "vhdsfix",
    ),
    FindingKind(
        "acceptance-expired",
        Severity.NOTE,
        "An accepted finding counts again",
        "The config accepts a finding until a day that has passed, and the finding is still there.",
        "Mend the finding, or give its [[accept]] a later day.",
        "vhdsfix",
    ),
)
