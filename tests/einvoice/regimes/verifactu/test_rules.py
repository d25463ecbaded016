"""What would be refused is found before a number is used, each mistake with AEAT's own code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from einvoice.model import (
    Address,
    Category,
    CorrectionCode,
    IdScheme,
    Invoice,
    IssuedBy,
    Party,
    Person,
    Reference,
    Scheme,
    Subtotal,
    TaxId,
    Totals,
    Vat,
)
from einvoice.regimes.verifactu import rules
from tests.einvoice import documents
from tests.einvoice.regimes.verifactu.records import SYSTEM

D = Decimal
TODAY = date(2026, 7, 1)
FULL = documents.exempt()
Change = Callable[[Invoice], Invoice]


def codes(invoice: Invoice, today: date = TODAY) -> set[tuple[str, str]]:
    return {(finding.code, finding.field) for finding in rules.check(invoice, today)}


def of_tax(vat: Vat, base: str, tax: str, invoice: Invoice = FULL) -> Invoice:
    gross = D(base) + D(tax)
    return replace(invoice, vat=(Subtotal(vat, D(base), D(tax)),), totals=Totals(D(base), D(tax), gross, gross))


def to(tax_id: TaxId | None, **more: object) -> Invoice:
    return replace(FULL, buyer=replace(documents.PATIENT, tax_id=tax_id), **more)  # type: ignore[arg-type]


def corrected(**more: object) -> Invoice:
    invoice = documents.corrective()
    assert invoice.correction
    return replace(invoice, correction=replace(invoice.correction, **more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "invoice",
    [
        documents.exempt(),
        documents.taxed(),
        documents.withheld(),
        documents.corrective(),
        documents.substitution(),
        documents.simplified(),
        documents.through_agent(),
        documents.long(3),
        replace(documents.simplified(), buyer=documents.PATIENT),
        replace(documents.simplified(), seller=replace(documents.CLINIC, address=None)),
        to(TaxId("X1234567", "FR", IdScheme.PASSPORT)),
        to(TaxId("X1234567", "ES", IdScheme.PASSPORT)),
        to(TaxId("12345678Z", "ES", IdScheme.UNREGISTERED)),
        to(TaxId("X2482300W")),
        to(TaxId("X" * 20, "FR", IdScheme.NATIONAL)),
        to(TaxId("980780684", "XI", IdScheme.VAT)),
        to(TaxId("980780684", "GB", IdScheme.VAT), operation_on=date(2021, 1, 31)),
        of_tax(Vat(Category.REVERSE_CHARGE, D(0)), "100.00", "0.00"),
        of_tax(Vat(Category.OUTSIDE, D(0)), "100.00", "0.00"),
        of_tax(Vat(Category.STANDARD, D(5)), "100.00", "5.00", replace(FULL, operation_on=date(2024, 9, 30))),
    ],
    ids=lambda invoice: invoice.number,
)
def test_a_sound_document_has_no_findings(invoice: Invoice) -> None:
    assert rules.check(invoice, TODAY) == ()


@pytest.mark.parametrize("number", ["F2026-º1", "F2026-ñ", 'F"1', "F'1", "F<1", "F>1", "F=1", " F1", "F1 ", "", "F" * 61, "F\t1"])
def test_a_number_that_aeat_does_not_take_is_found(number: str) -> None:
    assert codes(replace(FULL, number=number)) == {("1130", "number")}


@pytest.mark.parametrize("number", ["F2026-000123", "A/1", "F 1", "F&1;1", "F" * 60, "~!#$%()*+,.?@[]^_`{|}"])
def test_other_printable_ascii_is_taken(number: str) -> None:
    assert codes(replace(FULL, number=number)) == set()


@pytest.mark.parametrize(
    ("issued", "operation", "expected"),
    [
        (date(2026, 7, 2), None, {("1112", "issued_on")}),
        (date(2024, 10, 27), None, {("1152", "issued_on")}),
        (date(2024, 10, 28), None, set()),
        (TODAY, TODAY, set()),
        (TODAY, date(2026, 7, 2), {("1173", "operation_on")}),
        (date(2026, 6, 30), TODAY, {("1146", "operation_on")}),
        (TODAY, date(2006, 7, 1), set()),
        (TODAY, date(2006, 6, 30), {("1134", "operation_on")}),
    ],
)
def test_dates_that_aeat_does_not_take_are_found(issued: date, operation: date | None, expected: set[tuple[str, str]]) -> None:
    assert codes(replace(FULL, issued_on=issued, operation_on=operation)) == expected


def test_twenty_years_before_a_leap_day_is_a_day() -> None:
    invoice = replace(FULL, operation_on=date(2008, 2, 28))
    assert codes(invoice, date(2028, 2, 29)) == {("1134", "operation_on")}
    assert codes(replace(invoice, operation_on=date(2008, 2, 29)), date(2028, 2, 29)) == set()


@pytest.mark.parametrize(
    ("seller", "expected"),
    [
        (replace(documents.CLINIC, tax_id=None), {("4116", "seller.tax_id")}),
        (replace(documents.CLINIC, tax_id=TaxId("B64717839")), {("4116", "seller.tax_id")}),
        (replace(documents.CLINIC, tax_id=TaxId("ESB64717838")), {("4116", "seller.tax_id")}),
        (replace(documents.CLINIC, tax_id=TaxId("b64717838")), {("4116", "seller.tax_id")}),
        (replace(documents.CLINIC, tax_id=TaxId("B64717838", "DE", IdScheme.VAT)), {("4116", "seller.tax_id")}),
        (replace(documents.CLINIC, name="x" * 121), {("4102", "seller.name")}),
        (replace(documents.CLINIC, name="x" * 120), set()),
        (replace(documents.CLINIC, name=" "), {("4102", "seller.name")}),
        (replace(documents.CLINIC, name="Centro\nde Pruebas"), {("4103", "seller.name")}),
        (replace(documents.CLINIC, address=None), {("ROF-6.1.e", "seller.address")}),
    ],
)
def test_a_seller_that_cannot_stand_in_a_record_is_found(seller: Party, expected: set[tuple[str, str]]) -> None:
    assert codes(replace(FULL, seller=seller)) == expected


@pytest.mark.parametrize(
    ("tax_id", "expected"),
    [
        (None, "1189"),
        (TaxId("12345678A"), "1123"),
        (TaxId("12345678-Z"), "1123"),
        (TaxId("12345678Z", "FR"), "1123"),
        (TaxId("B64717838"), "1193"),
        (TaxId("NO_DISPONIBLE", "ES", IdScheme.OTHER), "1126"),
        (TaxId("B64717838", "ES", IdScheme.VAT), "1126"),
        (TaxId("12345678Z", "FR", IdScheme.UNREGISTERED), "1126"),
        (TaxId("B64717838", "ES", IdScheme.UNREGISTERED), "1131"),
        (TaxId("X1", "GF", IdScheme.PASSPORT), "1101"),
        (TaxId("X1", "fr", IdScheme.PASSPORT), "1101"),
        (TaxId("", "FR", IdScheme.PASSPORT), "1103"),
        (TaxId("X" * 21, "FR", IdScheme.NATIONAL), "1103"),
        (TaxId("123", "DE", IdScheme.VAT), "1103"),
        (TaxId("DE136695976", "DE", IdScheme.VAT), "1103"),
        (TaxId("980780684", "GB", IdScheme.VAT), "1255"),
        (TaxId("98078068", "XI", IdScheme.VAT), "1103"),
        (TaxId("FR\t1", "FR", IdScheme.PASSPORT), "1103"),
    ],
)
def test_a_recipient_that_aeat_would_not_know_is_found(tax_id: TaxId | None, expected: str) -> None:
    assert codes(to(tax_id)) == {(expected, "buyer.tax_id")}


def test_a_full_invoice_without_recipient_is_found() -> None:
    assert codes(replace(FULL, buyer=None)) == {("1189", "buyer")}


def test_a_business_that_receives_a_full_invoice_needs_an_address_and_a_patient_does_not() -> None:
    assert codes(replace(FULL, buyer=replace(documents.COMPANY, address=None))) == {("ROF-6.1.e", "buyer.address")}
    assert codes(replace(FULL, buyer=replace(documents.PATIENT, address=None))) == set()


@pytest.mark.parametrize(
    ("gross", "limit", "expected"),
    [
        ("400.00", "400.00", set()),
        ("400.01", "400.00", {("ROF-4", "totals.gross")}),
        ("3000.00", "3000.00", set()),
        ("3000.01", "3000.00", {("ROF-4", "totals.gross")}),
        ("3010.00", "3000.00", {("ROF-4", "totals.gross")}),
        ("3010.01", "3000.00", {("1150", "totals.gross")}),
    ],
)
def test_a_simplified_invoice_over_the_limit_of_its_activity_is_found(
    gross: str, limit: str, expected: set[tuple[str, str]]
) -> None:
    invoice = of_tax(documents.EXEMPT, gross, "0.00", documents.simplified())
    assert {(found.code, found.field) for found in rules.check(invoice, TODAY, simplified_limit=D(limit))} == expected


def test_a_corrective_of_a_simplified_invoice_has_no_limit() -> None:
    invoice = of_tax(documents.EXEMPT, "-500.00", "0.00", replace(documents.corrective(), simplified=True, buyer=None))
    assert invoice.correction
    assert codes(replace(invoice, correction=replace(invoice.correction, code=CorrectionCode.R5))) == set()


@pytest.mark.parametrize(
    ("vat", "base", "tax", "expected"),
    [
        (Vat(Category.STANDARD, D(16)), "100.00", "16.00", ("1124", "vat[0].vat.rate")),
        (Vat(Category.STANDARD, D(5)), "100.00", "5.00", ("1124", "vat[0].vat.rate")),
        (Vat(Category.STANDARD, D(21)), "100.00", "-21.00", ("1143", "vat[0].tax")),
        (Vat(Category.STANDARD, D(21)), "100.00", "21.02", ("1142", "vat[0].tax")),
        (Vat(Category.STANDARD, D(21)), "100.00", "30.00", ("1142", "vat[0].tax")),
        (Vat(Category.EXEMPT, D(0), "VATEX-EU-132-1C"), "100.00", "1.00", ("1238", "vat[0].tax")),
        (Vat(Category.EXEMPT, D(21), "VATEX-EU-132-1C"), "100.00", "0.00", ("1238", "vat[0].tax")),
        (Vat(Category.OUTSIDE, D(21)), "100.00", "0.00", ("1237", "vat[0].tax")),
        (Vat(Category.REVERSE_CHARGE, D(21)), "100.00", "0.00", ("1198", "vat[0].tax")),
        (Vat(Category.EXEMPT, D(0)), "100.00", "0.00", ("1195", "vat[0].vat.exemption")),
        (Vat(Category.CANARY, D(7)), "100.00", "7.00", ("1218", "vat[0].vat.category")),
        (Vat(Category.INTRA_COMMUNITY, D(0), "VATEX-EU-IC"), "100.00", "0.00", ("1289", "buyer.tax_id")),
        (Vat(Category.STANDARD, D(21)), "1000000000000.00", "210000000000.00", ("4102", "vat")),
        (Vat(Category.EXEMPT, D(0), "VATEX-EU-132-1C"), "1.005", "0.00", ("4102", "vat")),
    ],
)
def test_a_tax_that_aeat_does_not_take_is_found(vat: Vat, base: str, tax: str, expected: tuple[str, str]) -> None:
    assert expected in codes(of_tax(vat, base, tax))


def test_a_reverse_charge_needs_an_identified_recipient() -> None:
    invoice = of_tax(Vat(Category.REVERSE_CHARGE, D(0)), "100.00", "0.00", documents.simplified())
    assert codes(invoice) == {("1197", "vat[0].vat.category")}


TWENTY_ONE = Vat(Category.STANDARD, D(21))


@pytest.mark.parametrize(
    ("lines", "base", "tax", "sound"),
    [
        (1, "49.59", "10.41", True),
        (1, "49.59", "10.42", True),
        (1, "100.00", "21.01", True),
        (1, "100.00", "21.02", False),
        (1, "100.00", "20.98", False),
        (1, "0.00", "0.00", True),
        (3, "100.00", "21.03", True),
        (3, "100.00", "21.04", False),
        (1200, "1000.00", "220.00", True),
        (1200, "1000.00", "220.01", False),
    ],
)
def test_a_cent_of_rounding_a_line_is_allowed_where_prices_include_tax(lines: int, base: str, tax: str, sound: bool) -> None:
    line = replace(FULL.lines[0], vat=TWENTY_ONE)
    invoice = of_tax(TWENTY_ONE, base, tax, replace(FULL, lines=(line,) * lines))
    assert codes(invoice) == (set() if sound else {("1142", "vat[0].tax")})


def test_a_difference_of_two_taxes_may_be_a_cent_further_off() -> None:
    assert codes(of_tax(TWENTY_ONE, "-100.00", "-21.02", corrected())) == set()
    assert codes(of_tax(TWENTY_ONE, "-100.00", "-21.03", corrected())) == {("1142", "vat[0].tax")}


@pytest.mark.parametrize("code", [CorrectionCode.R2, CorrectionCode.R3])
def test_when_the_customer_does_not_pay_only_the_tax_falls(code: CorrectionCode) -> None:
    invoice = of_tax(Vat(Category.STANDARD, D(21)), "0.00", "-21.00", corrected(code=code))
    assert codes(invoice) == set()


def test_totals_that_are_not_the_sums_are_found_to_the_cent() -> None:
    totals = documents.taxed().totals
    assert codes(replace(documents.taxed(), totals=replace(totals, tax=totals.tax + D("0.01")))) == {("2006", "totals.tax")}
    assert codes(replace(documents.taxed(), totals=replace(totals, gross=totals.gross - D("0.01")))) == {("2005", "totals.gross")}


def test_a_total_net_of_income_tax_is_found() -> None:
    totals = documents.withheld().totals
    assert codes(replace(documents.withheld(), totals=replace(totals, gross=D("1060.00")))) == {("2005", "totals.gross")}


def test_a_document_without_a_breakdown_is_found() -> None:
    assert ("4102", "vat") in codes(replace(FULL, vat=()))


def test_twelve_kinds_of_tax_and_a_thousand_references_fit() -> None:
    groups = tuple(Subtotal(Vat(Category.STANDARD, D(rate)), D("100.00"), D(f"{rate}.00")) for rate in range(12))
    invoice = replace(FULL, vat=groups, totals=Totals(D("1200.00"), D("66.00"), D("1266.00"), D("1266.00")))
    assert ("4102", "vat") not in codes(invoice)
    assert codes(corrected(references=(Reference("F1", date(2026, 3, 2)),) * 1000)) == set()


def test_more_kinds_of_tax_than_a_record_holds_are_found() -> None:
    categories = (Vat(Category.STANDARD, D(rate)) for rate in range(13))
    groups = tuple(Subtotal(vat, D("100.00"), D(f"{vat.rate}.00")) for vat in categories)
    invoice = replace(FULL, vat=groups, totals=Totals(D("1300.00"), D("78.00"), D("1378.00"), D("1378.00")))
    assert ("4102", "vat") in codes(invoice)


@pytest.mark.parametrize(
    ("description", "expected"),
    [("", "4102"), ("x" * 501, "4102"), ("bono\x00", "4103"), ("dos\nlíneas", "4103")],
)
def test_a_description_that_does_not_fit_is_found(description: str, expected: str) -> None:
    assert codes(replace(FULL, description=description)) == {(expected, "description")}


def test_a_control_character_is_told_with_its_place() -> None:
    found = rules.check(replace(FULL, description="dos\nlíneas"), TODAY)
    assert "U+000A) in place 4" in found[0].message


def test_another_currency_is_found() -> None:
    assert codes(replace(FULL, currency="USD")) == {("ROF-12", "currency")}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"third_party": None}, ("1186", "third_party")),
        ({"third_party": documents.CLINIC}, ("1188", "third_party.tax_id")),
        ({"issued_by": IssuedBy.SELLER}, ("1187", "third_party")),
        (
            {"third_party": replace(documents.PATIENT, tax_id=TaxId("12345678Z", "ES", IdScheme.UNREGISTERED))},
            ("1211", "third_party.tax_id"),
        ),
        ({"third_party": replace(documents.COMPANY, tax_id=TaxId("1"))}, ("1123", "third_party.tax_id")),
    ],
)
def test_a_third_party_that_is_not_one_is_found(change: dict[str, object], expected: tuple[str, str]) -> None:
    assert codes(replace(documents.through_agent(), **change)) == {expected}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("invoice", "expected"),
    [
        (corrected(references=()), ("ROF-15.4", "correction.references")),
        (corrected(references=(Reference("F 2026 º", date(2026, 3, 2)),)), ("1130", "correction.references[0].number")),
        (corrected(references=(Reference("F1", date(2026, 6, 16)),)), ("ROF-15.4", "correction.references[0].issued_on")),
        (corrected(references=(Reference("F1", date(2026, 3, 2)),) * 1001), ("4102", "correction.references")),
        (corrected(replaced_base=D("1.00")), ("1119", "correction.replaced_base")),
        (corrected(code=CorrectionCode.R5), ("1190", "correction.code")),
        (replace(corrected(), replaces=(Reference("S1", date(2026, 3, 2)),)), ("1116", "replaces")),
        (replace(FULL, replaces=(Reference("Sº1", date(2026, 3, 2)),)), ("1130", "replaces[0].number")),
        (
            replace(
                corrected(code=CorrectionCode.R3), buyer=replace(documents.PATIENT, tax_id=TaxId("X1", "FR", IdScheme.PASSPORT))
            ),
            ("1191", "buyer.tax_id"),
        ),
        (
            replace(
                corrected(code=CorrectionCode.R2), buyer=replace(documents.PATIENT, tax_id=TaxId("X1", "FR", IdScheme.PASSPORT))
            ),
            ("1192", "buyer.tax_id"),
        ),
    ],
)
def test_a_corrective_that_aeat_does_not_take_is_found(invoice: Invoice, expected: tuple[str, str]) -> None:
    assert codes(invoice) == {expected}


def test_a_substitution_that_does_not_state_what_it_replaces_is_found() -> None:
    invoice = documents.substitution()
    assert invoice.correction
    silent = replace(invoice, correction=replace(invoice.correction, replaced_base=None, replaced_tax=None))
    assert codes(silent) == {("1118", "correction.replaced_base"), ("1118", "correction.replaced_tax")}


def test_everything_is_said_at_once_and_each_finding_says_what_to_do() -> None:
    bad = replace(FULL, number="º", description="", buyer=None, issued_on=date(2027, 1, 1), currency="USD")
    found = rules.check(bad, TODAY)
    assert {finding.code for finding in found} == {"1130", "4102", "1189", "1112", "ROF-12"}
    assert all(finding.remedy for finding in found)


def test_the_cash_scheme_does_not_change_what_is_sound() -> None:
    assert codes(replace(FULL, scheme=Scheme.CASH)) == set()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"id": "R"}, ("1177", "system.id")),
        ({"id": "RÑ"}, ("1177", "system.id")),
        ({"id": "rr"}, ("1177", "system.id")),
        ({"name": "x" * 31}, ("4102", "system.name")),
        ({"version": "x" * 51}, ("4102", "system.version")),
        ({"installation": "x" * 101}, ("4102", "system.installation")),
        ({"version": ""}, ("4102", "system.version")),
        ({"installation": "a=b"}, ("1287", "system.installation")),
        ({"producer_id": TaxId("B1")}, ("1176", "system.producer_id")),
        ({"producer_id": TaxId("1", "XX", IdScheme.NATIONAL)}, ("1101", "system.producer_id")),
    ],
)
def test_a_system_that_would_have_every_record_rejected_is_found(change: dict[str, object], expected: tuple[str, str]) -> None:
    assert {(found.code, found.field) for found in rules.check_system(replace(SYSTEM, **change))} == {expected}  # type: ignore[arg-type]
    assert rules.check_system(SYSTEM) == ()


def test_texts_of_the_system_may_be_as_long_as_the_schema_lets_them() -> None:
    longest = replace(SYSTEM, producer="x" * 120, name="x" * 30, version="x" * 50, installation="x" * 100)
    assert rules.check_system(longest) == ()


def test_a_recipient_with_a_foreign_address_of_a_branch_stays_sound() -> None:
    buyer = Party("GmbH", Person.LEGAL, TaxId("136695976", "DE", IdScheme.VAT), Address("Weg 1", "10115", "Berlin", "", "DE"))
    assert codes(replace(of_tax(Vat(Category.REVERSE_CHARGE, D(0)), "100.00", "0.00"), buyer=buyer)) == set()
