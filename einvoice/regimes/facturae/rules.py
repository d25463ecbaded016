"""What Facturae 3.2.2 and the register of invoices (Orden HAP/1650/2015) refuse, found before anything is numbered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Final, NamedTuple

from einvoice import xml
from einvoice.check.figures import round2
from einvoice.findings import Finding
from einvoice.model import Address, Correction, Invoice, IssuedBy, Offices, Party, Person
from einvoice.regimes.facturae import build, lines, parties
from einvoice.regimes.facturae.codes import codes

UNIT_PRICE_DECIMALS: Final = 8
LONG_TEXT: Final = 2500
# Kept free in the additional information for the address of the QR code, which is not known yet.
URL_ROOM: Final = 400
_DIR3 = re.compile(r"[A-Z0-9]{9}")
_POST_CODE = re.compile(r"[0-9]{5}")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{1,30}")
_ADD_UP = "Add them up again"


class _Text(NamedTuple):
    """A text with its field and limits; `least` 0: it may be missing."""

    field: str
    value: str
    most: int
    least: int = 0


def check(invoice: Invoice) -> tuple[Finding, ...]:
    """Every reason why this invoice makes no valid Facturae; the general rules of EN 16931 are `einvoice.check`'s."""
    return tuple(_findings(invoice))


def _findings(invoice: Invoice) -> Iterator[Finding]:
    for text in _texts(invoice):
        yield from _text(text)
    if invoice.buyer is None:
        yield Finding("FACTURAE-BUYER", "buyer", "a Facturae names its buyer", "Give name, tax number and address")
    for field, party in _parties(invoice):
        yield from _party(field, party)
    if invoice.currency != "EUR":
        message = f"{invoice.currency} needs an exchange rate, which is not supported"
        yield Finding("FACTURAE-CURRENCY", "currency", message, "Invoice in EUR")
    if invoice.language not in codes().languages:
        message = f"{invoice.language!r} is none of Facturae's languages"
        yield Finding("FACTURAE-LANGUAGE", "language", message, f"Use one of {', '.join(sorted(codes().languages))}")
    if invoice.issued_by is IssuedBy.THIRD_PARTY and invoice.third_party is None:
        yield Finding(
            "FACTURAE-THIRD-PARTY", "third_party", "a third party issues, and is not named", "Give its name and tax number"
        )
    yield from _exemptions(invoice)
    yield from _amounts(invoice)
    yield from _payments(invoice)
    if invoice.correction is not None:
        yield from _correction(invoice.correction)


def _parties(invoice: Invoice) -> Iterator[tuple[str, Party]]:
    yield "seller", invoice.seller
    if invoice.buyer is not None:
        yield "buyer", invoice.buyer
    if invoice.third_party is not None and invoice.issued_by is IssuedBy.THIRD_PARTY:
        yield "third_party", invoice.third_party


def _texts(invoice: Invoice) -> Iterator[_Text]:
    """The document's own texts and how long they may be."""
    yield _Text("number", invoice.digits, 20, least=1)
    yield _Text("series", invoice.series, 20)
    yield _Text("number", build.batch_identifier(invoice), 70)
    yield _Text("description", invoice.description, LONG_TEXT)
    yield _Text("notes", build.additional_information(invoice, None), LONG_TEXT - URL_ROOM)
    for text in build.literals(invoice):
        yield _Text("legal", text, 250)
    for i, line in enumerate(invoice.lines):
        yield _Text(f"lines[{i}].description", line.description, LONG_TEXT, least=1)
    for field, party in _parties(invoice):
        yield from _party_texts(field, party)
    if invoice.correction is not None:
        yield from _correction_texts(invoice.correction)


def _party_texts(field: str, party: Party) -> Iterator[_Text]:
    if party.person is Person.LEGAL:
        yield _Text(f"{field}.name", party.name, 80, least=1)
    else:
        yield _Text(f"{field}.given_name", party.given_name, 40, least=1)
        yield _Text(f"{field}.first_surname", party.first_surname, 40, least=1)
        yield _Text(f"{field}.second_surname", party.second_surname, 40)
    yield _Text(f"{field}.email", party.email, 60)
    if party.tax_id is not None:
        # Two more for the country's prefix.
        yield _Text(f"{field}.tax_id", party.tax_id.number, 28, least=3)
    if party.address is not None:
        yield from _address_texts(f"{field}.address", party.address)


def _address_texts(field: str, address: Address) -> Iterator[_Text]:
    yield _Text(f"{field}.street", address.street, 80, least=1)
    yield _Text(f"{field}.province", parties.province(address), parties.PROVINCE, least=1)
    if address.country == parties.SPAIN:
        yield _Text(f"{field}.town", address.town, 50, least=1)
    else:
        yield _Text(f"{field}.town", parties.post_code_and_town(address), 50, least=1)


def _correction_texts(correction: Correction) -> Iterator[_Text]:
    yield _Text("correction.reason", correction.reason, LONG_TEXT)
    for i, reference in enumerate(correction.references[:1]):
        field = f"correction.references[{i}]"
        yield _Text(f"{field}.series", reference.series, 20)
        yield _Text(f"{field}.number", reference.number.removeprefix(reference.series), 20, least=1)


def _text(text: _Text) -> Iterator[Finding]:
    if len(text.value.strip()) < text.least:
        wanted = "it is missing" if text.least == 1 else f"it has fewer than {text.least} characters"
        yield Finding("FACTURAE-MISSING", text.field, f"{wanted}, and Facturae wants it", "Complete it")
    if len(text.value) > text.most:
        message = f"{len(text.value)} characters, where Facturae has room for {text.most}"
        yield Finding("FACTURAE-LENGTH", text.field, message, "Shorten it")
    try:
        xml.escaped(text.value)
    except xml.NotText as problem:
        yield Finding("FACTURAE-CHARACTER", text.field, str(problem), "Remove it")


def _party(field: str, party: Party) -> Iterator[Finding]:
    if party.tax_id is None:
        yield Finding(
            "FACTURAE-TAX-ID", f"{field}.tax_id", "Facturae identifies every party by a tax number", "Give the NIF or VAT number"
        )
    if party.address is None:
        yield Finding(
            "FACTURAE-ADDRESS",
            f"{field}.address",
            "Facturae wants the address of every party",
            "Give street, post code, town and country",
        )
    else:
        yield from _address(f"{field}.address", party.address)
    if party.offices is not None:
        yield from _offices(f"{field}.offices", party.offices)


def _address(field: str, address: Address) -> Iterator[Finding]:
    if address.country not in codes().countries:
        message = f"{address.country!r} is no country that Facturae 3.2.2 knows"
        yield Finding("FACTURAE-COUNTRY", f"{field}.country", message, "Use the ISO 3166-1 code of the state it belongs to")
    if address.country == parties.SPAIN and not _POST_CODE.fullmatch(address.post_code):
        message = f"{address.post_code!r} is no Spanish post code"
        yield Finding("FACTURAE-POST-CODE", f"{field}.post_code", message, "Give its five digits")


def _offices(field: str, offices: Offices) -> Iterator[Finding]:
    for name in ("accounting_office", "managing_body", "processing_unit"):
        code: str = getattr(offices, name)
        if not _DIR3.fullmatch(code):
            message = f"{code!r} is no DIR3 code, which has nine capital letters and digits"
            yield Finding(
                "FACTURAE-DIR3", f"{field}.{name}", message, "Ask the administration, or look it up in FACe's directory"
            )


def _exemptions(invoice: Invoice) -> Iterator[Finding]:
    for i, group in enumerate(invoice.vat):
        if group.vat.category in codes().special and not lines.exemption(group.vat):
            yield Finding(
                "FACTURAE-EXEMPTION",
                f"vat[{i}].vat.reason",
                "nothing says why no VAT is charged (RD 1619/2012 art. 6.1.j)",
                "Give the article of Ley 37/1992, or one of the VATEX codes of health, teaching, sport and culture",
            )


def _amounts(invoice: Invoice) -> Iterator[Finding]:
    """Orden HAP/1650/2015: cents, products rounded half up, and sums."""
    for i, line in enumerate(invoice.lines):
        field = f"lines[{i}]"
        if _decimals(line.net) > 2:
            yield Finding("RCF06001", f"{field}.net", f"{line.net} has more than two decimals", "Round it to the cent")
        if line.net != (product := round2(line.quantity * line.unit_price)):
            message = f"{line.net} is not quantity × unit price, {line.quantity} × {line.unit_price} = {product}"
            yield Finding("RCF06002", f"{field}.net", message, "Give the price more decimals, or mend the amount")
        if _decimals(line.unit_price) > UNIT_PRICE_DECIMALS:
            message = f"{line.unit_price} has more than {UNIT_PRICE_DECIMALS} decimals"
            yield Finding("FACTURAE-DECIMALS", f"{field}.unit_price", message, "Round it")
    for name in ("net", "tax", "gross", "payable", "prepaid", "withheld"):
        amount: Decimal = getattr(invoice.totals, name)
        if _decimals(amount) > 2:
            yield Finding("RCF06004", f"totals.{name}", f"{amount} has more than two decimals", "Round it to the cent")
    if not invoice.lines:
        yield Finding("FACTURAE-MISSING", "lines", "there are no lines", "Give one at least")
    yield from _sums(invoice)


def _sums(invoice: Invoice) -> Iterator[Finding]:
    totals = invoice.totals
    if totals.net != (total := sum((line.net for line in invoice.lines), Decimal(0))):
        yield Finding("RCF06005", "totals.net", f"{totals.net} is not the sum of the lines, {total}", _ADD_UP)
    if totals.tax != (total := sum((group.tax for group in invoice.vat), Decimal(0))):
        yield Finding("FACTURAE-TAX", "totals.tax", f"{totals.tax} is not the sum of the groups, {total}", _ADD_UP)
    if totals.gross != totals.net + totals.tax:
        yield Finding("FACTURAE-TOTAL", "totals.gross", f"{totals.gross} is not net + tax, {totals.net + totals.tax}", _ADD_UP)
    if totals.payable != (total := totals.gross - totals.withheld - totals.prepaid):
        yield Finding("FACTURAE-TOTAL", "totals.payable", f"{totals.payable} is not gross − withheld − prepaid, {total}", _ADD_UP)
    groups = [group.vat for group in invoice.vat]
    if len(groups) != len(set(groups)) or set(groups) != {line.vat for line in invoice.lines}:
        yield Finding("FACTURAE-TAX", "vat", "the groups are not those of the lines", "One group for each treatment")
    for i, group in enumerate(invoice.vat):
        total = sum((line.net for line in invoice.lines if line.vat == group.vat), Decimal(0))
        if group.base != total:
            yield Finding("FACTURAE-TAX", f"vat[{i}].base", f"{group.base} is not the sum of its lines, {total}", _ADD_UP)
        if _decimals(group.tax) > 2:
            yield Finding("RCF06004", f"vat[{i}].tax", f"{group.tax} has more than two decimals", "Round it to the cent")
    yield from _withholding(invoice)


def _withholding(invoice: Invoice) -> Iterator[Finding]:
    kept, totals = invoice.withholding, invoice.totals
    if totals.withheld != (kept.amount if kept else 0):
        yield Finding(
            "FACTURAE-WITHHOLDING",
            "totals.withheld",
            "it is not the amount of the withholding",
            "Give both the same amount, or neither",
        )
    if kept is None:
        return
    if kept.base != totals.net:
        message = f"the base {kept.base} is not that of the invoice, {totals.net}: every line bears the withholding"
        yield Finding("FACTURAE-WITHHOLDING", "withholding.base", message, "Put what bears none on another invoice")
    if kept.amount != (amount := round2(kept.base * kept.rate / 100)):
        yield Finding(
            "FACTURAE-WITHHOLDING", "withholding.amount", f"{kept.amount} is not base × rate, {amount}", "Work it out again"
        )


def _payments(invoice: Invoice) -> Iterator[Finding]:
    paid = sum((each.amount for each in build.on_account(invoice)), Decimal(0))
    if paid != invoice.totals.prepaid:
        message = f"{invoice.totals.prepaid} was paid on account, and dated payments make {paid}"
        yield Finding("FACTURAE-PREPAID", "totals.prepaid", message, "Give each payment with its day")
    due = build.installments(invoice)
    total = sum((each.amount for each in due), Decimal(0))
    if due and total != invoice.totals.payable:
        message = f"the other payments make {total}, and {invoice.totals.payable} is payable"
        yield Finding("FACTURAE-INSTALLMENTS", "payments", message, "Make them add up, or leave them out")
    for i, payment in enumerate(invoice.payments):
        if _decimals(payment.amount) > 2:
            message = f"{payment.amount} has more than two decimals"
            yield Finding("RCF06004", f"payments[{i}].amount", message, "Round it to the cent")
        if payment.account and not _IBAN.fullmatch(payment.account):
            yield Finding("FACTURAE-IBAN", f"payments[{i}].account", f"{payment.account!r} is no IBAN", "Write it without spaces")


def _correction(correction: Correction) -> Iterator[Finding]:
    count = len(correction.references)
    if count != 1:
        message = f"it corrects {count} invoices, and a corrective Facturae names one"
        yield Finding("FACTURAE-CORRECTION", "correction.references", message, "Issue one for each corrected invoice")


def _decimals(amount: Decimal) -> int:
    """How many decimals a number needs; too many for what is no number."""
    exponent = amount.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else UNIT_PRICE_DECIMALS + 1
