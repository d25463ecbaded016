"""From a semantic invoice to the signed file (.xsig): checked, built, validated, signed, and verified before it is stored."""

from __future__ import annotations

from datetime import datetime

from einvoice.errors import EinvoiceError
from einvoice.findings import Finding
from einvoice.keys import Signer
from einvoice.model import Invoice
from einvoice.regimes.facturae import build, rules
from einvoice.sign import sign, verify
from einvoice.xsd import schema

SCHEMA = "facturae/3.2.2"


class NotIssuable(EinvoiceError):
    """An invoice that makes no valid, signed Facturae; `findings` says all that is wrong."""

    def __init__(self, number: str, findings: tuple[Finding, ...]) -> None:
        super().__init__(f"Facturae {number}: " + "; ".join(map(str, findings)))
        self.findings = findings


def issue(invoice: Invoice, signer: Signer, at: datetime, *, verification_url: str | None = None) -> bytes:
    """The signed Facturae of `invoice`, as bytes to be stored and never changed; raises `NotIssuable`.

    `at` is the signing time, aware. The same arguments give the same bytes.
    """
    _insist(invoice, rules.check(invoice))
    document = build.build(invoice, verification_url=verification_url)
    _insist(invoice, schema(SCHEMA).findings(document))
    signed = sign(document, signer, at, build.claimed_role(invoice))
    _insist(invoice, verify(signed, at=at).findings)
    return signed


def _insist(invoice: Invoice, findings: tuple[Finding, ...]) -> None:
    if findings:
        raise NotIssuable(invoice.number, findings)
