"""What a run is asked for: options, then the environment, then the TOML file of DESIGN 5, read strictly.

Environment variables (`ENVIRONMENT` says what each is for) are read here and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args

import msgspec
import platformdirs

from vhdsfix import config_file
from vhdsfix.errors import UsageError
from vhdsfix.model.plan import LEFTOVER_AFTER_H, Accepted, ConfiguredGuestCluster

GUEST_PASSWORD = "VHDSFIX_GUEST_PASSWORD_<NAME>"
ENVIRONMENT: Mapping[str, str] = {
    "VHDSFIX_CONFIG": "the config file, where --config is not given",
    "VHDSFIX_USER": "the account to log on with, where --user is not given",
    "VHDSFIX_PASSWORD": "its password, where --password-file is not given",
    GUEST_PASSWORD: "the password of the account that a guest cluster's connection names, by the cluster's name: "
    "its letters in upper case, everything that is no letter or digit as _",
    "VHDSFIX_STATE_DIR": "the folder for journals and the lab's worlds, instead of the user's own state folder",
}

Auth = Literal["negotiate", "ntlm", "kerberos", "basic"]
Transport = Literal["auto", "http", "https"]
LARGEST_PORT = 65535
_HOST = re.compile(r"[\w.-]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?:%[\w.-]+)?")
_BRACKETED = re.compile(r"\[([^\[\]]*)\](?::(.*))?", re.DOTALL)


class Secret:
    """A password that shows as *** wherever it is printed, logged or put into a message; no codec can write it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return "***"

    def __reduce__(self) -> str:
        raise TypeError("a secret is not written anywhere")

    def reveal(self) -> str:
        return self._text


class NodeAddress(msgspec.Struct, frozen=True):
    """A node to connect to. `name` is what the config calls it; no `port`: the transport's own."""

    name: str | None
    address: str
    port: int | None = None


class Options(msgspec.Struct, frozen=True):
    """What the command line says of the host cluster and how to reach it; None: it does not say.

    `nodes` are texts of the form host[:port]. `config_name` names the file whose text is handed in beside these.
    """

    nodes: tuple[str, ...] = ()
    cluster: str | None = None
    auth: str | None = None
    user: str | None = None
    transport: str | None = None
    ca_file: str | None = None
    configuration_name: str | None = None
    config_name: str = "the config file"


class GuestConnection(msgspec.Struct, frozen=True):
    """How a guest cluster is asked itself: the first of `addresses` that answers. Nothing of the hosts' connection counts here.

    No `user`: the current logon.
    """

    guest_cluster: str
    addresses: tuple[NodeAddress, ...]
    auth: Auth = "negotiate"
    user: str | None = None
    transport: Transport = "auto"
    ca_file: str | None = None
    configuration_name: str | None = None


class Settings(msgspec.Struct, frozen=True):
    """What a run goes by. No `user`: the current logon. No `cluster_name`: any cluster the nodes belong to.

    `max_changes`: so many changes one run may make. `require_approval`: only a saved plan, approved by its digest, is carried out.
    `leftover_after_h`: as Scope's.
    """

    cluster_name: str | None = None
    nodes: tuple[NodeAddress, ...] = ()
    auth: Auth = "negotiate"
    user: str | None = None
    transport: Transport = "auto"
    ca_file: str | None = None
    configuration_name: str | None = None
    guest_clusters: tuple[ConfiguredGuestCluster, ...] = ()
    guest_connections: tuple[GuestConnection, ...] = ()
    accepted: tuple[Accepted, ...] = ()
    max_changes: int = config_file.MAX_CHANGES
    require_approval: bool = False
    leftover_after_h: int = LEFTOVER_AFTER_H


def settings_from(options: Options, environment: Mapping[str, str], file_text: str | None) -> Settings:
    """Option before environment before file; raises UsageError that names the option, or the file and the key."""
    file = (
        config_file.read(file_text, options.config_name)
        if file_text is not None
        else config_file.ConfigFile(config_file.CONFIG_VERSION)
    )
    said = file.connection
    return Settings(
        cluster_name=options.cluster or file.host_cluster.name,
        nodes=tuple(map(node_address, options.nodes)) or _listed(file.host_cluster.node, options.config_name),
        auth=_one_of(Auth, "auth", options.auth or said.auth or "negotiate"),
        user=options.user or environment.get("VHDSFIX_USER") or said.user,
        transport=_one_of(Transport, "transport", options.transport or said.transport or "auto"),
        ca_file=options.ca_file or said.ca_file,
        configuration_name=options.configuration_name or said.configuration_name,
        guest_clusters=tuple(ConfiguredGuestCluster(g.name, g.folders, g.nodes) for g in file.guest_cluster),
        guest_connections=_guest_connections(file.guest_cluster, options.config_name),
        accepted=tuple(map(_accepted, file.accept)),
        max_changes=file.limits.max_changes,
        require_approval=file.limits.require_approval,
        leftover_after_h=file.limits.leftover_after_h,
    )


def state_folder(environment: Mapping[str, str]) -> Path:
    """Where journals and the lab's worlds are kept; the folder need not exist yet."""
    chosen = environment.get("VHDSFIX_STATE_DIR")
    return Path(chosen) if chosen else platformdirs.user_state_path("vhdsfix", appauthor=False)


def guest_password_variable(guest_cluster: str) -> str:
    """The environment variable for the password of a guest cluster's account."""
    return GUEST_PASSWORD.replace("<NAME>", re.sub(r"[^A-Z0-9]", "_", guest_cluster.upper()))


def node_address(text: str, said: str = "--node") -> NodeAddress:
    """Read host[:port]; an IPv6 address with a port stands in brackets. Raises UsageError that names what said it."""
    bracketed = _BRACKETED.fullmatch(text)
    if bracketed:
        host, port = bracketed[1], bracketed[2]
    elif text.count(":") == 1:
        host, port = text.split(":")
    else:
        host, port = text, None
    if not _HOST.fullmatch(host):
        raise UsageError(
            f"{said} {text!r} is no host name or address; it must be HOST, HOST:PORT or [IPV6]:PORT"
        )
    return NodeAddress(None, host, None if port is None else _port(port, f"{said} {text!r}"))


def _port(text: str, where: str) -> int:
    number = int(text) if re.fullmatch(r"[0-9]{1,5}", text) else 0
    if not 1 <= number <= LARGEST_PORT:
        raise UsageError(f"{where}: the port {text!r} is not a number from 1 to {LARGEST_PORT}")
    return number


def _one_of(allowed: Any, what: str, value: str) -> Any:
    if value not in get_args(allowed):
        raise UsageError(f"{what} {value!r} is not one of {', '.join(get_args(allowed))}")
    return value


def _listed(nodes: tuple[config_file.Node, ...], file_name: str) -> tuple[NodeAddress, ...]:
    return tuple(_checked(node, f"{file_name}: host_cluster.node {node.name!r}") for node in nodes)


def _guest_connections(
    clusters: tuple[config_file.GuestCluster, ...], file_name: str
) -> tuple[GuestConnection, ...]:
    return tuple(
        _guest_connection(cluster.name, cluster.connection, f"{file_name}: guest_cluster {cluster.name!r}:")
        for cluster in clusters
        if cluster.connection
    )


def _guest_connection(cluster: str, said: config_file.GuestConnectionEntry, where: str) -> GuestConnection:
    addresses = (said.address,) if isinstance(said.address, str) else said.address
    if not addresses:
        raise UsageError(f"{where} its connection names no address")
    return GuestConnection(
        cluster,
        tuple(node_address(address, f"{where} address") for address in addresses),
        auth=_one_of(Auth, f"{where} auth", said.auth or "negotiate"),
        user=said.user,
        transport=_one_of(Transport, f"{where} transport", said.transport or "auto"),
        ca_file=said.ca_file,
        configuration_name=said.configuration_name,
    )


def _checked(node: config_file.Node, where: str) -> NodeAddress:
    address = node.address or node.name
    if not _HOST.fullmatch(address):
        raise UsageError(f"{where}: {address!r} is no host name or address")
    port = None if node.port is None else _port(str(node.port), where)
    return NodeAddress(node.name, address, port)


def _accepted(entry: config_file.Accept) -> Accepted:
    until = entry.until.isoformat() if entry.until else None
    return Accepted(entry.finding, entry.subject, entry.reason, until)
