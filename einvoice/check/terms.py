"""Numbers, dates, texts, lines: what every invoice has, and that it can be read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from einvoice.findings import Finding
from einvoice.model import Invoice, Means, Party, Period, Reference

# Controls, separators of lines, marks that turn the direction of writing (what is read is not what is stored), half characters.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_LINES = re.compile(r"\r?\n")
_CURRENCY = re.compile("[A-Z]{3}")
_UNIT = re.compile("[A-Z0-9]{2,3}")
_LANGUAGE = re.compile("[a-z]{2}")
_NEEDS_ACCOUNT = {Means.TRANSFER, Means.SEPA_TRANSFER}


def number(invoice: Invoice) -> Iterator[Finding]:
    """BT-1: the series and digits behind it (ROF 6.1.a: correlative within each series)."""
    if not invoice.number.strip():
        yield Finding("BR-02", "number", "the invoice has no number", "Number it")
    elif not invoice.number.startswith(invoice.series) or not re.fullmatch("[0-9]+", invoice.digits):
        message = f"{invoice.number!r} is not the series {invoice.series!r} with digits behind it"
        yield Finding("ROF-6.1.a", "number", message, "Take the next number of the series")


def codes(invoice: Invoice) -> Iterator[Finding]:
    """Currency (BR-05), units (BR-23) and language are codes."""
    if not _CURRENCY.fullmatch(invoice.currency):
        yield Finding("BR-05", "currency", f"{invoice.currency!r} is no currency", "Write three capital letters (ISO 4217)")
    if not _LANGUAGE.fullmatch(invoice.language):
        yield Finding("ES-LANGUAGE", "language", f"{invoice.language!r} is no language", "Write two small letters (ISO 639-1)")
    for index, line in enumerate(invoice.lines):
        if not _UNIT.fullmatch(line.unit):
            remedy = "Take a code of UN/ECE Rec 20 or 21: C62, E48, HUR"
            yield Finding("BR-23", f"lines[{index}].unit", f"{line.unit!r} is no unit", remedy)


def dates(invoice: Invoice) -> Iterator[Finding]:
    """Days in their order: operation and payments not after the issue, periods from first to last (BR-29, BR-30)."""
    issued, operation = invoice.issued_on, invoice.operation_on
    if operation and operation > issued:
        message = f"the operation of {operation} is later than the day of issue ({issued})"
        yield Finding("ROF-11", "operation_on", message, "Issue it after the operation; sessions to come are none yet")
    for index, payment in enumerate(invoice.payments):
        if payment.paid_on and payment.paid_on > issued:
            message = f"paid on {payment.paid_on}, after the day of issue ({issued})"
            yield Finding("ES-PAID", f"payments[{index}].paid_on", message, "A payment to come has no day")
    yield from _period(invoice.period, "period", "BR-29")
    for index, line in enumerate(invoice.lines):
        yield from _period(line.period, f"lines[{index}].period", "BR-30")
        yield from _inside(line.period, invoice.period, f"lines[{index}].period")


def _period(period: Period | None, field: str, code: str) -> Iterator[Finding]:
    if period and period.last < period.first:
        yield Finding(code, field, f"it ends on {period.last}, before it begins on {period.first}", "Swap the days")


def _inside(period: Period | None, whole: Period | None, field: str) -> Iterator[Finding]:
    """The period of a line lies within that of the invoice."""
    if period and whole and period.first < whole.first:
        message = f"it begins on {period.first}, before the period of the invoice"
        yield Finding("PEPPOL-EN16931-R110", field, message, "Widen the period of the invoice")
    if period and whole and period.last > whole.last:
        message = f"it ends on {period.last}, after the period of the invoice"
        yield Finding("PEPPOL-EN16931-R111", field, message, "Widen the period of the invoice")


def lines(invoice: Invoice) -> Iterator[Finding]:
    """There are lines (BR-16), and each says what was sold (BR-25; ROF 6.1.f and 7.1.e)."""
    if not invoice.lines:
        yield Finding("BR-16", "lines", "the invoice has no line", "Add what was sold")
    for index, line in enumerate(invoice.lines):
        if not line.description.strip():
            yield Finding("BR-25", f"lines[{index}].description", "the line does not say what was sold", "Describe it")
    if not invoice.description.strip():
        yield Finding("ROF-6.1.f", "description", "the operation is not described", "Describe it in one line")


def accounts(invoice: Invoice) -> Iterator[Finding]:
    """Money that is to come by transfer has an account to go to (BR-61)."""
    for index, payment in enumerate(invoice.payments):
        coming = payment.paid_on is None and payment.amount > 0
        if coming and payment.means in _NEEDS_ACCOUNT and not payment.account.strip():
            yield Finding("BR-61", f"payments[{index}].account", "a transfer needs an account", "Give the IBAN of the seller")


def texts(invoice: Invoice) -> Iterator[Finding]:
    """Every text can be printed: no control characters, nothing that turns the direction of writing."""
    for owner, member, text in _texts(invoice):
        if not text.isprintable() and (found := _UNPRINTABLE.search(text)):  # a no-break space is fine, for one
            message = f"has U+{ord(found[0]):04X} in place {found.start() + 1}, which cannot be printed"
            yield Finding("ES-TEXT", owner + member, message, "Write it again without it")


_Text = tuple[str, str, str]  # whose text it is, which member of it, and the text


def _texts(invoice: Invoice) -> list[_Text]:
    found = [
        ("", "series", invoice.series),
        ("", "number", invoice.number),
        ("", "description", invoice.description),
    ]
    for owner, party in (("seller", invoice.seller), ("buyer", invoice.buyer), ("third_party", invoice.third_party)):
        if party is not None:
            found += _party_texts(party, owner)
    for index, line in enumerate(invoice.lines):
        found += ((f"lines[{index}]", ".description", line.description), (f"lines[{index}]", ".vat.reason", line.vat.reason))
    found += ((f"vat[{index}]", ".vat.reason", group.vat.reason) for index, group in enumerate(invoice.vat))
    found += ((f"payments[{index}]", ".account", payment.account) for index, payment in enumerate(invoice.payments))
    for name, texts_ in (("notes", invoice.notes), ("legal", invoice.legal)):  # these may have several lines
        found += ((name, f"[{index}]", _LINES.sub(" ", text)) for index, text in enumerate(texts_))
    correction = invoice.correction
    if correction is not None:
        found.append(("correction", ".reason", correction.reason))
    found += _reference_texts(invoice.replaces, "replaces")
    return found + _reference_texts(correction.references if correction is not None else (), "correction.references")


def _party_texts(party: Party, owner: str) -> list[_Text]:
    found = _members(party, owner, ("name", "given_name", "first_surname", "second_surname", "email"))
    if party.tax_id:
        found.append((owner, ".tax_id.number", party.tax_id.number))
    if party.address:
        found += _members(party.address, f"{owner}.address", ("street", "post_code", "town", "province"))
    if party.offices:
        found += _members(party.offices, f"{owner}.offices", ("accounting_office", "managing_body", "processing_unit"))
    return found


def _reference_texts(listed: Iterable[Reference], owner: str) -> list[_Text]:
    return [text for index, each in enumerate(listed) for text in _members(each, f"{owner}[{index}]", ("number", "series"))]


def _members(value: Any, owner: str, names: tuple[str, ...]) -> list[_Text]:
    return [(owner, f".{name}", getattr(value, name)) for name in names]


RULES = (number, codes, dates, lines, accounts, texts)
