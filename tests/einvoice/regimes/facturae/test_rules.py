"""What Facturae refuses, found before anything is numbered: one case a rule, and random invoices against the schema."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from einvoice.model import (
    Address,
    Category,
    IdScheme,
    Invoice,
    IssuedBy,
    Line,
    Means,
    Offices,
    Party,
    Payment,
    Person,
    Subtotal,
    TaxId,
    Totals,
    Vat,
    Withholding,
)
from einvoice.regimes.facturae import rules
from einvoice.regimes.facturae.build import build
from einvoice.regimes.facturae.codes import codes
from einvoice.xsd import schema
from tests.einvoice.regimes.facturae import shapes

D = Decimal


def found(invoice: Invoice) -> set[tuple[str, str]]:
    findings = rules.check(invoice)
    assert all(finding.message for finding in findings)
    return {(finding.code, finding.field) for finding in findings}


def seller(**changes) -> Invoice:
    return replace(shapes.exempt(), seller=replace(shapes.CLINIC, **changes))


def buyer(**changes) -> Invoice:
    return replace(shapes.exempt(), buyer=replace(shapes.PATIENT, **changes))


def address(**changes) -> Invoice:
    return buyer(address=replace(shapes.PATIENT.address, **changes))


def offices(**changes) -> Invoice:
    return replace(shapes.administration(), buyer=replace(shapes.TOWN, offices=replace(shapes.TOWN.offices, **changes)))


def totals(**changes) -> Invoice:
    return replace(shapes.withheld(), totals=replace(shapes.withheld().totals, **changes))


def line(**changes) -> Invoice:
    exempt = shapes.exempt()
    return replace(exempt, lines=(replace(exempt.lines[0], **changes),))


def kept(**changes) -> Invoice:
    return replace(shapes.withheld(), withholding=replace(shapes.withheld().withholding, **changes))


def correction(**changes) -> Invoice:
    return replace(shapes.corrective(), correction=replace(shapes.corrective().correction, **changes))


def paid(*payments: Payment) -> Invoice:
    return replace(shapes.exempt(), payments=payments)


ONE = shapes.corrective().correction.references[0]
UNSAID = Vat(Category.EXEMPT, D(0))
CASES = {
    "a number of 21 digits": (replace(shapes.exempt(), series="", number="1" * 21), "FACTURAE-LENGTH", "number"),
    "a series of 21": (replace(shapes.exempt(), series="S" * 21, number="S" * 21 + "1"), "FACTURAE-LENGTH", "series"),
    "no digits behind the series": (replace(shapes.exempt(), series="F1", number="F1"), "FACTURAE-MISSING", "number"),
    "a name of 81": (seller(name="x" * 81), "FACTURAE-LENGTH", "seller.name"),
    "a company without a name": (seller(name=" "), "FACTURAE-MISSING", "seller.name"),
    "a person without a given name": (buyer(given_name=""), "FACTURAE-MISSING", "buyer.given_name"),
    "a person without a surname": (buyer(first_surname=""), "FACTURAE-MISSING", "buyer.first_surname"),
    "a surname of 41": (buyer(second_surname="x" * 41), "FACTURAE-LENGTH", "buyer.second_surname"),
    "an email of 61": (seller(email="x" * 61), "FACTURAE-LENGTH", "seller.email"),
    "no tax number": (buyer(tax_id=None), "FACTURAE-TAX-ID", "buyer.tax_id"),
    "a tax number of two": (buyer(tax_id=TaxId("12")), "FACTURAE-MISSING", "buyer.tax_id"),
    "a tax number of 29": (buyer(tax_id=TaxId("1" * 29)), "FACTURAE-LENGTH", "buyer.tax_id"),
    "no address": (buyer(address=None), "FACTURAE-ADDRESS", "buyer.address"),
    "no street": (address(street=""), "FACTURAE-MISSING", "buyer.address.street"),
    "a street of 81": (address(street="x" * 81), "FACTURAE-LENGTH", "buyer.address.street"),
    "no town": (address(town=""), "FACTURAE-MISSING", "buyer.address.town"),
    "a town of 51": (address(town="x" * 51), "FACTURAE-LENGTH", "buyer.address.town"),
    "a town of 45 with a post code abroad": (address(town="x" * 45, country="FR"), "FACTURAE-LENGTH", "buyer.address.town"),
    "a post code of four": (address(post_code="8001"), "FACTURAE-POST-CODE", "buyer.address.post_code"),
    "a post code with a line behind it": (address(post_code="38001\n"), "FACTURAE-POST-CODE", "buyer.address.post_code"),
    "a country that the schema lacks": (address(country="SS"), "FACTURAE-COUNTRY", "buyer.address.country"),
    "an office of ten": (offices(managing_body="L019999998"), "FACTURAE-DIR3", "buyer.offices.managing_body"),
    "an office without a code": (offices(processing_unit=""), "FACTURAE-DIR3", "buyer.offices.processing_unit"),
    "no buyer": (replace(shapes.simplified(), buyer=None), "FACTURAE-BUYER", "buyer"),
    "another currency": (replace(shapes.exempt(), currency="USD"), "FACTURAE-CURRENCY", "currency"),
    "a language that the schema lacks": (replace(shapes.exempt(), language="ja"), "FACTURAE-LANGUAGE", "language"),
    "a third party without a name": (
        replace(shapes.exempt(), issued_by=IssuedBy.THIRD_PARTY),
        "FACTURAE-THIRD-PARTY",
        "third_party",
    ),
    "a description of 2501": (replace(shapes.exempt(), description="x" * 2501), "FACTURAE-LENGTH", "description"),
    "notes that leave no room for the address of the QR code": (
        replace(shapes.exempt(), notes=("x" * 2101,)),
        "FACTURAE-LENGTH",
        "notes",
    ),
    "legal words of 251": (replace(shapes.exempt(), legal=("x" * 251,)), "FACTURAE-LENGTH", "legal"),
    "a line without a description": (line(description=""), "FACTURAE-MISSING", "lines[0].description"),
    "a character that XML lacks": (line(description="a\x00b"), "FACTURAE-CHARACTER", "lines[0].description"),
    "an exemption that nothing explains": (
        replace(line(vat=UNSAID), vat=(Subtotal(UNSAID, D("600.00"), D("0.00")),)),
        "FACTURAE-EXEMPTION",
        "vat[0].vat.reason",
    ),
    "a line of three decimals": (line(net=D("600.001")), "RCF06001", "lines[0].net"),
    "a line that is not quantity × price": (line(net=D("600.01")), "RCF06002", "lines[0].net"),
    "a price of nine decimals": (line(unit_price=D("60.000000001")), "FACTURAE-DECIMALS", "lines[0].unit_price"),
    "a total of three decimals": (totals(gross=D("390.151")), "RCF06004", "totals.gross"),
    "a total that is no number": (totals(tax=D("NaN")), "RCF06004", "totals.tax"),
    "a net that is not the sum of the lines": (totals(net=D("328.24")), "RCF06005", "totals.net"),
    "a tax that is not the sum of the groups": (totals(tax=D("61.93")), "FACTURAE-TAX", "totals.tax"),
    "a gross that is not net and tax": (totals(gross=D("390.16")), "FACTURAE-TOTAL", "totals.gross"),
    "a payable that is not what is left": (totals(payable=D("340.93")), "FACTURAE-TOTAL", "totals.payable"),
    "a group that no line has": (replace(shapes.exempt(), vat=shapes.withheld().vat), "FACTURAE-TAX", "vat"),
    "a group twice": (replace(shapes.exempt(), vat=shapes.exempt().vat * 2), "FACTURAE-TAX", "vat"),
    "a group of another base": (
        replace(shapes.exempt(), vat=(replace(shapes.exempt().vat[0], base=D("599.00")),)),
        "FACTURAE-TAX",
        "vat[0].base",
    ),
    "a group's tax of three decimals": (
        replace(shapes.exempt(), vat=(replace(shapes.exempt().vat[0], tax=D("0.001")),)),
        "RCF06004",
        "vat[0].tax",
    ),
    "no lines": (replace(shapes.exempt(), lines=()), "FACTURAE-MISSING", "lines"),
    "income tax on part of it": (kept(base=D("300.00")), "FACTURAE-WITHHOLDING", "withholding.base"),
    "income tax that is not base × rate": (kept(rate=D(7)), "FACTURAE-WITHHOLDING", "withholding.amount"),
    "income tax that the total forgets": (totals(withheld=D("0.00")), "FACTURAE-WITHHOLDING", "totals.withheld"),
    "income tax of which nothing is known": (
        replace(shapes.withheld(), withholding=None),
        "FACTURAE-WITHHOLDING",
        "totals.withheld",
    ),
    "paid before without saying when": (
        replace(shapes.on_account(), payments=(Payment(Means.CARD, D("300.50")),)),
        "FACTURAE-PREPAID",
        "totals.prepaid",
    ),
    "payments that do not add up": (paid(Payment(Means.CARD, D("599.99"))), "FACTURAE-INSTALLMENTS", "payments"),
    "a payment of three decimals": (
        paid(Payment(Means.CARD, D("599.999")), Payment(Means.CARD, D("0.001"))),
        "RCF06004",
        "payments[0].amount",
    ),
    "an account with spaces": (
        paid(Payment(Means.TRANSFER, D("600.00"), account="ES91 2100 0418")),
        "FACTURAE-IBAN",
        "payments[0].account",
    ),
    "a correction of two invoices": (correction(references=(ONE, ONE)), "FACTURAE-CORRECTION", "correction.references"),
    "a correction of none": (correction(references=()), "FACTURAE-CORRECTION", "correction.references"),
    "a corrected number of 21": (
        correction(references=(replace(ONE, number="F2026-" + "1" * 21),)),
        "FACTURAE-LENGTH",
        "correction.references[0].number",
    ),
    "a reason of 2501": (correction(reason="x" * 2501), "FACTURAE-LENGTH", "correction.reason"),
}


@pytest.mark.parametrize("case", CASES)
def test_every_rule_finds_what_breaks_it(case):
    invoice, code, field = CASES[case]
    assert (code, field) in found(invoice)
    assert all(finding.remedy for finding in rules.check(invoice))


def test_all_that_is_wrong_is_said_at_once():
    invoice = replace(address(street="", post_code="1"), currency="USD")
    assert len(found(invoice)) == 3


def test_numbers_that_are_written_with_more_zeros_are_the_same_numbers():
    assert found(line(net=D("600.000"), quantity=D("10.0"))) == set()


# Only characters that XML can hold and people type.
texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn")), min_size=1, max_size=20)
cents = st.integers(-10_000_000, 10_000_000).map(lambda minor: D(minor).scaleb(-2))
countries = st.sampled_from(sorted(codes().countries))


@st.composite
def addresses(draw) -> Address:
    country = draw(st.one_of(st.just("ES"), countries))
    post_code = draw(st.from_regex(r"[0-4][0-9]{4}", fullmatch=True)) if country == "ES" else draw(texts)
    return Address(draw(texts), post_code, draw(texts), draw(texts | st.just("")), country)


@st.composite
def parties(draw) -> Party:
    number = draw(st.from_regex(r"[A-Z0-9]{3,20}", fullmatch=True))
    tax_id = TaxId(number, draw(countries), draw(st.sampled_from(IdScheme)))
    person = draw(st.sampled_from(Person))
    names = [draw(texts) for _ in range(4)]
    return Party(names[0], person, tax_id, draw(addresses()), *names[1:], email=draw(st.sampled_from(["", "a@example.org"])))


@st.composite
def invoices(draw) -> Invoice:
    """Invoices whose sums are right, of any parties, lines, taxes and payments."""
    treatments = draw(st.lists(st.sampled_from([shapes.TAXED, shapes.REDUCED, shapes.EXEMPT]), min_size=1, max_size=5))
    lines = []
    for vat in treatments:
        quantity = D(draw(st.integers(-1000, 1000))).scaleb(draw(st.integers(-3, 0)))
        price = D(draw(st.integers(0, 10**9))).scaleb(draw(st.integers(-8, -2)))
        net = (quantity * price).quantize(D("0.01"), ROUND_HALF_UP)
        lines.append(Line(draw(texts.filter(str.strip)), quantity, price, net, vat, unit=draw(st.sampled_from(["C62", "MIN"]))))
    groups = []
    for vat in dict.fromkeys(treatments):
        base = sum(each.net for each in lines if each.vat == vat)
        groups.append(Subtotal(vat, base, (base * vat.rate / 100).quantize(D("0.01"), ROUND_HALF_UP)))
    net, tax = sum(each.base for each in groups), sum(each.tax for each in groups)
    rate = draw(st.sampled_from([D(0), D(7), D(15)]))
    kept = (net * rate / 100).quantize(D("0.01"), ROUND_HALF_UP)
    prepaid = draw(st.just(D("0.00")) | cents)
    total = Totals(net, tax, net + tax, net + tax - kept - prepaid, prepaid=prepaid, withheld=kept)
    day = date(2026, 1, 1) + timedelta(days=draw(st.integers(0, 700)))
    before = (Payment(Means.CARD, prepaid, day),) if prepaid else ()
    due = draw(st.sampled_from([(), (Payment(draw(st.sampled_from(Means)), total.payable),)]))
    shape = draw(st.sampled_from(shapes.SHAPES))()
    buyer = draw(parties())
    if draw(st.booleans()):
        buyer = replace(buyer, offices=Offices("L01999999", "E00000001", "GE0000001"))
    return replace(
        shape,
        issued_on=day,
        seller=draw(parties()),
        buyer=buyer,
        lines=tuple(lines),
        vat=tuple(groups),
        totals=total,
        payments=before + due,
        withholding=Withholding(rate, net, kept) if rate else None,
        description=draw(texts),
    )


@given(invoices())
def test_every_invoice_whose_sums_are_right_is_valid_to_the_schema_or_found_fault_with(official, invoice):
    """And nothing is found fault with but texts of white space alone."""
    findings = rules.check(invoice)
    assert {finding.code for finding in findings} <= {"FACTURAE-MISSING", "FACTURAE-CHARACTER"}
    if not findings:
        assert schema("facturae/3.2.2").findings(build(invoice)) == ()


wild_texts = st.text(max_size=90)
wild = st.fixed_dictionaries(
    {},
    optional={
        "number": wild_texts,
        "series": wild_texts,
        "description": wild_texts,
        "language": st.sampled_from(["es", "en", "xx", ""]),
        "currency": st.sampled_from(["EUR", "GBP", ""]),
        "notes": st.lists(wild_texts).map(tuple),
        "legal": st.lists(wild_texts).map(tuple),
        "operation_on": st.dates(),
        "due_on": st.dates(),
        "issued_on": st.dates(),
        "buyer": st.builds(
            Party,
            name=wild_texts,
            person=st.sampled_from(Person),
            tax_id=st.none() | st.builds(TaxId, wild_texts, st.sampled_from(["ES", "GR", "XX"])),
            address=st.none() | st.builds(Address, *[wild_texts] * 4, st.sampled_from(["ES", "FR", "US", "XX"])),
            given_name=wild_texts,
            first_surname=wild_texts,
            second_surname=wild_texts,
            offices=st.none() | st.builds(Offices, *[st.from_regex(r"[A-Z0-9]{8,10}", fullmatch=True)] * 3),
        ),
    },
)


@given(st.sampled_from(shapes.SHAPES), wild)
def test_whatever_passes_the_rules_is_valid_to_the_schema(official, shape, changes):
    invoice = replace(shape(), **changes)
    if not rules.check(invoice):
        assert schema("facturae/3.2.2").findings(build(invoice, verification_url=shapes.URL)) == ()
