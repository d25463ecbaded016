"""WS-Security 1.0 for SOAP 1.1: an X.509 signature over body and timestamp, as FACe wants it, and its verification."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from lxml.builder import ElementMaker
from signxml.algorithms import CanonicalizationMethod, SignatureConstructionMethod
from signxml.signer import XMLSigner

from einvoice import xml
from einvoice.findings import Finding
from einvoice.keys import Signer
from einvoice.sign import references as parts
from einvoice.sign.references import Expected, finding, tag
from einvoice.sign.terms import DS, EXCLUSIVE_C14N, Check, Signed, Verified
from einvoice.sign.verify import TOLERANCE
from einvoice.sign.xades import private

SOAP: Final = "http://schemas.xmlsoap.org/soap/envelope/"
_OASIS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
WSSE: Final = f"{_OASIS}wssecurity-secext-1.0.xsd"
WSU: Final = f"{_OASIS}wssecurity-utility-1.0.xsd"
_X509 = f"{_OASIS}x509-token-profile-1.0#X509v3"
_BASE64 = f"{_OASIS}soap-message-security-1.0#Base64Binary"
_ID = f"{{{WSU}}}Id"
_NAMES = {"soapenv": SOAP, "wsse": WSSE, "wsu": WSU, "ds": DS}
_SIGNATURES = etree.XPath("//ds:Signature", namespaces=_NAMES)

_soap = ElementMaker(namespace=SOAP, nsmap=_NAMES)
_wsse = ElementMaker(namespace=WSSE, nsmap=_NAMES)
_wsu = ElementMaker(namespace=WSU, nsmap=_NAMES)
_ds = ElementMaker(namespace=DS, nsmap=_NAMES)


class _Parts(NamedTuple):
    """The elements of a signed message, each found at its place."""

    body: etree._Element
    token: etree._Element
    timestamp: etree._Element
    signature: etree._Element


def sign_soap(operation: etree._Element, signer: Signer, at: datetime, lifetime: timedelta = timedelta(minutes=5)) -> bytes:
    """A SOAP 1.1 message whose body is a copy of `operation`, created at `at` (aware), worth nothing after its `lifetime`."""
    token = _wsse.BinarySecurityToken(_token(signer.chain[0]), {_ID: "Token", "EncodingType": _BASE64, "ValueType": _X509})
    times = [_wsu.Created(_instant(at)), _wsu.Expires(_instant(at + lifetime))]
    security = _wsse.Security(token, _wsu.Timestamp(*times, {_ID: "Timestamp"}), {f"{{{SOAP}}}mustUnderstand": "1"})
    body = _soap.Body(xml.parse(xml.to_bytes(operation), "operation"), {_ID: "Body"})
    envelope = _soap.Envelope(_soap.Header(security), body)
    reference = _wsse.Reference(URI="#Token", ValueType=_X509)
    machine = XMLSigner(
        SignatureConstructionMethod.detached, c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0
    )
    security.append(
        machine.sign(
            envelope,
            key=private(signer),
            reference_uri=["#Body", "#Timestamp"],
            key_info=_ds.KeyInfo(_wsse.SecurityTokenReference(reference)),
        )
    )
    return xml.to_bytes(envelope)


def verify_soap(data: bytes, *, at: datetime, trusted: Sequence[x509.Certificate] = ()) -> Verified:
    """What the signature of a SOAP message is worth at `at` (aware): every failed check, or the signed body.

    The certificate stands outside of what is signed: who it names is known only where its authority is `trusted`.
    """
    try:
        root = xml.parse(data, "SOAP message")
    except xml.XmlRefused as refusal:
        return Verified((finding(Check.XML, str(refusal)),), None)
    found = _structure(root)
    if isinstance(found, Finding):
        return Verified((found,), None)
    signer = parts.certificate(found.token.text or "")
    if signer is None:
        return Verified((finding(Check.CERTIFICATE, "its security token is no certificate that can be read"),), None)
    created = _created(found.timestamp, at)
    if isinstance(created, Finding):
        return Verified((created,), None)
    try:
        return _verified(root, found, signer, created, trusted)
    except etree.C14NError:  # a namespace that is no absolute URI
        return Verified((finding(Check.XML, "it has no canonical form"),), None)


def _verified(
    root: etree._Element, found: _Parts, signer: x509.Certificate, created: datetime, trusted: Sequence[x509.Certificate]
) -> Verified:
    body = _canonical(found.body)
    findings = (
        *parts.identifiers(root),
        *_covered(found, body),
        *parts.value(found.signature, _canonical(found.signature[0]), signer, EXCLUSIVE_C14N),
        *parts.validity(signer, created),
        *(parts.trust(signer, (), trusted, created) if trusted else ()),
    )
    return Verified(findings, None if findings else Signed(body, signer, created, None))


def _structure(root: etree._Element) -> _Parts | Finding:
    if (count := len(_SIGNATURES(root))) != 1:
        return finding(Check.COUNT, f"there are {count} signatures where one is expected")
    if root.tag != tag("Envelope", SOAP) or [each.tag for each in root] != [tag("Header", SOAP), tag("Body", SOAP)]:
        return finding(Check.PLACE, "it is no SOAP 1.1 envelope of one header and one body")
    security = root[0].findall(tag("Security", WSSE))
    names = [each.tag for each in security[0]] if len(security) == 1 else []
    if names != [tag("BinarySecurityToken", WSSE), tag("Timestamp", WSU), tag("Signature")]:
        return finding(Check.PLACE, "its security header has not one token, one timestamp and one signature")
    token, timestamp, signature = security[0]
    if [each.tag for each in signature] != [tag(name) for name in ("SignedInfo", "SignatureValue", "KeyInfo")]:
        return finding(Check.SHAPE, "the signature has not its three parts, each once and in their order")
    reference = signature[2].find(f"{tag('SecurityTokenReference', WSSE)}/{tag('Reference', WSSE)}")
    if reference is None or reference.get("URI") != f"#{token.get(_ID)}":
        return finding(Check.CERTIFICATE_KEY, "the signature does not refer to the message's security token")
    return _Parts(root[1], token, timestamp, signature)


def _covered(found: _Parts, body: bytes) -> tuple[Finding, ...]:
    transforms = ((EXCLUSIVE_C14N,),)
    expected = (
        Expected(Check.DIGEST_DOCUMENT, f"#{found.body.get(_ID)}", body, transforms),
        Expected(Check.DIGEST_TIMESTAMP, f"#{found.timestamp.get(_ID)}", _canonical(found.timestamp), transforms),
    )
    return tuple(parts.references(found.signature[0], expected))


def _created(timestamp: etree._Element, at: datetime) -> datetime | Finding:
    """When the message was made, unless that cannot be read, is in the future, or its time is over."""
    stated = [timestamp.findtext(tag(name, WSU), "").strip() for name in ("Created", "Expires")]
    try:
        created, expires = (datetime.fromisoformat(each) for each in stated)
        if created - TOLERANCE <= at <= expires + TOLERANCE:
            return created
    except (ValueError, TypeError):
        return finding(Check.TIME, f"its times {', '.join(stated)} cannot be read, or lack a time zone")
    return finding(Check.TIME, f"it is worth something from {created} to {expires}, not at {at}")


def _canonical(element: etree._Element) -> bytes:
    written: bytes = etree.tostring(element, method="c14n", exclusive=True, with_comments=False)
    return written


def _token(certificate: x509.Certificate) -> str:
    return b64encode(certificate.public_bytes(Encoding.DER)).decode()


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
