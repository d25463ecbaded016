"""Our own verification of XAdES-EPES signatures: strict about structure, so that nothing unsigned can pass for signed.

Whatever a reference names is not searched for: the element stands where the signature's structure says, and the reference
must name it. A signature that was moved, wrapped, doubled or pointed elsewhere therefore fails, by name.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from einvoice import xml
from einvoice.findings import Finding
from einvoice.sign import references as parts
from einvoice.sign.references import Expected, finding, tag, text
from einvoice.sign.terms import (
    C14N,
    DS,
    ENVELOPED,
    FACTURAE_3_1,
    FINGERPRINT_METHODS,
    SIGNED_PROPERTIES,
    SPANISH_ROLES,
    XADES,
    Check,
    Policy,
    Role,
    Signed,
    Verified,
)

# Clocks differ: a signature this far ahead of ours is not one of the future.
TOLERANCE = timedelta(minutes=5)
_X = {"ds": DS, "x": XADES}
_SIGNATURES = etree.XPath("//ds:Signature", namespaces=_X)
_CERTIFICATES = etree.XPath("ds:X509Data/ds:X509Certificate", namespaces=_X)
_NAMED = etree.XPath(
    "x:SignedSignatureProperties/*[self::x:SigningCertificate or self::x:SigningCertificateV2]/x:Cert[1]/x:CertDigest",
    namespaces=_X,
)
_ROLES = etree.XPath("x:SignedSignatureProperties//x:ClaimedRole", namespaces=_X)
_DOCUMENT = ((ENVELOPED,), (ENVELOPED, C14N))
_ELEMENT = ((), (C14N,))


class _Parts(NamedTuple):
    """The elements of an enveloped signature, each found at its place."""

    signature: etree._Element
    info: etree._Element
    key_info: etree._Element
    properties: etree._Element


def verify(data: bytes, *, at: datetime, trusted: Sequence[x509.Certificate] = (), policy: Policy = FACTURAE_3_1) -> Verified:
    """What the enveloped signature of `data` is worth at `at` (aware): every failed check, or what was signed.

    Whose authority issued the certificate is asked only where `trusted` ones are given: a valid signature otherwise says
    that nothing changed since the holder of that certificate signed, not that the holder is who it says.
    """
    try:
        root = xml.parse(data, "signed document")
    except xml.XmlRefused as refusal:
        return Verified((finding(Check.XML, str(refusal)),), None)
    found = _structure(root)
    if isinstance(found, Finding):
        return Verified((found,), None)
    certificates = [parts.certificate(each.text or "") for each in _CERTIFICATES(found.key_info)]
    known = [each for each in certificates if each is not None]
    if not known or len(known) != len(certificates):
        return Verified((finding(Check.CERTIFICATE, "it carries no certificate that can be read"),), None)
    try:
        return _verified(root, found, known, policy, at, trusted)
    except etree.C14NError:  # a namespace that is no absolute URI
        return Verified((finding(Check.XML, "it has no canonical form"),), None)


def _structure(root: etree._Element) -> _Parts | Finding:
    """The parts of the only signature, or why it is none."""
    signatures = _SIGNATURES(root)
    if len(signatures) != 1:
        return finding(Check.COUNT, f"there are {len(signatures)} signatures where one is expected")
    signature = signatures[0]
    if len(root) == 0 or root[-1] is not signature:
        return finding(Check.PLACE, "the signature is not the last child of the document's root")
    if [each.tag for each in signature] != [tag(name) for name in ("SignedInfo", "SignatureValue", "KeyInfo", "Object")]:
        return finding(Check.SHAPE, "the signature has not its four parts, each once and in their order")
    info, _, key_info, container = signature
    qualifying = container[0] if len(container) == 1 else None
    if qualifying is None or [each.tag for each in qualifying] != [tag("SignedProperties", XADES)]:
        return finding(Check.SHAPE, "the signature has not its signed properties, and nothing else, in its object")
    if qualifying.tag != tag("QualifyingProperties", XADES) or qualifying.get("Target") != f"#{signature.get('Id', '')}":
        return finding(Check.SHAPE, "the properties do not qualify this signature")
    return _Parts(signature, info, key_info, qualifying[0])


def _verified(
    root: etree._Element,
    found: _Parts,
    certificates: Sequence[x509.Certificate],
    policy: Policy,
    at: datetime,
    trusted: Sequence[x509.Certificate],
) -> Verified:
    findings = [*parts.identifiers(root), *_policy(found.properties, policy)]
    signer = _named(found.properties, certificates)
    if signer is None:
        findings.append(finding(Check.CERTIFICATE_DIGEST, "none of its certificates is the one that its properties name"))
        signer = certificates[0]
    findings += _key(found.key_info, signer)
    findings += parts.value(found.signature, xml.canonical(found.info), signer, C14N)
    document, changes = _covered(root, found)
    findings += changes
    role = _role(found.properties)
    if isinstance(role, Finding):
        findings.append(role)
    signed_at = _time(found.properties, at)
    if isinstance(signed_at, Finding):
        findings.append(signed_at)
    else:
        findings += parts.validity(signer, signed_at)
        if trusted:
            findings += parts.trust(signer, certificates, trusted, signed_at)
    if findings or isinstance(role, Finding) or isinstance(signed_at, Finding):
        return Verified(tuple(findings), None)
    return Verified((), Signed(document, signer, signed_at, role))


def _covered(root: etree._Element, found: _Parts) -> tuple[bytes, tuple[Finding, ...]]:
    """The canonical document without its signature, which is taken out of the tree; and what the references do not cover."""
    properties, key_info = xml.canonical(found.properties), xml.canonical(found.key_info)
    document = _without(root, found.signature)
    uri = f"#{found.properties.get('Id', '')}"
    expected = (
        Expected(Check.DIGEST_DOCUMENT, "", document, _DOCUMENT),
        Expected(Check.DIGEST_PROPERTIES, uri, properties, _ELEMENT, SIGNED_PROPERTIES),
        Expected(Check.DIGEST_KEY_INFO, f"#{found.key_info.get('Id', '')}", key_info, _ELEMENT),
    )
    return document, tuple(parts.references(found.info, expected))


def _without(root: etree._Element, signature: etree._Element) -> bytes:
    """The canonical bytes of the document without its signature: the enveloped transform."""
    tail, before = signature.tail or "", signature.getprevious()
    root.remove(signature)
    if before is None:
        root.text = (root.text or "") + tail
    else:
        before.tail = (before.tail or "") + tail
    return xml.canonical(root)


def _named(properties: etree._Element, certificates: Sequence[x509.Certificate]) -> x509.Certificate | None:
    """The certificate whose digest the signed properties state."""
    stated = _NAMED(properties)
    method = parts.attribute(stated[0], "DigestMethod") if len(stated) == 1 else ""
    if method not in FINGERPRINT_METHODS:
        return None
    value = text(stated[0], "DigestValue")
    return next((each for each in certificates if _fingerprint(each, FINGERPRINT_METHODS[method]) == value), None)


def _fingerprint(certificate: x509.Certificate, algorithm: str) -> str:
    der = certificate.public_bytes(Encoding.DER)
    return b64encode(hashlib.new(algorithm, der, usedforsecurity=False).digest()).decode()


def _key(key_info: etree._Element, signer: x509.Certificate) -> Iterator[Finding]:
    """Whether a key that is stated beside the certificates is the certificate's own: others might believe it."""
    if key_info.find(tag("KeyValue")) is None:
        return
    key = signer.public_key()
    stated = [parts.decoded(text(key_info, "KeyValue", "RSAKeyValue", part)) for part in ("Modulus", "Exponent")]
    own = key.public_numbers() if isinstance(key, rsa.RSAPublicKey) else None
    if own is None or [int.from_bytes(each or b"", "big") for each in stated] != [own.n, own.e]:
        yield finding(Check.CERTIFICATE_KEY, "the key stated beside the certificate is another")


def _policy(properties: etree._Element, policy: Policy) -> Iterator[Finding]:
    stated = properties.find("x:SignedSignatureProperties/x:SignaturePolicyIdentifier/x:SignaturePolicyId", namespaces=_X)
    identifier = stated.findtext("x:SigPolicyId/x:Identifier", "", namespaces=_X).strip() if stated is not None else ""
    if identifier != policy.identifier:
        yield finding(Check.POLICY_IDENTIFIER, f"it was made under {identifier or 'no policy'}, not under {policy.identifier}")
    elif (digest := stated.find("x:SigPolicyHash", namespaces=_X)) is None or not _is_digest(digest, policy):
        yield finding(Check.POLICY_HASH, f"the digest of its policy is not that of {policy.description}")


def _is_digest(stated: etree._Element, policy: Policy) -> bool:
    return policy.digests.get(parts.attribute(stated, "DigestMethod")) == text(stated, "DigestValue")


def _role(properties: etree._Element) -> Role | Finding | None:
    """The claimed role, which may be missing; policy v3.1 knows three, in English or Spanish, and one at a time."""
    stated = [(each.text or "").strip() for each in _ROLES(properties)]
    if not stated:
        return None
    known = {**SPANISH_ROLES, **{role.value: role for role in Role}}
    if len(stated) > 1 or stated[0] not in known:
        return finding(Check.ROLE, f"it claims to be {', '.join(stated)}: the policy wants one of {', '.join(known)}")
    return known[stated[0]]


def _time(properties: etree._Element, at: datetime) -> datetime | Finding:
    stated = properties.findtext("x:SignedSignatureProperties/x:SigningTime", "", namespaces=_X).strip()
    try:
        time = datetime.fromisoformat(stated)
    except ValueError:
        return finding(Check.TIME, f"its time {stated!r} cannot be read")
    if time.tzinfo is None:
        return finding(Check.TIME, f"its time {stated} has no time zone")
    if time > at + TOLERANCE:
        return finding(Check.TIME, f"it was signed at {time}, which is after {at}")
    return time
