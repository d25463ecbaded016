"""The Facturae 3.2.2 document of a semantic invoice, unsigned."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from lxml import etree

from einvoice.model import (
    Category,
    Correction,
    Invoice,
    IssuedBy,
    Means,
    Party,
    Payment,
    Period,
    Reference,
    Scheme,
)
from einvoice.regimes.facturae import lines, parties
from einvoice.regimes.facturae.codes import codes
from einvoice.regimes.facturae.nodes import NAMESPACE, Markup, day, money, node, optional, period
from einvoice.sign import Role

VERSION: Final = "3.2.2"
_DS = "http://www.w3.org/2000/09/xmldsig#"
_ISSUERS = {IssuedBy.SELLER: "EM", IssuedBy.BUYER: "RE", IssuedBy.THIRD_PARTY: "TE"}
_ROLES = {IssuedBy.SELLER: Role.SUPPLIER, IssuedBy.BUYER: Role.CUSTOMER, IssuedBy.THIRD_PARTY: Role.THIRD_PARTY}


def build(invoice: Invoice, *, verification_url: str | None = None) -> etree._Element:
    """The document of an invoice that `rules.check` finds nothing in.

    `verification_url` is what the QR code of its VERI*FACTU record holds: Facturae has no field of its own for it, so it leads
    the additional information (Orden HAC/1177/2024 art. 20.2 wants it in the structured data; the place is unconfirmed).
    """
    assert invoice.buyer is not None  # rules.check refuses a document without one
    within = _within_union(invoice.seller, invoice.buyer)
    content = (
        _file_header(invoice),
        node(
            "Parties",
            parties.business("SellerParty", invoice.seller, within_union=within),
            parties.business("BuyerParty", invoice.buyer, within_union=within),
        ),
        node("Invoices", _invoice(invoice, verification_url)),
    )
    return etree.fromstring(f'<fe:Facturae xmlns:fe="{NAMESPACE}" xmlns:ds="{_DS}">{"".join(content)}</fe:Facturae>')


def claimed_role(invoice: Invoice) -> Role:
    """In what role this document is to be signed."""
    return _ROLES[invoice.issued_by]


def batch_identifier(invoice: Invoice) -> str:
    """Seller's tax number, number, series, joined in this order."""
    return (invoice.seller.tax_id.number if invoice.seller.tax_id else "") + invoice.digits + invoice.series


def literals(invoice: Invoice) -> tuple[str, ...]:
    """What the law wants said in words, each once."""
    known = codes().literals
    said = [lines.exemption(group.vat) for group in invoice.vat if group.vat.category in codes().special]
    if any(group.vat.category is Category.REVERSE_CHARGE for group in invoice.vat):
        said.append(known["reverse_charge"])
    if invoice.scheme is Scheme.CASH:
        said.append(known["cash"])
    if invoice.issued_by is IssuedBy.BUYER:
        said.append(known["buyer_issues"])
    return tuple(dict.fromkeys(text for text in (*said, *invoice.legal) if text))


def additional_information(invoice: Invoice, verification_url: str | None) -> str:
    """The address of the QR code first, then what the document replaces, then its notes."""
    replaced = ", ".join(each.number for each in invoice.replaces)
    first = f"QR tributario: {verification_url}" if verification_url else ""
    second = f"Sustituye a las facturas simplificadas {replaced}" if replaced else ""
    return "\n".join(text for text in (first, second, *invoice.notes) if text)


def on_account(invoice: Invoice) -> tuple[Payment, ...]:
    """Payments before the document, where it counts them (BT-113)."""
    return tuple(each for each in invoice.payments if each.paid_on) if invoice.totals.prepaid else ()


def installments(invoice: Invoice) -> tuple[Payment, ...]:
    """The other payments, due or made with the document."""
    return tuple(each for each in invoice.payments if each not in on_account(invoice))


def tax_period(reference: Reference) -> Period:
    """The natural quarter of a corrected invoice, in which its tax was declared (RIVA art. 71.3).

    Who declares monthly is, but for a few, in the SII, whose invoices are not ours.
    """
    first = reference.issued_on.replace(month=(reference.issued_on.month - 1) // 3 * 3 + 1, day=1)
    end = first.replace(month=first.month + 2)
    return Period(first, end.replace(day=31 if end.month in (3, 12) else 30))


def _within_union(seller: Party, buyer: Party) -> bool:
    return {parties.residence(seller), parties.residence(buyer)} in ({"R", "U"}, {"U"})


def _file_header(invoice: Invoice) -> Markup:
    total = money(invoice.totals.gross - invoice.totals.withheld)
    payable = money(invoice.totals.payable)
    return node(
        "FileHeader",
        node("SchemaVersion", VERSION),
        node("Modality", "I"),
        node("InvoiceIssuerType", _ISSUERS[invoice.issued_by]),
        _third_party(invoice.third_party) if invoice.issued_by is IssuedBy.THIRD_PARTY else None,
        node(
            "Batch",
            node("BatchIdentifier", batch_identifier(invoice)),
            node("InvoicesCount", "1"),
            node("TotalInvoicesAmount", node("TotalAmount", total)),
            node("TotalOutstandingAmount", node("TotalAmount", payable)),
            node("TotalExecutableAmount", node("TotalAmount", payable)),
            node("InvoiceCurrencyCode", invoice.currency),
        ),
    )


def _third_party(party: Party | None) -> Markup | None:
    return node("ThirdParty", parties.identification(party), parties.entity(party)) if party else None


def _invoice(invoice: Invoice, verification_url: str | None) -> Markup:
    information = additional_information(invoice, verification_url)
    legal = [node("LegalReference", text) for text in literals(invoice)]
    return node(
        "Invoice",
        _header(invoice),
        _issue_data(invoice),
        lines.outputs(invoice.vat),
        lines.withheld(invoice.withholding),
        _totals(invoice),
        lines.items(invoice),
        _payment_details(invoice),
        node("LegalLiterals", *legal) if legal else None,
        node("AdditionalData", node("InvoiceAdditionalInformation", information)) if information else None,
    )


def _header(invoice: Invoice) -> Markup:
    return node(
        "InvoiceHeader",
        node("InvoiceNumber", invoice.digits),
        optional("InvoiceSeriesCode", invoice.series),
        node("InvoiceDocumentType", "FA" if invoice.simplified else "FC"),
        node("InvoiceClass", "OR" if invoice.correction else "OO"),
        _corrective(invoice.correction) if invoice.correction else None,
    )


def _corrective(correction: Correction) -> Markup:
    reference = correction.references[0]
    reason, method = codes().reasons[correction.code], codes().methods[correction.method]
    return node(
        "Corrective",
        node("InvoiceNumber", reference.number.removeprefix(reference.series)),
        optional("InvoiceSeriesCode", reference.series),
        node("ReasonCode", reason.code),
        node("ReasonDescription", reason.text),
        period("TaxPeriod", tax_period(reference)),
        node("CorrectionMethod", method.code),
        node("CorrectionMethodDescription", method.text),
        optional("AdditionalReasonDescription", correction.reason),
        node("InvoiceIssueDate", day(reference.issued_on)),
    )


def _issue_data(invoice: Invoice) -> Markup:
    operation = invoice.operation_on if invoice.operation_on != invoice.issued_on else None
    return node(
        "InvoiceIssueData",
        node("IssueDate", day(invoice.issued_on)),
        node("OperationDate", day(operation)) if operation else None,
        period("InvoicingPeriod", invoice.period),
        node("InvoiceCurrencyCode", invoice.currency),
        node("TaxCurrencyCode", invoice.currency),
        node("LanguageName", invoice.language),
        optional("InvoiceDescription", invoice.description),
    )


def _totals(invoice: Invoice) -> Markup:
    totals = invoice.totals
    paid = on_account(invoice)
    return node(
        "InvoiceTotals",
        node("TotalGrossAmount", money(totals.net)),
        node("TotalGrossAmountBeforeTaxes", money(totals.net)),
        node("TotalTaxOutputs", money(totals.tax)),
        node("TotalTaxesWithheld", money(totals.withheld)),
        node("InvoiceTotal", money(totals.gross - totals.withheld)),
        node("PaymentsOnAccount", *_payments_on_account(paid)) if paid else None,
        node("TotalOutstandingAmount", money(totals.payable)),
        node("TotalPaymentsOnAccount", money(sum((each.amount for each in paid), Decimal(0)))) if paid else None,
        node("TotalExecutableAmount", money(totals.payable)),
    )


def _payments_on_account(paid: tuple[Payment, ...]) -> Iterator[Markup]:
    for payment in paid:
        if payment.paid_on is not None:
            yield node(
                "PaymentOnAccount",
                node("PaymentOnAccountDate", day(payment.paid_on)),
                node("PaymentOnAccountAmount", money(payment.amount)),
            )


def _payment_details(invoice: Invoice) -> Markup | None:
    due = invoice.due_on or invoice.issued_on
    details = [
        node(
            "Installment",
            node("InstallmentDueDate", day(payment.paid_on or due)),
            node("InstallmentAmount", money(payment.amount)),
            node("PaymentMeans", codes().paid_by(payment.means)),
            node(_account(payment), node("IBAN", payment.account)) if payment.account else None,
        )
        for payment in installments(invoice)
    ]
    return node("PaymentDetails", *details) if details else None


def _account(payment: Payment) -> str:
    """Whose account a payment states: the customer's where it is debited, else the seller's."""
    debited = payment.means in (Means.DIRECT_DEBIT, Means.SEPA_DIRECT_DEBIT)
    return "AccountToBeDebited" if debited else "AccountToBeCredited"
