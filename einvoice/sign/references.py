"""What every XML signature has, verified part by part: SignedInfo, its references, the value, the certificates."""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree

from einvoice.findings import Finding
from einvoice.keys import holder, issued
from einvoice.sign.terms import DIGEST_METHODS, DS, SIGNATURE_METHODS, Check

_IDENTIFIERS = etree.XPath("//@*[local-name() = 'Id' or local-name() = 'ID' or local-name() = 'id']")

_UNREADABLE = (
    ValueError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)


class Expected(NamedTuple):
    """A reference that must be there: its check, its URI, what that must mean in canonical bytes, its allowed transforms."""

    check: Check
    uri: str
    canonical: bytes
    transforms: tuple[tuple[str, ...], ...]
    type: str | None = None


def tag(name: str, namespace: str = DS) -> str:
    """A name in Clark notation."""
    return f"{{{namespace}}}{name}"


def finding(check: Check, message: str, remedy: str = "") -> Finding:
    """A failed check of a signature."""
    return Finding(check, "ds:Signature", message, remedy)


def identifiers(root: etree._Element) -> Iterator[Finding]:
    """Identifiers that two elements of the document share: a reference to one could be read as one to the other."""
    for value, count in Counter(_IDENTIFIERS(root)).items():
        if count > 1:
            yield finding(Check.IDS, f"{count} elements answer to the identifier {value}", "Refuse it: it may be forged")


def references(signed_info: etree._Element, expected: Sequence[Expected]) -> Iterator[Finding]:
    """What is wrong with the references: exactly the expected ones, in any order, by allowed algorithms, unchanged."""
    stated = signed_info.findall(tag("Reference"))
    found = {reference.get("URI"): reference for reference in stated}
    if len(stated) != len(expected) or set(found) != {each.uri for each in expected}:
        wanted = ", ".join(repr(each.uri) for each in expected)
        yield finding(Check.REFERENCES, f"it covers {', '.join(map(repr, found)) or 'nothing'} where {wanted} must be covered")
    for each in expected:
        if (reference := found.get(each.uri)) is not None:
            yield from _reference(reference, each)


def _reference(reference: etree._Element, expected: Expected) -> Iterator[Finding]:
    transforms = tuple(each.get("Algorithm", "") for each in reference.iterfind(f"{tag('Transforms')}/{tag('Transform')}"))
    if transforms not in expected.transforms:
        yield finding(Check.ALGORITHM, f"the reference {expected.uri!r} is transformed by {', '.join(transforms) or 'nothing'}")
    if expected.type is not None and reference.get("Type") != expected.type:
        yield finding(Check.REFERENCES, f"the reference {expected.uri!r} is not marked as one to {expected.type}")
    method = attribute(reference, "DigestMethod")
    if method not in DIGEST_METHODS:
        yield finding(Check.ALGORITHM, f"the reference {expected.uri!r} is digested by {method or 'nothing'}")
    elif _digest(method, expected.canonical) != text(reference, "DigestValue"):
        yield finding(expected.check, f"what the reference {expected.uri!r} covers was changed after signing")


def value(signature: etree._Element, signed_info: bytes, signer: x509.Certificate, c14n: str) -> Iterator[Finding]:
    """Whether `signed_info`, canonical by `c14n`, was signed by the key of `signer` with allowed algorithms."""
    if (found := attribute(signature, "SignedInfo", "CanonicalizationMethod")) != c14n:
        yield finding(Check.ALGORITHM, f"it is canonicalised by {found or 'nothing'}, not by {c14n}")
    method = attribute(signature, "SignedInfo", "SignatureMethod")
    key = signer.public_key()
    if method not in SIGNATURE_METHODS or not isinstance(key, rsa.RSAPublicKey):
        yield finding(Check.ALGORITHM, f"it is made by {method or 'nothing'}, not by RSA with SHA-256 or better")
    elif not _made_by(key, decoded(text(signature, "SignatureValue")), signed_info, method):
        yield finding(Check.VALUE, f"the value was not made by the key of {holder(signer).name}, or was changed")


def _made_by(key: rsa.RSAPublicKey, raw: bytes | None, signed_info: bytes, method: str) -> bool:
    if raw is None:
        return False
    try:
        key.verify(raw, signed_info, padding.PKCS1v15(), SIGNATURE_METHODS[method])
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=64)
def certificate(base64: str) -> x509.Certificate | None:
    """The certificate in base64 of its DER bytes, None where it is none that can be read to the end."""
    data = decoded(base64)
    try:
        found = x509.load_der_x509_certificate(data or b"")
        # The library reads these when they are asked for, and only then finds them broken.
        _ = (
            found.public_key(),
            found.subject,
            found.issuer,
            found.extensions,
            found.not_valid_after_utc,
            found.not_valid_before_utc,
        )
    except _UNREADABLE:
        return None
    return found


def validity(certificate: x509.Certificate, at: datetime) -> Iterator[Finding]:
    """Whether `certificate` was in force at `at`."""
    since, until = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if not since <= at <= until:
        message = f"the certificate of {holder(certificate).name} was in force from {since} to {until}, not at {at}"
        yield finding(Check.CERTIFICATE_VALIDITY, message, "Sign again with a certificate in force")


def trust(
    signer: x509.Certificate, others: Sequence[x509.Certificate], trusted: Sequence[x509.Certificate], at: datetime
) -> Iterator[Finding]:
    """Whether a path of authorities in force at `at` leads from `signer` to one of the `trusted`."""
    last, left = signer, [*trusted, *others]
    while last not in trusted:
        issuer = next((each for each in left if _may_issue(each, at) and _issued(last, each)), None)
        if issuer is None:
            name = last.issuer.rfc4514_string()
            yield finding(Check.CERTIFICATE_TRUST, f"{name}, above {holder(signer).name}, is not trusted")
            return
        left.remove(issuer)
        last = issuer


_issued = lru_cache(maxsize=64)(issued)


def _may_issue(certificate: x509.Certificate, at: datetime) -> bool:
    try:
        authority = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False
    return authority and certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc


def _digest(method: str, data: bytes) -> str:
    return b64encode(hashlib.new(DIGEST_METHODS[method], data).digest()).decode()


def decoded(base64: str) -> bytes | None:
    """The bytes of a base64 text; None unless it is exactly what those bytes are encoded as, white space aside."""
    plain = "".join(base64.split())
    try:
        data = b64decode(plain, validate=True)
    except ValueError:
        return None
    return data if b64encode(data).decode() == plain else None


def text(element: etree._Element, *path: str) -> str:
    """The text of a descendant in the signature's namespace, "" where there is none."""
    return str(element.findtext("/".join(map(tag, path)), "")).strip()


def attribute(element: etree._Element, *path: str, name: str = "Algorithm") -> str:
    """An attribute of a descendant in the signature's namespace, "" where there is none."""
    found = element.find("/".join(map(tag, path)))
    return found.get(name, "") if found is not None else ""
