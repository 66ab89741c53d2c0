"""CIM instances as XML text, which guests write: their properties, read with bounds and without any entity.

Source: DMTF DSP0201 (INSTANCE, PROPERTY, PROPERTY.ARRAY, VALUE); W32 getting-the-virtual-system-dns-name.md (KVP items are such).
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping

LONGEST = 64 * 1024
"""Characters. Assumed: far more than a KVP item (2 KB of data) or a guest cluster's disks need."""

Property = str | tuple[str, ...] | None
"""A value, a list of them, or null."""


def properties_of(text: str) -> Mapping[str, Property]:
    """The instance's properties by name. Raises ValueError for what is none, and for text that declares anything."""
    if len(text) > LONGEST or "<!" in text:
        raise ValueError("the XML is too long or declares something")
    try:
        instance = ET.fromstring(text)  # noqa: S314 - bounded, and without declarations there is nothing to expand
    except (ET.ParseError, UnicodeError) as error:
        raise ValueError(f"it is no XML: {error}") from error
    if instance.tag != "INSTANCE":
        raise ValueError("the XML is no CIM instance")
    return {name: _value(each) for each in instance if (name := each.get("NAME")) is not None}


def _value(element: ET.Element) -> Property:
    if element.tag == "PROPERTY.ARRAY":
        return tuple(value.text or "" for value in element.iterfind("VALUE.ARRAY/VALUE"))
    value = element.find("VALUE")
    return None if value is None else value.text or ""
