"""The lab's certificate authority, and a Kerberos realm where one can be had."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.auth import realm as realms
from tests.auth.realm import Realm
from vhdsfix.lab.certificates import Authority


@pytest.fixture(autouse=True)
def files_in_the_tests_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture(scope="module")
def running_realm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Realm]:
    if missing := realms.missing():
        pytest.skip(f"no Kerberos here without {missing}")
    with realms.realm(tmp_path_factory.mktemp("realm")) as running:
        running.add("admin", "correct-horse")
        running.add("stranger", "battery-staple")
        running.add("locked", "correct-horse", "-allow_tix")
        running.add("expired", "correct-horse", '-pwexpire "yesterday"')
        yield running


@pytest.fixture
def realm(running_realm: Realm, monkeypatch: pytest.MonkeyPatch) -> Realm:
    """A realm that this process is in, with nobody logged on."""
    for name in [name for name in os.environ if name.startswith("KRB5")]:
        monkeypatch.delenv(name)
    for name, value in running_realm.environment.items():
        monkeypatch.setenv(name, value)
    running_realm.log_off()
    return running_realm
