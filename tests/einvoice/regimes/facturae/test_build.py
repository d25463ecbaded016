"""Facturae documents of every shape, held against the official schema and read back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from lxml import etree

from einvoice.check import check
from einvoice.model import CorrectionCode, IssuedBy, Means, Payment, Reference
from einvoice.regimes.facturae import rules
from einvoice.regimes.facturae.build import build, claimed_role, tax_period
from einvoice.regimes.facturae.codes import codes
from einvoice.regimes.facturae.nodes import NAMESPACE
from einvoice.sign import Role
from einvoice.xsd import schema
from tests.einvoice.regimes.facturae import shapes

D = Decimal


def values(root: etree._Element, path: str) -> list[str]:
    return [element.text or "" for element in root.iterfind(f".//{path}")]


def value(root: etree._Element, path: str) -> str:
    (text,) = values(root, path)
    return text


@pytest.mark.parametrize("shape", shapes.SHAPES)
def test_every_shape_passes_our_checks_and_the_official_schema(official, shape):
    assert check(shape()) == ()
    assert rules.check(shape()) == ()
    assert schema("facturae/3.2.2").findings(build(shape(), verification_url=shapes.URL)) == ()


@pytest.mark.parametrize("code", list(CorrectionCode))
def test_every_reason_of_a_correction_is_worded_as_the_schema_has_it(official, code):
    before = shapes.corrective()
    invoice = replace(before, correction=replace(before.correction, code=code))
    root = build(invoice)
    assert schema("facturae/3.2.2").findings(root) == ()
    assert (value(root, "ReasonCode"), value(root, "ReasonDescription")) == codes().reasons[code]


@pytest.mark.parametrize("means", list(Means))
def test_every_means_of_payment_has_a_code(official, means):
    invoice = replace(shapes.exempt(), payments=(Payment(means, D("600.00")),))
    assert schema("facturae/3.2.2").findings(build(invoice)) == ()


def test_every_country_province_and_language_of_our_tables_is_in_the_schema(official):
    xsd = etree.fromstring(official.read("facturae/3.2.2"))

    def enumerated(name: str) -> set[str]:
        found = xsd.iterfind(f".//{{*}}simpleType[@name='{name}']//{{*}}enumeration")
        return {each.get("value") for each in found}

    assert set(codes().countries.values()) < enumerated("CountryType")
    assert codes().languages == enumerated("LanguageCodeType")
    assert len(codes().countries) == len(set(codes().countries.values()))
    assert codes().union < set(codes().countries)
    assert len(codes().provinces) == 52
    assert all(len(name) <= 20 for name in codes().provinces.values())


def test_only_the_root_has_a_namespace():
    root = build(shapes.administration())
    assert root.tag == f"{{{NAMESPACE}}}Facturae"
    assert {etree.QName(each).namespace for each in root.iterdescendants()} == {None}


def test_the_batch_is_the_invoice():
    root = build(shapes.withheld())
    assert value(root, "BatchIdentifier") == "00000000T000123F2026-"
    assert value(root, "TotalInvoicesAmount/TotalAmount") == "340.92"
    assert value(root, "InvoicesCount") == "1"


def test_series_and_number_stand_apart():
    root = build(shapes.exempt())
    assert value(root, "InvoiceHeader/InvoiceSeriesCode") == "F2026-"
    assert value(root, "InvoiceHeader/InvoiceNumber") == "000123"
    assert values(build(shapes.simplified()), "InvoiceHeader/InvoiceSeriesCode") == []


def test_a_person_has_split_names_and_a_company_one():
    root = build(shapes.exempt())
    buyer = root.find(".//BuyerParty")
    assert values(buyer, "Individual/Name") == ["María"]
    assert values(buyer, "Individual/FirstSurname") == ["Ejemplo"]
    assert values(buyer, "Individual/SecondSurname") == []
    assert values(root.find(".//SellerParty"), "LegalEntity/CorporateName") == ["Centro de Pruebas SL"]
    assert values(root, "PersonTypeCode") == ["J", "F"]


def test_names_with_markup_in_them_are_texts():
    assert "Compañía &amp; Hijos &lt;Inventada&gt; SA" in etree.tostring(build(shapes.withheld()), encoding="unicode")


def test_a_long_province_is_written_short_and_a_missing_one_found_by_the_post_code():
    assert values(build(shapes.exempt()), "BuyerParty//Province") == ["S. Cruz de Tenerife"]
    assert values(build(shapes.withheld()), "BuyerParty//Province") == ["Zaragoza"]


def test_an_administration_has_its_three_offices_in_their_roles():
    root = build(shapes.administration())
    centres = [(value(each, "RoleTypeCode"), value(each, "CentreCode")) for each in root.iterfind(".//AdministrativeCentre")]
    assert centres == [("01", "L01999999"), ("02", "L01999998"), ("03", "L01999997")]


def test_health_care_is_exempt_and_not_outside_of_vat():
    root = build(shapes.exempt())
    assert value(root, "SpecialTaxableEventCode") == "01"
    literal = value(root, "LegalReference")
    assert "artículo 20.Uno.3.º de la Ley 37/1992" in literal
    assert value(root, "SpecialTaxableEventReason") == f"01 {literal}"
    assert values(root, "TaxesOutputs/Tax/TaxRate") == ["0.00", "0.00"]
    assert values(root, "TaxesOutputs/Tax/TaxAmount/TotalAmount") == ["0.00", "0.00"]


def test_the_words_of_the_invoice_come_before_those_of_our_table():
    exempt = shapes.exempt()
    vat = replace(shapes.EXEMPT, reason="Exenta, art. 20.Uno.3.º LIVA")
    invoice = replace(exempt, lines=(replace(exempt.lines[0], vat=vat),), vat=(replace(exempt.vat[0], vat=vat),))
    assert value(build(invoice), "LegalReference") == "Exenta, art. 20.Uno.3.º LIVA"


def test_taxes_of_the_lines_add_up_to_those_of_the_invoice_to_the_cent():
    root = build(shapes.withheld())
    lines = list(root.iterfind(".//InvoiceLine"))
    assert [value(line, "TaxesOutputs/Tax/TaxAmount/TotalAmount") for line in lines] == ["52.07", "3.49", "6.36"]
    assert [value(line, "TaxesWithheld/Tax/TaxAmount/TotalAmount") for line in lines] == ["37.19", "2.50", "9.54"]
    groups = root.findall(".//Invoice/TaxesOutputs/Tax")
    assert [value(group, "TaxAmount/TotalAmount") for group in groups] == ["55.56", "6.36"]


def test_the_total_of_facturae_is_net_of_income_tax():
    root = build(shapes.withheld())
    assert value(root, "Invoice/TaxesWithheld/Tax/TaxTypeCode") == "04"
    totals = root.find(".//InvoiceTotals")
    assert [each.text for each in totals] == ["328.23", "328.23", "61.92", "49.23", "340.92", "340.92", "340.92"]


def test_quantities_and_prices_have_no_exponent_and_keep_their_decimals():
    root = build(shapes.withheld())
    assert values(root, "Quantity") == ["3.00", "0.50", "7.00"]
    assert values(root, "UnitPriceWithoutTax") == ["82.6446281", "33.33", "9.09"]
    assert values(root, "UnitOfMeasure") == ["02", "02", "01"]
    exempt = shapes.exempt()
    line = replace(exempt.lines[0], quantity=D("1E+1"), unit_price=D("6E+1"))
    assert values(build(replace(exempt, lines=(line,))), "Quantity") == ["10.00"]


def test_payments_before_the_invoice_stand_on_account_and_the_rest_is_due():
    root = build(shapes.on_account())
    assert values(root, "PaymentOnAccountDate") == ["2026-02-01", "2026-02-15"]
    assert values(root, "PaymentOnAccountAmount") == ["100.00", "200.50"]
    assert value(root, "TotalPaymentsOnAccount") == "300.50"
    assert value(root, "InvoiceTotals/InvoiceTotal") == "600.00"
    assert value(root, "InvoiceTotals/TotalOutstandingAmount") == "299.50"
    assert value(root, "InstallmentAmount") == "299.50"
    assert value(root, "AccountToBeDebited/IBAN") == shapes.IBAN
    assert value(root, "OperationDate") == "2026-02-01"


def test_a_correction_by_differences_names_what_it_corrects_and_is_negative():
    root = build(shapes.corrective())
    found = root.find(".//Corrective")
    assert [each.text for each in found if not len(each)] == [
        "000123",
        "F2025-",
        "16",
        "Base imponible",
        "02",
        "Rectificación por diferencias",
        "Devolución de 4 sesiones",
        "2025-11-30",
    ]
    assert value(root, "InvoiceClass") == "OR"
    assert (value(root, "Quantity"), value(root, "TotalCost")) == ("-4.00", "-133.34")
    assert value(root, "InvoiceTotals/InvoiceTotal") == "-133.34"


def test_a_correction_by_substitution_is_a_whole_one():
    root = build(shapes.substitution())
    assert (value(root, "CorrectionMethod"), value(root, "ReasonCode")) == ("01", "85")
    assert value(root, "ReasonDescription").endswith("Auto de declaración de concurso")


@pytest.mark.parametrize(
    ("day", "first", "last"),
    [
        (date(2026, 1, 1), date(2026, 1, 1), date(2026, 3, 31)),
        (date(2026, 5, 31), date(2026, 4, 1), date(2026, 6, 30)),
        (date(2026, 9, 30), date(2026, 7, 1), date(2026, 9, 30)),
        (date(2026, 12, 31), date(2026, 10, 1), date(2026, 12, 31)),
    ],
)
def test_a_correction_names_the_quarter_of_what_it_corrects(day, first, last):
    assert tax_period(Reference("F1", day)) == shapes.Period(first, last)


@pytest.mark.parametrize(
    ("shape", "code", "role"),
    [
        (shapes.exempt, "EM", Role.SUPPLIER),
        (shapes.third_party, "TE", Role.THIRD_PARTY),
        (shapes.cash_scheme, "RE", Role.CUSTOMER),
    ],
)
def test_who_issues_stands_in_the_header_and_signs_in_its_role(shape, code, role):
    assert value(build(shape()), "InvoiceIssuerType") == code
    assert claimed_role(shape()) is role


def test_a_third_party_is_named_only_where_it_issues():
    assert value(build(shapes.third_party()), "ThirdParty/TaxIdentification/TaxIdentificationNumber") == "00000000T"
    assert values(build(replace(shapes.third_party(), issued_by=IssuedBy.SELLER)), "ThirdParty//Name") == []


def test_schemes_that_the_law_wants_named_are_named():
    said = values(build(shapes.cash_scheme()), "LegalReference")
    assert said[1:] == ["Régimen especial del criterio de caja", "Facturación por el destinatario"]
    assert values(build(shapes.abroad()), "LegalReference") == ["Inversión del sujeto pasivo"]


def test_the_address_of_the_qr_code_leads_the_additional_information():
    assert (
        value(build(shapes.exempt(), verification_url=shapes.URL), "InvoiceAdditionalInformation")
        == f"QR tributario: {shapes.URL}"
    )
    assert values(build(shapes.exempt()), "AdditionalData") == []
    lines = value(build(shapes.cash_scheme(), verification_url=shapes.URL), "InvoiceAdditionalInformation").split("\n")
    assert lines == [f"QR tributario: {shapes.URL}", "Sustituye a las facturas simplificadas S-1, S-2", "Una nota."]


def test_between_members_of_the_union_numbers_have_their_countries_prefix():
    root = build(shapes.abroad())
    assert values(root, "TaxIdentificationNumber") == ["ESB64717838", "EL094014201"]
    assert values(root, "ResidenceTypeCode") == ["R", "U"]
    assert value(root, "PostCodeAndTown") == "10431 Athens"
    assert value(root, "BuyerParty//CountryCode") == "GRC"
    outside = replace(
        shapes.abroad().buyer, tax_id=shapes.TaxId("123", "US"), address=shapes.Address("1 St", "1", "X", "NY", "US")
    )
    assert values(build(replace(shapes.abroad(), buyer=outside)), "TaxIdentificationNumber") == ["B64717838", "123"]


def test_a_simplified_invoice_is_marked_as_one():
    assert value(build(shapes.simplified()), "InvoiceDocumentType") == "FA"
    assert value(build(shapes.exempt()), "InvoiceDocumentType") == "FC"


def test_an_amount_of_nothing_has_no_sign():
    exempt = shapes.exempt()
    invoice = replace(exempt, totals=replace(exempt.totals, tax=D("-0.00")), vat=(replace(exempt.vat[0], tax=D("-0.00")),))
    assert "-0.00" not in etree.tostring(build(invoice), encoding="unicode")
