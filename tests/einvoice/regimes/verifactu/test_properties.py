"""Whatever passes the rules is a valid record, for any invoice."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from lxml import etree

from einvoice import xsd
from einvoice.chain import Link, check
from einvoice.model import (
    Category,
    Correction,
    CorrectionCode,
    CorrectionMethod,
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
from einvoice.regimes.verifactu.build import Amendment, register
from einvoice.regimes.verifactu.read import read
from einvoice.schemas import Catalogue
from tests.einvoice import documents
from tests.einvoice.regimes.verifactu.records import AT, SYSTEM, chain_of

TODAY = date(2026, 7, 1)
D = Decimal
CENTS = st.integers(-(10**12), 10**12).map(lambda cents: D(cents).scaleb(-2))
TEXT = st.text(min_size=1, max_size=130)
NUMBERS = st.text(st.characters(min_codepoint=31, max_codepoint=127), max_size=62) | st.text(max_size=5)
DAYS = st.dates(TODAY - timedelta(days=900), TODAY + timedelta(days=30))
IDS = st.one_of(
    st.sampled_from(["12345678Z", "X2482300W", "A58818501", "B64717838"]).map(TaxId),
    st.builds(TaxId, st.text(max_size=22), st.sampled_from(["FR", "US", "GP", "QU", "ES", "x"]), st.sampled_from(IdScheme)),
    st.just(TaxId("136695976", "DE", IdScheme.VAT)),
)
PARTIES = st.builds(Party, TEXT, st.sampled_from(Person), st.none() | IDS, st.just(documents.COMPANY.address) | st.none())
RATES = st.sampled_from([D(0), D(4), D(10), D(21), D("7.5")])
EXEMPTIONS = st.sampled_from(["VATEX-EU-132-1C", "VATEX-EU-G", "VATEX-EU-IC", "VATEX-EU-148", "VATEX-EU-79-C", ""])
VATS = st.builds(Vat, st.sampled_from(Category), RATES, EXEMPTIONS) | st.builds(Vat, st.just(Category.STANDARD), RATES)
REFERENCES = st.lists(st.builds(Reference, NUMBERS, DAYS), max_size=3).map(tuple)
CORRECTIONS = st.builds(
    Correction,
    st.sampled_from(CorrectionCode),
    st.sampled_from(CorrectionMethod),
    REFERENCES,
    st.just("motivo"),
    st.none() | CENTS,
    st.none() | CENTS,
)


@st.composite
def subtotals(draw: st.DrawFn) -> Subtotal:
    vat, base = draw(VATS), draw(CENTS)
    return Subtotal(vat, base, (base * vat.rate / 100).quantize(D("0.01")) if vat.category is Category.STANDARD else D("0.00"))


@st.composite
def invoices(draw: st.DrawFn) -> Invoice:
    groups = tuple(draw(st.lists(subtotals(), max_size=4)))
    net, tax = sum((group.base for group in groups), D("0.00")), sum((group.tax for group in groups), D("0.00"))
    totals = Totals(net, tax, net + tax, net + tax)
    return replace(
        documents.exempt(),
        number=draw(NUMBERS | st.just("F2026-000001")),
        issued_on=draw(DAYS),
        operation_on=draw(st.none() | DAYS),
        seller=replace(documents.CLINIC, name=draw(TEXT)),
        buyer=draw(st.none() | PARTIES),
        vat=groups or documents.exempt().vat,
        totals=totals if groups else documents.exempt().totals,
        description=draw(st.text(max_size=520)),
        simplified=draw(st.booleans()),
        correction=draw(st.none() | CORRECTIONS),
        replaces=draw(REFERENCES | st.just(())),
        scheme=draw(st.sampled_from(Scheme)),
        issued_by=draw(st.sampled_from(IssuedBy)),
        third_party=draw(st.none() | PARTIES),
    )


@settings(max_examples=150)
@given(invoices())
def test_rules_say_something_of_any_invoice_and_never_fail(invoice: Invoice) -> None:
    assert all(finding.message and finding.field for finding in rules.check(invoice, TODAY))


PRINTABLE = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=120).filter(str.strip)
PLAIN_NUMBERS = st.from_regex(r"[!#-&(-;?-~]{1,60}", fullmatch=True)
AMOUNTS = st.integers(-(10**10), 10**10).map(lambda cents: D(cents).scaleb(-2))
RECIPIENTS = st.builds(
    Party,
    PRINTABLE,
    st.sampled_from(Person),
    st.sampled_from(
        [
            TaxId("12345678Z"),
            TaxId("A58818501"),
            TaxId("X1", "QU", IdScheme.PASSPORT),
            TaxId("12345678Z", "ES", IdScheme.UNREGISTERED),
            TaxId("136695976", "DE", IdScheme.VAT),
            TaxId("094259216", "GR", IdScheme.VAT),
            TaxId("é<&>", "US", IdScheme.OTHER),
        ]
    ),
    st.just(documents.COMPANY.address),
)
SOUND_VATS = st.sampled_from(
    [
        Vat(Category.STANDARD, D(21)),
        Vat(Category.STANDARD, D(10)),
        Vat(Category.ZERO, D(0)),
        Vat(Category.EXEMPT, D(0), "VATEX-EU-132-1C"),
        Vat(Category.EXEMPT, D(0), "VATEX-EU-79-C"),
        Vat(Category.EXPORT, D(0), "VATEX-EU-G"),
        Vat(Category.OUTSIDE, D(0)),
        Vat(Category.REVERSE_CHARGE, D(0)),
    ]
)


@st.composite
def sound(draw: st.DrawFn) -> Invoice:
    """Nearly always sound: an unlucky total of a simplified invoice is above its limit."""
    groups = tuple(
        Subtotal(vat, base, (base * vat.rate / 100).quantize(D("0.01")))
        for vat, base in draw(st.lists(st.tuples(SOUND_VATS, AMOUNTS), min_size=1, max_size=5))
    )
    net, tax = sum((group.base for group in groups), D("0.00")), sum((group.tax for group in groups), D("0.00"))
    like = draw(
        st.sampled_from([documents.exempt(), documents.corrective(), documents.substitution(), documents.through_agent()])
    )
    return replace(
        like,
        number=draw(PLAIN_NUMBERS),
        issued_on=draw(st.dates(date(2026, 6, 15), TODAY)),
        operation_on=draw(st.none() | st.dates(date(2025, 1, 1), date(2026, 6, 15))),
        seller=replace(documents.CLINIC, name=draw(PRINTABLE)),
        buyer=draw(RECIPIENTS),
        vat=groups,
        totals=Totals(net, tax, net + tax, net + tax),
        description=draw(PRINTABLE),
        simplified=draw(st.booleans()),
        scheme=draw(st.sampled_from(Scheme)),
        replaces=() if like.correction else draw(st.just(()) | st.just((Reference("S1", date(2026, 6, 1)),))),
    )


@settings(max_examples=300)
@given(sound(), st.none() | st.sampled_from(Amendment), st.booleans())
def test_an_invoice_that_passes_the_rules_is_a_valid_record(
    official: Catalogue, invoice: Invoice, amendment: Amendment | None, first: bool
) -> None:
    assume(not rules.check(invoice, TODAY, simplified_limit=D("3000.00")))
    previous: Link | None = None if first else chain_of([documents.taxed()])[0].link
    record = register(invoice, SYSTEM, previous, AT + timedelta(minutes=1), amendment=amendment)
    assert xsd.schema("verifactu/SuministroInformacion").findings(etree.fromstring(record.xml)) == ()
    assert read(record.xml) == record
    assert check([record], before=previous) == ()
