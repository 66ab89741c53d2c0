"""Starts a scenario's nodes inside this process and says how to reach them, in the same settings that a config gives."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from vhdsfix.config import GuestConnection, NodeAddress, Settings
from vhdsfix.errors import UsageError
from vhdsfix.model.plan import ConfiguredGuestCluster

try:
    from vhdsfix.lab import endpoints, scenarios, state, transcript
    from vhdsfix.lab.auth import Account
    from vhdsfix.lab.certificates import Authority, Tls
    from vhdsfix.lab.mischief import Mischief, Mischiefs
    from vhdsfix.lab.pipeline import run_pipeline
    from vhdsfix.lab.scenarios import GuestCluster
    from vhdsfix.lab.server import LOOPBACK, Endpoint, Lab, LabNode
    from vhdsfix.lab.statements import Statement
    from vhdsfix.lab.world import Node, World
    from vhdsfix.lab.world_mischief import SpoiltWorld
except ModuleNotFoundError as missing:
    raise UsageError(
        f"the lab is not installed ({missing.name} is missing); pip install 'vhdsfix[lab]'"
    ) from missing

USER = "LAB\\admin"
PASSWORD = "rehearsal"
GUEST_USER = "GUESTS\\admin"
GUEST_PASSWORD = "inside"
"""Known to everybody: the lab listens on loopback only and has nothing to protect."""

_SERVED_AT_MOST_DAYS = 30.0


class RunningLab(msgspec.Struct, frozen=True):
    """`guest_clusters`, `guest_connections`: what an admin of this world would have in the config. `ca_file`: over HTTPS."""

    cluster: str
    endpoints: tuple[Endpoint, ...]
    guest_clusters: tuple[ConfiguredGuestCluster, ...]
    guest_connections: tuple[GuestConnection, ...]
    ca_file: Path | None = None


@contextlib.contextmanager
def started(
    name: str, state_dir: Path, command: str, authority: Authority | None = None
) -> Iterator[RunningLab]:
    """The scenario's nodes, answering until the block is left; its world is kept in the state folder.

    `command`: for whom the transcript says it was. With `authority`, which certifies them, they are reached over HTTPS.
    """
    scenario = scenarios.load(name)
    known = tuple(
        ConfiguredGuestCluster(cluster.name, nodes=tuple(cluster.nodes)) for cluster in scenario.guest_cluster
    )
    folder = worlds_folder(state_dir)
    told = _Told(transcript_file(folder, name), f"vhdsfix {command}, {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")
    ca_file = authority.ca_file if authority else None
    tls = authority.node(LOOPBACK, days=_SERVED_AT_MOST_DAYS) if authority else None
    with (
        state.open_world(folder, name) as world,
        Lab(_nodes(world, told, scenario.mischief, tls)) as lab,
        Lab(_guests(scenario.guest_cluster, told, tls)) as guests,
    ):
        connections = _connections(scenario.guest_cluster, guests.endpoints, ca_file)
        yield RunningLab(world.cluster.name, lab.endpoints, known, connections, ca_file)


def worlds_folder(state_dir: Path) -> Path:
    return state_dir / "lab"


def transcript_file(folder: Path, name: str) -> Path:
    return folder / f"{name}.transcript.jsonl"


def settings_within(lab: RunningLab, said: Settings) -> Settings:
    """The settings that reach the lab; what was said of guest clusters and accepted findings is kept."""
    if said.nodes:
        raise UsageError("--lab brings its own nodes; leave --node, and the nodes in the config, out")
    return msgspec.structs.replace(
        said,
        cluster_name=said.cluster_name or lab.cluster,
        nodes=tuple(NodeAddress(node.name, node.address, node.port) for node in lab.endpoints),
        auth="negotiate",
        user=USER,
        transport="http",
        ca_file=None,
        guest_clusters=said.guest_clusters or lab.guest_clusters,
        guest_connections=lab.guest_connections,
    )


def config_text(lab: RunningLab) -> str:
    """A config file that reaches the lab from another process."""
    nodes = ",\n".join(
        f"    {{ name = {_text(node.name)}, address = {_text(node.address)}, port = {node.port} }}"
        for node in lab.endpoints
    )
    reached = {one.guest_cluster: one for one in lab.guest_connections}
    guests = "".join(
        f"\n[[guest_cluster]]\nname = {_text(cluster.name)}\nnodes = {_texts(cluster.nodes)}\n"
        + (_connection_text(reached[cluster.name]) if cluster.name in reached else "")
        for cluster in lab.guest_clusters
    )
    return (
        "config_version = 1\n\n"
        f"[host_cluster]\nname = {_text(lab.cluster)}\nnode = [\n{nodes},\n]\n\n"
        f'[connection]\nuser = {_text(USER)}\nauth = "negotiate"\n'
        f"{_transport_text(lab.ca_file)}\n{guests}"
    )


def _transport_text(ca_file: Path | None) -> str:
    if ca_file is None:
        return 'transport = "http" # its messages are encrypted; for certificates: vhdsfix lab serve --https'
    return f'transport = "https" # and any of --auth negotiate, ntlm, basic\nca_file = {_text(str(ca_file))}'


def _connection_text(said: GuestConnection) -> str:
    addresses = _texts(f"{at.address}:{at.port}" for at in said.addresses)
    user = _text(said.user or "")
    ca_file = f", ca_file = {_text(said.ca_file)}" if said.ca_file else ""
    return f'connection = {{ address = {addresses}, user = {user}, auth = "{said.auth}", transport = "{said.transport}"{ca_file} }}\n'


def _texts(texts: Iterable[str]) -> str:
    return f"[{', '.join(map(_text, texts))}]"


def _text(text: str) -> str:
    """A TOML basic string: JSON's, but for DEL."""
    return json.dumps(text).replace("\x7f", "\\u007f")


class _Told(NamedTuple):
    """The transcript, and for whose run it says that something was asked."""

    file: Path
    run: str

    def watch(self, node: str, statements: tuple[Statement, ...]) -> None:
        transcript.append(self.file, transcript.line_of(node, statements, self.run))


def _guests(clusters: list[GuestCluster], told: _Told, tls: Tls | None) -> list[LabNode]:
    """The guests that answer, by an account that no host knows."""
    return [
        LabNode(name, endpoints.shells(world, name, told.watch), Account(GUEST_USER, GUEST_PASSWORD), tls=tls)
        for cluster in clusters
        if cluster.inside and (world := cluster.world())
        for name in cluster.inside.answers
    ]


def _connections(
    clusters: list[GuestCluster], listening: tuple[Endpoint, ...], ca_file: Path | None
) -> tuple[GuestConnection, ...]:
    at = {guest.name: NodeAddress(guest.name, guest.address, guest.port) for guest in listening}
    return tuple(
        GuestConnection(
            cluster.name,
            tuple(at[name] for name in cluster.inside.answers),
            "negotiate",
            GUEST_USER,
            "https" if ca_file else "http",
            str(ca_file) if ca_file else None,
        )
        for cluster in clusters
        if cluster.inside
    )


def _nodes(world: World, told: _Told, planned: list[Mischief], tls: Tls | None) -> list[LabNode]:
    mischiefs = Mischiefs(planned) if planned else None
    run = SpoiltWorld(mischiefs).run if mischiefs else run_pipeline

    def node(listed: Node) -> LabNode:
        return LabNode(
            listed.name,
            endpoints.shells(world, listed.name, told.watch, run),
            Account(USER, PASSWORD),
            tls=tls,
            latency_ms=listed.latency_ms,
            jitter_ms=listed.jitter_ms,
            mischiefs=mischiefs,
        )

    return [node(listed) for listed in world.nodes if listed.state != "Down"]
