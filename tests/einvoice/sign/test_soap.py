"""WS-Security: messages signed over body and timestamp, verified here and by xmlsec1; tampered ones refused by name."""

from __future__ import annotations

import re
from copy import deepcopy
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from lxml import etree

from einvoice.sign import Check, sign_soap, verify_soap
from einvoice.sign.soap import SOAP, WSSE, WSU
from einvoice.sign.terms import DS
from tests.einvoice import signers, xmlsec

N = {"s": SOAP, "wsse": WSSE, "wsu": WSU, "ds": DS}


def operation() -> etree._Element:
    return etree.fromstring('<f:consultarEstados xmlns:f="https://webservice.face.gob.es"><nota>ñ</nota></f:consultarEstados>')


@pytest.fixture(scope="module")
def message() -> bytes:
    return sign_soap(operation(), signers.signer(), signers.NOW)


def codes(data: bytes, after: timedelta = timedelta(0), **options) -> set[str]:
    outcome = verify_soap(data, at=signers.NOW + after, **options)
    assert outcome.ok == (not outcome.findings)
    return {finding.code for finding in outcome.findings}


def changed(message: bytes, path: str, change) -> bytes:
    root = etree.fromstring(message)
    (element,) = root.xpath(path, namespaces=N)
    change(element)
    return etree.tostring(root)


def removed(element):
    element.getparent().remove(element)


def test_a_message_verifies_and_gives_back_its_body(message):
    outcome = verify_soap(message, at=signers.NOW, trusted=[signers.authority().root, signers.authority().issuer])
    assert outcome.findings == ()
    (body,) = etree.fromstring(outcome.signed.document)
    assert etree.tostring(body, method="c14n", exclusive=True) == etree.tostring(operation(), method="c14n", exclusive=True)
    assert outcome.signed.certificate == signers.client().certificate
    assert outcome.signed.at == signers.NOW


def test_xmlsec1_accepts_a_message_and_refuses_a_changed_one(message, tmp_path):
    key = tmp_path / "key.pem"
    key.write_bytes(signers.client().certificate.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    for data, answer in ((message, True), (message.replace("ñ".encode(), b"n"), False)):
        file = tmp_path / "message.xml"
        file.write_bytes(data)
        identified = ["--id-attr:Id", f"{SOAP}:Body", "--id-attr:Id", f"{WSU}:Timestamp"]
        assert xmlsec.verifies(["--pubkey-pem", str(key), *identified, str(file)]) is answer


def test_the_operation_that_is_signed_stays_as_it_was():
    root = operation()
    sign_soap(root, signers.signer(), signers.NOW)
    assert etree.tostring(root) == etree.tostring(operation())


def test_the_token_is_the_certificate_and_the_signature_refers_to_it(message):
    root = etree.fromstring(message)
    (token,) = root.xpath("//wsse:BinarySecurityToken", namespaces=N)
    assert token.get("ValueType").endswith("#X509v3")
    assert root.xpath("//ds:KeyInfo/wsse:SecurityTokenReference/wsse:Reference/@URI", namespaces=N) == ["#Token"]
    assert root.xpath("//wsse:Security/@s:mustUnderstand", namespaces=N) == ["1"]


@pytest.mark.parametrize(
    ("path", "change", "code"),
    [
        ("//nota", lambda e: setattr(e, "text", "x"), Check.DIGEST_DOCUMENT),
        ("//wsu:Expires", lambda e: setattr(e, "text", "2026-03-02T10:36:00Z"), Check.DIGEST_TIMESTAMP),
        ("//wsu:Expires", removed, Check.TIME),
        ("//wsu:Created", lambda e: setattr(e, "text", "2026-03-02T10:30:00"), Check.TIME),
        ("//wsse:BinarySecurityToken", removed, Check.PLACE),
        ("//wsse:BinarySecurityToken", lambda e: setattr(e, "text", "AAAA"), Check.CERTIFICATE),
        ("//ds:Signature", removed, Check.COUNT),
        ("//ds:Signature", lambda e: e.getparent().append(deepcopy(e)), Check.COUNT),
        ("//ds:SignatureValue", lambda e: setattr(e, "text", "AAAA"), Check.VALUE),
        ("//ds:KeyInfo", removed, Check.SHAPE),
        ("//wsse:Reference", lambda e: e.set("URI", "#Other"), Check.CERTIFICATE_KEY),
        ("//ds:Reference[@URI='#Body']", removed, Check.REFERENCES),
        ("//wsse:Security", lambda e: e.getparent().append(etree.Element(e.tag)), Check.PLACE),
        ("//s:Body", lambda e: e.getparent().append(deepcopy(e)), Check.PLACE),
        ("//s:Header", lambda e: e.append(etree.Element("old", {f"{{{WSU}}}Id": "Body"})), Check.IDS),
        ("//nota", lambda e: e.append(etree.XML('<a:b xmlns:a="here"/>')), Check.XML),
    ],
)
def test_what_is_tampered_with_fails_by_name(message, path, change, code):
    assert code in codes(changed(message, path, change))


def test_what_is_no_xml_is_refused(message):
    assert codes(message[:-9]) == {Check.XML}


def test_a_body_that_took_the_place_of_the_signed_one_is_refused(message):
    """The signed body hides in the header, where the reference would still find it."""
    root = etree.fromstring(message)
    signed = deepcopy(root[1])
    root[0].append(signed)
    root[1][0][0].text = "forged"
    root[1].set(f"{{{WSU}}}Id", "Forged")
    assert Check.REFERENCES in codes(etree.tostring(root))


def test_a_message_is_worth_something_for_its_lifetime(message):
    assert codes(message, timedelta(minutes=9)) == set()
    assert codes(message, timedelta(minutes=11)) == {Check.TIME}
    assert codes(message, timedelta(minutes=-6)) == {Check.TIME}


def test_a_message_signed_under_an_unknown_authority_is_refused_where_trust_is_asked_for():
    message = sign_soap(operation(), signers.stranger(), signers.NOW)
    assert codes(message) == set()
    assert codes(message, trusted=[signers.authority().root, signers.authority().issuer]) == {Check.CERTIFICATE_TRUST}


@pytest.mark.parametrize("mask", [0x01, 0x20])
def test_a_changed_byte_is_refused_wherever_it_says_anything(message, mask):
    """What no signature covers are the header's own attributes, which describe the token; its authority vouches for that."""
    trusted = [signers.authority().root, signers.authority().issuer]
    begin = message.index(b"<soapenv:Envelope")
    described = [match.span() for match in re.finditer(rb'(EncodingType|ValueType|mustUnderstand)="[^"]*"', message)]
    for place in range(begin, len(message), 3):
        if not any(first <= place < last for first, last in described):
            flipped = message[:place] + bytes([message[place] ^ mask]) + message[place + 1 :]
            assert codes(flipped, trusted=trusted), f"byte {place} of {message[place - 20 : place + 20]!r}"
