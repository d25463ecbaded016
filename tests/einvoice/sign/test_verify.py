"""Signed documents that were tampered with: each fails, by the name of the check, here and at xmlsec1."""

from __future__ import annotations

import base64
from copy import deepcopy
from datetime import timedelta

import pytest
from lxml import etree

from einvoice import keys
from einvoice.regimes.facturae import build
from einvoice.sandbox import pki
from einvoice.sign import Check, sign, verify
from einvoice.sign.terms import DS, XADES
from tests.einvoice import signers, xmlsec
from tests.einvoice.regimes.facturae import shapes

X = {"ds": DS, "x": XADES}
OTHER_DIGEST = base64.b64encode(bytes(32)).decode()


@pytest.fixture(scope="module")
def signed() -> bytes:
    root = build.build(shapes.exempt(), verification_url=shapes.URL)
    return sign(root, signers.signer(), signers.NOW)


def codes(data: bytes, **options) -> set[str]:
    outcome = verify(data, at=signers.NOW, **options)
    assert outcome.ok == (not outcome.findings)
    assert all(finding.message for finding in outcome.findings)
    return {finding.code for finding in outcome.findings}


def changed(signed: bytes, path: str, change) -> bytes:
    """The document after `change` was done to the one element at `path`."""
    root = etree.fromstring(signed)
    (element,) = root.xpath(path, namespaces=X)
    change(element)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def says(text: str):
    return lambda element: setattr(element, "text", text)


def has(name: str, value: str):
    return lambda element: element.set(name, value)


def removed(element):
    element.getparent().remove(element)


TAMPERED = {
    "an amount": ("//InvoiceTotal", says("60.00"), Check.DIGEST_DOCUMENT),
    "a space in a text": ("//ItemDescription", says("Bono de 10  sesiones"), Check.DIGEST_DOCUMENT),
    "an element more": ("//InvoiceTotals", lambda e: etree.SubElement(e, "Discount"), Check.DIGEST_DOCUMENT),
    "an element less": ("//InvoiceLine/LineItemPeriod", removed, Check.DIGEST_DOCUMENT),
    "an attribute": ("//Batch", has("n", "1"), Check.DIGEST_DOCUMENT),
    "the time": ("//x:SigningTime", says("2026-03-02T10:29:00+00:00"), Check.DIGEST_PROPERTIES),
    "the role": ("//x:ClaimedRole", says("customer"), Check.DIGEST_PROPERTIES),
    "a role that is none": ("//x:ClaimedRole", says("auditor"), Check.ROLE),
    "the policy": ("//x:SigPolicyId/x:Identifier", says("http://example.org/policy.pdf"), Check.POLICY_IDENTIFIER),
    "no policy": ("//x:SignaturePolicyIdentifier", removed, Check.POLICY_IDENTIFIER),
    "the digest of the policy": ("//x:SigPolicyHash/ds:DigestValue", says("xmfh8D/="), Check.POLICY_HASH),
    "the algorithm of the policy": ("//x:SigPolicyHash/ds:DigestMethod", has("Algorithm", "urn:x"), Check.POLICY_HASH),
    "no digest of the policy": ("//x:SigPolicyHash", removed, Check.POLICY_HASH),
    "a time that is none": ("//x:SigningTime", says("yesterday"), Check.TIME),
    "a time without zone": ("//x:SigningTime", says("2026-03-02T10:30:00"), Check.TIME),
    "the named certificate": ("//x:CertDigest/ds:DigestValue", says(OTHER_DIGEST), Check.CERTIFICATE_DIGEST),
    "no named certificate": ("//x:SigningCertificate", removed, Check.CERTIFICATE_DIGEST),
    "a certificate less": ("//ds:X509Certificate[3]", removed, Check.DIGEST_KEY_INFO),
    "no certificates": ("//ds:X509Data", removed, Check.CERTIFICATE),
    "a broken certificate": ("//ds:X509Certificate[2]", says("AAAA"), Check.CERTIFICATE),
    "a key of somebody else": ("//ds:RSAKeyValue/ds:Exponent", says("Aw=="), Check.CERTIFICATE_KEY),
    "a digest": ("//ds:Reference[@URI='']/ds:DigestValue", says(OTHER_DIGEST), Check.VALUE),
    "the value": ("//ds:SignatureValue", says(base64.b64encode(bytes(256)).decode()), Check.VALUE),
    "a value that is no base64": ("//ds:SignatureValue", says("?"), Check.VALUE),
    "no value": ("//ds:SignatureValue", removed, Check.SHAPE),
    "no properties": ("//x:SignedProperties", removed, Check.SHAPE),
    "properties of another signature": ("//x:QualifyingProperties", has("Target", "#Other"), Check.SHAPE),
    "unsigned properties": (
        "//x:QualifyingProperties",
        lambda e: etree.SubElement(e, f"{{{XADES}}}UnsignedProperties"),
        Check.SHAPE,
    ),
    "no signature": ("//ds:Signature", removed, Check.COUNT),
    "something behind the signature": ("/*", lambda e: etree.SubElement(e, "Extra"), Check.PLACE),
    "a reference less": ("//ds:Reference[@URI='#KeyInfo']", removed, Check.REFERENCES),
    "a reference more": ("//ds:SignedInfo", lambda e: e.append(deepcopy(e[-1])), Check.REFERENCES),
    "a reference to elsewhere": ("//ds:Reference[@URI='']", has("URI", "#KeyInfo"), Check.REFERENCES),
    "a reference not typed": ("//ds:Reference[@Type]", has("Type", "urn:x"), Check.REFERENCES),
    "another canonical form": ("//ds:CanonicalizationMethod", has("Algorithm", "urn:x"), Check.ALGORITHM),
    "a weak signature": (
        "//ds:SignatureMethod",
        has("Algorithm", "http://www.w3.org/2000/09/xmldsig#rsa-sha1"),
        Check.ALGORITHM,
    ),
    "a weak digest": (
        "//ds:Reference[@URI='']/ds:DigestMethod",
        has("Algorithm", "http://www.w3.org/2000/09/xmldsig#sha1"),
        Check.ALGORITHM,
    ),
    "a transform that selects": (
        "//ds:Reference[@URI='']/ds:Transforms/ds:Transform[2]",
        has("Algorithm", "http://www.w3.org/TR/1999/REC-xpath-19991116"),
        Check.ALGORITHM,
    ),
    "two of one identifier": ("//Batch", has("Id", "KeyInfo"), Check.IDS),
}
# Nothing signs them, and XMLDSig does not know what they mean: XAdES does.
UNKNOWN_TO_XMLSEC = {"properties of another signature", "unsigned properties"}


@pytest.mark.parametrize("name", TAMPERED)
def test_what_is_tampered_with_fails_by_name(signed, name):
    path, change, code = TAMPERED[name]
    assert code in codes(changed(signed, path, change))


@pytest.mark.parametrize("name", sorted(TAMPERED.keys() - UNKNOWN_TO_XMLSEC))
def test_what_is_tampered_with_fails_at_xmlsec1_too(signed, name, tmp_path):
    path, change, _ = TAMPERED[name]
    assert not xmlsec.accepts(changed(signed, path, change), tmp_path)


def test_only_the_tampered_part_is_named(signed):
    path, change, code = TAMPERED["an amount"]
    assert codes(changed(signed, path, change)) == {code}


@pytest.mark.parametrize("mask", [0x01, 0x02, 0x20, 0x80])
def test_a_changed_byte_anywhere_behind_the_declaration_is_refused(signed, mask):
    begin = signed.index(b"<fe:Facturae")
    for place in range(begin + mask % 7, len(signed), 7):
        flipped = signed[:place] + bytes([signed[place] ^ mask]) + signed[place + 1 :]
        assert codes(flipped), f"byte {place} of {signed[place - 20 : place + 20]!r}"


def test_changed_bytes_fail_at_xmlsec1_too(signed, tmp_path):
    begin = signed.index(b"<fe:Facturae")
    for place in range(begin, len(signed), len(signed) // 60):
        flipped = signed[:place] + bytes([signed[place] ^ 1]) + signed[place + 1 :]
        assert not xmlsec.accepts(flipped, tmp_path), f"byte {place} of {signed[place - 20 : place + 20]!r}"


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.replace(b"<fe:Facturae", b'<!DOCTYPE fe:Facturae [<!ENTITY x "y">]><fe:Facturae', 1),
        lambda data: data.replace(b"Bono", b"&x;", 1),
        lambda data: data + b"<fe:Facturae xmlns:fe='urn:x'/>",
        lambda data: data[:-20],
        lambda data: data.replace(b"<FileHeader>", b"<?include x?><FileHeader>", 1),
        lambda data: data.decode().encode("utf-16"),
    ],
    ids=["a document type", "an entity", "a second root", "cut off", "an instruction", "another encoding"],
)
def test_what_is_no_plain_document_is_not_even_looked_at(signed, change):
    assert codes(change(signed)) == {Check.XML}


def test_a_namespace_that_has_no_canonical_form_is_refused(signed):
    """libxml2 canonicalises no relative namespace; the document parses all the same."""
    assert codes(changed(signed, "//Batch", lambda e: e.append(etree.XML('<a:b xmlns:a="here"/>')))) == {Check.XML}


def _wrapped(signed: bytes) -> bytes:
    """The signed document hidden inside another, whose own content is forged; the signature stays where it was."""
    original = etree.fromstring(signed)
    forged = build.build(shapes.corrective())
    original.set("Id", "Original")
    forged.append(original)
    return etree.tostring(forged)


def _signature_moved(signed: bytes) -> bytes:
    """The signature at its place, the content that it covers kept inside it, and forged content outside."""
    root = etree.fromstring(signed)
    signature = root[-1]
    kept = etree.SubElement(signature, f"{{{DS}}}Object", Id="Original")
    for child in list(root)[:-1]:
        kept.append(deepcopy(child))
    root.find(".//InvoiceTotal").text = "6.00"
    return etree.tostring(root)


def _properties_doubled(signed: bytes) -> bytes:
    """Forged properties under the identifier of the signed ones, which hide elsewhere."""
    root = etree.fromstring(signed)
    (properties,) = root.xpath("//x:SignedProperties", namespaces=X)
    hidden = etree.SubElement(root[0], "Hidden")
    hidden.append(deepcopy(properties))
    properties.find(f".//{{{XADES}}}SigningTime").text = "2026-03-01T00:00:00+00:00"
    return etree.tostring(root)


@pytest.mark.parametrize(
    ("attack", "code"),
    [
        (_wrapped, Check.PLACE),
        (_signature_moved, Check.SHAPE),
        (_properties_doubled, Check.IDS),
    ],
)
def test_a_wrapped_signature_is_refused(signed, attack, code):
    assert code in codes(attack(signed))


def test_two_signatures_are_refused(signed):
    assert codes(changed(signed, "/*", lambda root: root.insert(0, deepcopy(root[-1])))) == {Check.COUNT}


def test_a_certificate_exchanged_for_anothers_is_refused(signed, tmp_path):
    other = etree.fromstring(sign(build.build(shapes.exempt()), signers.stranger(), signers.NOW))
    (certificates,) = other.xpath("//ds:KeyInfo", namespaces=X)
    forged = changed(signed, "//ds:KeyInfo", lambda e: e.getparent().replace(e, certificates))
    assert codes(forged) >= {Check.DIGEST_KEY_INFO, Check.CERTIFICATE_DIGEST, Check.VALUE}
    assert not xmlsec.accepts(forged, tmp_path)


def test_a_signature_by_an_unknown_authority_is_refused_where_trust_is_asked_for(tmp_path):
    signed = sign(build.build(shapes.exempt()), signers.stranger(), signers.NOW)
    assert codes(signed) == set()
    assert codes(signed, trusted=[signers.authority().root]) == {Check.CERTIFICATE_TRUST}
    assert not xmlsec.accepts(signed, tmp_path)


def test_a_certificate_that_poses_as_an_authority_is_not_trusted():
    """A client certificate may sign invoices, not certificates, though its key could."""
    poser = pki.Authority(signers.authority().root, signers.client().certificate, signers.client().key)
    issued = poser.client(signers.HOLDER, pki.valid(signers.NOW))
    chain = (issued.certificate, poser.issuer, *signers.client().authorities)
    signed = sign(build.build(shapes.exempt()), keys.FileSigner(chain, issued.key), signers.NOW)
    assert codes(signed, trusted=[signers.authority().root]) == {Check.CERTIFICATE_TRUST}


def test_the_issuer_alone_may_be_the_trusted_one(signed):
    assert codes(signed, trusted=[signers.authority().issuer]) == set()


@pytest.mark.parametrize("validity", [pki.expired, pki.not_yet])
def test_a_certificate_out_of_its_time_is_refused(validity):
    issued = signers.authority().client(signers.HOLDER, validity(signers.NOW), key=signers.client().key)
    signer = keys.FileSigner((issued.certificate, *issued.authorities), issued.key)
    assert codes(sign(build.build(shapes.exempt()), signer, signers.NOW)) == {Check.CERTIFICATE_VALIDITY}


def test_a_signature_outlives_its_certificate(signed):
    """Nothing was wrong when it was made."""
    assert verify(signed, at=signers.NOW + timedelta(days=3000)).ok


def test_a_signature_of_the_future_is_refused(signed):
    assert verify(signed, at=signers.NOW - timedelta(minutes=4)).ok
    (finding,) = verify(signed, at=signers.NOW - timedelta(minutes=6)).findings
    assert finding.code == Check.TIME


def test_white_space_behind_the_signature_is_part_of_what_is_signed(signed, tmp_path):
    spaced = signed.replace(b"</ds:Signature>", b"</ds:Signature>\n")
    assert codes(spaced) == {Check.DIGEST_DOCUMENT}
    assert not xmlsec.accepts(spaced, tmp_path)


def test_comments_are_not_signed_and_hide_nothing(signed, tmp_path):
    """C14N without comments leaves them out: the value that comes back is the whole one."""
    commented = signed.replace(b"<InvoiceTotal>600", b"<InvoiceTotal>6<!-- -->00")
    outcome = verify(commented, at=signers.NOW)
    assert outcome.ok
    assert b"<InvoiceTotal>600.00</InvoiceTotal>" in outcome.signed.document
    assert xmlsec.accepts(commented, tmp_path)


@pytest.mark.parametrize("spanish", ["emisor", "receptor", "tercero"])
def test_roles_in_spanish_are_roles(signed, spanish):
    assert Check.ROLE not in codes(changed(signed, "//x:ClaimedRole", says(spanish)))
