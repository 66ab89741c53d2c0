"""Nodes whose programs speak German or Polish: what is believed is what is read back, so it makes no difference."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end.rehearsal import rehearsal
from vhdsfix.lab import scenarios
from vhdsfix.lab.world import Language
from vhdsfix.model.outcome import Done


@pytest.mark.parametrize("language", ["de", "pl"])
def test_a_grant_on_a_node_of_another_language_is_done(tmp_path: Path, language: Language) -> None:
    scenario = scenarios.load("demo")
    for node in scenario.node:
        node.language = language
    with rehearsal(scenarios.build(scenario), tmp_path) as lab:
        assert [type(one.outcome) for one in lab.apply().outcomes] == [Done, Done]
        assert not lab.plan().actions
