"""Which commands there are, by the names a client may call them by."""

from __future__ import annotations

from collections.abc import Mapping

from vhdsfix.lab.cmdlets import cim, cluster, events, files, hyperv, utility
from vhdsfix.lab.cmdlets.cmdlet import Cmdlet, Run
from vhdsfix.lab.cmdlets.contract import contract

_RUNS: dict[str, Run] = {
    name: run
    for module in (cim, cluster, events, files, hyperv, utility)
    for name, run in module.CMDLETS.items()
}

CMDLETS: Mapping[str, Cmdlet] = {name: Cmdlet(contract().cmdlets[name], run) for name, run in _RUNS.items()}
"""By the name without a module, as it is spelled."""

ICACLS = "icacls.exe"


def is_icacls(name: str) -> bool:
    return name.lower() in ("icacls", ICACLS)


_MODULES = {cmdlet.signature.module.lower() for cmdlet in CMDLETS.values()} - {"microsoft.powershell.core"}
"""Those that are loaded from files. Source: tried on PowerShell's own engine."""


def is_module(name: str) -> bool:
    return name.lower() in _MODULES


def spelled(name: str, cmdlets: Mapping[str, Cmdlet]) -> str | None:
    r"""The cmdlet that a client means by `Get-VM` or `Hyper-V\Get-VM`, in any case; None if there is no such cmdlet."""
    module, _, plain = name.rpartition("\\")
    known = plain if plain in cmdlets else _in_any_case(plain, cmdlets)
    if known is None or module.lower() not in ("", cmdlets[known].signature.module.lower()):
        return None
    return known


def _in_any_case(name: str, cmdlets: Mapping[str, Cmdlet]) -> str | None:
    return next((known for known in cmdlets if known.lower() == name.lower()), None)
