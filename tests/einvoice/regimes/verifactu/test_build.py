"""Records: what an invoice becomes, element by element."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from lxml import etree
from verifactu_lint import cli as lint

from einvoice import xsd
from einvoice.chain import Link
from einvoice.model import (
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
from einvoice.regimes.verifactu.build import (
    Amendment,
    GeneratedBy,
    NoOffset,
    NotRecordable,
    Record,
    amount,
    cancel,
    register,
    type_code,
)
from einvoice.regimes.verifactu.message import message
from einvoice.regimes.verifactu.read import NotARecord, read
from einvoice.schemas import Catalogue
from tests.einvoice import documents
from tests.einvoice.regimes.verifactu.records import AT, SELLER, SYSTEM, chain_of, mixed_chain, texts

D = Decimal
ALL = (
    documents.exempt(),
    documents.taxed(),
    documents.withheld(),
    documents.corrective(),
    documents.substitution(),
    documents.simplified(),
    documents.through_agent(),
)


def alta(invoice: Invoice, **more: object) -> Record:
    return register(invoice, SYSTEM, None, AT, **more)  # type: ignore[arg-type]


def of_tax(vat: Vat, base: str, tax: str, **more: object) -> Invoice:
    """The exempt invoice with another tax."""
    gross = D(base) + D(tax)
    totals = Totals(D(base), D(tax), gross, gross)
    return replace(documents.exempt(), vat=(Subtotal(vat, D(base), D(tax)),), totals=totals, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("record", mixed_chain(), ids=lambda record: record.number)
def test_every_kind_of_record_is_valid_by_the_official_schema(official: Catalogue, record: Record) -> None:
    assert xsd.schema("verifactu/SuministroInformacion").findings(etree.fromstring(record.xml)) == ()


def test_a_chain_of_altas_and_anulaciones_has_no_findings_of_an_independent_reader(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sent = tmp_path / "message.xml"
    sent.write_bytes(message(SELLER, mixed_chain()))
    assert lint.main([str(sent), "--estricto", "--sin-color"]) == 0
    assert "Sin hallazgos." in capsys.readouterr().out


@pytest.mark.parametrize("record", mixed_chain(), ids=lambda record: record.number)
def test_a_record_read_back_from_its_bytes_is_the_same(record: Record) -> None:
    assert read(record.xml) == record


def test_other_xml_is_no_record() -> None:
    with pytest.raises(NotARecord, match="neither"):
        read(b"<Factura/>")
    with pytest.raises(NotARecord, match="IDFactura"):
        read(alta(documents.exempt()).xml.replace(b"IDFactura>", b"Id>"))


def test_texts_of_the_invoice_come_back_from_the_xml_as_they_were() -> None:
    name = 'Ñandú & Hijos <«SA»> "l\'Hospitalet"'
    record = alta(replace(documents.exempt(), seller=replace(documents.CLINIC, name=name), description="1 < 2 & 3 > 2"))
    assert texts(record, "NombreRazonEmisor") == [name]
    assert texts(record, "DescripcionOperacion") == ["1 < 2 & 3 > 2"]


def test_an_exempt_service_states_its_cause_and_base_and_neither_rate_nor_tax() -> None:
    record = alta(documents.exempt())
    assert texts(record, "ClaveRegimen") == ["01"]
    assert texts(record, "OperacionExenta") == ["E1"]
    assert texts(record, "BaseImponibleOimporteNoSujeto") == ["600.00"]
    assert texts(record, "TipoImpositivo") == texts(record, "CuotaRepercutida") == texts(record, "CalificacionOperacion") == []
    assert (record.tax_total, record.total) == ("0.00", "600.00")


def test_income_tax_kept_back_is_in_no_record() -> None:
    record = alta(documents.withheld())
    assert (record.tax_total, record.total) == ("210.00", "1210.00")
    assert b"150" not in record.xml


@pytest.mark.parametrize(
    ("invoice", "code"),
    [
        (documents.exempt(), "F1"),
        (documents.simplified(), "F2"),
        (replace(documents.exempt(), replaces=(Reference("S2026-000045", date(2026, 3, 2)),)), "F3"),
        (documents.corrective(), "R1"),
        (replace(documents.simplified(), buyer=documents.PATIENT), "F1"),
        (replace(documents.simplified(), buyer=replace(documents.PATIENT, tax_id=None)), "F2"),
    ],
)
def test_the_type_of_invoice_follows_from_the_document(invoice: Invoice, code: str) -> None:
    assert type_code(invoice) == code
    assert texts(alta(invoice), "TipoFactura") == [code]


def test_a_qualified_simplified_invoice_names_its_recipient_and_says_what_it_is() -> None:
    record = alta(replace(documents.simplified(), buyer=documents.PATIENT))
    assert texts(record, "FacturaSimplificadaArt7273") == ["S"]
    assert texts(record, "IDDestinatario")
    plain = alta(documents.simplified())
    assert texts(plain, "FacturaSimplificadaArt7273") == texts(plain, "Destinatarios") == []


def test_a_corrective_of_a_simplified_invoice_names_no_recipient() -> None:
    corrective = documents.corrective()
    assert corrective.correction
    simplified = replace(corrective, simplified=True, correction=replace(corrective.correction, code=CorrectionCode.R5))
    assert texts(alta(simplified), "Destinatarios") == []


def test_a_corrective_by_differences_names_what_it_corrects() -> None:
    record = alta(documents.corrective())
    assert texts(record, "TipoRectificativa") == ["I"]
    assert texts(record, "NumSerieFactura") == ["R2026-000007", "F2026-000123"]
    assert texts(record, "ImporteRectificacion") == []
    assert record.total == "-240.00"


def test_a_corrective_by_substitution_states_what_it_replaces() -> None:
    record = alta(documents.substitution())
    assert (texts(record, "TipoRectificativa"), texts(record, "BaseRectificada")) == (["S"], ["600.00"])
    assert texts(record, "CuotaRectificada") == ["0.00"]


def test_the_day_of_collection_stands_only_where_it_is_not_the_day_of_issue() -> None:
    assert texts(alta(replace(documents.exempt(), operation_on=date(2026, 3, 1))), "FechaOperacion") == ["01-03-2026"]
    assert texts(alta(replace(documents.exempt(), operation_on=date(2026, 3, 2))), "FechaOperacion") == []


def test_a_third_party_that_issues_is_named() -> None:
    record = alta(documents.through_agent())
    assert texts(record, "EmitidaPorTerceroODestinatario") == ["T"]
    assert texts(record, "NombreRazon")[0] == "Plataforma Imaginada SL"
    assert texts(alta(replace(documents.exempt(), issued_by=IssuedBy.BUYER)), "EmitidaPorTerceroODestinatario") == ["D"]


@pytest.mark.parametrize(
    ("tax_id", "country", "number"),
    [
        (TaxId("X1234567", "FR", IdScheme.PASSPORT), ["FR"], "X1234567"),
        (TaxId("12345678Z", "ES", IdScheme.UNREGISTERED), ["ES"], "12345678Z"),
        (TaxId("094259216", "GR", IdScheme.VAT), [], "EL094259216"),
        (TaxId("136695976", "DE", IdScheme.VAT), [], "DE136695976"),
    ],
)
def test_a_recipient_from_abroad_is_known_by_another_number(
    official: Catalogue, tax_id: TaxId, country: list[str], number: str
) -> None:
    record = alta(replace(documents.exempt(), buyer=Party("Visitante", Person.NATURAL, tax_id)))
    assert (texts(record, "CodigoPais"), texts(record, "IDType"), texts(record, "ID")) == (country, [tax_id.scheme], [number])
    assert xsd.schema("verifactu/SuministroInformacion").findings(etree.fromstring(record.xml)) == ()


@pytest.mark.parametrize(
    ("vat", "abroad", "scheme", "expected"),
    [
        (Vat(Category.STANDARD, D(21)), False, Scheme.GENERAL, ("01", "S1", ["21.00"])),
        (Vat(Category.STANDARD, D(21)), False, Scheme.CASH, ("07", "S1", ["21.00"])),
        (Vat(Category.ZERO, D(0)), False, Scheme.GENERAL, ("01", "S1", ["0.00"])),
        (Vat(Category.EXEMPT, D(0), "VATEX-EU-132-1C"), False, Scheme.CASH, ("07", "E1", [])),
        (Vat(Category.EXEMPT, D(0), "VATEX-EU-135-1L"), False, Scheme.GENERAL, ("01", "E1", [])),
        (Vat(Category.EXEMPT, D(0), "VATEX-EU-309"), False, Scheme.GENERAL, ("01", "E6", [])),
        (Vat(Category.EXPORT, D(0), "VATEX-EU-G"), True, Scheme.CASH, ("02", "E2", [])),
        (Vat(Category.INTRA_COMMUNITY, D(0), "VATEX-EU-IC"), True, Scheme.GENERAL, ("01", "E5", [])),
        (Vat(Category.REVERSE_CHARGE, D(0), "VATEX-EU-AE"), False, Scheme.CASH, ("01", "S2", ["0.00"])),
        (Vat(Category.REVERSE_CHARGE, D(0), "VATEX-EU-AE"), True, Scheme.GENERAL, ("01", "N2", [])),
        (Vat(Category.OUTSIDE, D(0), "VATEX-EU-O"), False, Scheme.GENERAL, ("01", "N1", [])),
        (Vat(Category.OUTSIDE, D(0), "VATEX-EU-O"), True, Scheme.GENERAL, ("01", "N2", [])),
    ],
)
def test_a_tax_becomes_a_regime_and_a_qualification_or_a_cause_of_exemption(
    vat: Vat, abroad: bool, scheme: Scheme, expected: tuple[str, str, list[str]]
) -> None:
    buyer = (
        replace(documents.COMPANY, tax_id=TaxId("136695976", "DE", IdScheme.VAT), address=None) if abroad else documents.COMPANY
    )
    tax = f"{vat.rate:.2f}"
    record = alta(of_tax(vat, "100.00", tax, buyer=buyer, scheme=scheme))
    found = texts(record, "CalificacionOperacion") + texts(record, "OperacionExenta")
    assert (texts(record, "ClaveRegimen"), found, texts(record, "TipoImpositivo")) == ([expected[0]], [expected[1]], expected[2])


@pytest.mark.parametrize(
    "vat",
    [
        Vat(Category.CANARY, D(7)),
        Vat(Category.CEUTA_MELILLA, D(4)),
        Vat(Category.EXEMPT, D(0)),
        Vat(Category.EXEMPT, D(0), "art. 20"),
    ],
)
def test_a_tax_that_no_record_can_state_is_refused(vat: Vat) -> None:
    with pytest.raises(NotRecordable):
        alta(of_tax(vat, "100.00", "0.00"))


def test_bases_of_the_same_nature_are_added_up() -> None:
    taxed, health = Vat(Category.STANDARD, D(21)), Vat(Category.EXEMPT, D(0), "VATEX-EU-132-1C")
    groups = (
        Subtotal(health, D("10.00"), D("0.00")),
        Subtotal(taxed, D("100.00"), D("21.00")),
        Subtotal(replace(health, exemption="VATEX-EU-132-1B"), D("5.50"), D("0.00")),
        Subtotal(replace(taxed, reason="otro"), D("-0.05"), D("-0.01")),
    )
    record = alta(replace(documents.exempt(), vat=groups, totals=Totals(D("115.45"), D("20.99"), D("136.44"), D("136.44"))))
    assert texts(record, "BaseImponibleOimporteNoSujeto") == ["15.50", "99.95"]
    assert texts(record, "CuotaRepercutida") == ["20.99"]


@pytest.mark.parametrize(
    ("value", "text"),
    [("1", "1.00"), ("-0.00", "0.00"), ("0E+3", "0.00"), ("1E+3", "1000.00"), ("-12.5", "-12.50"), ("1.500", "1.50")],
)
def test_amounts_have_two_decimals_and_never_a_negative_zero(value: str, text: str) -> None:
    assert amount(D(value)) == text


def test_an_amount_with_more_decimals_is_refused_rather_than_rounded() -> None:
    with pytest.raises(NotRecordable, match="two decimals"):
        amount(D("1.005"))


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (datetime(2026, 7, 1, 9, 0, 0, 999999, tzinfo=AT.tzinfo), "2026-07-01T09:00:00+02:00"),
        (datetime(2026, 1, 1, 9, 0, tzinfo=AT.tzinfo), "2026-01-01T09:00:00+01:00"),
        (datetime(2026, 1, 1, 9, 0, tzinfo=UTC), "2026-01-01T09:00:00+00:00"),
    ],
)
def test_the_moment_of_generation_has_seconds_and_an_offset_and_never_a_z(at: datetime, text: str) -> None:
    assert register(documents.exempt(), SYSTEM, None, at).generated_at == text


def test_a_moment_without_time_zone_is_refused() -> None:
    with pytest.raises(NoOffset, match="time zone"):
        register(documents.exempt(), SYSTEM, None, datetime(2026, 3, 2, 10))  # noqa: DTZ001 - that is the mistake


@pytest.mark.parametrize(
    ("amendment", "rejection"), [(Amendment.ACCEPTED, []), (Amendment.REJECTED, ["S"]), (Amendment.UNKNOWN, ["X"])]
)
def test_an_amendment_says_what_became_of_the_records_before(
    official: Catalogue, amendment: Amendment, rejection: list[str]
) -> None:
    record = alta(documents.exempt(), amendment=amendment, reference="E-12")
    assert (texts(record, "Subsanacion"), texts(record, "RechazoPrevio")) == (["S"], rejection)
    assert texts(record, "RefExterna") == ["E-12"]
    assert xsd.schema("verifactu/SuministroInformacion").findings(etree.fromstring(record.xml)) == ()


def test_an_anulacion_says_what_became_of_the_records_before_and_who_generates_it(official: Catalogue) -> None:
    previous = chain_of([documents.exempt()])[0].link
    record = cancel(
        *("B64717838", "F2026-000123", date(2026, 3, 2), SYSTEM, previous, AT),
        unregistered=True,
        rejected=True,
        generated_by=GeneratedBy.THIRD_PARTY,
        generator=documents.COMPANY,
        reference="E-13",
    )
    assert (texts(record, "SinRegistroPrevio"), texts(record, "RechazoPrevio"), texts(record, "GeneradoPor")) == (
        ["S"],
        ["S"],
        ["T"],
    )
    assert (record.type_code, record.tax_total, record.total) == ("", "", "")
    assert xsd.schema("verifactu/SuministroInformacion").findings(etree.fromstring(record.xml)) == ()
    with pytest.raises(NotRecordable, match="1224"):
        cancel("B64717838", "A1", date(2026, 3, 2), SYSTEM, previous, AT, generated_by=GeneratedBy.ISSUER)


def test_an_ordinary_anulacion_says_nothing_of_the_past() -> None:
    record = cancel("B64717838", "F2026-000123", date(2026, 3, 2), SYSTEM, None, AT)
    for name in ("SinRegistroPrevio", "RechazoPrevio", "GeneradoPor", "RefExterna"):
        assert texts(record, name) == []


def test_a_system_only_does_verifactu_for_any_number_of_taxpayers_and_serves_one_today() -> None:
    record = alta(documents.exempt())
    names = ("TipoUsoPosibleSoloVerifactu", "TipoUsoPosibleMultiOT", "IndicadorMultiplesOT")
    assert [texts(record, name) for name in names] == [["S"], ["S"], ["N"]]
    several = replace(SYSTEM, only_verifactu=False, multi_taxpayer=False, several_taxpayers=True)
    record = register(documents.exempt(), several, None, AT)
    assert [texts(record, name) for name in names] == [["N"], ["N"], ["S"]]


def test_the_first_record_of_a_chain_says_so_and_the_others_name_their_predecessor() -> None:
    first, second = chain_of([documents.exempt(), documents.taxed()])
    assert (texts(first, "PrimerRegistro"), texts(second, "PrimerRegistro")) == (["S"], [])
    assert texts(second, "Huella") == [first.huella, second.huella]
    assert second.previous == Link(*first.key, first.huella)


def test_an_invoice_of_a_hundred_million_says_so() -> None:
    health = documents.EXEMPT
    assert texts(alta(of_tax(health, "100000000.00", "0.00")), "Macrodato") == ["S"]
    assert texts(alta(of_tax(health, "-100000000.00", "0.00")), "Macrodato") == ["S"]
    assert texts(alta(of_tax(health, "99999999.99", "0.00")), "Macrodato") == []


def unstated() -> Invoice:
    """A corrective by substitution that does not say which tax it replaces."""
    invoice = documents.substitution()
    assert invoice.correction
    return replace(invoice, correction=replace(invoice.correction, replaced_tax=None))


@pytest.mark.parametrize(
    "invoice",
    [
        replace(documents.exempt(), buyer=None),
        replace(documents.exempt(), buyer=replace(documents.PATIENT, tax_id=None)),
        replace(documents.exempt(), seller=replace(documents.CLINIC, tax_id=None)),
        replace(documents.through_agent(), third_party=None),
        unstated(),
    ],
)
def test_an_invoice_that_lacks_what_its_record_needs_is_refused_by_name(invoice: Invoice) -> None:
    with pytest.raises(NotRecordable):
        alta(invoice)


@pytest.mark.parametrize("invoice", ALL)
def test_building_twice_gives_the_same_bytes(invoice: Invoice) -> None:
    assert alta(invoice) == alta(invoice)
    assert alta(invoice).huella != register(invoice, SYSTEM, None, AT + timedelta(seconds=1)).huella
