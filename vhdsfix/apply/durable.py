"""What is on the disk when the call returns, even after a power cut. Everything here raises OSError."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO


def make_file(path: Path) -> None:
    """Make an empty file that was not there and that only its owner can read; its folder, too, if need be."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    if os.name == "posix":
        _fsync_folder(path.parent)


def write(file: BinaryIO, content: bytes) -> None:
    """Write where the file stands."""
    file.write(content)
    file.flush()
    os.fsync(file.fileno())


def _fsync_folder(folder: Path) -> None:
    """A new file's name is on the disk only when its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
