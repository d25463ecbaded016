from __future__ import annotations

from revrec.core.reports.disaggregation import USUAL, report
from tests.core.kept import Kept, asked, cells, leg, total


def year():
    """A package, a no-show, a visit, an expiry, a fee and a concession, at two branches and from two programs."""
    books = Kept()
    books.pay("01-05")
    books.use("01-10")
    books.use("02-10", branch="mad", source="agenda")
    books.post("02-11", "session.no-show", leg("contract-liability", 5000), leg("revenue-no-show", -5000))
    books.post("02-12", "session.single", leg("receivable", 6000), leg("revenue-single", -6000), bundle=None)
    books.post("02-13", "session.fee", leg("receivable", 1500), leg("fee-income", -1500))
    books.post("07-05", "breakage.expiry", leg("contract-liability", 20000), leg("breakage", -20000))
    books.post("07-06", "credit.granted", leg("refund-contra", 700), leg("customer-credit", -700), bundle=None)
    return books


def test_revenue_by_source_and_timing_is_the_income_of_the_ledger():
    made = report(year(), asked(by=("source", "timing")))
    assert cells(made, "source", "timing", "revenue") == [
        ("breakage", "point in time", 20000),
        ("fees", "point in time", 1500),
        ("no-shows", "over time", 5000),
        ("refunds and concessions", "point in time", -700),
        ("sessions of bundles", "over time", 10000),
        ("single sessions", "over time", 6000),
    ]
    assert total(made, "revenue") == 41800
    assert made.ties[0].sentence("EUR") == "Ledger income of the period 418.00, revenue shown 418.00, difference 0.00"


def test_a_session_delivered_elsewhere_is_the_revenue_of_that_branch():
    made = report(year(), asked(by=("branch",), branch="mad"))
    assert cells(made, "branch", "revenue") == [("mad", 5000)]
    assert made.tied


def test_the_channel_is_the_program_that_the_event_came_from():
    made = report(year(), asked("02-10", "02-10", ("channel", "month")))
    assert cells(made, "channel", "month", "revenue") == [("agenda", "2026-02", 5000)]


def test_revenue_at_purchase_is_revenue_on_a_day():
    books = Kept()
    books.post("01-05", "payment.at-purchase", leg("bank", 50000), leg("revenue-package", -50000))
    assert cells(report(books, asked(by=USUAL)), "timing", "revenue") == [("point in time", 50000)]


def test_what_lies_outside_the_period_is_left_out_on_both_sides_of_the_tie():
    made = report(year(), asked("02-01", "02-28", ("source",)))
    assert total(made, "revenue") == 5000 + 5000 + 6000 + 1500
    assert made.ties[0].left == 17500


def test_breakage_in_proportion_to_use_is_revenue_over_time_and_what_lapses_or_revives_is_not():
    books = Kept()
    for rule, amount in (("breakage.proportional", 700), ("breakage.estimated", 30), ("breakage.reinstated", -200)):
        books.post("03-01", rule, leg("contract-liability", amount), leg("breakage", -amount))
    made = report(books, asked(by=("timing",)))
    assert cells(made, "timing", "revenue") == [("over time", 730), ("point in time", -200)]
