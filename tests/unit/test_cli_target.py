from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from vhdsfix.cli.next_command import apply_command
from vhdsfix.cli.options import ConnectionOptions, ScopeOptions
from vhdsfix.cli.target import folders_from, target_of_hosts, target_without_hosts
from vhdsfix.errors import UsageError

CONFIG = """
config_version = 1
[host_cluster]
name = "LAB-CLUSTER"
node = [{ name = "HV01" }]
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "site.toml").write_text(CONFIG, encoding="utf-8")
    return tmp_path / "site.toml"


def test_the_config_is_the_options_or_the_environments(config: Path, tmp_path: Path) -> None:
    environment = {"VHDSFIX_CONFIG": str(config), "VHDSFIX_STATE_DIR": str(tmp_path)}
    target = target_of_hosts(ConnectionOptions(), environment)
    assert target.settings.cluster_name == "LAB-CLUSTER"
    assert target.state_dir == tmp_path
    assert target.password is None
    with pytest.raises(UsageError, match=r"cannot read the config file .*other\.toml"):
        target_of_hosts(ConnectionOptions(config=tmp_path / "other.toml"), environment)


def test_the_lab_does_not_look_at_the_environment(config: Path) -> None:
    environment = {"VHDSFIX_CONFIG": str(config), "VHDSFIX_USER": "CORP\\me"}
    target = target_of_hosts(ConnectionOptions(lab="demo"), environment)
    assert target.lab == "demo"
    assert (target.settings.nodes, target.settings.user) == ((), None)


def test_the_lab_has_endpoints_of_several_names() -> None:
    target = target_of_hosts(ConnectionOptions(lab="demo", configuration_name="role"), {})
    assert target.settings.configuration_name == "role"


@pytest.mark.parametrize(
    "options",
    [{"node": ["HV01"]}, {"user": "u"}, {"auth": "ntlm"}, {"password_file": Path("p")}, {"cluster": "C"}],
)
def test_the_lab_and_saved_facts_take_no_connection_options(options: dict[str, object]) -> None:
    name = next(iter(options)).replace("_", "-")
    with pytest.raises(UsageError, match=f"leave out --{name}"):
        target_of_hosts(ConnectionOptions(lab="demo", **options), {})  # type: ignore[arg-type]  # one field at a time
    with pytest.raises(UsageError, match=f"leave out --{name}"):
        target_without_hosts(ConnectionOptions(**options), {})  # type: ignore[arg-type]  # one field at a time


def test_no_host_at_all_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="--node"):
        target_of_hosts(ConnectionOptions(), {})


def test_a_config_that_is_no_utf8_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "c").write_bytes(CONFIG.encode("utf-16"))
    with pytest.raises(UsageError, match="not UTF-8"):
        target_of_hosts(ConnectionOptions(config=tmp_path / "c"), {})


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs /dev/zero")
def test_a_config_without_an_end_is_one_line() -> None:
    with pytest.raises(UsageError, match="/dev/zero: it is larger than 1 MiB"):
        target_of_hosts(ConnectionOptions(config=Path("/dev/zero")), {})


def test_a_ca_file_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="CA file"):
        target_of_hosts(ConnectionOptions(node=["HV01"], ca_file=tmp_path / "no.pem"), {})


@pytest.mark.parametrize("content", [b"", b"no certificate", b"\x00\xff"])
def test_a_ca_file_must_hold_certificates(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "ca.pem").write_bytes(content)
    with pytest.raises(UsageError, match=r"the CA file .*ca\.pem cannot be used .*PEM"):
        target_of_hosts(ConnectionOptions(node=["HV01"], ca_file=tmp_path / "ca.pem"), {})


def test_a_folder_must_be_a_windows_path() -> None:
    assert folders_from("--folder", ["C:/a/b/"]) == ("C:\\a\\b",)
    with pytest.raises(UsageError, match="--folder: 'a' is not an absolute Windows path"):
        folders_from("--folder", ["a"])


def test_the_next_command_repeats_what_was_said() -> None:
    connection = ConnectionOptions(node=["HV01", "HV02:5986"], password_file=Path("my pw"), timeout=60.0)
    scope = ScopeOptions(folder=[r"C:\a b"])
    assert shlex.split(apply_command(connection, scope, None)) == [
        *("vhdsfix", "apply", "--folder", r"C:\a b", "--node", "HV01", "--node", "HV02:5986"),
        *("--password-file", "my pw", "--timeout", "60"),
    ]
    assert (
        apply_command(ConnectionOptions(lab="demo"), scope, Path("p.json"))
        == "vhdsfix apply p.json --lab demo"
    )


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan"), float("inf")])
def test_a_run_has_some_time_or_any(seconds: float) -> None:
    with pytest.raises(UsageError, match="--timeout"):
        target_of_hosts(ConnectionOptions(lab="demo", timeout=seconds), {})


def test_the_time_of_a_run_is_kept() -> None:
    assert target_of_hosts(ConnectionOptions(lab="demo", timeout=2.5), {}).timeout_s == 2.5
    assert target_of_hosts(ConnectionOptions(lab="demo"), {}).timeout_s is None
