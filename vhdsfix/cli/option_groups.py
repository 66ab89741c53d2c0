"""Options that several commands share, as one value: a dataclass whose fields are typer options."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from inspect import Parameter, Signature, signature
from typing import Any, get_type_hints

Command = Callable[..., int]


def with_option_groups(command: Command) -> Command:
    """Show typer each field of a dataclass parameter as an option of its own, and hand the command the dataclass."""
    hints = get_type_hints(command, include_extras=True)
    groups: dict[str, Any] = {name: hint for name, hint in hints.items() if is_dataclass(hint)}

    def run(**values: Any) -> int:
        for name, group in groups.items():
            values[name] = group(**{option.name: values.pop(option.name) for option in fields(group)})
        return command(**values)

    parameters = [
        shown
        for name, parameter in signature(command).parameters.items()
        for shown in (_options(groups[name]) if name in groups else [_as_keyword(parameter, hints[name])])
    ]
    run.__signature__ = Signature(parameters)  # type: ignore[attr-defined]  # inspect looks for it, typeshed does not know
    run.__doc__, run.__name__ = command.__doc__, command.__name__
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


def _options(group: Any) -> Iterator[Parameter]:
    hints = get_type_hints(group, include_extras=True)
    for option in fields(group):
        yield Parameter(
            option.name, Parameter.KEYWORD_ONLY, default=_default(option), annotation=hints[option.name]
        )


def _default(option: Field[Any]) -> Any:
    return option.default if option.default_factory is MISSING else option.default_factory()


def _as_keyword(parameter: Parameter, hint: Any) -> Parameter:
    return parameter.replace(kind=Parameter.KEYWORD_ONLY, annotation=hint)
