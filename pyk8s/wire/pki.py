"""Certificate authorities and the certificates they issue: EC P-256, PEM, key files of mode 0600.

A certificate's common name is the user and its organizations are the groups. Source: RFC 5280; Kubernetes
documentation, "PKI certificates and requirements".
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pyk8s.wire.errors import KeyFileInvalid
from pyk8s.wire.files import read_bounded, write_private

AUTHORITY_DAYS = 3650
CERTIFICATE_DAYS = 365
BACKDATED = timedelta(minutes=5)
"""How far before now a certificate begins, for clocks that are a little slow."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its private key, both PEM."""

    certificate: bytes
    key: bytes

    def write(self, folder: Path, name: str) -> tuple[Path, Path]:
        """Write `folder/name.crt` and `folder/name.key` (0600) and return their paths."""
        certificate, key = folder / f"{name}.crt", folder / f"{name}.key"
        write_private(key, self.key)
        write_private(certificate, self.certificate)
        return certificate, key


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a certificate says its holder is: common name and organizations."""

    name: str
    organizations: tuple[str, ...] = ()


class Authority:
    """A certificate authority: it signs, and its certificate is what others trust."""

    def __init__(self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self._certificate = certificate
        self._key = key

    @classmethod
    def create(cls, name: str, days: int = AUTHORITY_DAYS) -> Authority:
        """A new authority whose certificate is called `name` and signed by itself."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _subject(name, ())
        builder = _builder(subject, subject, key.public_key(), days)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        builder = builder.add_extension(_key_usage(signs_certificates=True), critical=True)
        return cls(builder.sign(key, hashes.SHA256()), key)

    @classmethod
    def load(cls, certificate_file: Path, key_file: Path) -> Authority:
        """The authority in two PEM files. Raises KeyFileInvalid."""
        certificate = load_certificate(certificate_file)
        return cls(certificate, load_private_key(key_file))

    @property
    def pair(self) -> Pair:
        """The authority's own certificate and key."""
        return Pair(self.certificate, _private_pem(self._key))

    @property
    def certificate(self) -> bytes:
        """The PEM that clients and servers trust."""
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    def issue(
        self,
        name: str,
        organizations: Iterable[str] = (),
        *,
        sans: Iterable[str] = (),
        client: bool = True,
        server: bool = False,
        days: int = CERTIFICATE_DAYS,
    ) -> Pair:
        """A new key and a certificate for user `name` in groups `organizations`.

        `sans` are the host names and IP addresses a server answers at; `client` and `server` say what it may be used
        for.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._sign(key.public_key(), name, organizations, sans, client, server, days)
        return Pair(certificate, _private_pem(key))

    def _sign(
        self,
        key: ec.EllipticCurvePublicKey,
        name: str,
        organizations: Iterable[str],
        sans: Iterable[str],
        client: bool,
        server: bool,
        days: int,
    ) -> bytes:
        uses = [ExtendedKeyUsageOID.CLIENT_AUTH] * client + [ExtendedKeyUsageOID.SERVER_AUTH] * server
        builder = _builder(_subject(name, organizations), self._certificate.subject, key, days)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_key_usage(signs_certificates=False), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage(uses), critical=False)
        issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = builder.add_extension(issuer_key, critical=False)
        alternatives = [_general_name(san) for san in dict.fromkeys(sans)]
        if alternatives:
            builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def identity(certificate: bytes) -> Identity:
    """Whom a PEM certificate names. Raises KeyFileInvalid."""
    try:
        subject = x509.load_pem_x509_certificate(certificate).subject
    except ValueError as error:
        raise KeyFileInvalid(f"no certificate in PEM form: {error}") from error
    names = [str(attribute.value) for attribute in subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    organizations = subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return Identity(names[0] if names else "", tuple(str(attribute.value) for attribute in organizations))


def signing_key() -> bytes:
    """A new PEM private key (EC P-256) that signs service account tokens."""
    return _private_pem(ec.generate_private_key(ec.SECP256R1()))


def public_key(private: bytes) -> bytes:
    """The PEM public half of a PEM private key. Raises KeyFileInvalid."""
    try:
        key = serialization.load_pem_private_key(private, password=None)
    except (ValueError, TypeError) as error:
        raise KeyFileInvalid(f"no private key in PEM form: {error}") from error
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def check_pair(certificate: bytes, key: bytes) -> None:
    """Raises KeyFileInvalid when these are no certificate (the first of a chain) and its private key, in PEM."""
    try:
        shown = x509.load_pem_x509_certificate(certificate).public_key()
    except ValueError as why:
        raise KeyFileInvalid("it is no certificate in PEM") from why
    try:
        held = serialization.load_pem_private_key(key, password=None).public_key()
    except (TypeError, ValueError) as why:
        raise KeyFileInvalid("the key is no private key in PEM that needs no password") from why
    if shown != held:
        raise KeyFileInvalid("the key is not the certificate's")


def read_pem(path: Path) -> bytes:
    """The content of a PEM file. Raises KeyFileInvalid when it is missing, unreadable or holds no PEM block."""
    try:
        content = read_bounded(path)
    except (OSError, ValueError) as error:
        raise KeyFileInvalid(f"cannot read {path}: {error}") from error
    if b"-----BEGIN " not in content:
        raise KeyFileInvalid(f"{path} is no PEM file: a certificate or key begins with '-----BEGIN'")
    return content


def load_certificate(path: Path) -> x509.Certificate:
    """The first certificate of a PEM file. Raises KeyFileInvalid."""
    try:
        return x509.load_pem_x509_certificate(read_pem(path))
    except ValueError as error:
        raise KeyFileInvalid(f"{path} holds no certificate: {error}") from error


def load_private_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """The EC private key of a PEM file. Raises KeyFileInvalid."""
    try:
        key = serialization.load_pem_private_key(read_pem(path), password=None)
    except (ValueError, TypeError) as error:
        raise KeyFileInvalid(f"{path} holds no private key: {error}") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise KeyFileInvalid(f"{path} holds a key that is not of the EC kind: make the authority with this program")
    return key


def _subject(name: str, organizations: Iterable[str]) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization) for organization in organizations]
    return x509.Name([*attributes, x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - BACKDATED).not_valid_after(now + timedelta(days=days))
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=not signs_certificates,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(san: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(san))
    except ValueError:
        return x509.DNSName(san)


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
