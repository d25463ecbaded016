"""Keys and certificates that sign: read once from a PKCS#12 file, held as objects, refused in plain words.

Reading a private key costs 97 % of a signature (its numbers are checked), so a `Signer` is loaded once and passed around.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Protocol

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat, pkcs12
from cryptography.x509.oid import NameOID

from einvoice.errors import EinvoiceError
from einvoice.findings import Finding
from einvoice.model import TaxId

SMALLEST_KEY = 2048  # bits; ETSI TS 119 312 table 3


class CertificateRefused(EinvoiceError):
    """A certificate file that cannot sign; the subclasses say why."""


class FileMissing(CertificateRefused):
    """There is no file to read."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: the certificate file cannot be read: {reason}. Say where the .p12 or .pfx file is.")


class NotPkcs12(CertificateRefused):
    """The bytes are no PKCS#12 file, or a damaged one."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} is no PKCS#12 file, or it is damaged. Export the certificate with its private key again, as .p12 or .pfx."
        )


class EncryptionUnknown(CertificateRefused):
    """The file is encrypted in a way that is no longer read."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is encrypted in a way that is not supported. Export it again with AES-256.")


class PasswordMissing(CertificateRefused):
    """The file has a password and none was given."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is protected by a password and none was given. Give the one chosen at the export.")


class PasswordWrong(CertificateRefused):
    """The password does not open the file."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path}: the password is wrong. Give the one that was chosen when the file was exported.")


class Unprotected(CertificateRefused):
    """The file has no password: whoever reads it can sign."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} has no password, so anybody who copies it can sign in its holder's name. Export it again with one."
        )


class KeyMissing(CertificateRefused):
    """The file holds certificates without a private key."""

    def __init__(self, path: Path) -> None:
        super().__init__(f'{path} has no private key. Export the certificate again, choosing "with the private key".')


class KeyMismatch(CertificateRefused):
    """No certificate in the file belongs to its private key."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path}: no certificate in it belongs to its private key. Export both together from one store.")


class NotRsa(CertificateRefused):
    """The key is none of those that sign here."""

    def __init__(self, path: Path, found: str) -> None:
        super().__init__(f"{path} holds {found}; signing needs an RSA key of {SMALLEST_KEY} bits or more, as FNMT issues.")


class NotForSigning(CertificateRefused):
    """The certificate's own key usage forbids signing."""

    def __init__(self, path: Path, subject: str) -> None:
        super().__init__(
            f"{path}: the certificate of {subject} may not sign (its key usage has no digital signature). Use one that may."
        )


class Expired(CertificateRefused):
    """The certificate's time is over."""

    def __init__(self, path: Path, subject: str, until: datetime) -> None:
        super().__init__(f"{path}: the certificate of {subject} expired on {until:%Y-%m-%d %H:%M} UTC. Renew it.")


class NotYetValid(CertificateRefused):
    """The certificate's time has not begun."""

    def __init__(self, path: Path, subject: str, since: datetime) -> None:
        super().__init__(
            f"{path}: the certificate of {subject} is valid from {since:%Y-%m-%d %H:%M} UTC on. Check this machine's clock."
        )


class Certified(Protocol):
    """Whom certificates name."""

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        """The signer's certificate, then its issuers upwards, as far as they are known."""


class Signer(Certified, Protocol):
    """Who signs: certificates that everybody may see and a key that only it can use, in a file, a token or an HSM."""

    def sign(self, data: bytes) -> bytes:
        """The RSASSA-PKCS1-v1_5 signature of `data` with SHA-256."""


@dataclass(frozen=True, slots=True, eq=False)
class FileSigner:
    """A signer whose RSA key was read from a PKCS#12 file into memory."""

    chain: tuple[x509.Certificate, ...]
    _key: rsa.RSAPrivateKey = field(repr=False)

    def sign(self, data: bytes) -> bytes:
        """The RSASSA-PKCS1-v1_5 signature of `data` with SHA-256."""
        return self._key.sign(data, padding.PKCS1v15(), hashes.SHA256())

    def chain_pem(self) -> bytes:
        """The certificate and its issuers as PEM, for TLS."""
        return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in self.chain)

    def key_pem(self, password: bytes) -> bytes:
        """The private key as PKCS#8 PEM under `password`, for TLS contexts that take keys only as files."""
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password))


class Held(NamedTuple):
    """What a PKCS#12 file holds: an RSA key of 2048 bits or more or one on P-256, its certificate and the issuers above."""

    chain: tuple[x509.Certificate, ...]
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class Holder(NamedTuple):
    """Whom a certificate names: the subject's readable name, and the tax number it acts for, without `ES` ("" if none)."""

    name: str
    number: str


def load(path: Path, password: str | None, now: datetime) -> FileSigner:
    """The signer in a PKCS#12 file, valid at `now` (aware); raises a `CertificateRefused` that says what is wrong with it."""
    found = held(path, password, now)
    if not isinstance(found.key, rsa.RSAPrivateKey):
        raise NotRsa(path, "a key that is not RSA")
    return FileSigner(found.chain, found.key)


def held(path: Path, password: str | None, now: datetime) -> Held:
    """The key and certificates in a PKCS#12 file, valid at `now` (aware), RSA or P-256; raises a `CertificateRefused`."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FileMissing(path, error.strerror or str(error)) from error
    key, certificates = _opened(path, data, password)
    if key is None:
        raise KeyMissing(path)
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size < SMALLEST_KEY:
        raise NotRsa(path, f"an RSA key of {key.key_size} bits")
    if not isinstance(key, rsa.RSAPrivateKey) and not _on_p256(key):
        raise NotRsa(path, "a key that is not RSA")
    assert isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    own = next((each for each in certificates if each.public_key() == key.public_key()), None)
    if own is None:
        raise KeyMismatch(path)
    _usable(path, own, now)
    return Held(_upwards(own, certificates), key)


def _on_p256(key: object) -> bool:
    return isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1)


def check(signer: Certified, taxpayer: TaxId, at: datetime) -> tuple[Finding, ...]:
    """What speaks against `signer` signing for `taxpayer` at `at` (aware): another's tax number, time, a missing issuer."""
    own = signer.chain[0]
    found = holder(own)
    findings = []
    if found.number != _bare(taxpayer.number):
        findings.append(_mismatch(found, taxpayer))
    if not own.not_valid_before_utc <= at <= own.not_valid_after_utc:
        findings.append(_out_of_time(found, own, at))
    if signer.chain[-1].subject != signer.chain[-1].issuer:
        findings.append(_incomplete(found, signer.chain[-1]))
    return tuple(findings)


def holder(certificate: x509.Certificate) -> Holder:
    """Whom `certificate` names and for whom it acts: the represented company, else the person (ETSI EN 319 412-1, 5.1.3 f.)."""
    organisation = _attribute(certificate, NameOID.ORGANIZATION_IDENTIFIER)
    number = organisation or _attribute(certificate, NameOID.SERIAL_NUMBER)
    return Holder(_attribute(certificate, NameOID.COMMON_NAME) or certificate.subject.rfc4514_string(), _bare(number))


def _opened(path: Path, data: bytes, password: str | None) -> tuple[object | None, tuple[x509.Certificate, ...]]:
    """The key and all certificates of a PKCS#12 file, its own first."""
    if _opens(data, None):
        raise Unprotected(path)
    try:
        content = pkcs12.load_pkcs12(data, password.encode() if password is not None else None)
    except UnsupportedAlgorithm as error:
        raise EncryptionUnknown(path) from error
    except ValueError as error:
        # The library has one class for both; only its words tell a password from garbage.
        if "password" not in str(error).lower():
            raise NotPkcs12(path) from error
        raise (PasswordWrong(path) if password else PasswordMissing(path)) from error
    first = (content.cert.certificate,) if content.cert else ()
    return content.key, (*first, *(each.certificate for each in content.additional_certs))


def _opens(data: bytes, password: bytes | None) -> bool:
    try:
        pkcs12.load_pkcs12(data, password)
    except (ValueError, UnsupportedAlgorithm):
        return False
    return True


def _usable(path: Path, own: x509.Certificate, now: datetime) -> None:
    name = holder(own).name
    if now > own.not_valid_after_utc:
        raise Expired(path, name, own.not_valid_after_utc)
    if now < own.not_valid_before_utc:
        raise NotYetValid(path, name, own.not_valid_before_utc)
    try:
        usage = own.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not (usage.digital_signature or usage.content_commitment):
        raise NotForSigning(path, name)


def _upwards(own: x509.Certificate, known: Iterable[x509.Certificate]) -> tuple[x509.Certificate, ...]:
    """`own` and the issuers above it that are known; files keep them in any order."""
    chain, left = [own], [each for each in known if each != own]
    while (issuer := next((each for each in left if issued(chain[-1], each)), None)) is not None:
        chain.append(issuer)
        left.remove(issuer)
    return tuple(chain)


def issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether `issuer`'s key signed `certificate`."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _attribute(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> str:
    values = certificate.subject.get_attributes_for_oid(oid)
    return str(values[0].value) if values else ""


def _bare(number: str) -> str:
    """A tax number without `VATES-`, `IDCES-` or `ES` before it."""
    plain = number.strip().upper().rpartition("-")[2]
    return plain[2:] if plain.startswith("ES") and len(plain) == len("ES") + 9 else plain


def _mismatch(found: Holder, taxpayer: TaxId) -> Finding:
    whose = found.number or "nobody with a Spanish tax number"
    return Finding(
        "certificate-holder",
        "certificate",
        f"it belongs to {found.name} and acts for {whose}, not for the taxpayer {taxpayer.number}",
        "Use the taxpayer's own certificate, or one of a representative that names it",
    )


def _out_of_time(found: Holder, own: x509.Certificate, at: datetime) -> Finding:
    since, until = own.not_valid_before_utc, own.not_valid_after_utc
    message = f"that of {found.name} is valid from {since:%Y-%m-%d} to {until:%Y-%m-%d} only"
    remedy = "Check this machine's clock" if at < since else "Renew the certificate"
    return Finding("certificate-validity", "certificate", message, remedy)


def _incomplete(found: Holder, last: x509.Certificate) -> Finding:
    return Finding(
        "certificate-chain",
        "certificate",
        f"the chain of {found.name} ends below {last.issuer.rfc4514_string()}, which the file lacks",
        "Export the certificate again with all certificates of its path: FACe refuses invoices signed without them",
    )
