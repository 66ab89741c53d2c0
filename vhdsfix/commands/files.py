"""Files that a command writes: whole or not at all, for their owner only, never over another one unasked."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from vhdsfix.errors import UsageError

LARGEST_BYTES = 512 << 20
"""No file of ours comes near it; a device or a wrong file must not take all of the memory."""
LARGEST_CONFIG_BYTES = 1 << 20


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
    """Write elsewhere and rename. The file is its owner's only: mkdtemp makes a folder that keeps everybody else out.

    On Windows the file keeps what it inherits there (the owner, SYSTEM and Administrators) when it is moved out, until
    somebody passes on the permissions of its new folder. Source: docs.python.org, os.mkdir, mode 0o700 (3.11.10, 3.12.4);
    FACTS 4: a file that is moved within its volume keeps its inherited entries.
    """
    must_be_writable(path, force=force)
    with (
        _named(path),
        tempfile.TemporaryDirectory(
            dir=path.parent, prefix=f".{path.name}.", ignore_cleanup_errors=True
        ) as private,
    ):
        beside = Path(private) / "new"
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123 - of a descriptor
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if force:
            beside.replace(path)
        else:
            _rename_to_nothing_there(beside, path)


def _rename_to_nothing_there(file: Path, path: Path) -> None:
    """Raises FileExistsError for a file that came meanwhile. On POSIX rename would replace it; a second name cannot."""
    if os.name == "nt":
        file.rename(path)
        return
    try:
        path.hardlink_to(file)
    except OSError:  # there now, or a file system without hard links: then a look before is all there is
        if path.exists():
            raise
        file.rename(path)


def is_there(path: Path) -> bool:
    """Whether it is a file; what can be no file's name is none."""
    try:
        return path.is_file()
    except OSError:  # too long
        return False


def read_whole(path: Path, what: str, at_most_bytes: int | None = None) -> bytes:
    """The file's content; raises UsageError that names the file. At most: LARGEST_BYTES, where nothing is said."""
    at_most_bytes = at_most_bytes or LARGEST_BYTES
    try:
        with path.open("rb") as file:
            content = file.read(at_most_bytes + 1)
    except OSError as error:
        raise UsageError(f"cannot read {what} {path}: {error.strerror or error}") from error
    if len(content) > at_most_bytes:
        raise UsageError(
            f"cannot read {what} {path}: it is larger than {at_most_bytes >> 20} MiB; name another file"
        )
    return content


@contextlib.contextmanager
def _named(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}; name another file") from error
