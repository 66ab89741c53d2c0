"""Who a client is, and the encryption of its messages. By Negotiate (Kerberos or NTLM) one connection authenticates once.

Kerberos is there where python-gssapi is installed and KRB5_KTNAME names a keytab with this node's key.
Source: MS-WSMV 2.2.9.1 (the encrypted body); MS-SPNG, MS-KILE and MS-NLMP through pyspnego's acceptor.
"""

from __future__ import annotations

import base64
import hmac
import os
import re
import secrets
import struct
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import spnego
from spnego._ntlm_raw.crypto import ntowfv1
from spnego.channel_bindings import GssChannelBindings

from vhdsfix.errors import LabError
from vhdsfix.lab import kerberos

SCHEME = "Negotiate"
BASIC = 'Basic realm="WSMAN"'
"""Offered over TLS only. Source: WIRE 6."""
CERTIFICATE = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual"
"""What stands in Authorization where TLS has shown who the client is. Source: DSP0226 C.3.5; MS-WSMV 2.2."""
ENCRYPTED = (
    'multipart/encrypted;protocol="application/HTTP-SPNEGO-session-encrypted";boundary="Encrypted Boundary"'
)

SEALED = b"--Encrypted Boundary\r\n"
"""How an encrypted body begins."""
_END = b"--Encrypted Boundary--\r\n"
# pypsrp and Windows start these headers with a tab; without it pypsrp takes the data for damaged (WIRE 2).
_OCTETS = SEALED + b"\tContent-Type: application/octet-stream\r\n"
_TEXT = (
    SEALED + b"\tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n"
    b"\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=%d\r\n"
)

_environment = threading.Lock()


class Account(msgspec.Struct, frozen=True):
    r"""Who may come in: `user` is `NAME`, `DOMAIN\NAME` or `NAME@DOMAIN`, and a client has to say it the same way."""

    user: str
    password: str

    def __repr__(self) -> str:
        return f"Account(user={self.user!r})"


class Channel(msgspec.Struct, frozen=True):
    """What TLS says of a connection: what a logon over it must be tied to, and whom the client's certificate is for."""

    binding: bytes
    certificate_user: str | None


class NotSealedError(Exception):
    """A body is not what this connection's client has encrypted for us."""


class AccountFile:
    """The accounts in the form that pyspnego's acceptor can check a password by: a file of hashes, named by the environment.

    From passwords it would make both hashes anew for each logon, which is most of a logon's CPU. The LM hash is none that
    anybody can log on by: Windows keeps none.

    The variable is set only while pyspnego looks: a client in this process that has no password would use the file, too.
    """

    def __init__(self, *accounts: Account) -> None:
        self._accounts = accounts
        for account in accounts:
            if re.search(r"[:\r\n]", account.user):
                raise LabError(f"lab account {account.user!r}: a user cannot hold a colon or a line break")
        handle, path = tempfile.mkstemp(prefix="vhdsfix-lab-")  # readable by nobody else
        self._path = Path(path)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            for account in accounts:
                hashes = f"{secrets.token_hex(16)}:{ntowfv1(account.password).hex()}"
                file.write(f"{account.user}:0:{hashes}:[U]:LCT-0\n")

    def knows(self, user: str, password: str) -> bool:
        return any(
            account.user.casefold() == user.casefold()
            and hmac.compare_digest(account.password.encode(), password.encode())
            for account in self._accounts
        )

    @contextmanager
    def in_use(self) -> Iterator[None]:
        with _environment:
            before = os.environ.get("NTLM_USER_FILE")
            os.environ["NTLM_USER_FILE"] = str(self._path)
            try:
                yield
            finally:
                if before is None:
                    del os.environ["NTLM_USER_FILE"]
                else:
                    os.environ["NTLM_USER_FILE"] = before

    def delete(self) -> None:
        self._path.unlink(missing_ok=True)


class Authentication:
    """What one connection knows of its client; `channel` where it is over TLS."""

    def __init__(self, accounts: AccountFile, channel: Channel | None = None) -> None:
        self._accounts = accounts
        self._channel = channel
        self._context: spnego.ContextProxy | None = None
        self._named: str | None = None

    @property
    def user(self) -> str | None:
        """Who the client is, once that is proved."""
        if self._context is not None and self._context.complete:
            return self._context.client_principal
        return self._named

    def step(self, authorization: str) -> str:
        """Take a request's Authorization ("": it has none) and give its WWW-Authenticate; `user` says if that was enough.

        By Basic or certificate each request says who sent it. A token that is no token, or a wrong password, gets what is
        offered and makes the connection forget what came before.
        """
        self._named = None
        scheme, _, token = authorization.partition(" ")
        try:
            answer = self._stepped(scheme.lower(), token) if authorization else None
        except Exception:  # noqa: BLE001 - the token is untrusted; spnego lets struct.error, IndexError and others escape
            self._context = answer = None
        if answer:
            return f"{SCHEME} {base64.b64encode(answer).decode('ascii')}"
        return "" if self.user else self._offered

    def open_sealed(self, body: bytes) -> bytes:
        """The message in an encrypted body; raises NotSealedError."""
        head, octets, sealed = body.partition(_OCTETS)
        length = re.search(rb";Length=(\d{1,9})\r\n", head)
        if self._context is None or not octets or not sealed.endswith(_END) or length is None:
            raise NotSealedError
        sealed = sealed.removesuffix(_END)
        try:
            (size,) = struct.unpack_from("<I", sealed)
            message = self._context.unwrap_winrm(sealed[4 : 4 + size], sealed[4 + size :])
        except Exception as cause:
            raise NotSealedError from cause
        if len(message) != int(length[1]):
            raise NotSealedError
        return message

    def seal(self, message: bytes) -> bytes:
        """The encrypted body for a message; its type is ENCRYPTED."""
        if self._context is None:
            raise NotSealedError
        wrapped = self._context.wrap_winrm(message)
        size = struct.pack("<I", len(wrapped.header))
        head = _TEXT % (len(message) + wrapped.padding_length)
        return head + _OCTETS + size + wrapped.header + wrapped.data + _END

    @property
    def _offered(self) -> str:
        return f"{SCHEME}, {BASIC}" if self._channel else SCHEME

    def _stepped(self, scheme: str, token: str) -> bytes | None:
        if scheme == SCHEME.lower():
            return self._negotiated(base64.b64decode(token, validate=True))
        self._context = None
        if self._channel is not None and scheme == "basic":
            user, _, password = base64.b64decode(token, validate=True).decode().partition(":")
            self._named = user if self._accounts.knows(user, password) else None
        elif self._channel is not None and scheme == CERTIFICATE:
            self._named = self._channel.certificate_user
        return None

    def _negotiated(self, token: bytes) -> bytes | None:
        with self._accounts.in_use():
            if self._context is None or token.startswith(_BEGINNINGS):
                self._context = _acceptor(token, self._channel)
            try:
                answer = self._context.step(token)
            except Exception:  # noqa: BLE001 - see `step`
                self._context = None
                return kerberos.refusal(token)
        if self._channel is not None and (_NO_BINDING in token or kerberos.is_unbound(self._context)):
            raise ValueError(token)  # pyspnego would let it in
        return answer


# A GSS-API token that opens a context (RFC 2743 3.1), and NTLM's NEGOTIATE_MESSAGE (MS-NLMP 2.2.1.1).
_BEGINNINGS = (b"\x60", b"NTLMSSP\0\1")
# The AV_PAIR MsvAvChannelBindings of 16 zeros: "no binding" (MS-NLMP 2.2.2.1).
_NO_BINDING = b"\x0a\0\x10\0" + bytes(16)


def _acceptor(token: bytes, channel: Channel | None) -> spnego.ContextProxy:
    bindings = GssChannelBindings(application_data=channel.binding) if channel else None
    # Both in Python: Windows' own would look for the lab's account among Windows' accounts.
    if token.startswith(b"NTLMSSP\0"):
        ntlm = spnego.NegotiateOptions.use_ntlm
        return spnego.server(protocol="ntlm", options=ntlm, channel_bindings=bindings)
    negotiate = spnego.NegotiateOptions.use_negotiate
    return spnego.server(protocol="negotiate", options=negotiate, channel_bindings=bindings)
