"""The semantic invoice of EN 16931-1:2017, frozen: what a document says, before any format says how.

Amounts are `Decimal` in the invoice's currency, at most two decimals (unit prices up to eight). They carry their sign: a
corrective invoice by differences has negative amounts; a format that wants a credit note with positive ones turns them.
BT and BG numbers are those of the standard. What EN 16931 has no term for (Spanish income tax kept back, simplified invoices,
corrective methods) stands beside it, with its law.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum


class TypeCode(StrEnum):
    """What the document is: BT-3, UNTDID 1001."""

    INVOICE = "380"
    CREDIT_NOTE = "381"
    CORRECTED = "384"
    PREPAYMENT = "386"


class Category(StrEnum):
    """VAT category: BT-118 and BT-151, UNCL 5305."""

    STANDARD = "S"
    ZERO = "Z"
    EXEMPT = "E"
    REVERSE_CHARGE = "AE"
    INTRA_COMMUNITY = "K"
    EXPORT = "G"
    OUTSIDE = "O"
    CANARY = "L"
    CEUTA_MELILLA = "M"


class Person(StrEnum):
    """What a party is in law."""

    NATURAL = "natural"
    LEGAL = "legal"


class IdScheme(StrEnum):
    """What kind of number identifies a party; all but the first are the foreign and substitute kinds of AEAT's list L7."""

    NIF = "nif"
    VAT = "02"
    PASSPORT = "03"
    NATIONAL = "04"
    RESIDENCE = "05"
    OTHER = "06"
    UNREGISTERED = "07"


class Scheme(StrEnum):
    """The seller's VAT regime, as far as an invoice must say it."""

    GENERAL = "general"
    CASH = "cash"  # LIVA 163 decies ff.


class CorrectionCode(StrEnum):
    """Why an invoice is corrected, by the Spanish VAT Act (RD 1619/2012 art. 15; AEAT list L2)."""

    R1 = "R1"  # LIVA 80.Uno, Dos and Seis, and errors of law
    R2 = "R2"  # LIVA 80.Tres: insolvency proceedings
    R3 = "R3"  # LIVA 80.Cuatro: uncollectable
    R4 = "R4"  # everything else
    R5 = "R5"  # simplified invoices


class CorrectionMethod(StrEnum):
    """How a corrective invoice states its amounts (AEAT list L3)."""

    DIFFERENCES = "I"
    SUBSTITUTION = "S"


class Means(StrEnum):
    """How money moved: BT-81, UNTDID 4461."""

    CASH = "10"
    TRANSFER = "30"
    CARD = "48"
    DIRECT_DEBIT = "49"
    SEPA_TRANSFER = "58"
    SEPA_DIRECT_DEBIT = "59"
    ONLINE = "68"
    OTHER = "1"


class IssuedBy(StrEnum):
    """Who issues the document materially (RD 1619/2012 art. 5)."""

    SELLER = "seller"
    THIRD_PARTY = "third-party"
    BUYER = "buyer"


@dataclass(frozen=True, slots=True)
class TaxId:
    """A tax number without the country's prefix, whose country (ISO 3166-1 alpha-2) and kind stand beside it."""

    number: str
    country: str = "ES"
    scheme: IdScheme = IdScheme.NIF


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address: BG-5, BG-8. `country` is ISO 3166-1 alpha-2 (BT-40, BT-55)."""

    street: str = ""
    post_code: str = ""
    town: str = ""
    province: str = ""
    country: str = "ES"


@dataclass(frozen=True, slots=True)
class Offices:
    """The three DIR3 codes of a Spanish public administration: who books, who manages, who pays."""

    accounting_office: str
    managing_body: str
    processing_unit: str


@dataclass(frozen=True, slots=True)
class Party:
    """Seller (BG-4), buyer (BG-7) or third party. `name` is the whole name (BT-27, BT-44).

    A natural person's name stands split as well (`given_name`, `first_surname`, `second_surname`), since Facturae wants it so.
    """

    name: str
    person: Person
    tax_id: TaxId | None = None
    address: Address | None = None
    given_name: str = ""
    first_surname: str = ""
    second_surname: str = ""
    email: str = ""
    offices: Offices | None = None


@dataclass(frozen=True, slots=True)
class Vat:
    """How something is taxed: category, rate in percent (BT-152), exemption code (BT-121, VATEX) and text (BT-120)."""

    category: Category
    rate: Decimal
    exemption: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Period:
    """First and last day, both counted: BG-14, BG-26."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Line:
    """One line: BG-25. `unit` is UN/ECE Rec 20/21 (C62 piece, E48 service unit, HUR hour, MIN minute).

    `net` = round2(quantity × unit price), both without tax; a corrective by differences has a negative quantity.
    """

    description: str
    quantity: Decimal
    unit_price: Decimal
    net: Decimal
    vat: Vat
    unit: str = "C62"
    period: Period | None = None


@dataclass(frozen=True, slots=True)
class Subtotal:
    """One group of the VAT breakdown: BG-23. `tax` = gross − base where prices include tax (within a cent of base × rate)."""

    vat: Vat
    base: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True)
class Withholding:
    """Income tax that the customer keeps back (Spain: IRPF, LIRPF 99, RIRPF 75 and 95): rate in percent, base, amount."""

    rate: Decimal
    base: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Totals:
    """The document's totals: BG-22.

    net BT-109, tax BT-110, gross BT-112 = net + tax, withheld, prepaid BT-113, payable = gross − withheld − prepaid
    (BT-115 where nothing is withheld).
    """

    net: Decimal
    tax: Decimal
    gross: Decimal
    payable: Decimal
    prepaid: Decimal = Decimal("0.00")
    withheld: Decimal = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that arrived for the document, or by which it is to be paid: BG-16, BT-81; `amount` is signed like the totals.

    `account` is the IBAN to pay to (BT-84) or, of a direct debit, the one that is debited (BT-91).
    """

    means: Means
    amount: Decimal
    paid_on: date | None = None
    account: str = ""


@dataclass(frozen=True, slots=True)
class Reference:
    """Another invoice: BG-3 (BT-25, BT-26), with its series and its amounts where they are stated."""

    number: str
    issued_on: date
    series: str = ""


@dataclass(frozen=True, slots=True)
class Correction:
    """What makes an invoice a corrective one (RD 1619/2012 art. 15).

    `references` are the corrected invoices; `replaced_base` and `replaced_tax` their amounts, by substitution only
    (AEAT `ImporteRectificacion`); `reason` is free of health data.
    """

    code: CorrectionCode
    method: CorrectionMethod
    references: tuple[Reference, ...]
    reason: str
    replaced_base: Decimal | None = None
    replaced_tax: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Invoice:
    """A whole document. `number` (BT-1) is the series with the digits behind it: `F2026-` and `000123`.

    `issued_on` BT-2; `operation_on` BT-72/BT-7: day of collection or delivery where it is not the day of issuing.
    `simplified`: RD 1619/2012 art. 4; it may lack a `buyer`. `replaces`: simplified invoices that a full one takes the place
    of (AEAT F3). `third_party` issues in the seller's name. `notes` (BT-22) and `legal` are printed as they are;
    `description` is the operation in one line (AEAT `DescripcionOperacion`). `language` is ISO 639-1.
    """

    series: str
    number: str
    issued_on: date
    seller: Party
    buyer: Party | None
    lines: tuple[Line, ...]
    vat: tuple[Subtotal, ...]
    totals: Totals
    description: str
    type_code: TypeCode = TypeCode.INVOICE
    simplified: bool = False
    currency: str = "EUR"
    operation_on: date | None = None
    period: Period | None = None
    due_on: date | None = None
    payments: tuple[Payment, ...] = ()
    withholding: Withholding | None = None
    correction: Correction | None = None
    replaces: tuple[Reference, ...] = ()
    scheme: Scheme = Scheme.GENERAL
    issued_by: IssuedBy = IssuedBy.SELLER
    third_party: Party | None = None
    notes: tuple[str, ...] = ()
    legal: tuple[str, ...] = ()
    language: str = "es"

    @property
    def digits(self) -> str:
        """The number without its series."""
        return self.number.removeprefix(self.series)
