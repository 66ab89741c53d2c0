"""What icacls says on a node, by its language: the texts that were seen somewhere, otherwise English.

Assumed: all other texts of icacls are English on every node, "processed file" among them.
"""

from __future__ import annotations

import msgspec

from vhdsfix.lab.world import Language


class Texts(msgspec.Struct, frozen=True):
    """`denied` and `not_mapped` are Windows' own words for the errors 5 and 1332; `summary` counts files."""

    denied: str
    not_mapped: str
    summary: str


_ENGLISH = Texts(
    denied="Access is denied.",
    not_mapped="No mapping between account names and security IDs was done.",
    summary="Successfully processed {done} files; Failed processing {failed} files",
)
_GERMAN = Texts(
    denied="Zugriff verweigert",
    not_mapped="Zuordnungen von Kontennamen und Sicherheitskennungen wurden nicht durchgeführt.",
    summary="{done} Dateien erfolgreich verarbeitet, bei {failed} Dateien ist ein Verarbeitungsfehler aufgetreten.",
)
"""Source: FACTS 3; MicrosoftDocs/windowsserverdocs issue 6185 (1332, with the summary); ref 70156558902 (5)."""

_POLISH = Texts(
    denied="Odmowa dostępu.",
    not_mapped="Nie zostało wykonane mapowanie między nazwami kont a identyfikatorami zabezpieczeń.",
    summary=_ENGLISH.summary,
)
"""The summary is English on a Polish Windows too. Source: undergroundwires/privacy.sexy issue 129; FACTS 2.3."""

TEXTS: dict[Language, Texts] = {"en": _ENGLISH, "de": _GERMAN, "pl": _POLISH}
