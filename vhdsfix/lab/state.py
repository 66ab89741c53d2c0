"""A scenario's world between commands: a file in a folder that the caller gives, used by one command at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock

from vhdsfix.errors import LabError
from vhdsfix.lab import scenarios
from vhdsfix.lab.world import World, from_json, to_json

LOCK_WAIT_S = 10.0


@contextmanager
def open_world(folder: Path, name: str, lock_wait_s: float = LOCK_WAIT_S) -> Iterator[World]:
    """The world as the last command left it, or as the scenario begins; what changes in it is kept, whatever happens.

    LabError for an unknown scenario, a damaged file, a folder that cannot be written, or a lab that is in use.
    """
    scenario = scenarios.load(name)
    with _locked(folder, name, lock_wait_s):
        file = folder / f"{name}.json"
        world = _kept_or_new(file, name, scenario)
        try:
            yield world
        finally:
            _write(file, to_json(world))


def look(folder: Path, name: str, lock_wait_s: float = LOCK_WAIT_S) -> World:
    """The world as the last command left it, or as the scenario begins; nothing is kept. Raises LabError as `open_world` does."""
    scenario = scenarios.load(name)
    with _locked(folder, name, lock_wait_s):
        return _kept_or_new(folder / f"{name}.json", name, scenario)


def reset(folder: Path, name: str, lock_wait_s: float = LOCK_WAIT_S) -> None:
    """Bring the scenario's beginning back. Raises LabError as `open_world` does, but takes a damaged file away."""
    scenarios.load(name)
    with _locked(folder, name, lock_wait_s):
        try:
            (folder / f"{name}.json").unlink(missing_ok=True)
        except OSError as error:
            raise LabError(
                f"the lab's state {folder / f'{name}.json'} cannot be removed: {error.strerror}"
            ) from error


@contextmanager
def _locked(folder: Path, name: str, wait_s: float) -> Iterator[None]:
    lock = filelock.FileLock(folder / f"{name}.lock")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=wait_s)
    except filelock.Timeout as error:
        raise LabError(
            f"the lab {name} is in use by another command; end it, or wait until it is done"
        ) from error
    except OSError as error:
        raise LabError(
            f"the lab cannot keep its state in {folder}: {error.strerror}; name another folder"
        ) from error
    try:
        yield
    finally:
        lock.release()


def _kept_or_new(file: Path, name: str, scenario: scenarios.Scenario) -> World:
    return _read(file, name) if file.exists() else scenarios.build(scenario)


def _read(file: Path, name: str) -> World:
    try:
        return from_json(file.read_bytes())
    except (OSError, ValueError, LabError) as error:
        raise LabError(
            f"the lab's state {file} cannot be read ({error}); say vhdsfix lab reset {name}"
        ) from error


def _write(file: Path, text: bytes) -> None:
    new = file.with_suffix(".new")
    try:
        new.write_bytes(text)
        new.replace(file)
    except OSError as error:
        raise LabError(f"the lab's state {file} cannot be written: {error.strerror}") from error
