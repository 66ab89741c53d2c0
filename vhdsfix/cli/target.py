"""Connection options, environment and config file → the hosts to ask."""

from __future__ import annotations

import math
import ssl
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

from vhdsfix.cli.options import ConnectionOptions
from vhdsfix.cli.password import guest_passwords_for, password_for
from vhdsfix.commands import files
from vhdsfix.commands.requests import Target
from vhdsfix.config import Options, Settings, settings_from, state_folder
from vhdsfix.errors import UsageError
from vhdsfix.model.windows import FolderPath


def target_of_hosts(connection: ConnectionOptions, environment: Mapping[str, str]) -> Target:
    """The hosts of the lab or of a real cluster. Raises UsageError when none is named, or both are.

    With the lab the environment does not count: it speaks of a real cluster.
    """
    if connection.lab is not None:
        _nothing_besides(
            connection,
            ("lab", "config", "configuration_name", "timeout"),
            "--lab brings its own hosts and its own account",
        )
        return Target(
            _settings(connection, {}),
            state_folder(environment),
            lab=connection.lab,
            timeout_s=_timeout_s(connection),
        )
    settings = _settings(connection, environment)
    if not settings.nodes:
        raise UsageError(
            "no host is named; name a node of the host cluster by --node HOST or in a --config FILE, or try --lab demo"
        )
    password = password_for(settings.user, connection.password_file, environment)
    return Target(
        settings,
        state_folder(environment),
        password,
        timeout_s=_timeout_s(connection),
        guest_passwords=guest_passwords_for(settings.guest_connections, environment),
    )


def target_without_hosts(connection: ConnectionOptions, environment: Mapping[str, str]) -> Target:
    """For saved facts: only what the config says of guest clusters and accepted findings counts."""
    _nothing_besides(connection, ("config",), "--facts asks no host")
    return Target(_settings(connection, environment), state_folder(environment))


def folders_from(option: str, texts: list[str]) -> tuple[FolderPath, ...]:
    """Absolute Windows paths; raises UsageError that names the option."""
    try:
        return tuple(map(FolderPath, texts))
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from error


def _settings(connection: ConnectionOptions, environment: Mapping[str, str]) -> Settings:
    config = connection.config or (
        Path(environment["VHDSFIX_CONFIG"]) if environment.get("VHDSFIX_CONFIG") else None
    )
    options = Options(
        nodes=tuple(connection.node),
        cluster=connection.cluster,
        auth=connection.auth,
        user=connection.user,
        transport=connection.transport,
        ca_file=str(connection.ca_file) if connection.ca_file else None,
        configuration_name=connection.configuration_name,
        config_name=str(config),
    )
    settings = settings_from(options, environment, _text_of(config) if config else None)
    for ca_file in (settings.ca_file, *(guest.ca_file for guest in settings.guest_connections)):
        if ca_file:
            _must_hold_certificates(ca_file)
    return settings


def _must_hold_certificates(ca_file: str) -> None:
    if not files.is_there(Path(ca_file)):
        raise UsageError(f"the CA file {ca_file} is not there, or is no file")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=ca_file)
    except OSError as error:  # ssl's own errors are among them
        why = getattr(error, "reason", None) or error.strerror or error
        raise UsageError(
            f"the CA file {ca_file} cannot be used ({why}); it must hold certificates in PEM"
        ) from error


def _timeout_s(connection: ConnectionOptions) -> float | None:
    if connection.timeout is not None and not 0 < connection.timeout < math.inf:
        raise UsageError("--timeout: say for how many seconds the run may take, more than 0")
    return connection.timeout


def _text_of(config: Path) -> str:
    content = files.read_whole(config, "the config file", files.LARGEST_CONFIG_BYTES)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"the config file {config} is not UTF-8 text (byte {error.start})") from error


def _nothing_besides(connection: ConnectionOptions, allowed: tuple[str, ...], why: str) -> None:
    given = [
        option.name for option in fields(connection) if getattr(connection, option.name) not in (None, [])
    ]
    for name in given:
        if name not in allowed:
            raise UsageError(f"{why}; leave out --{name.replace('_', '-')}")
