"""Invented documents of every kind, for the tests of the printed page."""

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
from einvoice.pdf import Receipt

D = Decimal
URL = "https://prewww2.aeat.es/wlpl/TIKE-CONT/ValidarQR?nif=B64717838&numserie=F2026-000123&fecha=02-03-2026&importe=600.00"
IBAN = "ES9121000418450200051332"  # the example of the Spanish IBAN, nobody's account

CLINIC = Party(
    "Centro de Pruebas SL",
    Person.LEGAL,
    TaxId("B64717838"),
    Address("Calle de la Invención 12, 3.º B", "28013", "Madrid", "Madrid"),
)
PATIENT = Party(
    "María Ejemplo Núñez", Person.NATURAL, TaxId("12345678Z"), Address("Avenida Imaginaria 7", "08001", "Barcelona", "Barcelona")
)
COMPANY = Party("Compañía Inventada SA", Person.LEGAL, TaxId("A58818501"), Address("Polígono Norte, nave 4", "50197", "Zaragoza"))
TOWN = replace(COMPANY, name="Ayuntamiento de Ningunlugar", offices=Offices("L01999999", "L01999998", "L01999997"))
EXEMPT = Vat(Category.EXEMPT, D(0), "VATEX-EU-132-1C", "Exento de IVA: LIVA, art. 20.Uno.3.º")
TAXED = Vat(Category.STANDARD, D(21))


def exempt() -> Invoice:
    """A bundle of ten sessions, exempt, paid by card on the day."""
    return Invoice(
        series="F2026-",
        number="F2026-000123",
        issued_on=date(2026, 3, 2),
        seller=CLINIC,
        buyer=PATIENT,
        lines=(
            Line("Bono de 10 sesiones", D(10), D(60), D("600.00"), EXEMPT, period=Period(date(2026, 3, 2), date(2027, 3, 1))),
        ),
        vat=(Subtotal(EXEMPT, D("600.00"), D("0.00")),),
        totals=Totals(D("600.00"), D("0.00"), D("600.00"), D("0.00"), prepaid=D("600.00")),
        description="Bono de 10 sesiones",
        payments=(Payment(Means.CARD, D("600.00"), date(2026, 3, 2)),),
        notes=("Válido hasta el 1 de marzo de 2027. Puede cancelar hasta 24 horas antes de cada cita.",),
    )


def taxed() -> Invoice:
    """Two services at 21 % and one at 10 %, unpaid, with a due date and an account."""
    reduced = Vat(Category.STANDARD, D(10))
    lines = (
        Line("Programa de formación en la empresa", D("12.5"), D("96.40"), D("1205.00"), TAXED, unit="HUR"),
        Line("Bono de 20 sesiones de gimnasio", D(2), D("826.4463"), D("1652.89"), TAXED),
        Line("Manual del participante", D(25), D("4.80"), D("120.00"), reduced),
    )
    return replace(
        exempt(),
        buyer=COMPANY,
        lines=lines,
        vat=(Subtotal(TAXED, D("2857.89"), D("600.16")), Subtotal(reduced, D("120.00"), D("12.00"))),
        totals=Totals(D("2977.89"), D("612.16"), D("3590.05"), D("3590.05")),
        operation_on=date(2026, 2, 27),
        due_on=date(2026, 4, 1),
        payments=(Payment(Means.SEPA_TRANSFER, D("3590.05"), account=IBAN),),
        notes=(),
        scheme=Scheme.CASH,
    )


def withheld() -> Invoice:
    """A professional's invoice to a company that keeps income tax back."""
    person = replace(CLINIC, name="Elena Ficticia Roca", person=Person.NATURAL, tax_id=TaxId("00000000T"))
    return replace(
        taxed(),
        seller=person,
        lines=(Line("Bono de 10 sesiones", D(10), D(100), D("1000.00"), TAXED),),
        vat=(Subtotal(TAXED, D("1000.00"), D("210.00")),),
        totals=Totals(D("1000.00"), D("210.00"), D("1210.00"), D("560.00"), prepaid=D("500.00"), withheld=D("150.00")),
        withholding=Withholding(D(15), D("1000.00"), D("150.00")),
        payments=(
            Payment(Means.TRANSFER, D("500.00"), date(2026, 3, 1)),
            Payment(Means.SEPA_TRANSFER, D("560.00"), account=IBAN),
        ),
        scheme=Scheme.GENERAL,
    )


def corrective() -> Invoice:
    """Four sessions given back, by differences, and the money returned."""
    correction = Correction(
        CorrectionCode.R1,
        CorrectionMethod.DIFFERENCES,
        (Reference("F2026-000123", date(2026, 3, 2), "F2026-"),),
        "Devolución de 4 sesiones no utilizadas",
    )
    return replace(
        exempt(),
        series="R2026-",
        number="R2026-000007",
        issued_on=date(2026, 6, 15),
        correction=correction,
        lines=(Line("Bono de 10 sesiones: 4 sesiones devueltas", D(-4), D(60), D("-240.00"), EXEMPT),),
        vat=(Subtotal(EXEMPT, D("-240.00"), D("0.00")),),
        totals=Totals(D("-240.00"), D("0.00"), D("-240.00"), D("0.00"), prepaid=D("-240.00")),
        payments=(Payment(Means.CARD, D("-240.00"), date(2026, 6, 15)),),
        notes=(),
    )


def substitution() -> Invoice:
    """The price put right, by substitution: the amounts that were corrected are stated."""
    before = corrective()
    assert before.correction
    method = replace(
        before.correction,
        method=CorrectionMethod.SUBSTITUTION,
        replaced_base=D("600.00"),
        replaced_tax=D("0.00"),
        reason="Descuento acordado después de la compra",
    )
    return replace(
        before,
        correction=method,
        lines=(Line("Bono de 10 sesiones", D(10), D(54), D("540.00"), EXEMPT),),
        vat=(Subtotal(EXEMPT, D("540.00"), D("0.00")),),
        totals=Totals(D("540.00"), D("0.00"), D("540.00"), D("-60.00"), prepaid=D("600.00")),
        payments=(Payment(Means.CARD, D("600.00"), date(2026, 3, 2)), Payment(Means.SEPA_TRANSFER, D("-60.00"))),
    )


def simplified() -> Invoice:
    """One session at 21 %, in cash, without a customer's name."""
    return replace(
        exempt(),
        series="S2026-",
        number="S2026-000045",
        simplified=True,
        buyer=None,
        lines=(Line("Sesión suelta", D(1), D("49.59"), D("49.59"), TAXED),),
        vat=(Subtotal(TAXED, D("49.59"), D("10.41")),),
        totals=Totals(D("49.59"), D("10.41"), D("60.00"), D("0.00"), prepaid=D("60.00")),
        payments=(Payment(Means.CASH, D("60.00"), date(2026, 3, 2)),),
        notes=(),
    )


def through_agent() -> Invoice:
    """The provider's invoice that an agent issues, to a public administration."""
    agent = Party("Plataforma Imaginada SL", Person.LEGAL, TaxId("B12345674"), Address("Calle Nueva 1", "41001", "Sevilla"))
    return replace(exempt(), buyer=TOWN, issued_by=IssuedBy.THIRD_PARTY, third_party=agent)


def long(count: int = 60) -> Invoice:
    """Many lines, long names: three pages."""
    text = "Sesión {} del programa anual, con una descripción que es bastante más larga que la columna en la que tiene que caber"
    lines = tuple(
        Line(text.format(n) if n % 3 == 0 else f"Sesión {n}", D(1), D("60.00"), D("60.00"), EXEMPT) for n in range(1, count + 1)
    )
    net = D(60 * count).quantize(D("0.01"))
    return replace(
        exempt(),
        seller=replace(
            CLINIC, name="Sociedad Anónima de Servicios Imaginarios y Demostraciones Interminables del Noroeste Peninsular"
        ),
        buyer=replace(
            PATIENT, name="Wolfeschlegelsteinhausenbergerdorffwelchevoralternwaren Überlangername-Müller y de la Concepción"
        ),
        lines=lines,
        vat=(Subtotal(EXEMPT, net, D("0.00")),),
        totals=Totals(net, D("0.00"), net, D("0.00"), prepaid=net),
        payments=(Payment(Means.SEPA_DIRECT_DEBIT, net, date(2026, 3, 2), IBAN),),
    )


def yen() -> Invoice:
    """A currency without decimals, in English, to a customer abroad."""
    outside = Vat(Category.OUTSIDE, D(0))
    buyer = Party(
        "Example KK", Person.LEGAL, TaxId("7010001008844", "JP", "06"), Address("1-1 Marunouchi", "100-0005", "Tokyo", "", "JP")
    )
    return replace(
        exempt(),
        language="en",
        currency="JPY",
        buyer=buyer,
        lines=(Line("Bundle of 10 sessions", D(10), D(12500), D(125000), outside),),
        vat=(Subtotal(outside, D(125000), D(0)),),
        totals=Totals(D(125000), D(0), D(125000), D(125000)),
        payments=(Payment(Means.ONLINE, D(125000)),),
        notes=("Valid until 1 March 2027.",),
    )


def visit() -> Receipt:
    """One session out of ten, paid for by the bundle."""
    return Receipt(
        seller=CLINIC,
        holder=PATIENT,
        delivered="Sesión de 50 minutos",
        delivered_on=date(2026, 4, 14),
        bundle="Bono de 10 sesiones B-2026-0031",
        units=D(1),
        left=D(6),
        sold=D(10),
        value=D("60.00"),
        invoices=(Reference("F2026-000123", date(2026, 3, 2)),),
        reference="V-000318",
    )
