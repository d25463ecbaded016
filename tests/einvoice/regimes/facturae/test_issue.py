"""From invoice to signed file in one step, with nothing stored that would not verify."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lxml import etree

from einvoice import xml
from einvoice.regimes.facturae.build import build
from einvoice.regimes.facturae.issue import NotIssuable, issue
from einvoice.sign import verify
from einvoice.xsd import schema
from tests.einvoice import signers, xmlsec
from tests.einvoice.regimes.facturae import shapes


@pytest.mark.parametrize("shape", shapes.SHAPES)
def test_every_shape_is_issued_valid_and_verified_by_xmlsec1(official, shape, tmp_path):
    signed = issue(shape(), signers.signer(), signers.NOW, verification_url=shapes.URL)
    assert schema("facturae/3.2.2").findings(etree.fromstring(signed)) == ()
    outcome = verify(signed, at=signers.NOW, trusted=[signers.authority().root])
    assert outcome.signed.document == xml.canonical(build(shape(), verification_url=shapes.URL))
    assert xmlsec.accepts(signed, tmp_path)


def test_the_same_invoice_is_issued_as_the_same_bytes(official):
    first, second = (issue(shapes.withheld(), signers.signer(), signers.NOW) for _ in range(2))
    assert first == second


def test_an_invoice_with_faults_is_not_issued_and_all_are_said(official):
    faulty = replace(shapes.exempt(), currency="USD", language="ja")
    with pytest.raises(NotIssuable, match="FACTURAE-CURRENCY") as refusal:
        issue(faulty, signers.signer(), signers.NOW)
    assert [finding.code for finding in refusal.value.findings] == ["FACTURAE-CURRENCY", "FACTURAE-LANGUAGE"]


def test_a_signer_that_does_not_sign_what_it_should_is_found_at_once(official):
    class Broken:
        chain = signers.signer().chain

        def sign(self, data: bytes) -> bytes:
            return signers.signer().sign(data + b" ")

    with pytest.raises(NotIssuable, match="signature-value"):
        issue(shapes.exempt(), Broken(), signers.NOW)


def test_a_certificate_out_of_its_time_issues_nothing(official):
    with pytest.raises(NotIssuable, match="certificate-validity"):
        issue(shapes.exempt(), signers.signer(), signers.NOW.replace(year=2030))
