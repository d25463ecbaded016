from __future__ import annotations

from datetime import date

import pytest

from revrec.core.events import Event, SessionCompleted, Surcharge
from revrec.core.reports.tax import USUAL, late, quarter, quarter_end, report, tax_point
from tests.core.kept import Kept, asked, cells, day, leg, total


def taxed():
    """121.00 paid in March and half refunded in May; a claim whose tax is pending; 42.00 of input VAT."""
    books = Kept()
    books.pay("03-10", 12100, 2100)
    books.post(
        "04-02", "instalment.due", leg("receivable", 6050), leg("contract-liability", -5000), leg("vat-output-pending", -1050)
    )
    books.post("04-20", "payment.bundle", leg("bank", 6050), leg("receivable", -6050))
    books.post("04-20", "payment.bundle", leg("vat-output-pending", 1050), leg("vat-output", -1050))
    books.post("05-04", "refund.issued", leg("contract-liability", 5000), leg("vat-output", 1050), leg("bank", -6050))
    books.post("05-05", "provider.invoiced", leg("provider-cost", 20000), leg("vat-input", 4200), leg("provider-payable", -24200))
    return books


def test_vat_by_quarter_says_what_accrued_what_was_taken_back_and_what_is_to_be_paid():
    made = report(taxed(), asked(by=("quarter",)))
    assert cells(made, "quarter", "accrued", "reversed", "output", "pending", "input", "payable") == [
        ("2026-Q1", 2100, 0, 2100, 0, 0, 2100),
        ("2026-Q2", 1050, -1050, 0, 0, 4200, -4200),
    ]
    assert total(made, "payable") == -2100
    assert made.tied


@pytest.mark.parametrize("rule", ["transfer.holder", "transfer.units", "modification.upgraded"])
def test_vat_that_goes_with_the_rights_neither_accrues_nor_is_taken_back(rule):
    books = taxed()
    legs = [leg("vat-output", amount, bundle=bundle) for bundle, amount in (("B-1", 1050), ("B-2", -1050))]
    books.post("05-06", rule, *legs)
    plain, moved = (report(each, asked(by=("quarter",))) for each in (taxed(), books))
    assert moved.rows == plain.rows
    each = report(books, asked(first="05-06", by=("bundle",)))
    assert cells(each, "bundle", "accrued", "reversed") == [("B-1", 0, -1050), ("B-2", 1050, 0)]
    assert moved.tied
    assert each.tied


def test_pending_vat_is_not_to_be_paid_and_is_shown_as_long_as_it_waits():
    made = report(taxed(), asked(last="04-10", by=("month",)))
    assert cells(made, "month", "output", "pending", "payable") == [("2026-03", 2100, 0, 2100), ("2026-04", 0, 1050, 0)]


def test_a_tax_date_of_another_quarter_counts_there_and_the_tie_says_so():
    """Posted in April because March is closed; the tax is March's."""
    books = Kept()
    legs = (leg("bank", 12100), leg("contract-liability", -10000), leg("vat-output", -2100))
    books.post("04-01", "payment.bundle", *legs, effective=day("03-30"), late=True)
    books.post("04-02", "payment.bundle", *legs, metadata=(("room", "2"), ("tax-date", "2026-02-01")))
    first, second = report(books, asked("01-01", "03-31", USUAL)), report(books, asked("04-01", "06-30", USUAL))
    assert cells(first, "quarter", "month", "output") == [("2026-Q1", "2026-02", 2100), ("2026-Q1", "2026-03", 2100)]
    assert second.rows == ()
    assert first.ties[0].left == 4200
    assert first.tied
    assert second.tied


def test_the_tax_point_is_the_tax_date_else_the_day_of_what_happened():
    books = Kept()
    legs = (leg("bank", 121), leg("vat-output", -121))
    assert tax_point(books.post("04-01", "payment.bundle", *legs)) == day("04-01")
    assert tax_point(books.post("04-01", "payment.bundle", *legs, effective=day("03-30"))) == day("03-30")
    said = (("tax-date", "2026-01-15"),)
    assert tax_point(books.post("04-01", "payment.bundle", *legs, effective=day("03-30"), metadata=said)) == day("01-15")


@pytest.mark.parametrize(
    ("when", "name", "end"),
    [
        ("2026-01-01", "2026-Q1", "2026-03-31"),
        ("2026-03-31", "2026-Q1", "2026-03-31"),
        ("2026-04-01", "2026-Q2", "2026-06-30"),
        ("2026-12-31", "2026-Q4", "2026-12-31"),
    ],
)
def test_quarters_are_those_of_the_calendar(when, name, end):
    assert quarter(day(when)) == name
    assert quarter_end(day(when)) == date.fromisoformat(end)


def test_vat_recorded_after_its_quarter_is_late_whatever_day_it_is_posted_on():
    books = Kept()
    legs = (leg("bank", 12100), leg("contract-liability", -10000), leg("vat-output", -2100))
    books.post("03-10", "payment.bundle", *legs, recorded="03-31")
    books.post("03-11", "payment.bundle", *legs, recorded="04-01")
    books.post("04-01", "payment.bundle", *legs, effective=day("03-12"), recorded="04-02")
    made = late(books, asked())
    assert cells(made, "quarter", "tax_date", "recorded", "date", "entry", "amount") == [
        ("2026-Q1", day("03-11"), day("04-01"), day("03-11"), "E-2", 2100),
        ("2026-Q1", day("03-12"), day("04-02"), day("04-01"), "E-3", 2100),
    ]
    assert total(made, "amount") == 4200
    assert made.tied


def test_pending_vat_is_never_late():
    books = Kept()
    books.post("03-11", "instalment.due", leg("receivable", 121), leg("vat-output-pending", -121), recorded="05-01")
    assert late(books, asked()).rows == ()


def test_one_branch_has_its_own_vat():
    books = taxed()
    books.pay("03-11", 2420, 420, branch="mad")
    made = report(books, asked(by=("branch",), branch="mad"))
    assert cells(made, "branch", "output") == [("mad", 420)]
    assert made.ties[0].left == 420


def test_vat_by_tax_names_the_tax_of_each_part_of_a_bundle():
    """A bundle at es-health, a surcharge of its own tax, a fee at the policy's, a visit, an agent's commission, input VAT."""
    books = Kept()
    books.sell("B-1", fee_tax="es-fee")
    books.sell("B-2", principal=False, commission_tax="es-commission")
    vat = (leg("receivable", 121), leg("vat-output", -121))
    books.post("01-05", "payment.bundle", *vat)
    surcharge = books.post("01-06", "session.single", *vat)
    visit = books.post("01-07", "session.single", *vat, bundle=None)
    books.post("01-08", "session.fee", *vat)
    books.post("01-09", "session.earned", *vat, bundle="B-2")
    books.post("01-10", "provider.invoiced", leg("vat-input", 121), leg("provider-payable", -121))
    extra = SessionCompleted("S-1", bundle="B-1", surcharge=Surcharge(500, "es-extra"))
    single = SessionCompleted("S-2", customer="C-1", price=12100, tax="es-visit")
    for entry, fact in ((surcharge, extra), (visit, single)):
        books.facts[entry.event] = Event(entry.event, "desk", "session.completed", entry.date, fact)
    assert cells(report(books, asked(by=("tax",))), "tax", "payable") == [
        ("-", -121),
        ("es-commission", 121),
        ("es-extra", 121),
        ("es-fee", 121),
        ("es-health", 121),
        ("es-visit", 121),
    ]


def test_vat_of_another_period_is_not_late_in_this_one():
    books = Kept()
    legs = (leg("bank", 12100), leg("contract-liability", -10000), leg("vat-output", -2100))
    for on in ("2025-12-31", "01-01", "03-31", "04-01"):
        books.post(on, "payment.bundle", *legs, recorded="2027-01-01")
    assert cells(late(books, asked(last="03-31")), "tax_date") == [(day("01-01"),), (day("03-31"),)]
