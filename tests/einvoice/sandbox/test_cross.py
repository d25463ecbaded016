"""Our rules and the tax office's were written apart: what passes ours is never rejected there, for any invoice."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from einvoice.model import Category, IdScheme, IssuedBy, Subtotal, TaxId, Totals, Vat
from einvoice.regimes.verifactu import codes as ours
from einvoice.regimes.verifactu import rules
from einvoice.regimes.verifactu.build import register
from einvoice.regimes.verifactu.message import Taxpayer, message
from einvoice.sandbox.aeat import Outcome, Register
from einvoice.sandbox.aeat import codes as theirs
from einvoice.sandbox.aeat.judge import judge
from einvoice.sandbox.aeat.message import opened, submission
from einvoice.sandbox.aeat.rules import Situation
from tests.einvoice.regimes.verifactu.test_properties import TODAY, invoices, sound
from tests.einvoice.sandbox.people import MADRID, SYSTEM

NOW = datetime(TODAY.year, TODAY.month, TODAY.day, 12, tzinfo=MADRID)
EMPTY = Register()
SITUATION = Situation(NOW, incident=False, registered=lambda _nif: True)


def taxed_at(invoice, rate, tax, net="1000.00"):
    """The invoice of one line at a rate."""
    base, amount = Decimal(net), Decimal(tax)
    vat = (Subtotal(Vat(Category.STANDARD, Decimal(rate)), base, amount),)
    return replace(invoice, vat=vat, totals=Totals(base, amount, base + amount, base + amount))


def off_by(invoice, **cents):
    """The invoice whose totals are wrong by so much."""
    totals = {name: getattr(invoice.totals, name) + Decimal(wrong) for name, wrong in cents.items()}
    return replace(invoice, totals=replace(invoice.totals, **totals))


# One thing wrong at a time, each of which the tax office rejects, refuses or admits with an error.
FLAWS = (
    lambda invoice: replace(invoice, number="Nº 1"),
    lambda invoice: replace(invoice, number="A<1"),
    lambda invoice: replace(invoice, number=" 1"),
    lambda invoice: replace(invoice, number="1" * 61),
    lambda invoice: replace(invoice, issued_on=TODAY + timedelta(days=1)),
    lambda invoice: replace(invoice, issued_on=date(2024, 10, 27), operation_on=None),
    lambda invoice: replace(invoice, operation_on=TODAY + timedelta(days=1)),
    lambda invoice: replace(invoice, operation_on=date(2006, 6, 30)),
    lambda invoice: replace(invoice, operation_on=date(2028, 1, 1)),
    lambda invoice: replace(invoice, description=""),
    lambda invoice: replace(invoice, description="x" * 501),
    lambda invoice: replace(invoice, seller=replace(invoice.seller, tax_id=TaxId("B64717839"))),
    lambda invoice: replace(invoice, seller=replace(invoice.seller, name="x" * 121)),
    lambda invoice: replace(invoice, buyer=replace(invoice.buyer, tax_id=TaxId("12345678A"))),
    lambda invoice: replace(invoice, buyer=replace(invoice.buyer, tax_id=TaxId("1", "ES", IdScheme.OTHER))),
    lambda invoice: replace(invoice, buyer=replace(invoice.buyer, tax_id=TaxId("1", "FR", IdScheme.UNREGISTERED))),
    lambda invoice: replace(invoice, buyer=replace(invoice.buyer, tax_id=TaxId("1" * 21, "FR", IdScheme.OTHER))),
    lambda invoice: replace(invoice, buyer=replace(invoice.buyer, name="")),
    lambda invoice: replace(invoice, buyer=None, simplified=False),
    lambda invoice: replace(invoice, issued_by=IssuedBy.THIRD_PARTY, third_party=None),
    lambda invoice: replace(invoice, issued_by=IssuedBy.THIRD_PARTY, third_party=invoice.seller),
    lambda invoice: taxed_at(invoice, "7", "70.00"),
    lambda invoice: taxed_at(invoice, "5", "50.00"),
    lambda invoice: taxed_at(invoice, "21", "230.00"),
    lambda invoice: taxed_at(invoice, "21", "-210.00"),
    lambda invoice: off_by(invoice, gross="10.01"),
    lambda invoice: off_by(invoice, tax="10.01", gross="10.01"),
    lambda invoice: taxed_at(replace(invoice, simplified=True, buyer=None, correction=None), "21", "630.00", "3000.00"),
)


@settings(max_examples=100)
@given(st.one_of(sound(), invoices(), st.builds(lambda invoice, flaw: flaw(invoice), sound(), st.sampled_from(FLAWS))))
def test_what_passes_our_rules_is_accepted_by_the_tax_office(official, invoice):
    assume(not rules.check(invoice, TODAY, simplified_limit=Decimal("3000.00")))
    record = register(invoice, SYSTEM, None, NOW)
    taxpayer = Taxpayer(invoice.seller.name, record.issuer)
    (arrived,) = submission(opened(message(taxpayer, [record]))).records
    verdict = judge(arrived, SITUATION, EMPTY)
    assert verdict.outcome is not Outcome.REJECTED
    assert verdict.code in {0, 2001}  # 2001: a recipient who is stated to be in no census


def test_every_code_of_the_tax_office_is_known_to_us_with_the_same_consequence():
    effects = {"message": ours.Effect.MESSAGE, "record": ours.Effect.RECORD, "admitted": ours.Effect.ACCEPTED}
    listed = {(code, effects[grade]) for grade, texts in theirs.grades().items() for code in texts}
    assert {(code, ours.error(code).effect) for code, _ in listed} == listed
    assert sorted(code for code, _ in listed if code not in ours.errors()) == []


@given(st.dates(min_value=theirs.limits().first_date))
def test_the_rates_of_any_day_are_the_same(day):
    assert {rate.value for rate in theirs.limits().rates if rate.since <= day <= rate.until} == ours.rates(day)
