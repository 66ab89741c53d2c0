"""Kinds about backups: what they need of a VM, and what they leave behind."""

from __future__ import annotations

from vhdsfix.model.findings import Severity
from vhdsfix.rules.catalogue.kind import KB, FindingKind

KINDS = (
    FindingKind(
        "merge-denied",
        Severity.ERROR,
        "A background merge was refused access to its files (event 19100, 0x80070005)",
        "This is what a missing grant looks like on the host: after a backup Hyper-V merges the checkpoint files under the VM's own account, "
        "is refused, and leaves the files behind. Each backup then adds to them.",
        "Make the grants of this plan. If they are in place already, look at the files' own permissions and at what else watches the folder.",
        KB,
    ),
    FindingKind(
        "merge-denied-earlier",
        Severity.NOTE,
        "A background merge was refused access, and the grant is in place now",
        "The log keeps what went wrong before. The VM has its grant now, so the next backup's merge should end well.",
        "Nothing to do but to look again after the next backup.",
        KB,
    ),
    FindingKind(
        "merge-denied-undated",
        Severity.WARNING,
        "A background merge was refused access, and when the grant was made is not known",
        "The VM has its grants now, but no journal of this workstation says since when: somebody made them by hand, from another workstation, "
        "or long ago. If they are younger than the event, this is over; if they are older, something else refuses the VM.",
        "If the grants are younger, look again after the next backup, or accept this until then: [[accept]] with a day. If they are older, "
        "look at the files' own permissions and at what else watches the folder.",
        KB,
    ),
    FindingKind(
        "merge-locked",
        Severity.WARNING,
        "A background merge found its files in use (event 19100, 0x80070020)",
        "Something else held the file open: a second backup job, a virus scanner, a copy. This is not the missing grant, and a grant does not "
        "help.",
        "Exclude the VMs' folders from the virus scanner, and keep backup jobs of one guest cluster from overlapping.",
        "Microsoft, Hyper-V snapshots, checkpoints and differencing disks; antivirus exclusions for Hyper-V hosts",
    ),
    FindingKind(
        "merge-failed",
        Severity.WARNING,
        "A background merge failed for another reason (event 19100)",
        "The code is neither the missing grant's (0x80070005) nor that of a file in use (0x80070020). The event's text says more.",
        "Read the events: Get-WinEvent -LogName Microsoft-Windows-Hyper-V-VMMS-Admin.",
        KB,
    ),
    FindingKind(
        "recovery-checkpoint-left",
        Severity.WARNING,
        "A backup's checkpoint was not taken away",
        "A backup makes a recovery checkpoint, which Hyper-V Manager does not show, and takes it away when it ends. One that is older than "
        "any backup runs was left behind: its files grow, and the next backup may fail on them.",
        "Make sure that no backup is running; then remove the checkpoint, which merges its files.",
        "Microsoft, Cannot delete a recovery checkpoint for a VM",
    ),
    FindingKind(
        "avhdx-of-no-disk",
        Severity.NOTE,
        "A checkpoint file belongs to no disk that was seen",
        "No VM has the file attached and no VHD Set counts it among its files, though every one was asked. It was probably left by a backup "
        "that ended badly. It takes up space.",
        "Look whether a backup product still needs it; move it away, run a backup, and delete it when all is well.",
        "Microsoft, Hyper-V snapshots, checkpoints and differencing disks",
    ),
    FindingKind(
        "backup-service-off",
        Severity.WARNING,
        "The backup (VSS) integration service of a VM is switched off",
        "The host prepares the guest for a backup through this service, and asks it about its guest cluster. It is on by default; somebody "
        "switched it off. Without it no backup is consistent, and that of a guest cluster may not start.",
        "Switch it on: Enable-VMIntegrationService. In the guest the service vmicvss must run too.",
        "Microsoft, Manage Hyper-V integration services",
    ),
    FindingKind(
        "vm-version-old",
        Severity.NOTE,
        "VMs of a guest cluster have an old configuration version",
        "Below 6.2 a VM can be in no VM group and has no production checkpoints; below 8.0 there is no resilient change tracking (RCT), so "
        "each incremental backup reads the whole disk. A version can be raised, never lowered, and an older host cannot run it then.",
        "When no older host has to run the VM: shut it down, then Update-VMVersion.",
        "Microsoft, Upgrade virtual machine version in Hyper-V; Veeam, best practices (RCT)",
    ),
)
