"""XAdES-EPES signatures: valid to the schemas and to three verifiers, and the same every time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from lxml import etree
from signxml import DigestAlgorithm
from signxml.xades import XAdESSignaturePolicy, XAdESVerifier

from einvoice import xml
from einvoice.sign import AlreadySigned, Role, sign, verify
from einvoice.sign.terms import C14N, DS, FACTURAE_3_1, RSA_SHA256, SHA1, XADES
from einvoice.xsd import schema
from tests.einvoice import signers, xmlsec

X = {"ds": DS, "x": XADES}


def document() -> etree._Element:
    return etree.fromstring('<f:Invoice xmlns:f="urn:invented"><Total>600.00 €</Total><Nota>Día &amp; año\n</Nota></f:Invoice>')


@pytest.fixture(scope="module")
def signed() -> bytes:
    return sign(document(), signers.signer(), signers.NOW)


def text(signed: bytes, path: str) -> str:
    (found,) = etree.fromstring(signed).xpath(path, namespaces=X)
    return found.text if hasattr(found, "text") else str(found)


def test_our_own_verifier_xmlsec1_and_signxml_accept_it(signed, tmp_path):
    assert verify(signed, at=signers.NOW, trusted=[signers.authority().root]).findings == ()
    assert xmlsec.accepts(signed, tmp_path)
    policy = XAdESSignaturePolicy(
        FACTURAE_3_1.identifier, FACTURAE_3_1.description, DigestAlgorithm.SHA1, FACTURAE_3_1.digests[SHA1]
    )
    results = XAdESVerifier().verify(signed, x509_cert=signers.client().certificate, expect_signature_policy=policy)
    assert len(results) == 3


def test_what_was_signed_comes_back_without_the_signature(signed):
    outcome = verify(signed, at=signers.NOW)
    assert outcome.ok
    assert outcome.signed.document == xml.canonical(document())
    assert outcome.signed.certificate == signers.client().certificate
    assert outcome.signed.at == signers.NOW
    assert outcome.signed.role is Role.SUPPLIER


def test_the_signature_is_valid_against_the_schemas_of_xmldsig_and_xades_1_3_2(official, signed):
    signature = etree.fromstring(signed)[-1]
    assert schema("xmldsig").findings(signature) == ()
    (qualifying,) = signature.xpath("ds:Object/x:QualifyingProperties", namespaces=X)
    assert schema("xades/1.3.2").findings(qualifying) == ()


def test_the_same_document_signer_and_time_give_the_same_bytes(signed):
    assert sign(document(), signers.signer(), signers.NOW) == signed


def test_the_document_that_is_signed_stays_as_it_was():
    root = document()
    before = etree.tostring(root)
    sign(root, signers.signer(), signers.NOW)
    assert etree.tostring(root) == before


def test_the_signature_is_the_last_child_and_covers_document_properties_and_certificates(signed):
    root = etree.fromstring(signed)
    assert root[-1].tag == f"{{{DS}}}Signature"
    assert root[-1].xpath("ds:SignedInfo/ds:Reference/@URI", namespaces=X) == [
        "",
        "#Signature-SignedProperties",
        "#KeyInfo",
    ]


def test_the_algorithms_are_those_of_practice(signed):
    assert text(signed, "//ds:SignatureMethod/@Algorithm") == RSA_SHA256
    assert text(signed, "//ds:CanonicalizationMethod/@Algorithm") == C14N


def test_the_whole_chain_stands_in_the_signature_the_signers_first(signed):
    found = etree.fromstring(signed).xpath("//ds:X509Data/ds:X509Certificate/text()", namespaces=X)
    assert len(found) == len(signers.signer().chain) == 3


def test_the_policy_is_that_of_facturae_with_its_sha1(signed):
    assert text(signed, "//x:SigPolicyId/x:Identifier") == FACTURAE_3_1.identifier
    assert text(signed, "//x:SigPolicyHash/ds:DigestValue") == "Ohixl6upD6av8N7pEvDABhEL6hM="


def test_the_issuer_is_named_from_the_country_down_with_every_attribute(signed):
    issuer = text(signed, "//x:Cert/x:IssuerSerial/ds:X509IssuerName")
    assert issuer == "C=ES,O=Autoridad de pruebas sin valor,OU=CERES,CN=AC Representación de pruebas"
    assert not etree.fromstring(signed).xpath("//x:SigningCertificateV2", namespaces=X)


def test_the_signing_time_is_the_callers_with_its_offset():
    madrid = datetime(2026, 7, 1, 23, 30, tzinfo=timezone(timedelta(hours=2)))
    signed = sign(document(), signers.signer(), madrid)
    assert text(signed, "//x:SigningTime") == "2026-07-01T23:30:00+02:00"
    assert verify(signed, at=madrid.astimezone(UTC)).signed.at == madrid


@pytest.mark.parametrize("role", list(Role))
def test_the_role_is_claimed(role):
    signed = sign(document(), signers.signer(), signers.NOW, role)
    assert text(signed, "//x:ClaimedRole") == role.value
    assert verify(signed, at=signers.NOW).signed.role is role


def test_a_signed_document_is_not_signed_again(signed):
    with pytest.raises(AlreadySigned):
        sign(etree.fromstring(signed), signers.signer(), signers.NOW)


def test_another_kind_of_signer_signs_as_well():
    """What an HSM would be: certificates, and one operation."""

    class Token:
        chain = signers.signer().chain

        def sign(self, data: bytes) -> bytes:
            return signers.signer().sign(data)

    assert verify(sign(document(), Token(), signers.NOW), at=signers.NOW).ok
