"""Our rules and the tax office's were written apart: what passes ours is never rejected there, for any invoice."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from hypothesis import assume, given, settings
from hypothesis import strategies as st

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
SITUATION = Situation(NOW, incident=False, registered=lambda _nif: True)


@settings(max_examples=150)
@given(sound() | invoices())
def test_what_passes_our_rules_is_accepted_by_the_tax_office(official, invoice):
    assume(not rules.check(invoice, TODAY, simplified_limit=Decimal("3000.00")))
    record = register(invoice, SYSTEM, None, NOW)
    taxpayer = Taxpayer(invoice.seller.name, record.issuer)
    (arrived,) = submission(opened(message(taxpayer, [record]))).records
    verdict = judge(arrived, SITUATION, Register())
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
