"""The config file's shape, and how it is read (DESIGN 5). What it means together with options and environment: `config`."""

from __future__ import annotations

import tomllib
from datetime import date
from typing import Annotated, Any

import msgspec

from vhdsfix.errors import UsageError
from vhdsfix.model.plan import LEFTOVER_AFTER_H
from vhdsfix.model.windows import FolderPath

CONFIG_VERSION = 1
MAX_CHANGES = 100
"""So many changes one run may make where nobody says otherwise."""


class Node(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    address: str | None = None
    port: int | None = None


class HostCluster(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str | None = None
    node: tuple[Node, ...] = ()


class Connection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    auth: str | None = None
    user: str | None = None
    transport: str | None = None
    ca_file: str | None = None
    configuration_name: str | None = None


class GuestConnectionEntry(Connection, frozen=True, forbid_unknown_fields=True, kw_only=True):
    address: str | tuple[str, ...]


class GuestCluster(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    folders: tuple[FolderPath, ...] = ()
    nodes: tuple[str, ...] = ()
    connection: GuestConnectionEntry | None = None


class Accept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    finding: str
    subject: str
    reason: str
    until: date | None = None


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    max_changes: Annotated[int, msgspec.Meta(ge=0)] = MAX_CHANGES
    require_approval: bool = False
    leftover_after_h: Annotated[int, msgspec.Meta(ge=1)] = LEFTOVER_AFTER_H


class ConfigFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file; a table that is left out says nothing."""

    config_version: int
    host_cluster: HostCluster = HostCluster()
    connection: Connection = Connection()
    guest_cluster: tuple[GuestCluster, ...] = ()
    accept: tuple[Accept, ...] = ()
    limits: Limits = Limits()


def read(text: str, file_name: str) -> ConfigFile:
    """Read strictly. Raises UsageError, one line that names the file and the place, and never repeats a password."""
    try:
        tables = tomllib.loads(text)
        _no_password_in(tables, file_name)
        file = msgspec.convert(tables, ConfigFile, dec_hook=_folder_path)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{file_name} is no TOML: {error}") from error
    except (msgspec.ValidationError, RecursionError) as error:
        raise UsageError(f"{file_name}: {_in_the_words_of_toml(str(error))}") from error
    if file.config_version != CONFIG_VERSION:
        raise UsageError(
            f"{file_name}: config_version is {file.config_version}; this vhdsfix reads {CONFIG_VERSION}"
        )
    _must_make_sense(file, file_name)
    return file


def _must_make_sense(file: ConfigFile, file_name: str) -> None:
    names = [cluster.name.casefold() for cluster in file.guest_cluster]
    for cluster in file.guest_cluster:
        if names.count(cluster.name.casefold()) > 1:
            raise UsageError(
                f"{file_name}: two guest clusters are named {cluster.name!r}; say all of it in one"
            )
    for number, entry in enumerate(file.accept):
        if not entry.reason.strip():
            raise UsageError(
                f"{file_name}: accept[{number}].reason is empty; say why {entry.finding} is lived with, for whoever reads it later"
            )


def _no_password_in(tables: Any, file_name: str) -> None:
    """A password in a file gets copied and checked in: better no run than that."""
    if isinstance(tables, dict):
        if any("password" in key.casefold() for key in tables):
            raise UsageError(
                f"{file_name} holds a password; remove it, change it, and hand it over by prompt, "
                "VHDSFIX_PASSWORD or --password-file"
            )
        tables = list(tables.values())
    for table in tables if isinstance(tables, list) else ():
        _no_password_in(table, file_name)


def _in_the_words_of_toml(message: str) -> str:
    """Msgspec says "Object contains unknown field `x` - at `$.connection`"."""
    fault, _, place = message.partition(" - at ")
    fault = fault.replace("Object contains unknown field", "unknown key")
    fault = fault.replace("Object missing required field", "missing key")
    return f"{fault} in {place.replace('$.', '')}" if place else fault


def _folder_path(kind: type, value: Any) -> FolderPath:
    if kind is FolderPath and isinstance(value, str):
        return FolderPath(value)
    raise ValueError("expected a folder's path")
