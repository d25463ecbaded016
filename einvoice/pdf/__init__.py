"""The readable documents: invoices and receipts as PDF/A-3, in the customer's language, set with typst."""

from __future__ import annotations

from einvoice.model import Invoice
from einvoice.pdf.invoice import Status, invoice_page
from einvoice.pdf.receipt import Receipt, receipt_page
from einvoice.pdf.typeset import Attachment, AttachmentName, Relationship, Unprintable, typeset
from einvoice.pdf.words import UnknownLanguage, languages

__all__ = [
    "Attachment",
    "AttachmentName",
    "Receipt",
    "Relationship",
    "Status",
    "UnknownLanguage",
    "Unprintable",
    "languages",
    "receipt",
    "render",
]


def render(
    invoice: Invoice,
    *,
    qr_url: str | None = None,
    legend: str | None = None,
    attachments: tuple[Attachment, ...] = (),
    status: Status = Status.ORIGINAL,
) -> bytes:
    """An invoice as PDF/A-3a: the same bytes for the same input, whatever the machine and the hour.

    `qr_url` is the address of the tax QR code, printed 32 mm wide at the top of the first page; `legend` the words below it
    (`VERI*FACTU`, or none where records are not sent). A pro forma shows neither. Raises `UnknownLanguage`, `Unprintable`,
    `AttachmentName`.
    """
    return typeset(invoice_page(invoice, qr_url, legend, status), attachments)


def receipt(of: Receipt) -> bytes:
    """A session that a bundle has paid for, as PDF/A-3a; raises `UnknownLanguage` and `Unprintable`."""
    return typeset(receipt_page(of))
