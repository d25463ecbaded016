"""Which key signs closings, statements and packs: the taxpayer's certificate where one opens, else the workspace's own key."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from einvoice import keys
from einvoice.model import TaxId
from revrec.app import audit_key
from revrec.app.note import Algorithm
from revrec.app.signer import PASSWORD
from revrec.settings import Settings

_HALF = 32  # bytes of r and of s on P-256


@dataclass(frozen=True, slots=True)
class Notary:
    """A key that signs notes, and its certificate if it has one; `remarks` say what people should know of the choice."""

    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey = field(repr=False)
    certificate: x509.Certificate | None = None
    remarks: tuple[str, ...] = ()

    @property
    def algorithm(self) -> Algorithm:
        """How it signs."""
        return Algorithm.RSA if isinstance(self.key, rsa.RSAPrivateKey) else Algorithm.ECDSA

    @property
    def public(self) -> bytes:
        """The public key: DER, SubjectPublicKeyInfo."""
        return self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the public key, hex."""
        return hashlib.sha256(self.public).hexdigest()

    def sign(self, data: bytes) -> bytes:
        """RSASSA-PKCS1-v1_5, or r and s of ECDSA side by side; both with SHA-256."""
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(data, padding.PKCS1v15(), SHA256())
        r, s = decode_dss_signature(self.key.sign(data, ec.ECDSA(SHA256())))
        return r.to_bytes(_HALF) + s.to_bytes(_HALF)

    def to_json(self) -> dict[str, Any]:
        """Which key it is; `certificate` is whom it names, None without one."""
        named = keys.holder(self.certificate) if self.certificate else None
        certificate = {"name": named.name, "number": named.number} if named else None
        return {"fingerprint": self.fingerprint, "certificate": certificate, "remarks": list(self.remarks)}

    def __str__(self) -> str:
        """`the workspace's own key, SHA-256 …`."""
        if self.certificate is None:
            return f"the workspace's own key, SHA-256 {self.fingerprint}"
        return f"the certificate of {keys.holder(self.certificate).name}, key SHA-256 {self.fingerprint}"


def notary(settings: Settings, now: datetime) -> Notary:
    """Who signs at `now` (aware). A certificate that cannot be used stops nothing: the remarks say why it does not sign.

    Makes the workspace's own key where it is needed and missing; raises AuditKeyBroken.
    """
    held = _certificate(settings, now)
    if isinstance(held, keys.Held):
        return Notary(held.key, held.chain[0])
    why = (f"The certificate does not sign: {held}",) if held else ()
    own = audit_key.read(settings)
    return Notary(own, None, why) if own else Notary(_made(settings), None, (*why, _NEW))


def own_fingerprints(settings: Settings, now: datetime) -> Iterator[str]:
    """`workspace SHA-256 …`: the keys at hand, for people to hand out; makes none, raises AuditKeyBroken."""
    held = _certificate(settings, now)
    if isinstance(held, keys.Held):
        yield str(Notary(held.key, held.chain[0]))
    own = audit_key.read(settings)
    if own:
        yield str(Notary(own))


_NEW = (
    f"{audit_key.FILE} was made, for there was none: keep a copy of it in a safe place, and hand its fingerprint to those who "
    "will check what it signs"
)


def _made(settings: Settings) -> ec.EllipticCurvePrivateKey:
    """A new key of the workspace, which its `.gitignore` may not know yet."""
    audit_key.ignore(settings.root)
    audit_key.write(settings.audit_key_path)
    made = audit_key.read(settings)
    assert made is not None
    return made


def _certificate(settings: Settings, now: datetime) -> keys.Held | str:
    """The certificate of the settings, or why it cannot sign; "" where they name none. Nobody is asked for a password."""
    if settings.signer is None:
        return ""
    try:
        held = keys.held(settings.signer, settings.signer_password, now)
    except keys.PasswordMissing as error:
        return f"{error} It is read from {PASSWORD}"
    except keys.CertificateRefused as error:
        return str(error).removesuffix(".")
    wrong = keys.check(held, TaxId(settings.taxpayer[3:], settings.country), now)
    return next((str(each) for each in wrong if each.code != "certificate-chain"), held)
