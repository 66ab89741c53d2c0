"""How one node is reached, and which way that is over HTTP or HTTPS."""

from __future__ import annotations

import functools
import importlib.util
import sys

import msgspec

from vhdsfix.config import Auth, Transport
from vhdsfix.errors import UsageError
from vhdsfix.remote.one_line import one_line

# Source: MS-WSMV 2.1 and pypsrp wsman.py: WinRM's own ports.
HTTP_PORT = 5985
HTTPS_PORT = 5986
DEFAULT_CONFIGURATION = "Microsoft.PowerShell"


class Connection(msgspec.Struct, frozen=True):
    """A node as the caller wants it reached. No user: the current logon. No port: the transport's own."""

    name: str
    address: str
    port: int | None = None
    transport: Transport = "auto"
    auth: Auth = "negotiate"
    user: str | None = None
    ca_file: str | None = None
    configuration_name: str | None = None


class Route(msgspec.Struct, frozen=True):
    """What is really used: over HTTP messages are encrypted by the logon, over HTTPS by TLS."""

    address: str
    port: int
    secure: bool
    auth: Auth

    @property
    def endpoint(self) -> str:
        """Address and port, as a message shows them."""
        address = f"[{self.address}]" if ":" in self.address else self.address
        return one_line(f"{address}:{self.port}")


def route_of(connection: Connection, *, kerberos_is_here: bool) -> Route:
    """Choose as DESIGN 5 says: HTTP where Kerberos proves who the server is, HTTPS otherwise, unless one is asked for.

    Raises UsageError for a logon that would show its password, or that has no account to log on with.
    """
    _must_be_possible(connection)
    trusted = kerberos_is_here and connection.auth in ("negotiate", "kerberos")
    secure = connection.transport == "https" or (connection.transport == "auto" and not trusted)
    auth: Auth = "kerberos" if connection.transport == "auto" and trusted else connection.auth
    if auth == "negotiate" and not kerberos_is_here and _is_down_level(connection.user):
        auth = "ntlm"  # or Kerberos would look for a realm, at every logon
    return Route(
        address=connection.address,
        port=connection.port or (HTTPS_PORT if secure else HTTP_PORT),
        secure=secure,
        auth=auth,
    )


def kerberos_is_here(user: str | None) -> bool:
    r"""Whether this platform can do Kerberos: Windows always, elsewhere with the `kerberos` extra.

    There `DOMAIN\name` is no account for it: the domain's short name does not say which realm that is, and MIT's library
    takes the backslash for an escape.
    """
    if sys.platform == "win32":
        return True
    return _is_installed("gssapi") and not _is_down_level(user)


def _is_down_level(user: str | None) -> bool:
    r"""Whether it is written as `DOMAIN\name`."""
    return "\\" in (user or "")


@functools.cache
def _is_installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def _must_be_possible(connection: Connection) -> None:
    if connection.auth == "basic" and connection.transport == "http":
        raise UsageError(
            "basic sends the password readable over HTTP; say --transport https, or another --auth"
        )
    if connection.auth == "basic" and connection.user is None:
        raise UsageError("basic has no current logon to use; say --user")
