"""Numbers, dates, texts, lines: what every invoice has, and that it can be read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter

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
    for owner, names, values in _parts(invoice):
        if not "".join(values).isprintable():  # nor is a no-break space, which is fine
            yield from _unprintable(owner, names, values)


def _unprintable(owner: str, names: _Names, values: Sequence[str]) -> Iterator[Finding]:
    for index, text in enumerate(values):
        if found := _UNPRINTABLE.search(text):
            message = f"has U+{ord(found[0]):04X} in place {found.start() + 1}, which cannot be printed"
            name = f"[{index}]{names}" if isinstance(names, str) else f".{names[index]}"
            yield Finding("ES-TEXT", (owner + name).removeprefix("."), message, "Write it again without it")


_Names = tuple[str, ...] | str  # of the members of a part; of a list: what stands behind the place in it
_Part = tuple[str, _Names, Sequence[str]]  # the path of a part of an invoice, and its texts
_TERMS = ("series", "number", "description")
_PARTY = ("name", "given_name", "first_surname", "second_surname", "email")
_ADDRESS = ("street", "post_code", "town", "province")
_OFFICES = ("accounting_office", "managing_body", "processing_unit")
_party, _address, _offices = attrgetter(*_PARTY), attrgetter(*_ADDRESS), attrgetter(*_OFFICES)


def _parts(invoice: Invoice) -> Iterator[_Part]:
    yield "", _TERMS, (invoice.series, invoice.number, invoice.description)
    yield from _party_parts("seller", invoice.seller)
    yield from _party_parts("buyer", invoice.buyer)
    yield from _party_parts("third_party", invoice.third_party)
    yield "lines", ".description", [line.description for line in invoice.lines]
    yield "lines", ".vat.reason", [line.vat.reason for line in invoice.lines]
    yield "vat", ".vat.reason", [group.vat.reason for group in invoice.vat]
    yield "payments", ".account", [payment.account for payment in invoice.payments]
    yield "notes", "", _in_one_line(invoice.notes)
    yield "legal", "", _in_one_line(invoice.legal)
    yield from _reference_parts("replaces", invoice.replaces)
    if correction := invoice.correction:
        yield "correction", ("reason",), (correction.reason,)
        yield from _reference_parts("correction.references", correction.references)


def _party_parts(owner: str, party: Party | None) -> Iterator[_Part]:
    if party is None:
        return
    yield owner, _PARTY, _party(party)
    if party.tax_id:
        yield owner, ("tax_id.number",), (party.tax_id.number,)
    if party.address:
        yield f"{owner}.address", _ADDRESS, _address(party.address)
    if party.offices:
        yield f"{owner}.offices", _OFFICES, _offices(party.offices)


def _reference_parts(owner: str, references: Iterable[Reference]) -> Iterator[_Part]:
    yield owner, ".number", [each.number for each in references]
    yield owner, ".series", [each.series for each in references]


def _in_one_line(paragraphs: Iterable[str]) -> list[str]:
    """Notes and legal texts may have several lines."""
    return [_LINES.sub(" ", text) if "\n" in text else text for text in paragraphs]


RULES = (number, codes, dates, lines, accounts, texts)
