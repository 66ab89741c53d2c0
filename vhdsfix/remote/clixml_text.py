"""Text in CLIXML, half letters included."""

from __future__ import annotations

import re

_UNIT = re.compile("_x([0-9A-Fa-f]{4})_")


def text_of(escaped: str | None) -> str:
    """Read an element's text, in which _x1234_ is a unit of UTF-16 (Source: MS-PSRP 2.2.5.3.2).

    A letter of two units may come as one of them: PowerShell cuts the target in an error's long text without looking (tried on
    its own engine), and a file's name may hold one (Source: Windows' file naming rules). It stays as it is, a lone surrogate.
    """
    units = _UNIT.sub(lambda found: chr(int(found[1], 16)), escaped or "")
    return units.encode("utf-16-be", "surrogatepass").decode("utf-16-be", "surrogatepass")
