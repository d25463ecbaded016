"""Signed notes: two lines that anybody can check, one of content and one of signature (docs/formats.md, Signed note).

What is signed is the first line as it stands, after a line that says what it is; so nothing is encoded again to check it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from einvoice import keys
from revrec.core.errors import RevrecError

if TYPE_CHECKING:
    from revrec.app.notary import Notary

VERSION = 1
_PREFIX = b"revrec signed note 1\n"  # a key that signs other things too never signs a note by mistake
_HALF = 32  # bytes of r and of s on P-256


class Kind(StrEnum):
    """What a note says."""

    HEAD = "revrec tree head"
    PACK = "revrec audit pack"
    STATEMENT = "revrec customer statement"


class Algorithm(StrEnum):
    """How a note is signed: ECDSA as r and s side by side (IEEE P1363), RSA as RSASSA-PKCS1-v1_5."""

    ECDSA = "ecdsa-p256-sha256"
    RSA = "rsa-pkcs1-sha256"


class NoteRefused(RevrecError):
    """A note that is not what it should be; the subclasses say why."""


class NotTwoLines(NoteRefused):
    """The text is no note at all."""

    def __init__(self, found: int) -> None:
        super().__init__(
            f"this is no signed note: it has {found} line{'s' if found != 1 else ''}, a note has two. Take the file as it came"
        )


class NotCanonical(NoteRefused):
    """A line is not the JSON that a note is made of: it was edited, or sent by something that changes text."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"line {line} of the signed note is not canonical JSON ({why}): it was edited. Ask for the original")


class MemberWrong(NoteRefused):
    """A member is missing or is not of its kind."""

    def __init__(self, line: int, member: str) -> None:
        super().__init__(f"line {line} of the signed note: `{member}` is missing or is not what it should be")


class KindUnknown(NoteRefused):
    """A note of a kind or version that this release does not know."""

    def __init__(self, kind: object, version: object) -> None:
        super().__init__(f"a signed note of the kind {kind!r}, version {version!r}: this release does not know it. Update revrec")


class OtherKind(NoteRefused):
    """A note that says something else than was asked for."""

    def __init__(self, found: Kind, wanted: Kind) -> None:
        super().__init__(f"this is a signed note of the kind {found.value!r}; one of the kind {wanted.value!r} was asked for")


class AlgorithmUnknown(NoteRefused):
    """Signed in a way that is not taken."""

    def __init__(self, found: object) -> None:
        super().__init__(f"the note is signed by {found!r}; taken are {' and '.join(each.value for each in Algorithm)}")


class KeyUnfit(NoteRefused):
    """The key in the note is none that such a signature can be checked with."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the key in the signed note cannot be used: {why}")


class CertificateOther(NoteRefused):
    """The certificate in the note is not that of the key that signed."""

    def __init__(self) -> None:
        super().__init__("the certificate in the signed note does not belong to the key that signed it: one of them was put in")


class SignerOther(NoteRefused):
    """The key or certificate beside the signature is not the one that the signed content names."""

    def __init__(self) -> None:
        super().__init__("the signed note names another key or certificate than the one beside its signature, which was put in")


class SignatureWrong(NoteRefused):
    """The signature does not fit what the note says."""

    def __init__(self) -> None:
        super().__init__("the signature does not fit: what the note says was changed after it was signed, or the signature was")


class OtherKey(NoteRefused):
    """Signed by another key than the one that was asked for."""

    def __init__(self, found: str, wanted: str) -> None:
        super().__init__(f"the note is signed by the key {found}, not by {wanted}: ask the taxpayer which one is theirs")


@dataclass(frozen=True, slots=True)
class Signature:
    """The second line: public key and certificate as DER, `value` as its algorithm writes it."""

    algorithm: Algorithm
    key: bytes
    value: bytes
    certificate: bytes | None = None

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the public key (SubjectPublicKeyInfo), hex: what people compare."""
        return hashlib.sha256(self.key).hexdigest()

    @property
    def signer(self) -> dict[str, str]:
        """What the content says of who signs: so that nothing beside what is signed can be exchanged."""
        return _signer(self.key, self.certificate)


class Who(NamedTuple):
    """Who signed: the fingerprint of the key, and whom the certificate names ("" without one)."""

    fingerprint: str
    name: str = ""
    number: str = ""

    def __str__(self) -> str:
        if not self.name:
            return f"key {self.fingerprint}"
        number = f", {self.number}" if self.number else ""
        return f"key {self.fingerprint}, certificate of {self.name}{number}"


@dataclass(frozen=True, slots=True)
class Note:
    """A note that was read: `line` are the bytes that were signed, `content` what they say."""

    kind: Kind
    content: Mapping[str, Any]
    line: bytes
    signature: Signature


def make(kind: Kind, content: Mapping[str, Any], notary: Notary) -> str:
    """The note that says `content` (strings, integers, lists and objects), signed: two lines, each ended by LF."""
    certificate = notary.certificate.public_bytes(Encoding.DER) if notary.certificate else None
    line = canonical({**content, "kind": kind.value, "version": VERSION, "signer": _signer(notary.public, certificate)})
    signature = {"algorithm": notary.algorithm.value, "key": _text(notary.public), "value": _text(notary.sign(_PREFIX + line))}
    if certificate is not None:
        signature["certificate"] = _text(certificate)
    return f"{line.decode()}\n{canonical(signature).decode()}\n"


def read(text: str) -> Note:
    """The note that a text is; nothing is checked but its form. Raises NoteRefused."""
    lines = text.removesuffix("\n").split("\n")
    if len(lines) != 2:
        raise NotTwoLines(len(lines))
    content, second = _parsed(1, lines[0]), _parsed(2, lines[1])
    kind, version = content.get("kind"), content.get("version")
    if kind not in list(Kind) or version != VERSION or version is True:
        raise KindUnknown(kind, version)
    return Note(Kind(kind), content, lines[0].encode(), _signature(second))


def check(note: Note, kind: Kind | None = None, *, key: str | None = None) -> Who:
    """Who signed the note; raises NoteRefused where it is of another kind, was changed, or was signed by another key.

    `key` is the fingerprint of the one that must have signed. Whether a certificate is to be trusted is not looked at.
    """
    if kind is not None and note.kind is not kind:
        raise OtherKind(note.kind, kind)
    signature = note.signature
    _verify(signature, _PREFIX + note.line)
    certificate = _certificate(signature) if signature.certificate is not None else None
    if note.content.get("signer") != signature.signer:
        raise SignerOther
    if key is not None and key.lower() != signature.fingerprint:
        raise OtherKey(signature.fingerprint, key)
    named = keys.holder(certificate) if certificate is not None else keys.Holder("", "")
    return Who(signature.fingerprint, named.name, named.number)


def canonical(value: Mapping[str, Any]) -> bytes:
    """RFC 8785 JSON; members have ASCII names and no value is a float, so sorting and encoding are those of the standard."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _parsed(number: int, line: str) -> dict[str, Any]:
    try:
        found = orjson.loads(line)
    except ValueError as error:
        raise NotCanonical(number, str(error)) from None
    if not isinstance(found, dict):
        raise NotCanonical(number, "it is no object")
    if canonical(found) != line.encode():
        raise NotCanonical(number, "members out of order, twice, or written in another way")
    return found


def _signature(found: Mapping[str, Any]) -> Signature:
    algorithm = found.get("algorithm")
    if algorithm not in list(Algorithm):
        raise AlgorithmUnknown(algorithm)
    certificate = _bytes(found, "certificate") if "certificate" in found else None
    return Signature(Algorithm(algorithm), _bytes(found, "key"), _bytes(found, "value"), certificate)


def _bytes(found: Mapping[str, Any], member: str) -> bytes:
    try:
        value = base64.b64decode(found[member], validate=True)
    except (KeyError, TypeError, ValueError, binascii.Error):
        raise MemberWrong(2, member) from None
    if _text(value) != found[member]:
        raise MemberWrong(2, member)  # bits that stand for nothing
    return value


def _verify(signature: Signature, data: bytes) -> None:
    try:
        key = load_der_public_key(signature.key)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyUnfit(f"it cannot be read ({error})") from None
    try:
        if signature.algorithm is Algorithm.RSA:
            _verify_rsa(key, signature.value, data)
        else:
            _verify_ecdsa(key, signature.value, data)
    except InvalidSignature:
        raise SignatureWrong from None


def _verify_rsa(key: object, value: bytes, data: bytes) -> None:
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < keys.SMALLEST_KEY:
        raise KeyUnfit(f"it is no RSA key of {keys.SMALLEST_KEY} bits or more, as the signature says")
    key.verify(value, data, padding.PKCS1v15(), SHA256())


def _verify_ecdsa(key: object, value: bytes, data: bytes) -> None:
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise KeyUnfit("it is no key on the curve P-256, as the signature says")
    if len(value) != 2 * _HALF:
        raise InvalidSignature
    r, s = (int.from_bytes(half) for half in (value[:_HALF], value[_HALF:]))
    key.verify(encode_dss_signature(r, s), data, ec.ECDSA(SHA256()))


def _certificate(signature: Signature) -> x509.Certificate:
    """The certificate, once it is known to be that of the key."""
    try:
        certificate = x509.load_der_x509_certificate(signature.certificate or b"")
        own = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except (ValueError, UnsupportedAlgorithm):
        raise MemberWrong(2, "certificate") from None
    if own != signature.key:
        raise CertificateOther
    return certificate


def _signer(key: bytes, certificate: bytes | None) -> dict[str, str]:
    """The digests (hex) of key and certificate."""
    found = {"key": hashlib.sha256(key).hexdigest()}
    return found | ({"certificate": hashlib.sha256(certificate).hexdigest()} if certificate is not None else {})


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
