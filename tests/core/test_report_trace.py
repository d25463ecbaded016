"""R10, R11 and R14, and the money that no invoice stands for: lists of entries that tie to the ledger."""

from __future__ import annotations

from datetime import date

from revrec.core.events import AdjustmentPosted, BundleOpened, Event, OriginalInvoice, RefundException, RefundIssued
from revrec.core.reports import opening, out_of_period, trace, uninvoiced
from revrec.core.reports.invoices import Paperwork
from revrec.core.units import UNIT
from tests.core.kept import Kept, asked, cells, day, leg, total


def fact(books, entry, data, **of):
    """The event that an entry follows from."""
    books.facts[entry.event] = Event(entry.event, "desk", "test", entry.date, data, **of)


def used_twice():
    books = Kept()
    books.sell()
    books.pay("01-05")
    books.use("01-10")
    books.use("02-10")
    for number, movement in enumerate(books.uses["B-1"]):
        books.uses["B-1"][number] = movement._replace(entry=number + 2)
    return books


# Trace


def test_every_posting_stands_with_the_units_used_and_the_liability_after_it():
    made = trace.report(used_twice(), asked())
    assert made.tied
    assert cells(made, "entry", "role", "amount", "used", "liability_after", "session") == [
        ("E-1", "psp-clearing", 50_000, "0/10", 50_000, None),
        ("E-1", "contract-liability", -50_000, "0/10", 50_000, None),
        ("E-2", "contract-liability", 5_000, "1/10", 45_000, "S-1"),
        ("E-2", "revenue-package", -5_000, "1/10", 45_000, "S-1"),
        ("E-3", "contract-liability", 5_000, "2/10", 40_000, "S-2"),
        ("E-3", "revenue-package", -5_000, "2/10", 40_000, "S-2"),
    ]


def test_a_later_period_goes_on_from_where_the_earlier_one_stood():
    made = trace.report(used_twice(), asked("02-01", "02-28"))
    assert made.tied
    assert cells(made, "entry", "used", "liability_after") == [("E-3", "2/10", 40_000)] * 2


def test_who_did_it_and_the_reason_that_stands_in_the_clear():
    books = used_twice()
    refund = RefundIssued("R-1", "B-1", exception=RefundException("clinical", "director"))
    fact(books, books.posted[2], refund, actor="desk-1")
    rows = cells(trace.report(books, asked()), "entry", "actor", "reason")
    assert rows[-1] == ("E-3", "desk-1", "clinical")
    assert rows[0] == ("E-1", None, None)


# Out of period


def test_late_manual_and_correcting_entries_are_listed_with_their_approver():
    books = used_twice()
    income = (leg("contract-liability", 100), leg("revenue-package", -100))
    books.post("03-01", "session.earned", *income, effective=day("02-20"), late=True, recorded="03-02")
    books.post("03-05", "session.reversed", leg("contract-liability", -5_000), leg("revenue-package", 5_000), corrects=3)
    books.post("03-05", "session.reversed", leg("contract-liability", -100), leg("revenue-package", 100), corrects=4)
    manual = books.post("03-06", "adjustment", leg("bad-debt", 40), leg("receivable", -40), bundle=None)
    fact(books, manual, AdjustmentPosted((), "director"), actor="controller")
    made = out_of_period.report(books, asked("03-01", "03-31"))
    assert made.tied
    assert cells(made, "entry", "why", "effective_on", "income", "liability", "corrects", "actor", "approver", "recorded_on") == [
        ("E-4", "late", date(2026, 2, 20), 100, -100, None, None, None, date(2026, 3, 2)),
        ("E-5", "corrects an earlier month", date(2026, 3, 5), -5_000, 5_000, "E-3", None, None, date(2026, 3, 5)),
        ("E-7", "manual", date(2026, 3, 6), 0, 0, None, "controller", "director", date(2026, 3, 6)),
    ]
    assert total(made, "income") == -4_900


def test_a_month_in_which_all_is_in_its_period_lists_nothing_and_ties():
    made = out_of_period.report(used_twice(), asked("01-01", "01-31"))
    assert made.rows == ()
    assert made.tied


# Opening


def test_what_was_taken_over_is_listed_and_tied():
    books = Kept()
    entry = books.post("01-01", "opening.bundle", leg("opening", 30_000), leg("contract-liability", -30_000))
    taken = BundleOpened("B-1", "P10", "C-1", 6 * UNIT, 30_000, day("2025-11-02"), original_invoice=None)
    fact(books, entry, taken)
    made = opening.report(books, asked(last="01-31"))
    assert made.tied
    assert cells(made, "bundle", "sold_on", "units_left", "deferred") == [("B-1", date(2025, 11, 2), 6 * UNIT, 30_000)]
    assert made.notes[0].startswith("The opening account stands at 300.00 EUR; it is 0.00 once")
    books.post("01-01", "adjustment", leg("bank", 30_000), leg("opening", -30_000), bundle=None)
    assert opening.report(books, asked(last="01-31")).notes == ()


def test_an_import_that_the_ledger_does_not_hold_does_not_tie():
    books = Kept()
    entry = books.post("01-01", "opening.bundle", leg("opening", 30_000), leg("contract-liability", -30_000))
    invoice = OriginalInvoice("2025-17", day("2025-11-02"))
    fact(books, entry, BundleOpened("B-1", "P10", "C-1", 6 * UNIT, 29_900, day("2025-11-02"), original_invoice=invoice))
    made = opening.report(books, asked())
    assert not made.tied
    assert cells(made, "invoice") == [("2025-17",)]


# Collected and not invoiced


def test_money_stands_by_bundle_and_payer_less_what_went_back():
    books = Kept()
    books.pay("01-05", 50_000)
    books.post("01-06", "refund.issued", leg("contract-liability", 20_000), leg("bank", -20_000))
    books.post("01-07", "payment.customer", leg("cash", 4_000), leg("customer-credit", -4_000), bundle=None)
    books.post("01-08", "credit.applied", leg("customer-credit", 1_000), leg("contract-liability", -1_000))
    made = uninvoiced.report(books, asked(), Paperwork())
    assert made.tied
    assert cells(made, "bundle", "payer", "uninvoiced") == [("B-1", "C-1", 31_000), ("on account", "C-1", 3_000)]


def test_what_is_no_money_of_customers_is_left_out():
    books = Kept()
    books.pay("01-05", 50_000)
    tip = (leg("cash", 1_200), leg("provider-payable", -200), leg("contract-liability", -1_000))
    books.post("01-06", "payment.bundle", *tip)
    books.post("01-07", "payout.settled", leg("bank", 49_000), leg("psp-fees", 1_000), leg("psp-clearing", -50_000), bundle=None)
    books.post("01-08", "deposit.received", leg("cash", 700), leg("customer-deposit", -700), bundle=None)
    books.post("01-09", "provider.paid", leg("provider-payable", 200), leg("bank", -200), bundle=None)
    books.post("01-10", "credit.granted", leg("refund-contra", 500), leg("customer-credit", -500), bundle=None)
    books.post("01-11", "adjustment", leg("bank", 9), leg("bad-debt", -9), bundle=None)
    made = uninvoiced.report(books, asked(), Paperwork())
    assert made.tied
    assert cells(made, "bundle", "uninvoiced") == [("B-1", 51_000), ("on account", 500)]
