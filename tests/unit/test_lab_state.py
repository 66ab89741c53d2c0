"""The lab's state between commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from vhdsfix.errors import LabError
from vhdsfix.lab.state import open_world, reset


def node_of(folder: Path) -> str:
    with open_world(folder, "demo") as world:
        return world.vm("FS01").node


def move(folder: Path, node: str) -> None:
    with open_world(folder, "demo") as world:
        world.move_vm("FS01", node)


def test_a_world_is_as_the_last_command_left_it(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "yet"
    move(folder, "HV03")
    assert node_of(folder) == "HV03"
    assert {file.name for file in folder.iterdir()} <= {"demo.json", "demo.lock"}


def test_what_a_command_changed_before_it_failed_is_kept(tmp_path: Path) -> None:
    def move_and_fail() -> None:
        move(tmp_path, "HV03")
        with open_world(tmp_path, "demo") as world:
            world.move_vm("FS01", "HV04")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        move_and_fail()
    assert node_of(tmp_path) == "HV04"


def test_reset_brings_the_beginning_back(tmp_path: Path) -> None:
    reset(tmp_path, "demo")
    move(tmp_path, "HV03")
    reset(tmp_path, "demo")
    assert node_of(tmp_path) == "HV01"


@pytest.mark.parametrize(
    "damage",
    [b"", b"{", b"[]", b"{}", b"\xff", b'{"cluster": 3}'],
)
def test_a_damaged_state_is_named_with_what_to_do(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "demo.json").write_bytes(damage)
    with pytest.raises(LabError) as error, open_world(tmp_path, "demo"):
        pass
    assert str(tmp_path / "demo.json") in str(error.value)
    assert "vhdsfix lab reset demo" in str(error.value)
    assert "\n" not in str(error.value)
    assert (tmp_path / "demo.json").read_bytes() == damage
    reset(tmp_path, "demo")
    assert node_of(tmp_path) == "HV01"


def test_damaged_files_and_folders_are_named_too(tmp_path: Path) -> None:
    move(tmp_path, "HV03")
    state = tmp_path / "demo.json"
    state.write_text(state.read_text().replace('"sddl"', '"ssdl"', 1))
    with pytest.raises(LabError, match="lab reset demo"), open_world(tmp_path, "demo"):
        pass


def test_a_lab_in_use_is_not_opened_twice(tmp_path: Path) -> None:
    with open_world(tmp_path, "demo") as world:
        with pytest.raises(LabError, match="in use"), open_world(tmp_path, "demo", lock_wait_s=0):
            pass
        with pytest.raises(LabError, match="in use"):
            reset(tmp_path, "demo", lock_wait_s=0)
        world.move_vm("FS01", "HV03")
    assert node_of(tmp_path) == "HV03"


def test_a_folder_that_cannot_be_one_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LabError, match="another folder"), open_world(tmp_path / "file", "demo"):
        pass


def test_an_unknown_scenario_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="no scenario"), open_world(tmp_path, "nope"):
        pass
    assert list(tmp_path.iterdir()) == []
