"""`schema`: the JSON Schema of a document that vhdsfix writes."""

from __future__ import annotations

from collections.abc import Mapping

from vhdsfix.commands.result import Result
from vhdsfix.errors import UsageError
from vhdsfix.model.document import schema_of
from vhdsfix.model.plan import Plan

DOCUMENTS: Mapping[str, type] = {"plan": Plan}


def run(document: str) -> Result:
    """Return the schema as a JSON object; raises UsageError for a document there is none of."""
    if document not in DOCUMENTS:
        raise UsageError(f"there is no schema of {document!r}; there is one of: {', '.join(DOCUMENTS)}")
    return Result("schema", schema_of(DOCUMENTS[document]))
