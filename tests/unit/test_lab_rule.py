"""Worlds made by rule: the numbers that were asked for, the same in every run, and nothing built that nobody asks for."""

from __future__ import annotations

import msgspec
import pytest

from vhdsfix.errors import LabError
from vhdsfix.lab import scenarios
from vhdsfix.lab.ntfs import Tree
from vhdsfix.lab.rule import Rule
from vhdsfix.lab.world import World, from_json, to_json

RULE = Rule(seed=3, nodes=9, vms=40, folders=7, files=33)


def made(rule: Rule = RULE) -> World:
    return scenarios.build(msgspec.structs.replace(scenarios.load("large"), by_rule=rule))


def paths_below(tree: Tree, folder: str) -> list[str]:
    """All that is there; asking makes it."""
    found = [path for path, _ in tree.children(folder)]
    return found + [below for path in found for below in paths_below(tree, path)]


def shared_folders(world: World) -> set[str]:
    drives = [drive.path or "" for vm in world.vms for drive in vm.drives if drive.shared]
    return {path.rpartition("\\")[0] for path in drives}


def test_large_is_as_large_as_it_says() -> None:
    world = scenarios.build(scenarios.load("large"))
    files = [path for folder in shared_folders(world) for path, _ in world.tree.children(folder)]
    assert (len(world.nodes), len(world.vms)) == (64, 1000)
    assert (len(shared_folders(world)), len(files)) == (200, 20_000)
    assert len({vm.id for vm in world.vms}) == 1000


@pytest.mark.parametrize("nodes", [1, 4, 5, 9])
def test_every_volume_has_an_owner_and_every_drive_its_file(nodes: int) -> None:
    world = made(msgspec.structs.replace(RULE, nodes=nodes))
    assert {volume.owner for volume in world.volumes} <= {node.name for node in world.nodes}
    for vm in world.vms:
        for drive in vm.drives:
            entry = world.tree.get(drive.path or "")
            assert entry is not None
            assert entry.file


def test_the_same_rule_makes_the_same_world_and_another_seed_another() -> None:
    def everything(world: World) -> bytes:
        paths_below(world.tree, "C:\\")
        return to_json(world)

    assert everything(made()) == everything(made())
    other = msgspec.structs.replace(RULE, seed=4)
    assert everything(made(other)) != everything(made())


def test_it_does_not_matter_in_which_order_things_are_looked_at() -> None:
    backwards, world = made(), made()
    for folder in sorted(shared_folders(backwards), reverse=True):
        backwards.tree.children(folder)
    for each in (backwards, world):
        paths_below(each.tree, "C:\\")
    assert backwards.tree.dump() == world.tree.dump()


def test_what_nobody_looks_at_is_not_made() -> None:
    world = scenarios.build(scenarios.load("large"))
    before = len(world.tree.dump())
    assert before < 30
    folder = min(shared_folders(world))
    assert len(world.tree.children(folder)) == 100
    assert len(world.tree.dump()) < before + 200


def test_what_changed_is_kept_and_the_rest_is_still_made_later() -> None:
    world = made()
    first, second = sorted(shared_folders(world))[:2]
    gone = world.tree.children(first)[0][0]
    world.tree.remove(gone)
    again = from_json(to_json(world))
    assert again.tree.get(gone) is None
    assert len(again.tree.children(first)) == len(world.tree.children(first)) > 0
    assert again.tree.children(second) == world.tree.children(second)


def test_grants_are_there_for_all_but_the_last_vm_of_some_folders() -> None:
    world = made(Rule(seed=3, nodes=4, vms=400, folders=100, files=100))
    lacking = 0
    for folder in shared_folders(world):
        entry = world.tree.get(folder)
        assert entry is not None
        members = [
            vm for vm in world.vms if any((drive.path or "").startswith(folder + "\\") for drive in vm.drives)
        ]
        granted = [f"(A;OI;FA;;;{vm.sid})" in entry.sddl for vm in members]
        assert all(granted[:-1])
        lacking += not granted[-1]
        for _, file in world.tree.children(folder):
            assert [f"(A;ID;FA;;;{vm.sid})" in file.sddl for vm in members] == granted
    assert 5 < lacking < 40


def test_a_rule_that_cannot_be_kept_names_the_scenario() -> None:
    text = 'about = ""\nby_rule = {seed = 1, nodes = 1, vms = 3, folders = 1, files = 1}\n[cluster]\nname = "C"\ndomain = ""\n'
    with pytest.raises(LabError, match="four VMs and a file for each folder"):
        scenarios.read(text, "tiny")
