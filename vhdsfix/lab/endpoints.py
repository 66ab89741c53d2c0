"""The session configurations that each node of the lab has, by name: which commands a client finds in such a session.

Source: WIRE 7.3; tried on PowerShell's own engine, in session files of the same names (tests/powershell/sessions).
"""

from __future__ import annotations

from collections.abc import Mapping

from vhdsfix.lab.cmdlets.catalog import CMDLETS
from vhdsfix.lab.cmdlets.cmdlet import Cmdlet
from vhdsfix.lab.cmdlets.contract import Parameter, Place, Signature
from vhdsfix.lab.pipeline import run_pipeline
from vhdsfix.lab.psrp import Run, SimulatedShell, Watch
from vhdsfix.lab.shell import OpenShell
from vhdsfix.lab.world import World
from vhdsfix.lab.wsman_faults import INVALID_RESOURCE_URI, Fault

_PROPERTIES = (
    "ModuleName",
    "Namespace",
    "OutputType",
    "Count",
    "HelpUri",
    "Name",
    "CommandType",
    "ResolvedCommandName",
    "DefaultParameterSet",
    "CmdletBinding",
    "Parameters",
)
_PROXY = Signature(
    module="",
    error_class="Select-Object",
    parameters={
        "Property": Parameter("String[]", {"": Place()}, values=_PROPERTIES),
        "InputObject": Parameter("PSObject", {"": Place(by_value=True)}),
    },
)
"""JEA's own Select-Object. Source: PowerShell's InitialSessionState.cs; it belongs to no module."""

_SELECT = CMDLETS["Select-Object"]
_HIDDEN = ("ConvertTo-Json", "Get-Variable")

_DEFAULT: Mapping[str, Mapping[str, Cmdlet]] = {
    "Microsoft.PowerShell": CMDLETS,
    "constrained": CMDLETS,
    "no-language": CMDLETS,
}
_JEA: Mapping[str, Mapping[str, Cmdlet]] = {
    "restricted": {
        **{name: cmdlet for name, cmdlet in CMDLETS.items() if name not in _HIDDEN},
        "Select-Object": Cmdlet(_PROXY, _SELECT.run),
    },
    "role": {**CMDLETS, "Select-Object": Cmdlet(_SELECT.signature, _SELECT.run, proxy=_PROXY)},
}
"""`restricted` has JEA's proxies and no cmdlet of Microsoft.PowerShell.Utility but Write-Output; `role` has both Select-Objects."""


def shells(world: World, node: str, watch: Watch | None = None, run: Run = run_pipeline) -> OpenShell:
    """Opens simulated shells on that node."""

    def open_shell(configuration_name: str) -> SimulatedShell:
        for name, cmdlets in (*_DEFAULT.items(), *_JEA.items()):
            if name.lower() == configuration_name.lower():
                return SimulatedShell(world, node, watch, cmdlets, run, loads_modules=name in _DEFAULT)
        raise Fault(INVALID_RESOURCE_URI)

    return open_shell
