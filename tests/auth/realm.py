"""A Kerberos realm on loopback: MIT's own KDC, with everything it and its clients read and write in one folder."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

REALM = "LAB.TEST"
NODE = "localhost"
"""The node's name, as a client writes it: its key is for host/localhost."""

_SBIN = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
_PROGRAMS = ("krb5kdc", "kdb5_util", "kadmin.local", "kinit")

_CLIENT = """
[libdefaults]
default_realm = {realm}
dns_lookup_kdc = false
dns_lookup_realm = false
dns_canonicalize_hostname = false
kdc_timeout = 1
max_retries = 1
[realms]
{realm} = {{
    kdc = 127.0.0.1:{port}
}}
[domain_realm]
{node} = {realm}
"""
_KDC = """
[kdcdefaults]
kdc_listen = 127.0.0.1:{port}
kdc_tcp_listen = 127.0.0.1:{port}
[realms]
{realm} = {{
    database_name = {folder}/principals
    key_stash_file = {folder}/stash
    acl_file = {folder}/none.acl
    supported_enctypes = aes256-cts:normal
}}
[logging]
kdc = FILE:{folder}/kdc.log
"""


def missing() -> str:
    """What this machine lacks for a realm and a client of it; "" where nothing is missing."""
    modules = [name for name in ("gssapi", "krb5") if importlib.util.find_spec(name) is None]
    programs = [name for name in _PROGRAMS if shutil.which(name, path=_SBIN) is None]
    extra = "the extra vhdsfix[kerberos]" if modules else ""
    kdc = f"{', '.join(programs)} (Debian: krb5-kdc krb5-admin-server krb5-user)" if programs else ""
    return " and ".join(filter(None, (extra, kdc)))


class Realm:
    """`environment` is what a process needs to be in it; its credential cache is empty until `log_on`."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        (folder / "krb5.conf").write_text(_CLIENT.format(realm=REALM, port=port, node=NODE))
        (folder / "kdc.conf").write_text(_KDC.format(realm=REALM, port=port, folder=folder))
        self.environment = {
            "KRB5_CONFIG": f"{folder}/krb5.conf",
            "KRB5_KDC_PROFILE": f"{folder}/kdc.conf",
            "KRB5_KTNAME": f"FILE:{folder}/node.keytab",
            "KRB5CCNAME": f"FILE:{folder}/tickets",
            "KRB5RCACHENAME": "none:",
        }

    def add(self, principal: str, password: str, flags: str = "") -> None:
        self._run("kadmin.local", "-q", f"add_principal -pw {password} {flags} {principal}@{REALM}")

    def add_node(self) -> None:
        """A node's key, under the service name that pypsrp asks for, and the keytab that holds it."""
        service = f"host/{NODE}@{REALM}"
        self._run("kadmin.local", "-q", f"add_principal -randkey {service}")
        self._run("kadmin.local", "-q", f"ktadd -k {self.folder}/node.keytab {service}")

    def log_on(self, principal: str, password: str) -> None:
        """As a person does: a ticket in the cache, which then is the current logon."""
        self._run("kinit", f"{principal}@{REALM}", typed=password)

    @property
    def requests(self) -> int:
        """How many the KDC has logged so far, of any account."""
        return (self.folder / "kdc.log").read_text().count("_REQ")

    def log_off(self) -> None:
        (self.folder / "tickets").unlink(missing_ok=True)

    def set_clock_of_tickets(self, ahead_s: int) -> None:
        """What the client believes of the KDC's clock stands in the cache's header; it tells a node the time by that.

        Source: MIT krb5, "Credential cache file format", header field 1 (time offset), honoured with kdc_timesync.
        """
        tickets = self.folder / "tickets"
        content = tickets.read_bytes()
        assert content.startswith(b"\x05\x04"), "version 4 of the format"
        after = 4 + int.from_bytes(content[2:4], "big")
        offset = (1).to_bytes(2, "big") + (8).to_bytes(2, "big") + ahead_s.to_bytes(4, "big") + bytes(4)
        tickets.write_bytes(content[:2] + len(offset).to_bytes(2, "big") + offset + content[after:])

    def _run(self, program: str, *arguments: str, typed: str = "") -> None:
        command = [_found(program), *arguments]
        subprocess.run(
            command,
            env=os.environ | self.environment,
            input=f"{typed}\n",
            text=True,
            capture_output=True,
            check=True,
        )


@contextmanager
def realm(folder: Path) -> Iterator[Realm]:
    """A realm with a node's key; its KDC answers until the block is left."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    running = Realm(folder, port)
    running._run("kdb5_util", "create", "-r", REALM, "-s", "-P", "only-for-tests")
    running.add_node()
    with subprocess.Popen(
        [_found("krb5kdc"), "-n", "-r", REALM],
        env=os.environ | running.environment,
        stderr=subprocess.PIPE,
        text=True,
    ) as kdc:
        assert kdc.stderr is not None
        assert "starting" in kdc.stderr.readline(), (folder / "kdc.log").read_text()
        try:
            yield running
        finally:
            kdc.terminate()


def _found(program: str) -> str:
    path = shutil.which(program, path=_SBIN)
    assert path is not None, program
    return path
