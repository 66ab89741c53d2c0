"""A lab of one scripted node, and a pypsrp client for it."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from pypsrp.wsman import WSMan

from tests.wire.scripted_shell import OpenedShells
from vhdsfix.lab.auth import Account
from vhdsfix.lab.server import Lab, LabNode

ACCOUNT = Account("LAB\\admin", "correct horse")

Connect = Callable[..., WSMan]


@pytest.fixture(autouse=True)
def no_file_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The lab's account file is made among the test's own files, and is gone afterwards."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def shells() -> OpenedShells:
    return OpenedShells("HV01")


@pytest.fixture
def lab(shells: OpenedShells) -> Iterator[Lab]:
    before = set(threading.enumerate())
    with Lab([LabNode("HV01", shells, ACCOUNT)]) as lab:
        yield lab
    assert set(threading.enumerate()) == before


@pytest.fixture
def connect(lab: Lab) -> Iterator[Connect]:
    """Makes a pypsrp connection to the lab's first node; options go on to pypsrp."""
    with ExitStack() as opened:

        def connection(**options: Any) -> WSMan:
            return opened.enter_context(WSMan(**_options(lab, 0) | options))

        yield connection


def _options(lab: Lab, node: int) -> dict[str, Any]:
    return {
        "server": lab.endpoints[node].address,
        "port": lab.endpoints[node].port,
        "ssl": False,
        "auth": "negotiate",
        "username": ACCOUNT.user,
        "password": ACCOUNT.password,
        "no_proxy": True,
        "operation_timeout": 20,
        "read_timeout": 30,
    }
