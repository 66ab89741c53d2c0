"""Kinds about a VM's grant on a folder and on the files in it."""

from __future__ import annotations

from vhdsfix.model.findings import Severity
from vhdsfix.rules.catalogue.kind import KB, FindingKind

KINDS = (
    FindingKind(
        "grant-missing",
        Severity.ERROR,
        "A VM has no grant of its own on a folder with its VHD Set",
        "While a host-level backup runs, each VM of the guest cluster merges checkpoint files in the folder of the VHD Set under its own "
        "account, NT VIRTUAL MACHINE\\<GUID>. Hyper-V does not give that account access to the folder by itself, least of all to a VM that "
        "joined later. Without it the background merge ends with event 19100 and 0x80070005 (access denied).",
        'On the node where the VM runs: icacls "<folder>" /grant "NT VIRTUAL MACHINE\\<GUID>:(OI)F". `vhdsfix apply` does it and proves it.',
        KB,
    ),
    FindingKind(
        "grant-partial",
        Severity.ERROR,
        "A VM's own grant on a folder is not enough",
        "The VM has an entry of its own, but it does not give full control of the folder, or does not pass full control on to new files. "
        "The merge creates and deletes files, so it needs both.",
        "The same grant as for a missing one; it adds to what is there. `vhdsfix apply` does it and proves it.",
        KB,
    ),
    FindingKind(
        "files-behind",
        Severity.ERROR,
        "The folder is right, but a disk file in it did not inherit the grant",
        "A file that was moved within its volume keeps its old permissions, and a propagation that was cut off leaves files behind. The "
        "folder then looks right while the file still refuses the VM.",
        "Granting again on the folder passes the entry on to every file below it. `vhdsfix apply` does it and proves it on the file.",
        f"{KB}; KB310316",
    ),
    FindingKind(
        "file-blocked",
        Severity.ERROR,
        "A disk file's own permissions keep the VM out",
        "The file does not inherit (its DACL is protected) or refuses the VM itself, so no grant on the folder reaches it.",
        'On the node where the VM runs: icacls "<file>" /grant "NT VIRTUAL MACHINE\\<GUID>:(F)", or let the file inherit again.',
        "Microsoft KB2249906",
    ),
    FindingKind(
        "grant-blocked",
        Severity.ERROR,
        "A deny entry takes away what the grant gives",
        "Somebody denied the VM, or a group that every VM belongs to. A grant does not help against it, and vhdsfix never removes a deny: "
        "it does not know why it is there.",
        "Find out who set the deny and why, remove it if it is a mistake, and run `vhdsfix plan` again.",
        "Microsoft, Order of ACEs in a DACL",
    ),
    FindingKind(
        "access-unknown",
        Severity.WARNING,
        "A VM's access could not be judged",
        "The permissions could not be read, or they hold an entry whose effect cannot be told from outside (conditional or object entries). "
        "vhdsfix then says neither that a grant is missing nor that it is there.",
        "Read the reason, make the folder readable for the account used, and run `vhdsfix plan` again.",
        "vhdsfix",
    ),
    FindingKind(
        "access-through-a-group",
        Severity.NOTE,
        "VMs owe their access to a folder to a group alone",
        "A group that every VM belongs to (Virtual Machines, Everyone, Authenticated Users) has full control of the folder. Backups may "
        "work that way, but so may every other VM of the host open these disks, and Microsoft asks for a grant for each VM. The missing "
        "grants are findings of their own.",
        "Let `vhdsfix apply` make the VMs' own grants; then take the group's full control away if nobody else needs it.",
        f"{KB}; microsoft/hcsshim (grantvmgroupaccess.go)",
    ),
    FindingKind(
        "undo-refused",
        Severity.WARNING,
        "Something that a run did is not taken back",
        "Undo puts back what each VM had before a run, and only that. It refuses where somebody changed the folder since, where a VM would "
        "lose its own access to a disk file that it uses, while a backup's recovery checkpoint is there, and where what was there before "
        "cannot be told to icacls or nobody can be asked.",
        "Read the reason and mend it, then say `vhdsfix undo` again; or put back by hand what the evidence shows.",
        "vhdsfix",
    ),
)
