"""The lab's own certificate authority: certificates for nodes and clients, and the file that makes a client trust them."""

from __future__ import annotations

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_YEAR = 365.0


class Tls(msgspec.Struct, frozen=True):
    """What a node needs to answer over HTTPS. `certificate` is its own, in DER."""

    context: ssl.SSLContext
    certificate: bytes

    @property
    def channel_binding(self) -> bytes:
        """What a client that sees this certificate, and not another's on the way, ties its logon to.

        Source: RFC 5929 4, tls-server-end-point, for the SHA-256 that all certificates here are signed with.
        """
        digest = hashes.Hash(hashes.SHA256())
        digest.update(self.certificate)
        return b"tls-server-end-point:" + digest.finalize()


class Authority:
    """Keeps its files in a folder; `ca_file` is what it hands out. What it issues is valid from yesterday on."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named("vhdsfix lab authority")
        certificate = self._signed(
            self._name, self._key, (x509.BasicConstraints(ca=True, path_length=0),), _YEAR
        )
        self.ca_file = folder / "lab-ca.pem"
        self.ca_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def node(self, *names: str, days: float = 1) -> Tls:
        """For a node that is reached by these names or addresses; valid `days` from now, expired if that is negative."""
        file, certificate = self._issued(names[0], x509.SubjectAlternativeName(map(_general, names)), days)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        context.load_verify_locations(self.ca_file)
        context.verify_mode = ssl.CERT_OPTIONAL  # as HTTP.sys asks for a client's, and goes on without
        return Tls(context, certificate.public_bytes(serialization.Encoding.DER))

    def client(self, user: str) -> Path:
        """A client's certificate with its key, in one PEM file."""
        return self._issued(user, None, 1)[0]

    def _issued(
        self, name: str, alternative: x509.SubjectAlternativeName | None, days: float
    ) -> tuple[Path, x509.Certificate]:
        key = ec.generate_private_key(ec.SECP256R1())
        extensions = (alternative,) if alternative else ()
        certificate = self._signed(_named(name), key, extensions, days)
        file = self._folder / f"{certificate.serial_number:x}.pem"
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        file.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
        return file, certificate

    def _signed(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        extensions: tuple[x509.ExtensionType, ...],
        days: float,
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder(issuer_name=self._name, subject_name=subject, public_key=key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + timedelta(days=min(days, 0) - 1))
            .not_valid_after(now + timedelta(days=days))
        )
        for extension in extensions:
            critical = isinstance(extension, x509.BasicConstraints)
            builder = builder.add_extension(extension, critical=critical)
        return builder.sign(self._key, hashes.SHA256())


def user_of(connection: ssl.SSLObject) -> str | None:
    """Whom a verified client certificate is for: its subject's common name.

    Simpler than Windows, where `winrm/config/service/certmapping` ties a name in the certificate to a local account.
    """
    subject = (connection.getpeercert() or {}).get("subject", ())
    return next((value for ((key, value),) in subject if key == "commonName"), None)  # type: ignore[misc,str-unpack]  # typeshed's type is wider


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
