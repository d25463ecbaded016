"""A draft as a semantic invoice: who, to whom, what for, how taxed; what the ledger says in cents, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import orjson

from einvoice.findings import Finding
from einvoice.model import (
    Address,
    Category,
    Correction,
    CorrectionCode,
    CorrectionMethod,
    IdScheme,
    Invoice,
    Line,
    Means,
    Offices,
    Party,
    Payment,
    Person,
    Reference,
    Scheme,
    Subtotal,
    TaxId,
    Totals,
    TypeCode,
    Vat,
    Withholding,
)
from revrec.app import wording
from revrec.app.wording import Phrase
from revrec.core import clauses, money, units
from revrec.core.billing import Item, Subject
from revrec.core.bundle import Bundle
from revrec.core.events import Method
from revrec.core.invoicing import Draft, Part
from revrec.core.policy import Policy, Tax
from revrec.settings import Person as TaxpayerPerson
from revrec.settings import Settings, VatScheme
from revrec.store.papers import Issued
from revrec.store.pins import Pins

MEANS = {
    Method.CASH: Means.CASH,
    Method.CARD: Means.CARD,
    Method.TRANSFER: Means.TRANSFER,
    Method.DIRECT_DEBIT: Means.DIRECT_DEBIT,
    Method.BIZUM: Means.ONLINE,
    Method.PAYPAL: Means.ONLINE,
    Method.OTHER: Means.OTHER,
}
UNCOLLECTABLE = ("receivable.vat_recovered", "receivable.recovered")
_PAID_BACK = ("refund.issued", "refund.reversed")
_R1 = frozenset(
    {
        "refund.issued",
        "refund.reversed",
        "bundle.price_reduced",
        "payment.reversed",
        "chargeback.lost",
        "bundle.cancelled_for_default",
        "receivable.written_off",
        "session.waived",
        "bundle.upgraded",
        "bundle.transferred",
    }
)
_EU = frozenset("AT BE BG CY CZ DE DK EE EL FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK XI".split())
_PREFIXED = {"GR": "EL"}
WHOLE = Decimal(100)


class Original(NamedTuple):
    """The document that a correction names, whoever issued it; `simplified` decides on R5."""

    reference: Reference
    simplified: bool = False


class Numbered(NamedTuple):
    """The number that a document would get, and its series."""

    series: str
    number: str


@dataclass(frozen=True, slots=True)
class Case:
    """All that turning a draft into an invoice needs beside the draft; `details` are the recipient's, as registered."""

    draft: Draft
    today: date
    tax: Mapping[str, Tax]
    details: Mapping[str, Any] = field(default_factory=dict)
    bundle: Bundle | None = None
    original: Original | None = None
    simplified: bool = False


@dataclass(frozen=True)  # no slots: the seller is kept
class Paper:
    """Writes documents of one taxpayer; `pins` hold the texts of the packages."""

    settings: Settings
    pins: Pins

    def invoice(self, case: Case, numbered: Numbered) -> Invoice:
        """The document of a draft: its VAT is the ledger's, its lines carry the base of each item."""
        draft, language = case.draft, self.language(case)
        lines = tuple(self._line(case, part, language) for part in draft.parts)
        vat = _breakdown(case, lines, self._taxes(draft), self.settings.currency)
        kept = self._withholding(case, vat)
        totals = _totals(vat, kept, self._amount(draft.paid))
        buyer = buyer_of(case.details)
        return Invoice(
            series=numbered.series,
            number=numbered.number,
            issued_on=case.today,
            seller=self.seller,
            buyer=None if case.simplified and (buyer is None or buyer.tax_id is None) else buyer,
            lines=lines,
            vat=vat,
            totals=totals,
            description=self._description(case, lines, language),
            type_code=TypeCode.INVOICE if case.original is None else TypeCode.CREDIT_NOTE,
            simplified=case.simplified,
            currency=self.settings.currency,
            operation_on=draft.operated_on if draft.operated_on != case.today else None,
            payments=_payments(draft, totals.prepaid),
            withholding=kept,
            correction=self._correction(case, language),
            scheme=Scheme.CASH if self.settings.vat_scheme is VatScheme.CASH else Scheme.GENERAL,
            notes=tuple(self._notes(case, language)),
            legal=tuple(dict.fromkeys(line.vat.reason for line in lines if line.vat.reason)),
            language=language,
        )

    def language(self, case: Case) -> str:
        """The customer's language, by the country; Spanish for who is not registered."""
        return wording.language_of(case.details.get("country", self.settings.country))

    @cached_property
    def seller(self) -> Party:
        """The taxpayer."""
        own, where = self.settings, self.settings.address
        address = None
        if where.address:
            address = Address(where.address, where.post_code or "", where.town or "", where.province or "", own.country)
        person = Person.NATURAL if own.person is TaxpayerPerson.NATURAL else Person.LEGAL
        given, first, second = _split(own.name) if person is Person.NATURAL else ("", "", "")
        return Party(own.name, person, tax_id_of(own.taxpayer[3:], own.country, business=True), address, given, first, second)

    def _line(self, case: Case, part: Part, language: str) -> Line:
        base = self._base(case, part)
        vat = self.vat(case.tax[part.item.tax], language)
        sign = Decimal(-1) if base < 0 or (base == 0 and part.gross < 0) else Decimal(1)
        return Line(self._what(case, part.item, language), sign, abs(base), base, vat, unit="E48" if _is_session(part) else "C62")

    def _base(self, case: Case, part: Part) -> Decimal:
        """What the VAT is on; of VAT taken back alone, the base that it was on (LIVA 80.Cuatro)."""
        if part.gross != part.vat or not part.vat:
            return self._amount(part.gross - part.vat)
        rate = Decimal(case.tax[part.item.tax].rate)
        return (self._amount(part.vat) * WHOLE / rate).quantize(self._amount(1), ROUND_HALF_UP) if rate else self._amount(0)

    def vat(self, tax: Tax, language: str) -> Vat:
        """A tax of the policy file as the invoice states it."""
        category = Category(tax.category)
        if category is Category.EXEMPT:
            return Vat(category, Decimal(0), tax.exemption or "", wording.exemption(tax.exemption or "", language))
        reason = wording.OUTSIDE.said(language) if category is Category.OUTSIDE else ""
        return Vat(category, Decimal(tax.rate), tax.exemption or "", reason)

    def _taxes(self, draft: Draft) -> dict[str, Decimal]:
        """The VAT of the document by tax, as the ledger has it."""
        found: dict[str, Decimal] = {}
        for part in draft.parts:
            found[part.item.tax] = found.get(part.item.tax, self._amount(0)) + self._amount(part.vat)
        return found

    def _what(self, case: Case, item: Item, language: str) -> str:
        phrase = wording.SUBJECTS.get(item.subject)
        if phrase is not None:
            return phrase.said(language)
        bundle = self.bundle_text(case.bundle, language)
        if item.ref:
            return wording.SESSION.said(language, bundle=bundle)
        partial = case.original is None and case.bundle is not None and case.draft.gross < case.bundle.price
        return wording.PART.said(language, bundle=bundle) if partial else bundle

    def bundle_text(self, bundle: Bundle | None, language: str) -> str:
        """The package's `document_text` in the language; else made from its units."""
        if bundle is None:
            return wording.UNITS[units.Unit.MONEY].said(language)
        package = bundle.terms.package
        pin = self.pins.get("package", package.id, package.since.isoformat())
        texts = _document_texts(pin.content) if pin else {}
        if language in texts:
            return texts[language]
        if language != "es" and "es" in texts and package.unit is units.Unit.MONEY:
            return texts["es"]
        return wording.UNITS[package.unit].said(language, count=units.text(bundle.units))

    def _description(self, case: Case, lines: tuple[Line, ...], language: str) -> str:
        what = "; ".join(dict.fromkeys(line.description for line in lines))
        if case.original is None:
            return what[:500]
        return wording.CORRECTS.said(language, number=case.original.reference.number, what=what)[:500]

    def _correction(self, case: Case, language: str) -> Correction | None:
        if case.original is None:
            return None
        reason = wording.REASONS.get(case.draft.cause, wording.OTHER_REASON).said(language)
        return Correction(_code(case), CorrectionMethod.DIFFERENCES, (case.original.reference,), reason)

    def _notes(self, case: Case, language: str) -> list[str]:
        """The terms that the customer accepted, by their digest; when it was collected."""
        if case.bundle is None or all(part.item.subject is not Subject.UNITS for part in case.draft.parts):
            return []
        policy = case.bundle.terms.policy
        digest = _digest(policy, self.settings.currency)
        return [wording.TERMS.said(language, policy=policy.version, digest=digest[:16])]

    def _withholding(self, case: Case, vat: tuple[Subtotal, ...]) -> Withholding | None:
        """Income tax that a business customer keeps back from a professional (RIRPF 95).

        A refund pays the whole back: the tax kept back stays the professional's, who bore it and whose claim it is
        (RD 520/2005 art. 14.2.b).
        """
        if case.draft.cause in _PAID_BACK:
            return None
        irpf = self.settings.irpf
        natural = self.settings.person is TaxpayerPerson.NATURAL
        if not (irpf.professional and natural and case.details.get("withholds")):
            return None
        rate = next((row.rate for row in reversed(irpf.rates) if row.since <= case.draft.operated_on), None)
        if not rate:
            return None
        base = sum((each.base for each in vat), self._amount(0))
        return Withholding(rate, base, (base * rate / WHOLE).quantize(self._amount(1), ROUND_HALF_UP))

    def _amount(self, minor: int) -> Decimal:
        return money.decimal(minor, self.settings.currency)


@lru_cache(maxsize=256)
def _document_texts(package: bytes) -> Mapping[str, str]:
    """What documents call a pinned package, by language; read once for all of them."""
    texts: Mapping[str, str] = orjson.loads(package).get("document_text", {})
    return texts


@lru_cache(maxsize=256)
def _digest(policy: Policy, currency: str) -> str:
    """The digest of a policy, worked out once for all its documents."""
    return clauses.digest(policy, currency)


def _code(case: Case) -> CorrectionCode:
    """R5 for simplified ones; else by the paragraph of LIVA 80 (RD 1619/2012 art. 15)."""
    if case.original is not None and case.original.simplified:
        return CorrectionCode.R5
    if case.draft.cause in UNCOLLECTABLE:
        return CorrectionCode.R3
    return CorrectionCode.R1 if case.draft.cause in _R1 else CorrectionCode.R4


def _is_session(part: Part) -> bool:
    return part.item.subject in (Subject.VISIT, Subject.EXTRA) or bool(part.item.ref and part.item.subject is Subject.UNITS)


def _breakdown(case: Case, lines: tuple[Line, ...], taxes: Mapping[str, Decimal], currency: str) -> tuple[Subtotal, ...]:
    """One group for each tax, in order of the lines: their base, and the VAT of the ledger."""
    zero, found = money.decimal(0, currency), dict[Vat, list[Decimal]]()
    seen: set[str] = set()
    for part, line in zip(case.draft.parts, lines, strict=True):
        group = found.setdefault(line.vat, [zero, zero])
        group[0] += line.net
        if part.item.tax not in seen:
            seen.add(part.item.tax)
            group[1] += taxes[part.item.tax]
    return tuple(Subtotal(vat, base, tax) for vat, (base, tax) in found.items())


def _totals(vat: tuple[Subtotal, ...], kept: Withholding | None, paid: Decimal) -> Totals:
    net = sum((each.base for each in vat), Decimal(0))
    tax = sum((each.tax for each in vat), Decimal(0))
    withheld = kept.amount if kept else net * 0
    due = net + tax - withheld
    prepaid = min(paid, due) if due > 0 else net * 0
    return Totals(net, tax, net + tax, due - prepaid, prepaid, withheld)


def _payments(draft: Draft, prepaid: Decimal) -> tuple[Payment, ...]:
    """How the paid part came: what was kept back is no payment, nor what was paid beyond the document."""
    if not prepaid or draft.corrects is not None:
        return ()
    means = MEANS[draft.method] if draft.method else Means.OTHER
    return (Payment(means, prepaid, draft.operated_on),)


def buyer_of(details: Mapping[str, Any]) -> Party | None:
    """The recipient as registered; None when nobody is, or the details are erased."""
    name = details.get("name")
    if not name:
        return None
    natural = details.get("person") == "natural"
    surnames = [details.get(key) or "" for key in ("first_surname", "second_surname")]
    given, first, second = (str(name), *surnames) if natural else ("", "", "")
    if natural and not first:
        given, first, second = _split(str(name))
    whole = " ".join(part for part in ((given, first, second) if natural else (str(name),)) if part)
    country = str(details.get("country", "ES"))
    address = None
    if details.get("address"):
        street, post_code, town, province = (str(details.get(key) or "") for key in ("address", "post_code", "town", "province"))
        address = Address(street, post_code, town, province, country)
    raw, business = details.get("tax_id"), bool(details.get("business")) or not natural
    tax_id = tax_id_of(str(raw), country, business=business) if raw else None
    dir3 = details.get("dir3")
    offices = Offices(dir3["accounting_office"], dir3["managing_body"], dir3["processing_unit"]) if dir3 else None
    person = Person.NATURAL if natural else Person.LEGAL
    return Party(whole, person, tax_id, address, given, first, second, str(details.get("email") or ""), offices)


@lru_cache(maxsize=1024)
def tax_id_of(raw: str, country: str, *, business: bool) -> TaxId:
    """A tax number without spaces, hyphens and country; a foreign one as a VAT number of the EU, else as a national one."""
    number = "".join(character for character in raw.upper() if character.isalnum())
    prefix = _PREFIXED.get(country, country)
    from stdnum.es import nif

    if country == "ES" or nif.is_valid(number):
        return TaxId(number.removeprefix("ES"), "ES", IdScheme.NIF)
    if business and prefix in _EU:
        return TaxId(number.removeprefix(prefix), country, IdScheme.VAT)
    return TaxId(number, country, IdScheme.NATIONAL)


def _split(name: str) -> tuple[str, str, str]:
    """A whole Spanish name in its parts, where it was not registered so: the last two words are surnames."""
    words = name.split()
    if len(words) < 3:
        return (words[0] if words else "", " ".join(words[1:]), "")
    return " ".join(words[:-2]), words[-2], words[-1]


def reference(issued: Issued) -> Original:
    """How a document of these books is named by another one."""
    simplified = issued.kind in ("F2", "R5")
    return Original(Reference(issued.number, issued.issued_on, issued.series), simplified)


def missing_original(draft: Draft) -> Finding:
    """The invoice that a correction would name was issued outside these books and is not known."""
    return Finding(
        "original-invoice",
        "correction.references",
        f"the money of {draft.account} was invoiced outside these books, under a number that is not known here",
        "issue the corrective invoice where the original was issued, or give `original_invoice` with the refund",
    )


def reason(cause: str) -> Phrase:
    """Why a document is corrected, by the event that made it due."""
    return wording.REASONS.get(cause, wording.OTHER_REASON)
