"""What guests call themselves (KVP). A guest writes every letter of it: it can spoil its own name and no other's."""

from __future__ import annotations

from vhdsfix.remote.cim_xml import Property, properties_of

NAME_ITEM = "FullyQualifiedDomainName"
LONGEST_NAME = 255
"""Characters. Source: RFC 1035 2.3.4."""


def name_among(items: tuple[str, ...]) -> str | None:
    """The one name that the items of one guest tell; None if it is none, if there are several, or if it is no name."""
    names = {data for item in items if (data := _name(item))}
    name = names.pop() if len(names) == 1 else ""
    return name if 0 < len(name) <= LONGEST_NAME and name.isprintable() else None


def _name(item: str) -> str | None:
    try:
        properties = properties_of(item)
    except ValueError:
        return None
    data: Property = properties.get("Data")
    return data.strip() if properties.get("Name") == NAME_ITEM and isinstance(data, str) else None
