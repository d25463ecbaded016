"""A certificate authority for tests and the local tax office, with certificates of the shape that Spain's FNMT issues.

Nothing here is trusted by anybody: keys are made when they are asked for and never stand in the repository. Like the real
root, `AC RAIZ FNMT-RCM`, the root has no common name, which breaks programs that expect one.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
_DAY = timedelta(days=1)
_YEAR = 365 * _DAY
_OWNER = "Autoridad de pruebas sin valor"
_UNIT = NameOID.ORGANIZATIONAL_UNIT_NAME
HOSTS = ("localhost", "127.0.0.1")


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a client certificate names: a natural person, or with `company` and `company_nif` one who represents a company.

    Tax numbers stand without the country's prefix. `nif` empty makes a certificate without any, as no Spanish one is.
    """

    given_name: str
    surnames: str
    nif: str
    company: str = ""
    company_nif: str = ""


@dataclass(frozen=True, slots=True)
class Validity:
    """First and last moment of a certificate, both aware."""

    since: datetime
    until: datetime


def valid(now: datetime) -> Validity:
    """From the day before `now` for two years, as long as a representative's certificate of FNMT."""
    return Validity(now - _DAY, now + 2 * _YEAR)


def expired(now: datetime) -> Validity:
    """Two years that ended the day before `now`."""
    return Validity(now - _DAY - 2 * _YEAR, now - _DAY)


def not_yet(now: datetime) -> Validity:
    """Two years that begin the day after `now`."""
    return Validity(now + _DAY, now + _DAY + 2 * _YEAR)


@dataclass(frozen=True, slots=True)
class Issued:
    """A key with its certificate and the authorities above it, the issuer first and the root last."""

    key: Key = field(repr=False)
    certificate: x509.Certificate
    authorities: tuple[x509.Certificate, ...]

    def pkcs12(self, password: str | None, *, alone: bool = False) -> bytes:
        """The PKCS#12 file; without a password if None, without the authorities if `alone`."""
        above = None if alone else self.authorities
        return pkcs12.serialize_key_and_certificates(b"client", self.key, self.certificate, above, _encryption(password))

    def key_pem(self) -> bytes:
        """The private key as unencrypted PKCS#8 PEM, for a server that reads files."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def chain_pem(self) -> bytes:
        """The certificate and its issuers as PEM, without the root, as a server presents them."""
        return pem((self.certificate, *self.authorities[:-1]))


@dataclass(frozen=True, slots=True)
class Authority:
    """A root without a common name and the issuing authority under it."""

    root: x509.Certificate
    issuer: x509.Certificate
    key: rsa.RSAPrivateKey = field(repr=False)

    @classmethod
    def create(cls, now: datetime) -> Authority:
        """A new authority whose certificates began ten years before `now` and last ten more."""
        validity = Validity(now - 10 * _YEAR, now + 10 * _YEAR)
        root_key, key = new_key(), new_key()
        root_name = _name((NameOID.COUNTRY_NAME, "ES"), (NameOID.ORGANIZATION_NAME, _OWNER), (_UNIT, "AC RAIZ DE PRUEBAS"))
        name = _name(
            (NameOID.COUNTRY_NAME, "ES"),
            (NameOID.ORGANIZATION_NAME, _OWNER),
            (_UNIT, "CERES"),
            (NameOID.COMMON_NAME, "AC Representación de pruebas"),
        )
        root = _authority(root_name, root_key, root_name, root_key, validity)
        return cls(root, _authority(name, key, root_name, root_key, validity), key)

    def key_pem(self) -> bytes:
        """The issuer's private key as unencrypted PKCS#8 PEM, for a folder that goes on issuing."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def trusted_pem(self) -> bytes:
        """The root as PEM: what a peer must trust."""
        return pem((self.root,))

    def client(self, holder: Holder, validity: Validity, *, key: Key | None = None) -> Issued:
        """A certificate to sign and to identify oneself with, named as those of FNMT are (ETSI EN 319 412-1, 5.1.3 and 5.1.4)."""
        usages = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.EMAIL_PROTECTION]
        alternatives = [x509.RFC822Name("nobody@example.org")]
        return self._issue(_holder(holder), key or new_key(), validity, usages, alternatives)

    def server(self, validity: Validity, hosts: Iterable[str] = HOSTS) -> Issued:
        """A certificate for a TLS server at `hosts`, names or addresses."""
        names = list(hosts)
        subject = _name((NameOID.COUNTRY_NAME, "ES"), (NameOID.ORGANIZATION_NAME, _OWNER), (NameOID.COMMON_NAME, names[0]))
        return self._issue(subject, new_key(), validity, [ExtendedKeyUsageOID.SERVER_AUTH], [_host(name) for name in names])

    def _issue(
        self,
        subject: x509.Name,
        key: Key,
        validity: Validity,
        usages: list[x509.ObjectIdentifier],
        alternatives: Sequence[x509.GeneralName],
    ) -> Issued:
        certificate = (
            _builder(subject, key, self.issuer.subject, self.key, validity)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        return Issued(key, certificate, (self.issuer, self.root))


def new_key() -> rsa.RSAPrivateKey:
    """A new RSA-2048 key."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(certificates: Iterable[x509.Certificate]) -> bytes:
    """Certificates one behind the other as PEM."""
    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)


def _encryption(password: str | None) -> KeySerializationEncryption:
    return BestAvailableEncryption(password.encode()) if password is not None else NoEncryption()


def _name(*parts: tuple[x509.ObjectIdentifier, str]) -> x509.Name:
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts])


def _holder(holder: Holder) -> x509.Name:
    country = (NameOID.COUNTRY_NAME, "ES")
    person = [(NameOID.SURNAME, holder.surnames), (NameOID.GIVEN_NAME, holder.given_name)]
    if holder.nif:
        person.append((NameOID.SERIAL_NUMBER, f"IDCES-{holder.nif}"))
    if not holder.company:
        return _name(country, *person, (NameOID.COMMON_NAME, f"{holder.surnames} {holder.given_name} - {holder.nif}"))
    return _name(
        country,
        (NameOID.ORGANIZATION_NAME, holder.company),
        (NameOID.ORGANIZATION_IDENTIFIER, f"VATES-{holder.company_nif}"),
        (NameOID.COMMON_NAME, f"{holder.nif} {holder.given_name} {holder.surnames} (R: {holder.company_nif})"),
        *person,
    )


def _host(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _authority(
    subject: x509.Name, key: rsa.RSAPrivateKey, issuer: x509.Name, issuer_key: rsa.RSAPrivateKey, validity: Validity
) -> x509.Certificate:
    return (
        _builder(subject, key, issuer, issuer_key, validity)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .sign(issuer_key, hashes.SHA256())
    )


def _builder(
    subject: x509.Name, key: Key, issuer: x509.Name, issuer_key: rsa.RSAPrivateKey, validity: Validity
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(validity.since)
        .not_valid_after(validity.until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signs,
        content_commitment=signs,
        key_encipherment=signs,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=not signs,
        crl_sign=not signs,
        encipher_only=False,
        decipher_only=False,
    )
