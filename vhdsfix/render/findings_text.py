"""A plan's findings for a person: whole, but for those that a planned change mends or somebody accepted."""

from __future__ import annotations

from collections import Counter

from rich.console import Console

from vhdsfix.model.findings import Finding, Severity
from vhdsfix.model.plan import Plan
from vhdsfix.render.console import print_whole
from vhdsfix.render.paragraphs import print_paragraph
from vhdsfix.render.safe_text import said, said_together

STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
MOST_SEVERE_FIRST = tuple(Severity)
LABEL = 9
SHOWN_WHOLE = 3
"""So many findings of one kind are shown whole."""
INDENT = " " * (2 + LABEL)


def print_findings(console: Console, plan: Plan) -> None:
    """Each section only where it has something to say."""
    ordered = sorted(plan.findings, key=lambda finding: MOST_SEVERE_FIRST.index(finding.severity))
    left = [finding for finding in ordered if not finding.action]
    _print_section(console, "Needs a person", [f for f in left if f.needs_a_person])
    _print_accepted(console, [f for f in left if f.accepted is not None])
    _print_section(console, "Good to know", [f for f in left if not f.needs_a_person and f.accepted is None])


def mended(plan: Plan) -> str:
    """`grant-missing (2), files-behind (1)`: what the planned changes mend; empty when they mend nothing."""
    counts = Counter(finding.id for finding in plan.findings if finding.action)
    return ", ".join(f"{finding_id} ({count})" for finding_id, count in counts.items())


def _print_section(console: Console, title: str, findings: list[Finding]) -> None:
    """The first few of a kind whole; of the others what differs: a reader at night has seen what they mean."""
    if findings:
        _print_title(console, title)
    first: dict[str, list[Finding]] = {}
    for number, finding in enumerate(findings):
        alike = first.setdefault(finding.id, [])
        if number and len(alike) <= SHOWN_WHOLE:
            console.print()
        if len(alike) < SHOWN_WHOLE:
            print_finding(console, finding)
        else:
            _print_in_short(console, finding, same_fix=finding.fix == alike[0].fix)
        alike.append(finding)


def _print_in_short(console: Console, finding: Finding, *, same_fix: bool) -> None:
    _print_headline(console, finding)
    print_paragraph(console, finding.summary, indent=INDENT)
    if not same_fix:
        print_whole(console, f"{_label('fix:')}{finding.fix}")


def print_finding(console: Console, finding: Finding) -> None:
    """One finding whole; its fix on one line, because it may be a command."""
    _print_headline(console, finding)
    print_paragraph(console, finding.summary, indent=INDENT)
    for evidence in finding.evidence:
        print_paragraph(console, evidence, indent=INDENT, first_indent=_label("seen:"))
    print_whole(console, f"{_label('fix:')}{finding.fix}")
    print_paragraph(console, finding.source, indent=INDENT, first_indent=_label("source:"))


def _print_accepted(console: Console, findings: list[Finding]) -> None:
    if findings:
        _print_title(console, "Accepted, and not counted")
    for finding in findings:
        _print_headline(console, finding)
        print_paragraph(console, finding.accepted or "", indent=INDENT, first_indent=_label("because:"))


def _print_title(console: Console, title: str) -> None:
    console.print()
    console.print(said(title, "bold"))


def _print_headline(console: Console, finding: Finding) -> None:
    severity = said(_label(finding.severity), STYLES[finding.severity])
    line = said_together(severity, said(finding.id, "bold"), said(f"  {finding.subject}"))
    console.print(line, soft_wrap=True)


def _label(word: str) -> str:
    return f"  {word:<{LABEL}}"
