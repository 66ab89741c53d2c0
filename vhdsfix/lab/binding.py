"""Binding a command's parameters: by name, by position, from the pipeline by value and by property name.

Source: WIRE 7.2 and the recordings; PSD about_Parameter_Binding (the four passes over an object from the pipeline).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from vhdsfix.lab.cmdlets.contract import Parameter, Place, Signature
from vhdsfix.lab.conversion import (
    ANYTHING,
    CannotConvertError,
    InvalidArgumentError,
    converted,
    has_type,
    validate_values,
)
from vhdsfix.lab.error_records import ErrorRecord, TerminatingError, binding_failed
from vhdsfix.lab.objects import PSObject, text_of
from vhdsfix.lab.statements import Command

Bound = dict[str, Any]
_Places = list[tuple[str, str]]
"""Parameters and sets that an object may be bound to, those of the default set first."""


class _Input(NamedTuple):
    """What may be bound in each pass over an object; `whole`: the only parameter of all, where it takes anything."""

    takers: set[str]
    passes: list[tuple[_Places, tuple[bool, bool]]]
    whole: str | None


class Binding:
    """What is bound of one command, and the parameter sets that are still possible."""

    def __init__(self, name: str, invoked_as: str, signature: Signature, *, expects_input: bool) -> None:
        self.name = name
        self.invoked_as = invoked_as
        self.signature = signature
        self.bound: Bound = {}
        self.sets = {name for parameter in signature.parameters.values() for name in parameter.sets} - {""}
        self._expects_input = expects_input
        self._input: _Input | None = None

    def bind_command_line(self, command: Command) -> None:
        """Raises TerminatingError with PowerShell's own error id for whatever the cmdlet does not take."""
        unknown = [name for name, _ in command.parameters if self.signature.named(name) is None]
        for given, value in command.parameters:
            name = self.signature.named(given)
            if name in self.bound:
                raise self._failed(
                    "ParameterAlreadyBound",
                    f"Cannot bind parameter because parameter '{name}' is specified more than once.",
                )
            if name is not None:
                self._bind(name, value)
        for argument in command.arguments:
            self._bind_position(argument)
        if unknown:
            raise self._failed(
                "NamedParameterNotFound",
                f"A parameter cannot be found that matches parameter name '{unknown[0]}'.",
            )
        self._settle()

    def with_input(self, value: Any) -> Bound | None:
        """The parameters for one object from the pipeline; None if the cmdlet takes nothing from it."""
        if self._input is None:
            self._input = self._asked_of_input()
        if self._input.whole is not None:
            return {**self.bound, self._input.whole: value}
        before = self.bound, self.sets
        self.bound, self.sets = dict(self.bound), set(self.sets)
        try:
            for places, how in self._input.passes:
                if not self._input.takers <= self.bound.keys():
                    self._bind_from(places, value, *how)
            return self.bound if len(self.bound) > len(before[0]) else None
        finally:
            self.bound, self.sets = before

    def input_not_bound(self, value: Any) -> ErrorRecord:
        message = (
            "The input object cannot be bound to any parameters for the command either because the command does not take"
            " pipeline input or the input and its properties do not match any of the parameters that take pipeline input."
        )
        record = self._failed("InputObjectNotBound", message).record
        return msgspec.structs.replace(record, target=value, target_is_wrapped=True, command=self.invoked_as)

    def _bind(self, name: str, value: Any) -> None:
        parameter = self.signature.parameters[name]
        try:
            self.bound[name] = converted(value, parameter.type)
            validate_values(value, parameter.values)
        except CannotConvertError as error:
            raise self._failed(
                "CannotConvertArgumentNoMessage", f"Cannot bind parameter '{name}'. {error}"
            ) from None
        except InvalidArgumentError as error:
            raise self._failed(
                "ParameterArgumentValidationError", f"Cannot validate argument on parameter '{name}'. {error}"
            ) from None
        if "" not in parameter.sets:
            self.sets &= parameter.sets.keys()
            if not self.sets:
                raise self._ambiguous()

    def _bind_position(self, argument: Any) -> None:
        for name in self._next_positional():
            try:
                converted(argument, self.signature.parameters[name].type)
            except (CannotConvertError, InvalidArgumentError):
                continue
            self._bind(name, argument)
            return
        raise self._failed(
            "PositionalParameterNotFound",
            f"A positional parameter cannot be found that accepts argument '{text_of(argument)}'.",
        )

    def _next_positional(self) -> list[str]:
        """The parameters at the first position that is free, those of the default set first."""
        free = [
            (place.position, parameter_set != self.signature.default_set, name)
            for name, parameter_set, place in self._unbound()
            if place.position is not None
        ]
        first = min((position for position, _, _ in free), default=None)
        return [name for position, _, name in sorted(free) if position == first]

    def _unbound(self) -> Iterator[tuple[str, str, Place]]:
        for name, parameter in self.signature.parameters.items():
            for parameter_set in sorted(self.sets) or [""]:
                place = parameter.place_in(parameter_set)
                if name not in self.bound and place is not None:
                    yield name, parameter_set, place

    def _settle(self) -> None:
        """Choose the set, unless the pipeline may still decide, and miss what is mandatory in it."""
        if self._expects_input:
            return
        if self.signature.default_set in self.sets:
            self.sets = {self.signature.default_set}
        missing = sorted({name for name, _, place in self._unbound() if place.mandatory})
        if missing:
            names = " ".join(missing)
            raise self._failed(
                "MissingMandatoryParameter",
                f"Cannot process command because of one or more missing mandatory parameters: {names}.",
            )

    def _asked_of_input(self) -> _Input:
        """Worked out once, before the first object: what one is bound to is free again for the next."""
        free = sorted(self._unbound(), key=lambda entry: entry[1] != self.signature.default_set)
        by_name = [(name, parameter_set) for name, parameter_set, place in free if place.by_property_name]
        by_value = [(name, parameter_set) for name, parameter_set, place in free if place.by_value]
        passes = [(by_value if how[0] else by_name, how) for how in _PASSES]
        takers = {name for name, _ in (*by_name, *by_value)}
        takes_all = takers and not by_name and self.signature.parameters[min(takers)].type in ANYTHING
        return _Input(
            takers,
            [(places, how) for places, how in passes if places],
            min(takers) if takes_all and len(takers) == 1 else None,
        )

    def _bind_from(self, places: _Places, value: Any, by_value: bool, convert: bool) -> None:
        for name, parameter_set in places:
            if name in self.bound or (self.sets and parameter_set not in self.sets):
                continue
            parameter = self.signature.parameters[name]
            for candidate in [value] if by_value else _members(name, parameter, value):
                if _fits(candidate, parameter.type, convert):
                    self._bind(name, candidate)

    def _failed(self, error_id: str, message: str) -> TerminatingError:
        return binding_failed(self.name, self.signature.error_class, error_id, message)

    def _ambiguous(self) -> TerminatingError:
        message = (
            "Parameter set cannot be resolved using the specified named parameters. One or more parameters issued cannot be"
            " used together or an insufficient number of parameters were provided."
        )
        return self._failed("AmbiguousParameterSet", message)


_PASSES = ((True, False), (False, False), (True, True), (False, True))
"""By value or by property name, first without and then with conversion."""


def _members(name: str, parameter: Parameter, value: Any) -> list[Any]:
    """What the object has by the parameter's name, else by an alias of it."""
    if not isinstance(value, PSObject):
        return []
    found = (value.member(alias) for alias in (name, *parameter.aliases))
    return [member[1] for member in found if member is not None][:1]


def _fits(value: Any, type_name: str, convert: bool) -> bool:
    if not convert:
        return has_type(value, type_name)
    try:
        converted(value, type_name)
    except (CannotConvertError, InvalidArgumentError):
        return False
    return True
