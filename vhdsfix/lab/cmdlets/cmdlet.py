"""What a simulated cmdlet is given and gives, and how one runs: binding, injected faults, error records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from vhdsfix.lab.binding import Binding, Bound
from vhdsfix.lab.cmdlets.contract import Signature
from vhdsfix.lab.error_records import ACCESS_EXCEPTIONS, OPERATION_EXCEPTIONS, ErrorRecord, TerminatingError
from vhdsfix.lab.faults import Fault
from vhdsfix.lab.objects import PSObject, items_of, property_of, text_of
from vhdsfix.lab.runspace import Runspace


class Call(msgspec.Struct, frozen=True):
    """One cmdlet of a running statement. `write_error` reports an error that does not end it.

    `name` is as the contract spells it, `invoked_as` as the client wrote it, with or without its module.
    """

    name: str
    invoked_as: str
    signature: Signature
    runspace: Runspace
    write_error: Callable[[ErrorRecord], None]

    def error(
        self,
        error_id: str,
        category: str,
        exceptions: tuple[str, ...],
        message: str,
        target: Any = None,
    ) -> ErrorRecord:
        """An error of this cmdlet; `error_id` without the cmdlet's class."""
        full_id = f"{error_id},{self.signature.error_class}"
        return ErrorRecord(message, full_id, category, exceptions, target, self.invoked_as, self.name)

    def not_simulated(self, what: str) -> TerminatingError:
        """The real cmdlet can do this, and the lab cannot: said loudly, so that silence is never a guess."""
        message = f"The simulated {self.name} does not know {what}."
        exceptions = ("System.NotImplementedException", "System.SystemException")
        return TerminatingError(self.error("NotSimulated", "NotImplemented", exceptions, message, what))


Run = Callable[[Call, Iterator[Bound]], Iterator[Any]]
"""A cmdlet: bound parameters in, once for each object from the pipeline or once if nothing is piped in; objects out."""


class Cmdlet(msgspec.Struct, frozen=True):
    """`proxy`: a JEA endpoint's function of the same name, which who names no module gets (WIRE 7.3)."""

    signature: Signature
    run: Run
    proxy: Signature | None = None

    def signature_for(self, invoked_as: str) -> Signature:
        return self.proxy if self.proxy and "\\" not in invoked_as else self.signature


def start(cmdlet: Cmdlet, call: Call, binding: Binding, piped: Iterator[Any] | None) -> Iterator[Any]:
    """The objects of one cmdlet, as they come."""
    records = _bound_parameters(call, binding, piped)
    fault = call.runspace.fault_of(call.name)
    return cmdlet.run(call, records) if fault is None else _failing(fault, cmdlet, call, records)


def _bound_parameters(call: Call, binding: Binding, piped: Iterator[Any] | None) -> Iterator[Bound]:
    if piped is None:
        yield binding.bound
        return
    for value in piped:
        bound = binding.with_input(value)
        if bound is None:
            call.write_error(binding.input_not_bound(value))
        else:
            yield bound


def _failing(fault: Fault, cmdlet: Cmdlet, call: Call, records: Iterator[Bound]) -> Iterator[Any]:
    error = call.error(fault.error_id, "NotSpecified", OPERATION_EXCEPTIONS, fault.message)
    match fault.kind:
        case "nonterminating" if fault.vm:
            yield from cmdlet.run(call, _without_vm(fault.vm, error, call, records))
        case "terminating":
            for _ in records:
                raise TerminatingError(error)
        case "nonterminating":
            yield from list(cmdlet.run(call, _each_with(error, call, records)))[:-1]
        case "slow":
            call.runspace.ending.wait(fault.seconds)
            call.runspace.begin()
            yield from cmdlet.run(call, records)
        case "null":
            yield from (_without(value, fault.property) for value in cmdlet.run(call, records))
        case "denied":
            denied = call.error("AccessDenied", "PermissionDenied", ACCESS_EXCEPTIONS, "Access is denied.")
            list(_each_with(denied, call, records))
        case _:
            list(records)


def _without_vm(vm: str, error: ErrorRecord, call: Call, records: Iterator[Bound]) -> Iterator[Bound]:
    for bound in records:
        struck = [
            each
            for each in items_of(bound.get("VM"))
            if vm.lower() in (text_of(property_of(each, name)).lower() for name in ("Name", "Id"))
        ]
        if struck:
            call.write_error(msgspec.structs.replace(error, target=struck[0]))
        else:
            yield bound


def _each_with(error: ErrorRecord, call: Call, records: Iterator[Bound]) -> Iterator[Bound]:
    for bound in records:
        call.write_error(error)
        yield bound


def _without(value: Any, name: str) -> Any:
    if not isinstance(value, PSObject):
        return value
    nothing = {spelled: None for spelled, _ in value.members() if spelled.lower() == name.lower()}
    return msgspec.structs.replace(
        value,
        properties=value.properties | {name: None for name in nothing if name in value.properties},
        notes=value.notes | {name: None for name in nothing if name in value.notes},
    )
