"""The checks of every invoice: right ones pass, each mistake is found under its code, each changed cent is found."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from einvoice.check import check, codes
from einvoice.check.figures import CENT, round2
from einvoice.check.tax import PREFIX
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
    Party,
    Payment,
    Period,
    Person,
    Reference,
    Subtotal,
    TaxId,
    Totals,
    TypeCode,
    Vat,
    Withholding,
)
from tests.einvoice import documents

D = Decimal
DAY = timedelta(1)
VALID = [documents.exempt, documents.taxed, documents.withheld, documents.corrective, documents.substitution]
VALID += [documents.simplified, documents.through_agent, documents.long]


@pytest.mark.parametrize("make", VALID)
def test_a_right_invoice_of_every_kind_has_no_findings(make):
    assert check(make()) == ()


# --- Each mistake under its code: a change of a right invoice, and the field at which it is found --------------------------


def change(make: Callable[[], Invoice], path: str, value: object) -> Invoice:
    """The invoice with the member of a path (`lines[0].vat.rate`) replaced."""
    steps = [int(step) if step.isdigit() else step for step in re.findall(r"\w+", path)]

    def put(whole, rest):
        step, *more = rest
        if isinstance(step, int):
            return (*whole[:step], put(whole[step], more) if more else value, *whole[step + 1 :])
        return replace(whole, **{step: put(getattr(whole, step), more) if more else value})

    return put(make(), steps)


def retaxed(vat: Vat) -> Invoice:
    """The exempt invoice under another tax of zero."""
    invoice = documents.exempt()
    group = replace(invoice.vat[0], vat=vat)
    return replace(invoice, lines=(replace(invoice.lines[0], vat=vat),), vat=(group,))


def two_groups(first: Vat, second: Vat) -> Invoice:
    invoice = documents.exempt()
    lines = tuple(Line("Bono", D(1), D("300.00"), D("300.00"), vat) for vat in (first, second))
    return replace(invoice, lines=lines, vat=tuple(Subtotal(vat, D("300.00"), D("0.00")) for vat in (first, second)))


def german() -> Invoice:
    """A supply to a company in Germany, all of it right."""
    vat = Vat(Category.INTRA_COMMUNITY, D(0), "VATEX-EU-IC")
    buyer = replace(
        documents.COMPANY, tax_id=TaxId("136695976", "DE", IdScheme.VAT), address=Address("Weg 1", "10115", "Berlin", "", "DE")
    )
    return replace(retaxed(vat), buyer=buyer, operation_on=date(2026, 3, 1))


def reverse() -> Invoice:
    return replace(retaxed(Vat(Category.REVERSE_CHARGE, D(0), "VATEX-EU-AE")), buyer=documents.COMPANY)


def cents_apart(tax: Decimal) -> Invoice:
    """Three cents taken back, with a tax that lies within the two cents of a difference."""
    totals = Totals(D("-0.03"), tax, tax - D("0.03"), tax - D("0.03"))
    line = Line("Bono", D(-1), D("0.03"), D("-0.03"), documents.TAXED)
    groups = (Subtotal(documents.TAXED, D("-0.03"), tax),)
    return replace(documents.corrective(), lines=(line,), vat=groups, totals=totals, payments=())


exempt, taxed, withheld = documents.exempt, documents.taxed, documents.withheld
corrective, substitution, simplified = documents.corrective, documents.substitution, documents.simplified
OTHER = replace(documents.EXEMPT, exemption="VATEX-EU-132-1J", reason="Clases particulares")
PLAIN = Vat(Category.EXEMPT, D(0))
DAY_ONE = date(2026, 3, 2)

MISTAKES = [
    ("BR-02", "number", change(exempt, "number", " ")),
    ("BR-05", "currency", change(exempt, "currency", "euro")),
    ("BR-06", "seller.name", change(exempt, "seller.name", "")),
    ("BR-07", "buyer", change(exempt, "buyer", None)),
    ("BR-07", "buyer.name", change(exempt, "buyer.name", "  ")),
    ("BR-08", "seller.address", change(exempt, "seller.address", None)),
    ("BR-09", "seller.address.country", change(exempt, "seller.address.country", "Spain")),
    ("BR-10", "buyer.address", change(taxed, "buyer.address", None)),
    ("BR-11", "buyer.address.country", change(exempt, "buyer.address.country", "")),
    ("BR-16", "lines", change(exempt, "lines", ())),
    ("BR-23", "lines[0].unit", change(exempt, "lines[0].unit", "sessions")),
    ("BR-25", "lines[0].description", change(exempt, "lines[0].description", "\t")),
    ("BR-27", "lines[0].unit_price", change(corrective, "lines[0]", Line("x", D(4), D(-60), D("-240.00"), documents.EXEMPT))),
    ("BR-29", "period", change(exempt, "period", Period(DAY_ONE, DAY_ONE - DAY))),
    ("BR-30", "lines[0].period", change(exempt, "lines[0].period", Period(DAY_ONE, DAY_ONE - DAY))),
    ("BR-55", "correction.references[0].number", change(corrective, "correction.references[0].number", "")),
    ("BR-61", "payments[0].account", change(taxed, "payments[0].account", "")),
    ("BR-CO-09", "buyer.tax_id", change(german, "buyer.tax_id.country", "CH")),
    ("BR-CO-09", "seller.tax_id.country", change(exempt, "seller.tax_id.country", "España")),
    ("BR-CO-10", "totals.net", change(taxed, "totals.net", D("2977.88"))),
    ("BR-CO-14", "totals.tax", change(taxed, "totals.tax", D("612.17"))),
    ("BR-CO-15", "totals.gross", change(taxed, "totals.gross", D("3590.04"))),
    ("BR-CO-16", "totals.payable", change(withheld, "totals.payable", D("710.00"))),
    ("BR-CO-17", "vat[0].tax", change(taxed, "vat[0].tax", D("600.20"))),
    ("BR-CO-18", "vat", change(exempt, "vat", ())),
    ("BR-CO-26", "seller.tax_id", change(exempt, "seller.tax_id", None)),
    ("BR-CL-22", "vat[0].vat.exemption", change(exempt, "vat[0].vat.exemption", "VATEX-EU-132-C")),
    ("BR-DEC-12", "totals.net", change(exempt, "totals.net", D("600.000"))),
    ("BR-DEC-13", "totals.tax", change(taxed, "totals.tax", D("612.160"))),
    ("BR-DEC-14", "totals.gross", change(taxed, "totals.gross", D("3590.051"))),
    ("BR-DEC-16", "totals.prepaid", change(exempt, "totals.prepaid", D("600.001"))),
    ("BR-DEC-18", "totals.payable", change(exempt, "totals.payable", D("0.000"))),
    ("BR-DEC-19", "vat[0].base", change(exempt, "vat[0].base", D("600.001"))),
    ("BR-DEC-20", "vat[0].tax", change(taxed, "vat[0].tax", D("600.157"))),
    ("BR-DEC-23", "lines[0].net", change(exempt, "lines[0].net", D("600.004"))),
    ("BR-S-01", "vat", replace(exempt(), lines=(replace(exempt().lines[0], vat=documents.TAXED),))),
    ("BR-E-01", "vat", two_groups(documents.EXEMPT, OTHER)),
    ("BR-E-01", "lines", change(exempt, "lines[0].vat", OTHER)),
    ("BR-E-01", "lines", change(exempt, "lines[0].vat.reason", "Otra causa")),
    ("BR-AE-02", "buyer.tax_id", change(reverse, "buyer.tax_id", None)),
    ("BR-IC-02", "buyer.tax_id", change(german, "buyer.tax_id.scheme", IdScheme.OTHER)),
    ("BR-IC-11", "operation_on", change(german, "operation_on", None)),
    ("BR-S-05", "vat[0].vat.rate", change(taxed, "vat[0].vat.rate", D(0))),
    ("BR-E-05", "lines[0].vat.rate", change(exempt, "lines[0].vat.rate", D(21))),
    ("BR-AF-05", "vat[0].vat.rate", retaxed(Vat(Category.CANARY, D(-7)))),
    ("BR-S-08", "vat[1].base", change(taxed, "vat[1].base", D("120.01"))),
    ("BR-E-08", "vat[0].base", change(exempt, "vat[0].base", D("600.01"))),
    ("BR-S-08", "vat", change(taxed, "vat", taxed().vat[:1])),
    ("BR-E-09", "vat[0].tax", change(exempt, "vat[0].tax", D("0.01"))),
    ("BR-E-10", "vat[0].vat.exemption", retaxed(PLAIN)),
    ("BR-O-10", "lines[0].vat.exemption", retaxed(Vat(Category.OUTSIDE, D(0)))),
    ("BR-S-10", "lines[0].vat.exemption", change(taxed, "lines[0].vat.exemption", "VATEX-EU-132-1C")),
    ("BR-Z-10", "vat[0].vat.exemption", retaxed(Vat(Category.ZERO, D(0), reason="exento"))),
    ("BR-O-11", "vat", two_groups(documents.EXEMPT, Vat(Category.OUTSIDE, D(0), "VATEX-EU-O"))),
    ("PEPPOL-EN16931-P0104", "vat[0].vat.exemption", change(exempt, "vat[0].vat.exemption", "VATEX-EU-G")),
    ("PEPPOL-EN16931-P0105", "vat[0].vat.exemption", change(exempt, "vat[0].vat.exemption", "VATEX-EU-O")),
    ("PEPPOL-EN16931-P0106", "vat[0].vat.exemption", change(exempt, "vat[0].vat.exemption", "VATEX-EU-IC")),
    ("PEPPOL-EN16931-P0107", "vat[0].vat.exemption", change(exempt, "vat[0].vat.exemption", "VATEX-EU-AE")),
    ("PEPPOL-EN16931-R110", "lines[0].period", change(exempt, "period", Period(DAY_ONE + DAY, date(2027, 3, 1)))),
    ("PEPPOL-EN16931-R111", "lines[0].period", change(exempt, "period", Period(DAY_ONE, date(2027, 2, 28)))),
    ("PEPPOL-EN16931-R120", "lines[1].net", change(taxed, "lines[1].unit_price", D("826.44"))),
    ("ROF-5", "third_party", change(documents.through_agent, "third_party", None)),
    ("ROF-5", "third_party", change(exempt, "issued_by", IssuedBy.THIRD_PARTY)),
    ("ROF-6.1.a", "number", change(exempt, "series", "G2026-")),
    ("ROF-6.1.a", "number", change(exempt, "number", "F2026-12a")),
    ("ROF-6.1.d", "buyer.tax_id", change(exempt, "buyer.tax_id", None)),
    ("ROF-6.1.e", "seller.address.street", change(exempt, "seller.address.street", "")),
    ("ROF-6.1.e", "buyer.address.town", change(taxed, "buyer.address.town", " ")),
    ("ROF-6.1.f", "description", change(exempt, "description", "")),
    ("ROF-11", "operation_on", change(exempt, "operation_on", DAY_ONE + DAY)),
    ("ROF-15.1", "totals.gross", change(corrective, "correction", None)),
    ("ROF-15.1", "totals.net", change(corrective, "correction.method", CorrectionMethod.SUBSTITUTION)),
    ("ROF-15.4", "correction", change(exempt, "type_code", TypeCode.CREDIT_NOTE)),
    ("ROF-15.4", "correction.references", change(corrective, "correction.references", ())),
    ("ROF-15.4", "correction.references[0].issued_on", change(corrective, "issued_on", date(2026, 3, 1))),
    (
        "ROF-15.4",
        "correction.references[0].number",
        change(corrective, "correction.references[0]", Reference("R2026-000007", date(2026, 6, 15))),
    ),
    ("ROF-15.5", "correction.reason", change(corrective, "correction.reason", "")),
    ("ROF-15.6", "replaces", change(corrective, "replaces", (Reference("S-1", DAY_ONE),))),
    ("ROF-15.6", "replaces", change(simplified, "replaces", (Reference("S-1", DAY_ONE),))),
    ("ES-AMOUNT", "totals.net", change(exempt, "totals.net", D("NaN"))),
    ("ES-AMOUNT", "lines[0].quantity", change(exempt, "lines[0].quantity", D("-Infinity"))),
    ("ES-AMOUNT", "vat[0].base", change(exempt, "vat[0].base", D("1E+12"))),
    ("ES-DECIMALS", "lines[1].unit_price", change(taxed, "lines[1].unit_price", D("826.446300001"))),
    ("ES-DECIMALS", "withholding.amount", change(withheld, "withholding.amount", D("150.000"))),
    ("ES-EXEMPTION", "vat[0].vat.exemption", retaxed(Vat(Category.EXPORT, D(0), "VATEX-EU-132-1C"))),
    ("ES-ID", "buyer.tax_id", change(exempt, "buyer.tax_id", TaxId(" ", "FR", IdScheme.PASSPORT))),
    ("ES-IRPF-AMOUNT", "withholding.amount", change(withheld, "withholding.amount", D("150.01"))),
    ("ES-IRPF-BASE", "withholding.base", change(withheld, "withholding", Withholding(D(15), D("1000.01"), D("150.00")))),
    ("ES-IRPF-BASE", "withholding.base", change(withheld, "withholding", Withholding(D(15), D("-1000.00"), D("-150.00")))),
    ("ES-IRPF-RATE", "withholding.rate", change(withheld, "withholding.rate", D(0))),
    ("ES-IRPF-SELLER", "withholding", change(withheld, "seller.person", Person.LEGAL)),
    ("ES-IRPF-TOTAL", "totals.withheld", change(withheld, "withholding", None)),
    ("ES-LANGUAGE", "language", change(exempt, "language", "Spanish")),
    ("ES-NIF", "buyer.tax_id", change(exempt, "buyer.tax_id.number", "12345678A")),
    ("ES-NIF", "buyer.tax_id", change(exempt, "buyer.tax_id.number", "\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18Z")),
    ("ES-NIF", "seller.tax_id", change(exempt, "seller.tax_id.number", "ESB64717838")),
    ("ES-NIF", "seller.tax_id", change(exempt, "seller.tax_id.number", "B-64717838")),
    ("ES-NIF", "buyer.tax_id", change(exempt, "buyer.tax_id.country", "PT")),
    ("ES-NIF", "third_party.tax_id", change(documents.through_agent, "third_party.tax_id.number", "B12345678")),
    ("ES-PAID", "payments[0].paid_on", change(exempt, "payments[0].paid_on", DAY_ONE + DAY)),
    ("ES-PAYMENTS", "totals.prepaid", change(exempt, "payments[0].amount", D("599.99"))),
    ("ES-PAYMENTS", "totals.payable", change(taxed, "payments[0].amount", D("3590.06"))),
    ("ES-R5", "correction.code", change(corrective, "correction.code", CorrectionCode.R5)),
    ("ES-R5", "correction.code", change(corrective, "simplified", True)),
    ("ES-REPLACED", "correction.replaced_base", change(substitution, "correction.replaced_base", None)),
    ("ES-REPLACED", "correction.replaced_tax", change(corrective, "correction.replaced_tax", D("0.00"))),
    ("ES-SIGN", "vat[0].tax", cents_apart(D("0.01"))),
    ("ES-TEXT", "notes[0]", change(exempt, "notes[0]", "una\x07")),
    ("ES-TEXT", "lines[0].description", change(exempt, "lines[0].description", "dos\nlíneas")),
    ("ES-TEXT", "buyer.name", change(exempt, "buyer.name", "Ana \u202eoniram")),
    ("ES-TEXT", "seller.address.street", change(exempt, "seller.address.street", "Calle\ud800")),
    ("ES-TEXT", "buyer.offices.managing_body", change(documents.through_agent, "buyer.offices.managing_body", "L01\u2028")),
    ("ES-TEXT", "correction.references[0].series", change(corrective, "correction.references[0].series", "F\x00")),
    ("ES-VAT", "buyer.tax_id", change(german, "buyer.tax_id.number", "136695977")),
    ("ES-VAT", "buyer.tax_id", change(german, "buyer.tax_id.number", "DE136695976")),
]


@pytest.mark.parametrize(("code", "field", "invoice"), MISTAKES, ids=[f"{code} {field}" for code, field, _ in MISTAKES])
def test_a_mistake_is_found_at_its_field_with_a_remedy(code, field, invoice):
    found = [each for each in check(invoice) if (each.code, each.field) == (code, field)]
    assert len(found) == 1, [str(each) for each in check(invoice)]
    assert found[0].message
    assert found[0].remedy
    assert not found[0].remedy.endswith(".")


def general(code: str) -> str:
    """The code as the table has it: `BR-E-08` is `BR-*-08` where every category has that rule."""
    table = {rule.code for rule in codes.rules()}
    starred = re.sub(rf"^BR-({'|'.join(PREFIX.values())})-", "BR-*-", code)
    return code if code in table else starred


def test_the_table_of_codes_is_that_of_the_mistakes():
    assert {general(code) for code, _, _ in MISTAKES} == {rule.code for rule in codes.rules()}
    found = {general(finding.code) for _, _, invoice in MISTAKES for finding in check(invoice)}
    assert found <= {rule.code for rule in codes.rules()}


def test_every_code_says_what_it_asks_for_and_who_asks():
    listed = [rule.code for rule in codes.rules()]
    assert len(listed) == len(set(listed))
    assert all(rule.says and rule.source for rule in codes.rules())


@pytest.mark.parametrize("make", [german, reverse])
def test_what_is_right_beside_the_mistakes_has_no_findings(make):
    assert check(make()) == ()


@pytest.mark.parametrize(
    "invoice",
    [
        change(exempt, "buyer.address", None),  # ROF 6.1.e: no address of a private person
        change(corrective, "correction.references[0].series", "R2026-"),  # a corrective of a corrective
        change(exempt, "notes", ("una línea\ny otra",)),
        change(exempt, "buyer.tax_id", TaxId("X1234567", "FR", IdScheme.PASSPORT)),
        change(simplified, "buyer", Party("Ana", Person.NATURAL)),
        change(simplified, "seller.address", None),
        replace(simplified(), totals=replace(simplified().totals, prepaid=D("0.00"), payable=D("60.00")), payments=()),
        change(exempt, "payments", ()),
        change(taxed, "due_on", None),  # due at once
        change(exempt, "replaces", (Reference("S2026-000001", DAY_ONE),)),
        change(german, "buyer.tax_id", TaxId("094259216", "EL", IdScheme.VAT)),
        change(german, "buyer.tax_id", TaxId("094259216", "GR", IdScheme.VAT)),
        replace(german(), operation_on=None, period=Period(DAY_ONE, date(2027, 3, 1))),
        retaxed(Vat(Category.CANARY, D(0))),
        cents_apart(D("-0.01")),
    ],
)
def test_what_the_law_allows_is_not_refused(invoice):
    assert check(invoice) == ()


def test_the_tax_of_an_insolvent_debtor_is_taken_back_without_the_base():
    vat = (Subtotal(documents.TAXED, D("0.00"), D("-21.00")),)
    line = Line("Cuota de la factura F2026-000123", D(1), D(0), D("0.00"), documents.TAXED)
    correction = Correction(CorrectionCode.R2, CorrectionMethod.DIFFERENCES, (Reference("F2026-000123", DAY_ONE),), "Concurso")
    totals = Totals(D("0.00"), D("-21.00"), D("-21.00"), D("-21.00"))
    invoice = replace(corrective(), lines=(line,), vat=vat, totals=totals, correction=correction, payments=())
    assert check(invoice) == ()
    assert {each.code for each in check(replace(invoice, correction=replace(correction, code=CorrectionCode.R1)))} == {"BR-CO-17"}


def test_several_mistakes_are_all_said_at_once():
    invoice = replace(exempt(), buyer=None, currency="", due_on=None, totals=replace(exempt().totals, gross=D("1.00")))
    assert {"BR-07", "BR-05", "BR-CO-15", "BR-CO-16"} <= {each.code for each in check(invoice)}


def test_what_is_no_number_is_said_alone():
    invoice = replace(change(exempt, "totals.net", D("sNaN")), buyer=None)
    assert [each.code for each in check(invoice)] == ["ES-AMOUNT"]


# --- Exact cents ------------------------------------------------------------------------------------------------------------

RATES = [D(21), D(10), D(4), D("5.5")]


def pair(gross: Decimal, rate: Decimal) -> tuple[Decimal, Decimal]:
    """Base and tax of a gross amount, as ledger and documents state them (events.md 4a, VAT)."""
    base = (gross * 100 / (100 + rate)).quantize(CENT, ROUND_HALF_UP)
    return base, gross - base


def priced(net: Decimal, quantity: int, vat: Vat) -> Line:
    """A line whose unit price has as many decimals as the net needs."""
    return Line("Bono", D(quantity), (abs(net) / abs(D(quantity))).quantize(D("1E-8"), ROUND_HALF_UP), net, vat)


grosses = st.decimals(D("0.05"), D("99999.99"), places=2)
sales = st.lists(st.tuples(grosses, st.integers(1, 200), st.sampled_from(RATES)), min_size=1, max_size=6)


def sold(items) -> Invoice:
    """An invoice of prices that include tax: a pair for each rate, the base of the rate shared among its lines."""
    lines, groups = [], []
    for rate in dict.fromkeys(rate for _, _, rate in items):
        vat = Vat(Category.STANDARD, rate)
        mine = [(gross, quantity) for gross, quantity, each in items if each == rate]
        base, tax = pair(sum(gross for gross, _ in mine), rate)
        nets = [pair(gross, rate)[0] for gross, _ in mine[:-1]]
        nets.append(base - sum(nets))
        lines += [priced(net, quantity if net > 0 else -quantity, vat) for net, (_, quantity) in zip(nets, mine, strict=True)]
        groups.append(Subtotal(vat, base, tax))
    net, tax = sum(group.base for group in groups), sum(group.tax for group in groups)
    kept = Withholding(D(15), net, round2(net * 15 / 100))
    gross = net + tax
    return replace(
        withheld(),
        lines=tuple(lines),
        vat=tuple(groups),
        totals=Totals(net, tax, gross, D("0.00"), prepaid=gross - kept.amount, withheld=kept.amount),
        withholding=kept,
        payments=(Payment(Means.CARD, gross - kept.amount, DAY_ONE),),
    )


@given(sales)
def test_an_invoice_of_gross_prices_passes(items):
    assert check(sold(items)) == ()


def amounts(invoice):
    """The path and the value of every amount."""
    parts = {f"lines[{index}]": (line, ["net"]) for index, line in enumerate(invoice.lines)}
    parts |= {f"vat[{index}]": (group, ["base", "tax"]) for index, group in enumerate(invoice.vat)}
    parts |= {f"payments[{index}]": (payment, ["amount"]) for index, payment in enumerate(invoice.payments)}
    parts["totals"] = (invoice.totals, ["net", "tax", "gross", "payable", "prepaid", "withheld"])
    if invoice.withholding:
        parts["withholding"] = (invoice.withholding, ["base", "amount"])
    return [(f"{owner}.{name}", getattr(part, name)) for owner, (part, names) in parts.items() for name in names]


@given(sales, st.data())
def test_each_single_change_of_an_amount_is_found(items, data):
    invoice = sold(items)
    field, amount = data.draw(st.sampled_from(amounts(invoice)))
    cents = data.draw(st.integers(-(10**9), 10**9).filter(bool))
    changed = change(lambda: invoice, field, amount + cents * CENT)
    assert check(changed)


@given(sales, st.data())
def test_each_single_change_of_a_price_or_quantity_that_moves_a_cent_is_found(items, data):
    invoice = sold(items)
    index = data.draw(st.integers(0, len(invoice.lines) - 1))
    member = data.draw(st.sampled_from(["quantity", "unit_price"]))
    line = invoice.lines[index]
    other = data.draw(st.decimals(D("0.01"), D(1000), places=2))
    changed = replace(line, **{member: other})
    moved = round2(changed.quantity * changed.unit_price) != line.net
    assert bool(check(replace(invoice, lines=(*invoice.lines[:index], changed, *invoice.lines[index + 1 :])))) == moved


@given(grosses, grosses, st.sampled_from(RATES), st.integers(1, 20))
def test_a_refund_of_part_of_a_taxed_price_passes_though_its_cents_are_a_difference(gross, refunded, rate, quantity):
    refunded = min(gross, refunded)
    _, tax = pair(gross, rate)
    back = round2(tax * refunded / gross)
    base, vat = refunded - back, Vat(Category.STANDARD, rate)
    totals = Totals(-base, -back, -refunded, D("0.00"), prepaid=-refunded)
    line = priced(-base, -quantity, vat)
    invoice = replace(corrective(), lines=(line,), vat=(Subtotal(vat, -base, -back),), totals=totals, payments=())
    assert check(invoice) == ()


@given(st.integers(1, 10**6), st.sampled_from(RATES))
def test_a_tax_two_cents_off_is_found_on_an_invoice(cents, rate):
    base, vat = cents * CENT, Vat(Category.STANDARD, rate)
    tax = round2(base * rate / 100) + 2 * CENT
    totals = Totals(base, tax, base + tax, base + tax)
    invoice = replace(taxed(), lines=(priced(base, 1, vat),), vat=(Subtotal(vat, base, tax),), totals=totals, payments=())
    assert [each.code for each in check(invoice)] == ["BR-CO-17"]
