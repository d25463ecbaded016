"""WS-Security checked apart from `einvoice.sign`, so that one checks the other: digests, signature, coverage, time, trust."""

from __future__ import annotations

import hashlib
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Sequence
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree

_OASIS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-"
_WSSE, _WSU = f"{{{_OASIS}secext-1.0.xsd}}", f"{{{_OASIS}utility-1.0.xsd}}"
_DS = "{http://www.w3.org/2000/09/xmldsig#}"
_SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
_EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
_MORE = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha"
_SIGNATURES = {f"{_MORE}256": hashes.SHA256(), f"{_MORE}384": hashes.SHA384(), f"{_MORE}512": hashes.SHA512()}
_DIGESTS = {"http://www.w3.org/2001/04/xmlenc#sha256": "sha256", "http://www.w3.org/2001/04/xmlenc#sha512": "sha512"}


class Unsigned(Exception):
    """A request without a signature."""


class BadSignature(Exception):
    """A signature that does not hold; the message says why."""


def signer(root: etree._Element, trusted: Sequence[x509.Certificate], at: datetime) -> x509.Certificate:
    """Who signed body and timestamp of the envelope, valid at `at` under `trusted`. Raises Unsigned, BadSignature."""
    security = root.find(f"{_SOAP}Header/{_WSSE}Security")
    signature = security.find(f"{_DS}Signature") if security is not None else None
    if security is None or signature is None:
        raise Unsigned
    certificate = _certificate(security, signature)
    _check_value(signature, certificate)
    _check_references(root, security, signature)
    _check_time(security, at)
    _check_issuer(certificate, trusted, at)
    return certificate


def _certificate(security: etree._Element, signature: etree._Element) -> x509.Certificate:
    reference = signature.find(f"{_DS}KeyInfo/{_WSSE}SecurityTokenReference/{_WSSE}Reference")
    token = security.find(f"{_WSSE}BinarySecurityToken")
    if reference is None or token is None or reference.get("URI") != f"#{token.get(_WSU + 'Id')}":
        raise BadSignature("la firma no se refiere al BinarySecurityToken")
    try:
        return x509.load_der_x509_certificate(b64decode(token.text or ""))
    except (ValueError, NotBase64) as error:
        raise BadSignature(f"el certificado no se puede leer: {error}") from None


def _check_value(signature: etree._Element, certificate: x509.Certificate) -> None:
    info, key = signature.find(f"{_DS}SignedInfo"), certificate.public_key()
    if info is None:
        raise BadSignature("falta SignedInfo")
    method = _SIGNATURES.get(_algorithm(info, "SignatureMethod"))
    if _algorithm(info, "CanonicalizationMethod") != _EXCLUSIVE or method is None:
        raise BadSignature("algoritmo no admitido")
    if not isinstance(key, rsa.RSAPublicKey):
        raise BadSignature("la clave no es RSA")
    try:
        key.verify(_decoded(signature, "SignatureValue"), _canonical(info), padding.PKCS1v15(), method)
    except InvalidSignature:
        raise BadSignature("el valor de la firma no corresponde") from None


def _check_references(root: etree._Element, security: etree._Element, signature: etree._Element) -> None:
    """Each reference names one element whose digest is right; body and timestamp, at their places, are among them."""
    covered = []
    for reference in signature.iterfind(f"{_DS}SignedInfo/{_DS}Reference"):
        named = [each for each in root.iter() if f"#{each.get(_WSU + 'Id')}" == reference.get("URI")]
        algorithm = _DIGESTS.get(_algorithm(reference, "DigestMethod"))
        if len(named) != 1 or algorithm is None:
            raise BadSignature(f"la referencia {reference.get('URI')} no señala un elemento")
        if hashlib.new(algorithm, _canonical(named[0])).digest() != _decoded(reference, "DigestValue"):
            raise BadSignature(f"{reference.get('URI')} ha cambiado desde que se firmó")
        covered.append(named[0])
    if root.find(f"{_SOAP}Body") not in covered or security.find(f"{_WSU}Timestamp") not in covered:
        raise BadSignature("el cuerpo o la marca de tiempo no están firmados")


def _check_time(security: etree._Element, at: datetime) -> None:
    times = security.find(f"{_WSU}Timestamp")
    try:
        since, until = (datetime.fromisoformat(times.findtext(f"{_WSU}{name}") or "") for name in ("Created", "Expires"))
        in_time = since <= at <= until
    except (ValueError, TypeError):  # the latter: without a time zone
        raise BadSignature("la marca de tiempo no se puede leer") from None
    if not in_time:
        raise BadSignature(f"la petición vale de {since} a {until}")


def _check_issuer(certificate: x509.Certificate, trusted: Sequence[x509.Certificate], at: datetime) -> None:
    """FACe asks @firma whether the certificate is recognised; here, whether a known authority issued it and its time runs."""
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        raise BadSignature("el certificado no está en vigor")
    for authority in trusted:
        try:
            certificate.verify_directly_issued_by(authority)
        except (ValueError, TypeError, InvalidSignature):
            continue
        return
    raise BadSignature("el certificado no es de una autoridad reconocida")


def _algorithm(parent: etree._Element, name: str) -> str:
    found = parent.find(f"{_DS}{name}")
    return "" if found is None else str(found.get("Algorithm", ""))


def _decoded(parent: etree._Element, name: str) -> bytes:
    try:
        return b64decode(parent.findtext(f"{_DS}{name}") or "")
    except NotBase64:
        raise BadSignature(f"{name} no está en base64") from None


def _canonical(element: etree._Element) -> bytes:
    data: bytes = etree.tostring(element, method="c14n", exclusive=True)
    return data
