"""What AEAT would surely reject, and what RD 1619/2012 asks of the kind of invoice: found before a number is used.

Codes are AEAT's own (Validaciones 1.2.0; `codes.toml`), or `ROF-` and the article of RD 1619/2012. AEAT tolerates ±10 €
in its sums, we do not: more than the rounding of a line is an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from einvoice.check.parties import is_nif
from einvoice.findings import Finding
from einvoice.model import (
    Category,
    Correction,
    CorrectionCode,
    CorrectionMethod,
    IdScheme,
    Invoice,
    IssuedBy,
    Person,
    Reference,
    Subtotal,
)
from einvoice.regimes.verifactu import codes
from einvoice.regimes.verifactu.breakdown import NotRecordable, details, is_abroad, nature_of, total
from einvoice.regimes.verifactu.build import System, type_code
from einvoice.regimes.verifactu.parties import NAME_LENGTH, id_findings, nif_findings, party_findings, text_findings

DESCRIPTION_LENGTH = 500
MOST_DETAILS = 12
MOST_REFERENCES = 1000
_CENT = Decimal("0.01")
_TOO_BIG = Decimal(10) ** 12
_WITHOUT_RECIPIENT = {"F2", "R5"}
# ASCII 32 to 126 without " ' < = >, and no space at either end, which AEAT would cut off before it takes the huella.
_NUMBER = re.compile(r"(?! )[ !#-&(-;?-~]{1,60}(?<! )")
_SYSTEM_ID = re.compile(r"[A-Z0-9]{2}")
_FORBIDDEN = re.compile(r"[\"'<>=]")


class Case(NamedTuple):
    """An invoice to be judged: on which day, its TipoFactura, its limit as a simplified one, the day that decides the rates."""

    invoice: Invoice
    today: date
    code: str
    simplified_limit: Decimal
    on: date


def check(invoice: Invoice, today: date, *, simplified_limit: Decimal | None = None) -> tuple[Finding, ...]:
    """Everything that would have the invoice's record rejected, all at once; empty when it may be numbered.

    `simplified_limit` is what the law lets this seller's simplified invoices reach, VAT included, where it is not the general
    limit (RD 1619/2012 art. 4.2).
    """
    limit = _limit("simplified_limit", today) if simplified_limit is None else simplified_limit
    case = Case(invoice, today, type_code(invoice), limit, invoice.operation_on or invoice.issued_on)
    return tuple(finding for rule in _RULES for finding in rule(case))


def _limit(name: str, on: date) -> Decimal:
    return Decimal(codes.law(name, on).value)


def check_system(system: System) -> tuple[Finding, ...]:
    """Everything in the description of the invoicing system that would have every record rejected."""
    return tuple(_system_findings(system))


def _seller(case: Case) -> Iterator[Finding]:
    seller = case.invoice.seller
    yield from text_findings(seller.name, "seller.name", NAME_LENGTH)
    if seller.tax_id is None or seller.tax_id.scheme is not IdScheme.NIF:
        yield Finding(
            "4116", "seller.tax_id", "a VERI*FACTU record needs the Spanish NIF of the taxpayer", "give the NIF of the taxpayer"
        )
    else:
        yield from nif_findings(seller.tax_id.number, "seller.tax_id", "4116")
    if seller.address is None and not case.invoice.simplified:
        yield Finding(
            "ROF-6.1.e",
            "seller.address",
            "a full invoice shows the address of who issues it",
            "give street, post code and town of the taxpayer",
        )


def _number(case: Case) -> Iterator[Finding]:
    if not _NUMBER.fullmatch(case.invoice.number):
        yield Finding(
            "1130",
            "number",
            f"{case.invoice.number!r} must be 1 to 60 printable ASCII characters without \" ' < > = and spaces at its ends",
            "change the series: no º, ª, ñ or accents",
        )


def _dates(case: Case) -> Iterator[Finding]:
    issued, operation, today = case.invoice.issued_on, case.invoice.operation_on, case.today
    first = date.fromisoformat(codes.law("first_issue_date", today).value)
    if issued > today:
        yield Finding("1112", "issued_on", f"{issued} is later than today ({today})", "issue it with the date of the day")
    if issued < first:
        yield Finding(
            "1152", "issued_on", f"{issued} is earlier than {first}, the first day of records", "leave it out of VERI*FACTU"
        )
    if operation is None:
        return
    if operation > today:
        remedy = "sessions to come are no operation yet: give the day of collection"
        yield Finding("1173", "operation_on", f"{operation} is later than today ({today})", remedy)
    elif issued < operation:
        yield Finding(
            "1146", "operation_on", f"{operation} is later than the day of issue ({issued})", "issue it after the operation"
        )
    years = int(codes.law("oldest_years", today).value)
    if (operation.year + years, operation.month, operation.day) < (today.year, today.month, today.day):
        yield Finding("1134", "operation_on", f"{operation} is more than {years} years ago", "check the date")


def _description(case: Case) -> Iterator[Finding]:
    yield from text_findings(case.invoice.description, "description", DESCRIPTION_LENGTH)
    if case.invoice.currency != "EUR":
        yield Finding("ROF-12", "currency", f"records are in EUR, the invoice in {case.invoice.currency}", "issue it in EUR")


def _recipient(case: Case) -> Iterator[Finding]:
    buyer = case.invoice.buyer
    if case.code in _WITHOUT_RECIPIENT:
        return
    if buyer is None or buyer.tax_id is None:
        field = "buyer" if buyer is None else "buyer.tax_id"
        remedy = "ask for the NIF, or a passport (03) of a foreigner; within the limit a simplified invoice needs none"
        yield Finding("1189", field, f"an invoice of type {case.code} must identify its recipient", remedy)
        return
    yield from party_findings(buyer, "buyer", case.on)
    if buyer.tax_id == case.invoice.seller.tax_id:
        yield Finding("1193", "buyer.tax_id", "seller and recipient are the same", "check who the recipient is")
    allowed = {"R2": {IdScheme.NIF, IdScheme.UNREGISTERED, IdScheme.VAT}, "R3": {IdScheme.NIF, IdScheme.UNREGISTERED}}
    if buyer.tax_id.scheme not in allowed.get(case.code, IdScheme):
        code = "1192" if case.code == "R2" else "1191"
        yield Finding(code, "buyer.tax_id", f"{case.code} does not accept kind {buyer.tax_id.scheme}", "identify them by NIF")
    if buyer.address is None and buyer.person is Person.LEGAL:
        yield Finding(
            "ROF-6.1.e",
            "buyer.address",
            "a full invoice shows the address of a business that receives it",
            "ask the recipient for street, post code and town",
        )


def _kind(case: Case) -> Iterator[Finding]:
    invoice, gross = case.invoice, case.invoice.totals.gross
    if not invoice.simplified or invoice.correction is not None:
        return
    if case.code == "F2" and gross > _limit("simplified_limit.listed", case.today) + _limit("tolerance", case.today):
        yield Finding("1150", "totals.gross", f"{gross} is more than any simplified invoice may reach", "issue a full invoice")
    elif gross > case.simplified_limit:
        message = f"{gross} is more than the limit of a simplified invoice ({case.simplified_limit})"
        yield Finding("ROF-4", "totals.gross", message, "issue a full invoice to an identified recipient")


def _third_party(case: Case) -> Iterator[Finding]:
    invoice, third = case.invoice, case.invoice.third_party
    if invoice.issued_by is not IssuedBy.THIRD_PARTY:
        if third is not None:
            yield Finding("1187", "third_party", "is named, but does not issue the invoice", "leave it out, or set issued_by")
        return
    if third is None or third.tax_id is None:
        yield Finding("1186", "third_party", "an invoice issued by a third party must identify it", "give its name and NIF")
        return
    yield from party_findings(third, "third_party", case.on)
    if third.tax_id == invoice.seller.tax_id:
        yield Finding("1188", "third_party.tax_id", "third party and seller are the same", "set issued_by to seller")
    if third.tax_id.scheme is IdScheme.UNREGISTERED:
        yield Finding("1211", "third_party.tax_id", "a third party must be in the census", "identify it by NIF")


def _breakdown(case: Case) -> Iterator[Finding]:
    if not case.invoice.vat:
        yield Finding("4102", "vat", "the invoice has no VAT breakdown", "give at least one base, exempt or not")
    for index, subtotal in enumerate(case.invoice.vat):
        yield from _subtotal(case, subtotal, f"vat[{index}]")


def _subtotal(case: Case, subtotal: Subtotal, field: str) -> Iterator[Finding]:
    try:
        nature = nature_of(subtotal.vat, abroad=is_abroad(case.invoice), cash=False)
    except NotRecordable as error:
        exempt = subtotal.vat.category is Category.EXEMPT
        where, code = ("vat.exemption", "1195") if exempt else ("vat.category", "1218")
        yield Finding(code, f"{field}.{where}", str(error))
        return
    if nature.code == "S1":
        yield from _taxed(case, subtotal, field)
        return
    code = "1238" if nature.exempt else "1198" if nature.code == "S2" else "1237"
    if subtotal.tax or subtotal.vat.rate:
        yield Finding(code, f"{field}.tax", f"{nature.code} bears neither rate nor tax", "set both to 0, or the category to S")
    if nature.code == "S2" and case.code in _WITHOUT_RECIPIENT:
        yield Finding("1197", f"{field}.vat.category", "a reverse charge needs a full invoice", "identify the recipient")
    if nature.code == "E5" and (buyer := case.invoice.buyer) and buyer.tax_id and buyer.tax_id.scheme is IdScheme.NIF:
        yield Finding("1289", "buyer.tax_id", "an intra-Community supply goes to a VAT number of another state", "choose kind 02")


def _taxed(case: Case, subtotal: Subtotal, field: str) -> Iterator[Finding]:
    rate, base, tax = subtotal.vat.rate, subtotal.base, subtotal.tax
    if rate not in codes.rates(case.on):
        allowed = ", ".join(str(allowed) for allowed in sorted(codes.rates(case.on)))
        yield Finding("1124", f"{field}.vat.rate", f"{rate} % is no rate of {case.on}", f"choose one of {allowed}")
    if case.code in {"R2", "R3"}:
        return  # LIVA 80.Tres and Cuatro: the tax falls, the base stays
    if base * tax < 0:
        yield Finding("1143", f"{field}.tax", f"base {base} and tax {tax} have different signs", "check the amounts")
    if abs(base * rate / 100 - tax) > _rounding(case, subtotal):
        yield Finding("1142", f"{field}.tax", f"{tax} is not {rate} % of {base}", "work the tax out again")


def _rounding(case: Case, subtotal: Subtotal) -> Decimal:
    """How far a tax may be off its rate: a cent for each line, one more for the difference of two taxes."""
    correction = case.invoice.correction
    cents = max(sum(line.vat == subtotal.vat for line in case.invoice.lines), 1)
    if correction and correction.method is CorrectionMethod.DIFFERENCES:
        cents += 1
    return min(cents * _CENT, _limit("tolerance", case.today))


def _totals(case: Case) -> Iterator[Finding]:
    invoice = case.invoice
    try:
        lines = details(invoice)
    except NotRecordable:
        return  # said of the subtotal
    if len(lines) > MOST_DETAILS:
        yield Finding("4102", "vat", f"{len(lines)} kinds of tax, at most {MOST_DETAILS} fit in a record", "split the invoice")
    quotas = total(line.quota for line in lines)
    gross = total(line.base for line in lines) + quotas
    if invoice.totals.tax != quotas:
        yield Finding("2006", "totals.tax", f"{invoice.totals.tax} is not the sum of the taxes, {quotas}", "add them up again")
    if invoice.totals.gross != gross:
        message = f"{invoice.totals.gross} is not bases and taxes together, {gross}; income tax is never taken off here"
        yield Finding("2005", "totals.gross", message, "add them up again")
    amounts = [("totals.tax", invoice.totals.tax), ("totals.gross", invoice.totals.gross)]
    amounts += [("vat", amount) for line in lines for amount in (line.base, line.quota) if amount is not None]
    yield from (_misfit(amount, field) for field, amount in amounts if not _fits(amount))


def _fits(amount: Decimal) -> bool:
    return amount.is_finite() and -_TOO_BIG < amount < _TOO_BIG and (amount.same_quantum(_CENT) or amount == round(amount, 2))


def _misfit(amount: Decimal, field: str) -> Finding:
    return Finding("4102", field, f"{amount} does not fit: 12 digits and 2 decimals", "round it before the invoice is issued")


def _correction(case: Case) -> Iterator[Finding]:
    invoice, correction = case.invoice, case.invoice.correction
    if correction is None:
        yield from _references(invoice.replaces, "replaces", invoice)
        return
    if invoice.replaces:
        yield Finding("1116", "replaces", "a corrective invoice replaces no simplified ones", "issue two documents")
    if correction.code is CorrectionCode.R5 and not invoice.simplified:
        yield Finding("1190", "correction.code", "R5 corrects simplified invoices, this is none", "choose R1 to R4")
    if not correction.references:
        yield Finding(
            "ROF-15.4",
            "correction.references",
            "a corrective invoice names the ones that it corrects",
            "give number and day of each",
        )
    yield from _references(correction.references, "correction.references", invoice)
    yield from _replaced(correction)


def _replaced(correction: Correction) -> Iterator[Finding]:
    for name, amount in (("replaced_base", correction.replaced_base), ("replaced_tax", correction.replaced_tax)):
        if correction.method is CorrectionMethod.SUBSTITUTION and amount is None:
            yield Finding(
                "1118",
                f"correction.{name}",
                "by substitution the amount that is replaced must be stated",
                "give that of the corrected invoices",
            )
        elif correction.method is CorrectionMethod.DIFFERENCES and amount is not None:
            yield Finding("1119", f"correction.{name}", "by differences nothing is replaced", "leave it out")
        elif amount is not None and not _fits(amount):
            yield _misfit(amount, f"correction.{name}")


def _references(references: tuple[Reference, ...], field: str, invoice: Invoice) -> Iterator[Finding]:
    if len(references) > MOST_REFERENCES:
        yield Finding("4102", field, f"{len(references)} references, at most {MOST_REFERENCES} fit", "issue several invoices")
    for index, reference in enumerate(references):
        where = f"{field}[{index}]"
        if not _NUMBER.fullmatch(reference.number):
            yield Finding("1130", f"{where}.number", f"{reference.number!r} is no number that AEAT takes", "check the number")
        if reference.issued_on > invoice.issued_on:
            message = f"{reference.number} was issued on {reference.issued_on}, after this one"
            yield Finding("ROF-15.4", f"{where}.issued_on", message, "check the date")


def _system_findings(system: System) -> Iterator[Finding]:
    lengths = (("producer", system.producer, NAME_LENGTH), ("name", system.name, 30), ("version", system.version, 50))
    for field, text, most in (*lengths, ("installation", system.installation, 100)):
        yield from text_findings(text, f"system.{field}", most)
        if field in {"version", "installation"} and _FORBIDDEN.search(text):
            yield Finding("1287", f"system.{field}", "has one of \" ' < > =", "leave it out")
    if not _SYSTEM_ID.fullmatch(system.id):
        yield Finding("1177", "system.id", f"{system.id!r} must be two of A-Z and 0-9, without Ñ", "choose two of them")
    if system.producer_id.scheme is IdScheme.NIF and not is_nif(system.producer_id.number):
        yield from nif_findings(system.producer_id.number, "system.producer_id", "1176")
    elif system.producer_id.scheme is not IdScheme.NIF:
        yield from id_findings(system.producer_id, "system.producer_id", date.max)


_RULES: tuple[Callable[[Case], Iterator[Finding]], ...] = (
    _seller,
    _number,
    _dates,
    _description,
    _kind,
    _recipient,
    _third_party,
    _breakdown,
    _totals,
    _correction,
)
