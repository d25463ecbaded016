"""Corrective invoices, and full ones in the place of simplified ones (RD 1619/2012 art. 15)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from einvoice.findings import Finding
from einvoice.model import CorrectionCode, CorrectionMethod, Invoice, Reference, TypeCode


def named(invoice: Invoice) -> Iterator[Finding]:
    """A corrective invoice names what it corrects and why (ROF 15.4, 15.5), and only such a one is a credit note."""
    correction = invoice.correction
    if correction is None:
        if invoice.type_code in {TypeCode.CREDIT_NOTE, TypeCode.CORRECTED}:
            message = f"type {invoice.type_code} corrects another invoice, but none is named"
            yield Finding("ROF-15.4", "correction", message, "Name the invoice that it corrects")
        return
    if not correction.references:
        message = "a corrective invoice names the ones that it corrects"
        yield Finding("ROF-15.4", "correction.references", message, "Name them")
    if not correction.reason.strip():
        yield Finding("ROF-15.5", "correction.reason", "a corrective invoice says why", "Give the reason, without health data")
    yield from _references(correction.references, "correction.references", invoice)


def kind(invoice: Invoice) -> Iterator[Finding]:
    """R5 is of simplified invoices, R1 to R4 are of full ones (AEAT list L2)."""
    correction = invoice.correction
    if correction is not None and (correction.code is CorrectionCode.R5) != invoice.simplified:
        of = "a simplified" if invoice.simplified else "a full"
        remedy = "R5 for a simplified invoice, R1 to R4 for a full one"
        yield Finding("ES-R5", "correction.code", f"{correction.code} does not fit {of} invoice", remedy)


def replaced(invoice: Invoice) -> Iterator[Finding]:
    """By substitution the replaced amounts stand beside the right ones, by differences nothing is replaced (ROF 15.5)."""
    correction = invoice.correction
    if correction is None:
        return
    by_substitution = correction.method is CorrectionMethod.SUBSTITUTION
    for name in ("replaced_base", "replaced_tax"):
        amount = getattr(correction, name)
        if by_substitution and amount is None:
            yield Finding(
                "ES-REPLACED",
                f"correction.{name}",
                "by substitution the replaced amount is stated",
                "State that of the corrected invoices",
            )
        elif not by_substitution and amount is not None:
            yield Finding("ES-REPLACED", f"correction.{name}", "by differences nothing is replaced", "Leave it out")


def in_place_of_simplified(invoice: Invoice) -> Iterator[Finding]:
    """A full invoice may take the place of simplified ones; it is no corrective one (ROF 15.6)."""
    if not invoice.replaces:
        return
    if invoice.simplified or invoice.correction:
        message = "only a full invoice that corrects nothing takes the place of simplified ones"
        yield Finding("ROF-15.6", "replaces", message, "Leave it out, or issue a full invoice")
    yield from _references(invoice.replaces, "replaces", invoice)


def _references(references: Iterable[Reference], field: str, invoice: Invoice) -> Iterator[Finding]:
    """Each other invoice has a number (BR-55), is not this one, and was issued before or on the same day."""
    for index, reference in enumerate(references):
        where = f"{field}[{index}]"
        if not reference.number.strip():
            yield Finding("BR-55", f"{where}.number", "the other invoice has no number", "Give its number")
        elif reference.number == invoice.number and reference.issued_on == invoice.issued_on:
            yield Finding("ROF-15.4", f"{where}.number", "the invoice names itself", "Name the other invoice")
        if reference.issued_on > invoice.issued_on:
            message = f"{reference.number} was issued on {reference.issued_on}, after this one"
            yield Finding("ROF-15.4", f"{where}.issued_on", message, "Check the day")


RULES = (named, kind, replaced, in_place_of_simplified)
