"""Every exception that was seen to leave pypsrp (WIRE 6), built from its real classes, and what it becomes."""

from __future__ import annotations

import socket
import ssl
from xml.etree.ElementTree import ParseError

import pytest
import requests
from pypsrp.exceptions import (
    AuthenticationError,
    InvalidPSRPOperation,
    WinRMError,
    WinRMTransportError,
    WSManFaultError,
)
from requests import exceptions as http
from spnego.exceptions import BadMICError, InvalidTokenError, NoCredentialError, SpnegoError
from urllib3 import HTTPConnectionPool
from urllib3.connection import HTTPConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
)
from urllib3.exceptions import ProxyError as Urllib3ProxyError
from urllib3.exceptions import SSLError as Urllib3SSLError

from vhdsfix.errors import AuthError, LostError, NodeError, QuotaError, UnreachableError
from vhdsfix.remote.foreign_errors import Attempt, Stage, as_node_error, may_pass

URL = "http://hv01:5985/wsman"
WIRE = HTTPConnection("hv01", 5985)
POOL = HTTPConnectionPool("hv01", 5985)


def attempt(stage: Stage) -> Attempt:
    return Attempt("opening a session on", "HV01", "hv01.corp.example:5985", "CORP\\admin", stage)


def caused(outer: Exception, *inner: BaseException) -> Exception:
    """The outer exception as `raise … from …` leaves it."""
    here: BaseException = outer
    for cause in inner:
        here.__cause__ = cause
        here = cause
    return outer


def retried(reason: Exception) -> MaxRetryError:
    return MaxRetryError(POOL, URL, reason)


def fault(code: object, reason: str | None = "the node's words") -> WSManFaultError:
    return WSManFaultError(code, None, reason, None, None, None)


def certificate(code: int, words: str) -> http.SSLError:
    refused = ssl.SSLCertVerificationError(1, words)
    refused.verify_code = code
    refused.verify_message = words
    return http.SSLError(retried(Urllib3SSLError(refused)))


NAME = http.ConnectionError(retried(NameResolutionError("hv01", WIRE, socket.gaierror(-2, "Name not known"))))
REFUSED = http.ConnectionError(
    retried(caused(NewConnectionError(WIRE, "refused"), ConnectionRefusedError(111, "refused")))
)
RESET = http.ConnectionError(ProtocolError("Connection aborted.", ConnectionResetError(104, "reset")))
NO_ANSWER = http.ReadTimeout(ReadTimeoutError(POOL, URL, "Read timed out."))
CONNECT_TIMEOUT = http.ConnectTimeout(retried(ConnectTimeoutError(WIRE, "timed out")))


def from_krb5(number: int, text: str) -> Exception:
    """As the krb5 package's own, which is not installed everywhere."""
    kind = type("Krb5Error", (Exception,), {"__module__": "krb5._exceptions", "err_code": number})
    raised: Exception = kind(text)
    return raised


def from_sspi(number: int) -> Exception:
    native = OSError("refused")
    native.winerror = number  # type: ignore[attr-defined] # as on Windows
    return caused(SpnegoError(context_msg="Processing security token", error_code=13), native)


REFUSED_LOGON = AuthenticationError("Failed to authenticate the user CORP\\admin with negotiate")
REFUSED_CURRENT = AuthenticationError("Failed to authenticate the user None with kerberos")
NOT_OFFERED = AuthenticationError(
    "The server did not response with one of the following authentication methods Negotiate, Kerberos, NTLM"
    " - actual: 'Basic realm=\"WSMAN\"'"
)
GARBAGE = ParseError("syntax error: line 1, column 0")

# What was provoked, what came out, what it is while a session is opened, and what the line must say.
ROWS: list[tuple[str, Exception, type[NodeError], str]] = [
    ("connection refused", REFUSED, UnreachableError, "connection was refused"),
    ("name does not resolve", NAME, UnreachableError, "does not resolve"),
    ("connect timeout", CONNECT_TIMEOUT, UnreachableError, "nothing answered in time"),
    ("accepts and never answers", NO_ANSWER, UnreachableError, "did not answer in time"),
    ("wrong password", REFUSED_LOGON, AuthError, "check the user and the password; it is not tried again"),
    ("no such logon offered", NOT_OFFERED, AuthError, "only 'Basic realm"),
    ("kerberos not installed", ImportError("No module named 'gssapi'"), AuthError, "vhdsfix[kerberos]"),
    ("no ticket", NoCredentialError(context_msg="no cache"), AuthError, "the logon could not be made"),
    ("a broken token", InvalidTokenError(context_msg="bad"), AuthError, "the logon could not be made"),
    ("a wrong seal", BadMICError(context_msg="bad"), AuthError, "the logon could not be made"),
    (
        "a wrong password, by Kerberos",
        from_krb5(-1765328353, "integrity"),
        AuthError,
        "check the user and the password",
    ),
    ("an unknown account", from_krb5(-1765328378, "not found"), AuthError, "does not know this account"),
    ("a locked account", from_krb5(-1765328366, "revoked"), AuthError, "disabled or locked out"),
    ("a number of Kerberos nobody knows", from_krb5(-1, "odd"), AuthError, "the logon could not be made"),
    (
        "a wrong password, by Windows",
        from_sspi(0x8009030C - 2**32),
        AuthError,
        "check the user and the password",
    ),
    ("clocks differ, by Windows", from_sspi(0x80090324 - 2**32), AuthError, "set the clocks right"),
    ("no current logon", REFUSED_CURRENT, AuthError, "it refused the current logon"),
    (
        "only NTLM offered to Kerberos",
        ValueError("Server responded with the auth protocol 'NTLM' which is incompatible"),
        AuthError,
        "does not offer this kind of logon",
    ),
    (
        "basic over http",
        ValueError("Cannot use message encryption with auth 'basic'"),
        UnreachableError,
        "--auth",
    ),
    ("keys lost", WinRMTransportError("http", 400, ""), UnreachableError, "HTTP status 400"),
    ("403", WinRMTransportError("http", 403, "<html>"), UnreachableError, "forbids"),
    ("404", WinRMTransportError("http", 404, "<html>"), UnreachableError, "no WinRM listener"),
    ("413", WinRMTransportError("http", 413, "<html>"), UnreachableError, "too large"),
    ("429", WinRMTransportError("http", 429, "<html>"), UnreachableError, "too many requests"),
    ("500", WinRMTransportError("http", 500, "<html>"), UnreachableError, "HTTP status 500"),
    ("503", WinRMTransportError("http", 503, "<html>"), UnreachableError, "cannot answer now"),
    ("a proxy's page", fault(None, None), UnreachableError, "WinRM fault None"),
    ("operation timed out", fault(2150858793), UnreachableError, "took too long"),
    ("too many shells", fault(2150859173), QuotaError, "no room for another shell"),
    ("too many operations", fault(2150859174), QuotaError, "no room for another shell"),
    ("a plugin's quota", fault(2150859241), QuotaError, "the node's words"),
    ("shell gone", fault(2150858843), UnreachableError, "dropped the shell"),
    ("access denied", fault(5), AuthError, "must be an administrator"),
    ("no such configuration", fault(2150858811), UnreachableError, "--configuration-name"),
    ("an internal error", fault("w:InternalError"), UnreachableError, "WinRM fault w:InternalError"),
    ("reset", RESET, UnreachableError, "ConnectionResetError"),
    (
        "closed without an answer",
        http.ConnectionError(ProtocolError("Connection aborted.", http.ConnectionError("Remote end closed"))),
        UnreachableError,
        "the connection broke",
    ),
    (
        "cut off in the body",
        caused(
            http.ChunkedEncodingError(ProtocolError("Connection broken", ConnectionResetError(104, "reset"))),
        ),
        UnreachableError,
        "the connection broke",
    ),
    ("not XML", GARBAGE, UnreachableError, "made no sense"),
    (
        "another message's answer",
        WinRMError("Received related id does not match"),
        UnreachableError,
        "made no sense",
    ),
    (
        "a broken pool",
        InvalidPSRPOperation("Received a broken RunspacePoolState"),
        UnreachableError,
        "made no sense",
    ),
    ("a hostile answer", IndexError("x"), UnreachableError, "made no sense (IndexError"),
    ("no logon asked for", KeyError("127.0.0.1"), UnreachableError, "without asking for a logon"),
    (
        "a dead proxy",
        http.ProxyError(retried(Urllib3ProxyError("no", NewConnectionError(WIRE, "refused")))),
        UnreachableError,
        "proxy",
    ),
    (
        "HTTP on a TLS port",
        http.SSLError(retried(Urllib3SSLError(ssl.SSLEOFError(8, "EOF")))),
        UnreachableError,
        "5986",
    ),
    ("untrusted", certificate(20, "unable to get local issuer"), UnreachableError, "--ca-file"),
    ("untrusted, of a known name", certificate(7, "signature failure"), UnreachableError, "--ca-file"),
    ("self-signed", certificate(18, "self-signed certificate"), UnreachableError, "not trusted here"),
    ("expired", certificate(10, "certificate has expired"), UnreachableError, "has expired"),
    ("wrong name", certificate(62, "Hostname mismatch"), UnreachableError, "for another name"),
    ("wrong address", certificate(64, "IP address mismatch"), UnreachableError, "for another name"),
    ("expired, as Windows says", certificate(0x800B0101 - 2**32, "expired"), UnreachableError, "has expired"),
    ("revoked", certificate(23, "certificate revoked"), UnreachableError, "was refused"),
    ("no such CA file", FileNotFoundError(2, "No such file", "ca.pem"), UnreachableError, "--ca-file"),
    ("a redirect", http.TooManyRedirects("Exceeded 0 redirects."), UnreachableError, "elsewhere"),
    ("no such URL", http.InvalidURL("Failed to parse"), UnreachableError, "cannot be used"),
    (
        "our own abort",
        ConnectionAbortedError("the session was aborted"),
        UnreachableError,
        "the connection broke",
    ),
]


@pytest.mark.parametrize(("error", "kind", "said"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_while_opening_nothing_was_sent(error: Exception, kind: type[NodeError], said: str) -> None:
    told = as_node_error(error, attempt(Stage.OPENING))
    assert type(told) is kind
    assert said in str(told)
    assert "VHDSFIX" not in str(told), "a guest's password comes from elsewhere"
    assert str(told).startswith("opening a session on HV01 (hv01.corp.example:5985")
    assert str(told).isprintable()


@pytest.mark.parametrize("error", [row[1] for row in ROWS], ids=[row[0] for row in ROWS])
def test_once_sent_the_answer_is_lost_unless_there_was_no_room(error: Exception) -> None:
    sending, waiting = (
        type(as_node_error(error, attempt(stage))) for stage in (Stage.SENDING, Stage.WAITING)
    )
    quota = isinstance(error, WSManFaultError) and error.code in (2150859173, 2150859174, 2150859241)
    assert sending is (QuotaError if quota else LostError)
    assert waiting is LostError


def test_credssp_is_told_by_its_name_where_it_is_not_installed() -> None:
    kind = type("AuthenticationException", (Exception,), {"__module__": "requests_credssp.exceptions"})
    assert type(as_node_error(kind("CredSSP not offered"), attempt(Stage.OPENING))) is AuthError


def test_the_account_stands_only_where_it_matters() -> None:
    assert "(hv01.corp.example:5985 as CORP\\admin)" in str(as_node_error(fault(5), attempt(Stage.OPENING)))
    assert "CORP\\admin" not in str(as_node_error(REFUSED, attempt(Stage.OPENING)))


def test_what_a_node_says_stays_one_printable_line() -> None:
    told = as_node_error(fault(1, "\x1b[2J\nrm -rf\u202e" + "x" * 9000), attempt(Stage.OPENING))
    assert str(told).isprintable()
    assert len(str(told)) < 600


@pytest.mark.parametrize(
    "error", [REFUSED, RESET, fault(2150859173), WinRMTransportError("http", 503, "")], ids=str
)
def test_what_may_pass(error: Exception) -> None:
    assert may_pass(error)


@pytest.mark.parametrize(
    "error",
    [
        REFUSED_LOGON,
        NOT_OFFERED,
        NAME,
        CONNECT_TIMEOUT,
        fault(5),
        certificate(20, "untrusted"),
        GARBAGE,
        requests.RequestException(),
        None,
    ],
    ids=str,
)
def test_what_is_never_tried_again(error: Exception | None) -> None:
    assert not may_pass(error)
