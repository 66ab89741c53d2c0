"""A plan: what was seen, what will be done about it, and what was found besides."""

from __future__ import annotations

from typing import Literal

import msgspec

from vhdsfix.model.findings import Finding
from vhdsfix.model.inventory import GuestCluster, ShareUse, Vm
from vhdsfix.model.windows import FolderPath, Sid, VmId

FORMAT_VERSION = "1.0"

Kind = Literal["apply", "undo"]
Op = Literal["grant", "remove", "restore"]


LEFTOVER_AFTER_H = 24
"""Assumed: no backup runs longer, where nobody says otherwise."""


class ConfiguredGuestCluster(msgspec.Struct, frozen=True):
    """A guest cluster as the config names it: its nodes by name, and folders its VMs need besides those of their disks."""

    name: str
    folders: tuple[FolderPath, ...] = ()
    nodes: tuple[str, ...] = ()


class Accepted(msgspec.Struct, frozen=True):
    """A finding that somebody decided to live with, until a day (ISO date, inclusive; none: for good)."""

    finding: str
    subject: str
    reason: str
    until: str | None = None


class Scope(msgspec.Struct, frozen=True):
    """What the plan is about. Empty `folders` and `guest_clusters`: everything that was found.

    `leftover_after_h`: what a backup made and is older than that, in hours, it left behind.
    """

    folders: tuple[FolderPath, ...] = ()
    guest_clusters: tuple[str, ...] = ()
    accept_reach: tuple[FolderPath, ...] = ()
    configured: tuple[ConfiguredGuestCluster, ...] = ()
    accepted: tuple[Accepted, ...] = ()
    leftover_after_h: int = LEFTOVER_AFTER_H


class Tool(msgspec.Struct, frozen=True):
    name: str
    version: str


class HostCluster(msgspec.Struct, frozen=True):
    """Name and id as Get-Cluster gave them; both empty when it could not be asked."""

    name: str
    id: str


class PlannedVm(msgspec.Struct, frozen=True):
    """One VM's standing on one folder. `via`: why it needs access there."""

    vm_id: VmId
    name: str
    node: str
    sid: Sid
    verdict: str
    why: str
    via: str


class PlannedFile(msgspec.Struct, frozen=True, gc=False):
    """`sddl` is null where it could not be read."""

    name: str
    sddl: str | None


class PlannedFolder(msgspec.Struct, frozen=True):
    """`sddl_before` is null where it could not be read.

    `attached`: names of VHD Sets that a look at the folder must show. `private`: names of disks of one VM alone, on which
    nobody else is judged.
    """

    path: FolderPath
    read_on: str
    sddl_before: str | None
    files: tuple[PlannedFile, ...]
    vms: tuple[PlannedVm, ...]
    attached: tuple[str, ...] = ()
    private: tuple[str, ...] = ()


class Action(msgspec.Struct, frozen=True):
    """One change. `id` is the same for the same change in every plan and journal (`plan_document.action_id`).

    `op`: a grant, all that the folder allows the VM taken away, or one entry in place of all that. `rights`: of the grant or
    the entry, as icacls takes them; empty where everything is taken away. `run_on`: the node where the VM was registered when the plan was made. `command`: what a person would type there.
    """

    id: str
    op: Op
    folder: FolderPath
    vm_id: VmId
    vm_name: str
    sid: Sid
    rights: str
    run_on: str
    command: str
    reason: str


class PlanInventory(msgspec.Struct, frozen=True):
    vms: tuple[Vm, ...]
    guest_clusters: tuple[GuestCluster, ...]
    shares: tuple[ShareUse, ...] = ()


class Plan(msgspec.Struct, frozen=True):
    """An apply only grants; an undo puts back what the run of the id `undoes` found. `digest`: sha256 of the canonical document without it. It finds damage and names the plan; it is no signature."""

    kind: Kind
    tool: Tool
    created_at: str
    cluster: HostCluster
    scope: Scope
    complete: bool
    inventory: PlanInventory
    folders: tuple[PlannedFolder, ...]
    actions: tuple[Action, ...]
    findings: tuple[Finding, ...]
    digest: str = ""
    undoes: str | None = None
    format_version: str = FORMAT_VERSION
