"""`vhdsfix explain` and `vhdsfix schema`: what is known without asking any host."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from rich.console import Console

from vhdsfix.cli import ending
from vhdsfix.cli.options import OutputOptions
from vhdsfix.commands import explain as explain_finding
from vhdsfix.commands import schema as schema_of_document
from vhdsfix.commands.result import Result
from vhdsfix.render.explain_text import print_kinds
from vhdsfix.render.json_document import plain_json
from vhdsfix.rules.catalogue import FindingKind


def explain(finding: str | None) -> int:
    """Print one kind of finding, or the list of them."""

    def show(console: Console, result: Result) -> None:
        print_kinds(console, cast("Sequence[FindingKind]", result.data))

    return ending.of("explain", OutputOptions(), lambda: explain_finding.run(finding), show)


def schema(document: str) -> int:
    """Print the document's JSON Schema."""

    def show(console: Console, result: Result) -> None:
        console.file.write(plain_json(result.data) + "\n")

    return ending.of("schema", OutputOptions(), lambda: schema_of_document.run(document), show)
