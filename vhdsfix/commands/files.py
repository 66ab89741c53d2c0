"""Files that a command writes: whole or not at all, for their owner only, never over another one unasked."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from vhdsfix.errors import UsageError


def must_differ(*paths: Path | None) -> None:
    """Raise UsageError for a file that is named twice."""
    named = [path.absolute() for path in paths if path]
    for path in named:
        if named.count(path) > 1:
            raise UsageError(f"{path} is named twice; name a file of its own for each")


def must_be_writable(path: Path, *, force: bool) -> None:
    """Raise UsageError, before any node is asked, for a file that could not be written at the end."""
    with _named(path):
        if path.exists() and not path.is_file():
            raise UsageError(f"{path} is no ordinary file; name another one")
        if path.exists() and not force:
            raise UsageError(f"{path} is there already; name another file, or say --force to replace it")
        with tempfile.TemporaryFile(dir=path.parent):
            pass


def write_whole(path: Path, content: bytes, *, force: bool) -> None:
    """Write beside the file and rename; the file is readable by its owner only (mkstemp makes it so)."""
    must_be_writable(path, force=force)
    with _named(path):
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise


def read_whole(path: Path, what: str) -> bytes:
    """The file's content; raises UsageError that names the file."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {what} {path}: {error.strerror or error}") from error


@contextlib.contextmanager
def _named(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}; name another file") from error
