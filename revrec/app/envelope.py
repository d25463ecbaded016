"""Encrypted for one reader: CMS EnvelopedData (RFC 5652), which `openssl cms -decrypt` and every mail program open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from revrec.core.errors import RevrecError

SMALLEST_KEY = 2048  # bits; ETSI TS 119 312 table 3


class RecipientRefused(RevrecError):
    """A certificate for which nothing can be encrypted."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: {why}. Ask the recipient for a certificate with an RSA key (PEM or DER)")


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who can open it: the certificate, its SHA-256 fingerprint (hex) and its subject in words."""

    certificate: x509.Certificate
    fingerprint: str
    subject: str

    def sealed(self, clear: bytes) -> bytes:
        """The bytes as DER that only the holder of the certificate's private key opens: AES-256-CBC under RSA (PKCS #1 v1.5)."""
        builder = pkcs7.PKCS7EnvelopeBuilder().set_data(clear).add_recipient(self.certificate)
        return builder.set_content_encryption_algorithm(AES256).encrypt(Encoding.DER, [pkcs7.PKCS7Options.Binary])


def recipient(path: Path, now: datetime) -> Recipient:
    """The recipient whose certificate a file holds, PEM or DER; raises RecipientRefused."""
    certificate = _read(path)
    why = _unfit(certificate, now)
    if why:
        raise RecipientRefused(path, why)
    return Recipient(certificate, certificate.fingerprint(hashes.SHA256()).hex(), certificate.subject.rfc4514_string())


def _read(path: Path) -> x509.Certificate:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RecipientRefused(path, f"the certificate cannot be read: {error.strerror or error}") from error
    load = x509.load_pem_x509_certificate if b"-----BEGIN" in data else x509.load_der_x509_certificate
    try:
        return load(data)
    except ValueError:
        raise RecipientRefused(path, "this is no X.509 certificate") from None


def _unfit(certificate: x509.Certificate, now: datetime) -> str:
    """Why nothing can be encrypted for a certificate; "" when it can."""
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        return "its key is not RSA; what encrypts here takes no other"
    if key.key_size < SMALLEST_KEY:
        return f"its RSA key has {key.key_size} bits, fewer than {SMALLEST_KEY}"
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        return f"it is valid from {certificate.not_valid_before_utc:%Y-%m-%d} to {certificate.not_valid_after_utc:%Y-%m-%d}"
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return ""
    return "" if usage.key_encipherment else "its key usage does not allow encryption (no key encipherment)"
