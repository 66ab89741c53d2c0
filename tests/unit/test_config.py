from __future__ import annotations

import pickle
from pathlib import Path

import msgspec
import pytest

from vhdsfix.config import (
    NodeAddress,
    Options,
    Secret,
    Settings,
    guest_password_variable,
    node_address,
    settings_from,
    state_folder,
)
from vhdsfix.errors import UsageError
from vhdsfix.model.plan import Accepted, ConfiguredGuestCluster
from vhdsfix.model.windows import FolderPath

WHOLE = r"""
config_version = 1
[host_cluster]
name = "LAB-CLUSTER"
node = [{ name = "HV01", address = "hv01.corp.example", port = 5985 }, { name = "HV02" }]
[connection]
auth = "kerberos"
user = "CORP\\backup"
transport = "https"
ca_file = "corp.pem"
configuration_name = "vhdsfix"
[[guest_cluster]]
name = "DemoGuestCluster"
folders = ['C:\ClusterStorage\NTFS-03\Shared\']
nodes = ["N1", "N2"]
[[accept]]
finding = "config-store-unset"
subject = "LAB-CLUSTER"
reason = "change 4711"
until = 2027-01-31
[limits]
max_changes = 20
leftover_after_h = 48
require_approval = true
"""


def read(text: str, options: Options | None = None, **environment: str) -> Settings:
    return settings_from(options or Options(config_name="site.toml"), environment, text)


def test_a_whole_file_is_read() -> None:
    settings = read(WHOLE)
    assert settings.cluster_name == "LAB-CLUSTER"
    assert settings.nodes == (
        NodeAddress("HV01", "hv01.corp.example", 5985),
        NodeAddress("HV02", "HV02", None),
    )
    assert (settings.auth, settings.user, settings.transport) == ("kerberos", "CORP\\backup", "https")
    assert (settings.ca_file, settings.configuration_name) == ("corp.pem", "vhdsfix")
    assert settings.guest_clusters == (
        ConfiguredGuestCluster(
            "DemoGuestCluster", (FolderPath(r"C:\ClusterStorage\NTFS-03\Shared"),), ("N1", "N2")
        ),
    )
    assert settings.accepted == (Accepted("config-store-unset", "LAB-CLUSTER", "change 4711", "2027-01-31"),)
    assert (settings.max_changes, settings.require_approval) == (20, True)
    assert settings.leftover_after_h == 48


def test_without_a_file_the_defaults_hold() -> None:
    settings = settings_from(Options(nodes=("hv01",)), {}, None)
    assert (settings.auth, settings.transport, settings.user) == ("negotiate", "auto", None)
    assert settings.nodes == (NodeAddress(None, "hv01", None),)
    assert (settings.max_changes, settings.require_approval) == (100, False)
    assert settings.leftover_after_h == 24


def test_an_option_wins_over_the_environment_and_that_over_the_file() -> None:
    assert read(WHOLE, VHDSFIX_USER="env").user == "env"
    assert read(WHOLE, Options(user="option"), VHDSFIX_USER="env").user == "option"
    assert read(WHOLE, Options(nodes=("other",), cluster="X", auth="ntlm")).nodes[0].address == "other"


@pytest.mark.parametrize(
    ("text", "address", "port"),
    [
        ("hv01.corp.example", "hv01.corp.example", None),
        ("hv01:5986", "hv01", 5986),
        ("10.0.0.1:80", "10.0.0.1", 80),
        ("fe80::1", "fe80::1", None),
        ("[fe80::1]:5985", "fe80::1", 5985),
        ("[fe80::1%eth0]", "fe80::1%eth0", None),
        ("höst", "höst", None),
    ],
)
def test_a_node_is_a_host_and_perhaps_a_port(text: str, address: str, port: int | None) -> None:
    assert node_address(text) == NodeAddress(None, address, port)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":5985",
        "hv01:",
        "hv01:0",
        "hv01:65536",
        "hv01:x",
        "hv01:٣",
        "http://hv01",
        "a b",
        "u@hv01",
        "[fe80::1]5985",
        "[]:1",
        "hv01\n",
    ],
)
def test_a_node_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--node"):
        node_address(text)


@pytest.mark.parametrize(
    ("wrong", "names"),
    [
        ("config_version = 1\n[host_clutser]\n", "unknown key `host_clutser`"),
        ("config_version = 1\n[connection]\nusr = 'x'\n", "unknown key `usr` in `connection`"),
        ("config_version = 1\n[host_cluster]\nnode = [{ name = 'a', ort = 1 }]\n", "host_cluster.node[0]"),
        ("[host_cluster]\n", "missing key `config_version`"),
        ("config_version = 2\n", "config_version is 2"),
        ("config_version = 1\n[connection]\nauth = 'magic'\n", "'magic'"),
        ("config_version = 1\n[connection]\ntransport = 'ftp'\n", "'ftp'"),
        ("config_version = 1\n[host_cluster]\nnode = [{ name = 'a', port = 70000 }]\n", "70000"),
        ("config_version = 1\n[host_cluster]\nnode = [{ name = 'a b' }]\n", "'a b'"),
        (
            "config_version = 1\n[[guest_cluster]]\nname = 'g'\nfolders = ['x']\n",
            "guest_cluster[0].folders[0]",
        ),
        (
            "config_version = 1\n[[guest_cluster]]\nname='g'\nconnection={address='a', auth='magic'}\n",
            "guest_cluster 'g': auth 'magic'",
        ),
        ("config_version = 1\n[[guest_cluster]]\nname='g'\nconnection={address=[]}\n", "no address"),
        (
            "config_version = 1\n[[guest_cluster]]\nname='g'\nconnection={address='a b'}\n",
            "guest_cluster 'g': address 'a b'",
        ),
        ("config_version = 1\n[[guest_cluster]]\nname='g'\nconnection={}\n", "missing key `address`"),
        (
            """config_version = 1
guest_cluster = [{name='g', connection={address='a'}}, {name='G', connection={address='b'}}]
""",
            "two guest clusters are named 'g'",
        ),
        (
            "config_version = 1\n[[guest_cluster]]\nname='SQL'\n[[guest_cluster]]\nname='sql'\nfolders=['C:/x']\n",
            "two guest clusters are named 'SQL'",
        ),
        (
            "config_version = 1\n[[accept]]\nfinding='null-dacl'\nsubject='s'\nreason=' '\n",
            "accept[0].reason is empty",
        ),
        (
            "config_version = 1\n[[accept]]\nfinding='f'\nsubject='s'\nreason='r'\nuntil='soon'\n",
            "accept[0].until",
        ),
        ("config_version = 1\n[limits]\nmax_change = 1\n", "unknown key `max_change` in `limits`"),
        ("config_version = 1\n[limits]\nmax_changes = -1\n", "limits.max_changes"),
        ("config_version = 1\n[limits]\nmax_changes = '5'\n", "limits.max_changes"),
        ("config_version = 1\n[limits]\nrequire_approval = 1\n", "limits.require_approval"),
        ("config_version = ", "no TOML"),
        ("config_version = 1\nconfig_version = 1\n", "no TOML"),
    ],
)
def test_a_wrong_file_is_one_line_that_names_the_file_and_the_place(wrong: str, names: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(wrong)
    assert names in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "site.toml" in str(caught.value) or names in {"'magic'", "'ftp'"}


@pytest.mark.parametrize(
    "place",
    [
        "[connection]\npassword = 'hunter2'",
        "[[guest_cluster]]\nconnection = { password = 'hunter2' }",
        "[host_cluster]\nnode = [{ name='a', Password='hunter2' }]",
    ],
)
def test_a_password_in_the_file_has_its_own_error_which_does_not_repeat_it(place: str) -> None:
    with pytest.raises(UsageError, match="holds a password") as caught:
        read(f"config_version = 1\n{place}\n")
    assert "hunter2" not in str(caught.value)


def test_a_secret_shows_nowhere() -> None:
    secret = Secret("hunter2")
    assert secret.reveal() == "hunter2"
    assert "hunter2" not in f"{secret} {secret!r} {[secret]} {vars} "
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        msgspec.json.encode(secret)


def test_the_state_folder_is_the_users_unless_one_is_named(tmp_path: Path) -> None:
    assert state_folder({"VHDSFIX_STATE_DIR": str(tmp_path)}) == tmp_path
    assert "vhdsfix" in state_folder({}).parts


def test_a_guest_cluster_is_asked_with_what_its_own_connection_says_and_nothing_else() -> None:
    settings = read(
        """
config_version = 1
[connection]
user = "CORP\\\\hosts"
transport = "http"
auth = "ntlm"
ca_file = "hosts.pem"
[[guest_cluster]]
name = "SQL"
connection = { address = ["sqlg1.corp.example", "10.0.0.9:15986"], user = "SQL\\\\reader" }
[[guest_cluster]]
name = "Own logon"
connection = { address = "g1" }
[[guest_cluster]]
name = "Not asked"
"""
    )
    sql, own = settings.guest_connections
    assert (sql.guest_cluster, sql.user, sql.auth, sql.transport, sql.ca_file) == (
        "SQL",
        "SQL\\reader",
        "negotiate",
        "auto",
        None,
    )
    assert [(at.address, at.port) for at in sql.addresses] == [
        ("sqlg1.corp.example", None),
        ("10.0.0.9", 15986),
    ]
    assert (own.guest_cluster, own.user) == ("Own logon", None)
    assert [one.name for one in settings.guest_clusters] == ["SQL", "Own logon", "Not asked"]


@pytest.mark.parametrize(
    ("name", "variable"),
    [("SQL", "VHDSFIX_GUEST_PASSWORD_SQL"), ("sql-1 prod", "VHDSFIX_GUEST_PASSWORD_SQL_1_PROD")],
)
def test_a_guest_clusters_password_has_a_variable_of_its_own(name: str, variable: str) -> None:
    assert guest_password_variable(name) == variable
