"""Invented invoices of every shape that Facturae has here."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from einvoice.model import (
    Address,
    Category,
    Correction,
    CorrectionCode,
    CorrectionMethod,
    IdScheme,
    Invoice,
    IssuedBy,
    Line,
    Means,
    Offices,
    Party,
    Payment,
    Period,
    Person,
    Reference,
    Scheme,
    Subtotal,
    TaxId,
    Totals,
    Vat,
    Withholding,
)

D = Decimal
DAY = date(2026, 3, 2)
URL = "https://prewww2.aeat.es/wlpl/TIKE-CONT/ValidarQR?nif=B64717838&numserie=F2026-000123&fecha=02-03-2026&importe=600.00"

IBAN = "ES9121000418450200051332"  # the example of the Spanish IBAN, nobody's account

MADRID = Address("Calle de la Invención 12", "28013", "Madrid", "Madrid")
CLINIC = Party("Centro de Pruebas SL", Person.LEGAL, TaxId("B64717838"), MADRID, email="nadie@example.org")
PHYSIO = Party(
    "Elena Ficticia Roca",
    Person.NATURAL,
    TaxId("00000000T"),
    MADRID,
    given_name="Elena",
    first_surname="Ficticia",
    second_surname="Roca",
)
PATIENT = Party(
    "María Ejemplo",
    Person.NATURAL,
    TaxId("12345678Z"),
    Address("Avenida Imaginaria 7", "38001", "Santa Cruz de Tenerife", "Santa Cruz de Tenerife"),
    given_name="María",
    first_surname="Ejemplo",
)
COMPANY = Party("Compañía & Hijos <Inventada> SA", Person.LEGAL, TaxId("A58818501"), Address("Nave 4", "50197", "Zaragoza"))
TOWN = replace(COMPANY, name="Ayuntamiento de Ningunlugar", offices=Offices("L01999999", "L01999998", "L01999997"))
EXEMPT = Vat(Category.EXEMPT, D(0), "VATEX-EU-132-1C")
TAXED = Vat(Category.STANDARD, D(21))
REDUCED = Vat(Category.STANDARD, D(10))


def exempt() -> Invoice:
    """A bundle of ten sessions sold to a patient, not yet paid."""
    line = Line("Bono de 10 sesiones", D(10), D(60), D("600.00"), EXEMPT, period=Period(DAY, date(2027, 3, 1)))
    return Invoice(
        "F2026-",
        "F2026-000123",
        DAY,
        CLINIC,
        PATIENT,
        (line,),
        (Subtotal(EXEMPT, D("600.00"), D("0.00")),),
        Totals(D("600.00"), D("0.00"), D("600.00"), D("600.00")),
        "Bono de 10 sesiones",
        due_on=DAY,
        payments=(Payment(Means.CARD, D("600.00")),),
    )


def administration() -> Invoice:
    """The same for a town hall, by transfer."""
    transfer = Payment(Means.SEPA_TRANSFER, D("600.00"), account=IBAN)
    return replace(exempt(), buyer=TOWN, due_on=date(2026, 4, 1), payments=(transfer,))


def withheld() -> Invoice:
    """A professional to a company: 21 % and 10 %, prices that included them, income tax kept back, cents everywhere."""
    lines = (
        Line("Talleres", D(3), D("82.6446281"), D("247.93"), TAXED, unit="HUR"),
        Line("Taller breve", D("0.5"), D("33.33"), D("16.67"), TAXED, unit="HUR"),
        Line("Manual", D(7), D("9.09"), D("63.63"), REDUCED),
    )
    return replace(
        exempt(),
        seller=PHYSIO,
        buyer=COMPANY,
        lines=lines,
        # 264.60 × 21 % is 55.57: the tax is what is left of the price.
        vat=(Subtotal(TAXED, D("264.60"), D("55.56")), Subtotal(REDUCED, D("63.63"), D("6.36"))),
        totals=Totals(D("328.23"), D("61.92"), D("390.15"), D("340.92"), withheld=D("49.23")),
        withholding=Withholding(D(15), D("328.23"), D("49.23")),
        payments=(Payment(Means.TRANSFER, D("340.92"), account=IBAN),),
    )


def on_account() -> Invoice:
    """Half of it was paid before."""
    paid = (Payment(Means.CASH, D("100.00"), date(2026, 2, 1)), Payment(Means.CARD, D("200.50"), date(2026, 2, 15)))
    rest = Payment(Means.SEPA_DIRECT_DEBIT, D("299.50"), account=IBAN)
    totals = Totals(D("600.00"), D("0.00"), D("600.00"), D("299.50"), prepaid=D("300.50"))
    return replace(exempt(), totals=totals, payments=(*paid, rest), operation_on=date(2026, 2, 1))


def corrective() -> Invoice:
    """Four sessions given back, by differences; a third of each price was 33.33."""
    reference = Reference("F2025-000123", date(2025, 11, 30), "F2025-")
    correction = Correction(CorrectionCode.R1, CorrectionMethod.DIFFERENCES, (reference,), "Devolución de 4 sesiones")
    line = Line("Devolución de 4 sesiones", D(-4), D("33.335"), D("-133.34"), EXEMPT)
    return replace(
        exempt(),
        series="R2026-",
        number="R2026-000007",
        correction=correction,
        lines=(line,),
        vat=(Subtotal(EXEMPT, D("-133.34"), D("0.00")),),
        totals=Totals(D("-133.34"), D("0.00"), D("-133.34"), D("-133.34")),
        payments=(Payment(Means.OTHER, D("-133.34")),),
    )


def substitution() -> Invoice:
    before = corrective()
    assert before.correction is not None
    method = replace(
        before.correction,
        method=CorrectionMethod.SUBSTITUTION,
        code=CorrectionCode.R2,
        replaced_base=D("700.00"),
        replaced_tax=D("0.00"),
    )
    return replace(exempt(), series="R2026-", number="R2026-000008", correction=method)


def simplified() -> Invoice:
    return replace(exempt(), simplified=True, series="", number="45")


def third_party() -> Invoice:
    return replace(exempt(), issued_by=IssuedBy.THIRD_PARTY, third_party=PHYSIO)


def cash_scheme() -> Invoice:
    """Under the cash scheme, replacing two tickets, issued by the buyer."""
    tickets = (Reference("S-1", DAY), Reference("S-2", DAY))
    return replace(exempt(), scheme=Scheme.CASH, replaces=tickets, issued_by=IssuedBy.BUYER, notes=("Una nota.",))


def abroad() -> Invoice:
    """To a company in Greece: reverse charge, numbers with their countries' prefixes."""
    reverse = Vat(Category.REVERSE_CHARGE, D(0), "VATEX-EU-AE")
    buyer = replace(
        COMPANY, tax_id=TaxId("094014201", "GR", IdScheme.VAT), address=Address("Odos 1", "10431", "Athens", "Attica", "GR")
    )
    line = replace(exempt().lines[0], vat=reverse)
    return replace(exempt(), buyer=buyer, lines=(line,), vat=(Subtotal(reverse, D("600.00"), D("0.00")),))


SHAPES = (
    exempt,
    administration,
    withheld,
    on_account,
    corrective,
    substitution,
    simplified,
    third_party,
    cash_scheme,
    abroad,
)
