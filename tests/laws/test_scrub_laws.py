"""Scrubbing commutes with planning: the plan of scrubbed facts is the plan of the facts, with its names scrubbed.

The facts are those of tests/cases, under names that make it hard: in any script, with quotes and brackets, in other cases.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cases.test_every_case import CASES, case_facts, case_scope
from tests.fakes.facts import Host, facts_of
from tests.laws.strategies import VM, descriptors, law
from vhdsfix import planner, sddl
from vhdsfix.model.document import to_json
from vhdsfix.model.facts import Facts
from vhdsfix.model.plan import Plan, Scope, Tool
from vhdsfix.model.windows import DomainAlias, SecurityDescriptor, VmId, name_key
from vhdsfix.scrub import scrubbed, texts
from vhdsfix.scrub.tokens import Noted, Numbered, Tokens
from vhdsfix.scrub.walk import renamed
from vhdsfix.sddl.letters import WELL_KNOWN_SIDS

WELL_KNOWN = frozenset(WELL_KNOWN_SIDS.values())
EXAMPLES = settings(max_examples=200)
TOOL = Tool("vhdsfix", "test")
OPAQUE = ("malformed", "conditional", "object")
"""Of SDDL with conditions, or that is none, another text comes out: there the verdicts count."""

COMPUTERS = ("", "-x", "_y", "äöü", "-日本")
OTHERS = (" [2022]", " 'x'", " $y", "`%", "; (Ω)", "“q”", "", "-x", "日本")


class Awkward:
    """Names that make it hard, different for different labels; what they are given to is drawn."""

    def __init__(self, places: list[int]) -> None:
        self._places = places
        self._known: dict[str, str] = {}

    def label(self, text: str) -> str:
        ends = COMPUTERS if len(self._places) % 2 else OTHERS
        name = self._named(name_key(text), ends)
        return name.upper() if text.isupper() else name.lower() if text.islower() else name

    def address(self, text: str) -> str:
        return text

    def guid(self, text: str) -> str:
        return text

    def account(self, text: str) -> str:
        return text

    def reason(self, text: str) -> str:
        return self._named(text, (" was refused by HV-ZQ (0x80070005)", ": UnauthorizedAccessException, Zq"))

    def _named(self, key: str, ends: tuple[str, ...]) -> str:
        place = self._places[len(self._known) % len(self._places)] + 100 * (
            len(self._known) // len(self._places)
        )
        return self._known.setdefault(key, f"Zq{place:04}{ends[place % len(ends)]}")


awkward = (
    st.permutations(range(50)).flatmap(lambda places: st.sampled_from([places, places[1:]])).map(Awkward)
)


@given(st.sampled_from(CASES), awkward)
@EXAMPLES
def test_the_plan_of_scrubbed_facts_is_the_plan_with_its_names_scrubbed(path: Path, names: Awkward) -> None:
    facts, scope = renamed(names, case_facts(path)), renamed(names, case_scope(path))
    plan = planner.plan_from(facts, scope, TOOL)

    scrubbed_facts, scrubbed_scope = scrubbed(facts, scope)
    of_scrubbed = planner.plan_from(scrubbed_facts, scrubbed_scope, TOOL)

    assert _outline(of_scrubbed) == _outline(plan)
    if not any(word in path.stem for word in OPAQUE):
        assert _told(of_scrubbed, {}) == _told(plan, _replacements(facts, scope))


@given(st.sampled_from(CASES), awkward)
@EXAMPLES
def test_nothing_is_left_that_says_whose_facts_they_were(path: Path, names: Awkward) -> None:
    facts, scope = renamed(names, case_facts(path)), renamed(names, case_scope(path))

    text = b"".join(map(to_json, scrubbed(facts, scope))).decode().casefold()

    assert "zq" not in text
    guids = re.findall(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", to_json(facts).decode())
    for vm_id in map(VmId, guids):
        assert vm_id not in text
        assert vm_id.sid.casefold() not in text


@given(descriptors)
@law
def test_a_descriptor_keeps_its_shape_and_every_windows_own_accounts(descriptor: SecurityDescriptor) -> None:
    text, noted = sddl.write(descriptor), Noted()
    texts.descriptor(noted, text)

    scrubbed_one = sddl.parse(texts.descriptor(Numbered(noted), text))

    assert _shape(scrubbed_one) == _shape(descriptor)
    for before, after in zip(descriptor.aces, scrubbed_one.aces, strict=True):
        own = before.sid in WELL_KNOWN or isinstance(before.sid, DomainAlias)
        assert after.sid == before.sid if own else after.sid not in WELL_KNOWN


def _shape(descriptor: SecurityDescriptor) -> object:
    return [
        (ace.type, ace.flags, ace.mask, bool(ace.expression)) for ace in descriptor.aces
    ], descriptor.has_null_dacl


@pytest.mark.parametrize("sid", ["S-1-0x5-21-1-2-3-1000", "s-1-5-21-0x1-2-3-1000", "S-1-5-83-1-0x1-2-3-4"])
def test_an_account_is_known_however_its_numbers_are_spelled(sid: str) -> None:
    noted = Noted()
    texts.descriptor(noted, f"D:(A;;FA;;;{sid})")
    assert sid not in texts.descriptor(Numbered(noted), f"D:(A;;FA;;;{sid})")


def test_of_an_id_that_a_guest_wrote_and_of_a_name_in_any_script_nothing_is_left() -> None:
    host = Host("HV01").vm("a", name="हिन्दी [1] 🔥").queried("a", f"Contoso {VM} {{x}}")

    text = to_json(scrubbed(facts_of(host), Scope())[0]).decode()

    assert not [part for part in ("Contoso", VM, *"हिन्दी🔥") if part in text]


def test_spellings_of_one_name_stay_spellings_of_one_name_and_keep_their_order() -> None:
    noted = Noted()
    spellings = sorted(["DATA", "Data", "dATA", "data"])
    for label in (*spellings, "other", "My disk."):
        noted.label(label)
    numbered = Numbered(noted)

    new = [numbered.label(label) for label in spellings]
    assert new == sorted(new)
    assert len(set(new)) == len(new)
    assert len({name_key(label) for label in new}) == 1
    assert name_key(numbered.label("other")) not in map(name_key, new)


def _outline(plan: Plan) -> Any:
    """What is concluded, whoever it is about."""
    return (
        plan.complete,
        sorted(
            (found.id, found.severity, bool(found.action), bool(found.accepted), found.incomplete)
            for found in plan.findings
        ),
        sorted(vm.verdict for folder in plan.folders for vm in folder.vms),
        len(plan.actions),
    )


def _told(plan: Plan, replacements: dict[str, str]) -> Any:
    """Everything that a plan says, under other names, in no order, without what is computed from names."""
    text = json.dumps(json.loads(to_json(plan)), ensure_ascii=False)
    if replacements:
        longest_first = sorted(map(_in_json, replacements), key=len, reverse=True)
        said = {_in_json(old): _in_json(new) for old, new in replacements.items()}
        text = re.sub("|".join(map(re.escape, longest_first)), lambda found: said[found[0]], text)
    return _unordered(json.loads(text))


def _in_json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _unordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _unordered(one) for key, one in value.items() if key not in ("digest", "id", "action")}
    if isinstance(value, list):
        return sorted((_unordered(one) for one in value), key=json.dumps)
    return value


class _Replacing:
    """Tokens that note what became of each."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self.replaced: dict[str, str] = {}

    def label(self, text: str) -> str:
        return self._keep(text, self._tokens.label(text))

    def address(self, text: str) -> str:
        return self._keep(text, self._tokens.address(text))

    def guid(self, text: str) -> str:
        new = self._tokens.guid(text)
        self._keep(text.upper(), new.upper())
        return self._keep(text, new)

    def account(self, text: str) -> str:
        return self._keep(text, self._tokens.account(text))

    def reason(self, text: str) -> str:
        return self._keep(text, self._tokens.reason(text))

    def _keep(self, old: str, new: str) -> str:
        self.replaced[old] = new
        return new


def _replacements(facts: Facts, scope: Scope) -> dict[str, str]:
    noted = Noted()
    renamed(noted, facts), renamed(noted, scope)
    replacing = _Replacing(Numbered(noted))
    renamed(replacing, facts), renamed(replacing, scope)
    said = {old.casefold(): new.casefold() for old, new in replacing.replaced.items()} | replacing.replaced
    quoted = {old.replace("'", "''"): new.replace("'", "''") for old, new in said.items() if "'" in old}
    vm_ids = [old for old in said if re.fullmatch(r"[0-9a-f-]{36}", old)]
    return {**said, **quoted, **{str(VmId(old).sid): str(VmId(said[old]).sid) for old in vm_ids}}
