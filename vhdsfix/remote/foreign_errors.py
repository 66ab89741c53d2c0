"""Every exception that pypsrp and what is below it let out → ours (WIRE 4, 6). This is the one table.

Their own base classes do not cover it: requests', spnego's, the XML parser's and Python's own exceptions escape as they are.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from enum import Enum, auto
from typing import Any

import msgspec
import requests
from pypsrp.exceptions import AuthenticationError, WinRMTransportError, WSManFaultError
from requests import exceptions as http
from spnego.exceptions import FeatureMissingError, SpnegoError
from urllib3.exceptions import NameResolutionError

from vhdsfix.errors import AuthError, LostError, NodeError, QuotaError, UnreachableError
from vhdsfix.remote import kerberos_errors
from vhdsfix.remote.one_line import one_line


class Stage(Enum):
    """How far we were: until OPENING is over the node was asked nothing; a command that was SENT may have been carried out."""

    OPENING = auto()
    SENDING = auto()
    WAITING = auto()


class Attempt(msgspec.Struct, frozen=True):
    r"""What was being done, to what: "asking for the cluster of", "HV01", "hv01.corp.example:5985", "CORP\admin"."""

    doing: str
    node: str
    endpoint: str
    user: str | None
    stage: Stage


class Told(msgspec.Struct, frozen=True):
    """What came back, and what to do now."""

    kind: type[NodeError]
    came_back: str
    advice: str


# Source: FACTS 6.5 (PowerShell cimChildJobBase.cs).
QUOTAS = frozenset(
    {2150859173, 2150859174, 2150859175, 2150859176, 2150859179, *range(2150859236, 2150859243)}
)
OPERATION_TIMED_OUT = 2150858793
_FAULTS = {
    # Source: wsmerror.h of the Windows SDK; WIRE 6.
    5: Told(
        AuthError,
        "access is denied to this account",
        "it must be an administrator of the node, or allowed by the configuration that --configuration-name names",
    ),
    2150858811: Told(
        UnreachableError, "there is no session configuration of that name", "check --configuration-name"
    ),
    2150858843: Told(UnreachableError, "the node has dropped the shell", "run it again"),
    OPERATION_TIMED_OUT: Told(
        UnreachableError, "the node took too long", "look at the node's load and run it again"
    ),
}

# Source: OpenSSL x509_vfy.h; wincrypt.h (CERT_E_EXPIRED, CERT_E_CN_NO_MATCH, CERT_E_UNTRUSTEDROOT) as truststore gives them.
_EXPIRED = {9, 10, 0x800B0101}
_WRONG_NAME = {62, 64, 0x800B010F}
_UNTRUSTED = {
    7,
    18,
    19,
    20,
    21,
    0x800B0109,
}  # 7: of an authority that has the name of one we trust, and another key

_STATUSES = {
    403: "it forbids this account, or this way in",
    404: "there is no WinRM listener at that port",
    413: "the request was too large for it",
    429: "it has too many requests now",
    503: "it cannot answer now",
}
_BUSY = (429, 503)
_RUN_AGAIN = "check that WinRM answers there (Test-WSMan) and run it again"
_NO_KERBEROS = "install the extra vhdsfix[kerberos], or name a user and say --auth ntlm or --transport https"


def as_node_error(error: Exception, attempt: Attempt) -> NodeError:
    """Never fails. Once a command was sent, all but a quota is a LostError: what the node did is not known."""
    told = _told(error)
    kind = told.kind
    if attempt.stage is not Stage.OPENING and not (kind is QuotaError and attempt.stage is Stage.SENDING):
        kind = LostError
    user = f" as {one_line(attempt.user)}" if kind is AuthError and attempt.user else ""
    doing = f"{attempt.doing} {attempt.node} ({attempt.endpoint}{user})"
    return kind(f"{doing}: {told.came_back}; {told.advice}")


def may_pass(error: BaseException | None) -> bool:
    """Whether the same again a little later may work: a quota, a busy or a restarting listener; never a logon or a name."""
    if isinstance(error, WSManFaultError):
        return error.code in QUOTAS
    if isinstance(error, WinRMTransportError):
        return error.code in _BUSY
    if not isinstance(error, http.ConnectionError) or isinstance(error, http.SSLError | http.ProxyError):
        return False
    return _first(error, NameResolutionError) is None and not isinstance(error, http.ConnectTimeout)


def is_refused_logon(error: BaseException | None) -> bool:
    """Whether the account was refused, or its logon failed; a connection that lost its keys is told as a status, not here."""
    return isinstance(error, Exception) and _told(error).kind is AuthError


def is_failed_logon(error: BaseException | None) -> bool:
    """Whether a logon failed, which counts towards locking the account; being denied something after it does not."""
    return is_refused_logon(error) and not isinstance(error, WSManFaultError)


def _told(error: Exception) -> Told:
    for kinds, tell in _TABLE:
        if isinstance(error, kinds):
            return tell(error)
    origin = type(error).__module__.partition(".")[0]
    if origin in ("krb5", "gssapi"):  # neither need be installed
        return _logon_failed(error)
    if origin == "requests_credssp":
        return Told(AuthError, f"CredSSP failed: {one_line(error)}", "say another --auth")
    if isinstance(error, KeyError):  # pypsrp looks for the logon of a host that never asked for one
        return Told(
            UnreachableError,
            "it answered without asking for a logon",
            "check that WinRM answers at that port",
        )
    return Told(
        UnreachableError,
        f"its answer made no sense ({type(error).__name__}: {one_line(error)})",
        "check that WinRM, and nothing else, answers at that port",
    )


def _fault(error: Any) -> Told:
    reason = one_line(error.reason or error.provider_fault or "no reason was given")
    if error.code in QUOTAS:
        advice = "close sessions there (Get-PSSession, winrm get winrm/config/winrs) and run it again"
        return Told(QuotaError, f"no room for another shell or command ({reason})", advice)
    if error.code in _FAULTS:
        told = _FAULTS[error.code]
        return msgspec.structs.replace(told, came_back=f"{told.came_back} ({reason})")
    return Told(UnreachableError, f"WinRM fault {one_line(error.code)}: {reason}", _RUN_AGAIN)


def _status(error: Any) -> Told:
    meaning = _STATUSES.get(error.code, "it could not read the request, or the logon's keys were lost")
    return Told(UnreachableError, f"HTTP status {one_line(error.code)}: {meaning}", _RUN_AGAIN)


def _refused_logon(error: Exception) -> Told:
    if "did not respon" in str(error):
        offered = one_line(str(error).rpartition("actual:")[2])
        return Told(AuthError, f"it does not offer this kind of logon, only {offered}", "say another --auth")
    if "the user None " in str(error):  # pypsrp's words where none was named
        advice = "the ticket may be for another domain (klist), or name an account by --user"
        return Told(AuthError, "it refused the current logon", advice)
    return Told(
        AuthError,
        "it refused the user and password",
        "check the user and the password; it is not tried again here, because accounts lock out",
    )


def _logon_failed(error: Exception) -> Told:
    known = kerberos_errors.meaning(_chain(error))
    if known is not None:
        came_back, advice = known
        return Told(AuthError, f"{came_back} ({_innermost(error)})", advice)
    return Told(
        AuthError,
        f"the logon could not be made ({one_line(error)})",
        "check --user and --auth; without --user the current logon must be one that the node knows",
    )


def _not_installed(error: Exception) -> Told:
    return Told(AuthError, f"this kind of logon is not installed here ({one_line(error)})", _NO_KERBEROS)


def _certificate(error: Exception) -> Told:
    refused = _first(error, ssl.SSLCertVerificationError)
    if refused is None:
        return Told(
            UnreachableError, f"TLS failed ({_innermost(error)})", "is this the port for HTTPS (5986)?"
        )
    code = getattr(refused, "verify_code", 0) & 0xFFFF_FFFF
    if code in _EXPIRED:
        return Told(
            UnreachableError,
            "its certificate has expired or is not valid yet",
            "renew it, or check the clocks",
        )
    if code in _WRONG_NAME:
        advice = "reach the node by a name that is in it (--node), or renew it"
        return Told(UnreachableError, "its certificate is for another name", advice)
    if code in _UNTRUSTED:
        advice = "name the file of the authority that issued it by --ca-file"
        return Told(UnreachableError, "its certificate is not trusted here", advice)
    return Told(UnreachableError, f"its certificate was refused ({one_line(refused)})", "renew it")


def _connection(error: Exception) -> Told:
    if _first(error, NameResolutionError) is not None:
        return Told(
            UnreachableError, "the name does not resolve", "check the name, or give the node's address"
        )
    if _first(error, ConnectionRefusedError) is not None:
        advice = "check the port and that WinRM runs there (Enable-PSRemoting)"
        return Told(UnreachableError, "the connection was refused", advice)
    advice = "check that WinRM answers there, and whether the port is for HTTP or HTTPS"
    return Told(UnreachableError, f"the connection broke ({_innermost(error)})", advice)


def _proxy(error: Exception) -> Told:
    return Told(
        UnreachableError, f"a proxy failed ({_innermost(error)})", "WinRM must not go through a proxy"
    )


def _no_connection(_error: Exception) -> Told:
    return Told(UnreachableError, "nothing answered in time", "check the address, the port and the firewall")


def _silence(_error: Exception) -> Told:
    return Told(UnreachableError, "it accepted the connection and did not answer in time", _RUN_AGAIN)


def _redirect(_error: Exception) -> Told:
    return Told(UnreachableError, "it sent us elsewhere", "WinRM does not do that: check address and port")


def _cannot_be_used(error: Exception) -> Told:
    if "responded with the auth protocol" in str(error):  # pypsrp's words, in a ValueError
        return Told(
            AuthError, f"it does not offer this kind of logon ({one_line(error)})", "say another --auth"
        )
    return Told(
        UnreachableError,
        f"this connection cannot be used ({one_line(error)})",
        "check --auth, --transport and --ca-file",
    )


def _first(error: BaseException, kind: type[BaseException]) -> BaseException | None:
    return next((below for below in _chain(error) if isinstance(below, kind)), None)


def _innermost(error: BaseException) -> str:
    *_, last = _chain(error)
    return f"{type(last).__name__}: {one_line(last)}"


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came from; requests and urllib3 keep that in different places."""
    seen: set[int] = set()
    here: BaseException | None = error
    while here is not None and id(here) not in seen:
        seen.add(id(here))
        yield here
        held = [
            getattr(here, "reason", None),
            getattr(here, "base_error", None),
            *here.args,
            here.__cause__,
            here.__context__,
        ]
        here = next((below for below in held if isinstance(below, BaseException)), None)


# The first row that fits counts: SSLError, ProxyError and ConnectTimeout are ConnectionErrors too, and all are OSErrors.
_TABLE: tuple[tuple[type[Exception] | tuple[type[Exception], ...], Callable[[Exception], Told]], ...] = (
    (WSManFaultError, _fault),
    (WinRMTransportError, _status),
    (AuthenticationError, _refused_logon),
    (http.SSLError, _certificate),
    (http.ProxyError, _proxy),
    (http.ConnectTimeout, _no_connection),
    (http.ReadTimeout, _silence),
    (http.TooManyRedirects, _redirect),
    ((http.ConnectionError, http.ChunkedEncodingError, ConnectionError, TimeoutError), _connection),
    (requests.RequestException, _cannot_be_used),
    ((ImportError, FeatureMissingError), _not_installed),
    (SpnegoError, _logon_failed),
    ((OSError, ValueError), _cannot_be_used),
)
