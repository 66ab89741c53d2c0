"""A file of facts: what the nodes answered, and what the plan made of it was about, so that it can be judged again alike."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from vhdsfix.commands import files
from vhdsfix.errors import UsageError
from vhdsfix.model.document import from_json, to_json
from vhdsfix.model.facts import FORMAT_VERSION, Facts
from vhdsfix.model.plan import Scope


class _SavedFacts(Facts, frozen=True):
    scope: Scope = Scope()


def written(facts: Facts, scope: Scope) -> bytes:
    """The file's content."""
    fields = {field: getattr(facts, field) for field in Facts.__struct_fields__}
    return to_json(_SavedFacts(**fields, scope=scope), indent=2) + b"\n"


def read(path: Path) -> tuple[Facts, Scope]:
    """What a file holds; raises UsageError that names the file."""
    try:
        saved = from_json(files.read_whole(path, "the facts"), _SavedFacts)
    except ValueError as error:
        raise UsageError(f"{path} holds no facts of vhdsfix: {error}") from error
    try:
        datetime.fromisoformat(saved.taken_at)
    except ValueError as error:
        raise UsageError(f"{path} holds no facts of vhdsfix: {saved.taken_at!r} is no time") from error
    if saved.format_version.partition(".")[0] != FORMAT_VERSION.partition(".")[0]:
        raise UsageError(
            f"{path} has format version {saved.format_version}; this vhdsfix reads {FORMAT_VERSION}"
        )
    fields = msgspec.structs.asdict(saved)
    scope = fields.pop("scope")
    return Facts(**fields), scope
