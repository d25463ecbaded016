from __future__ import annotations

from revrec.core.book import Kind, Movement
from revrec.core.events import BreakageEstimated, Event
from revrec.core.policy import Breakage
from revrec.core.reports.breakage import USUAL, report
from tests.core.kept import Kept, asked, cells, day, leg, total

POLICY = {"breakage": Breakage.PROPORTIONAL, "expected_used": 900_000}


def estimated(books, on, share, *legs, **of):
    fact = BreakageEstimated("standard", share, "A. Vila")
    entry = books.post(on, "breakage.estimated", *legs, **of)
    books.facts[entry.event] = Event(entry.event, "desk", "breakage.estimated", day(on), fact)


def test_a_changed_estimate_catches_up_and_names_its_approver():
    """Ten sessions for 500.00, 90 % expected; four used earn 200.00 and 22.22; at 80 % that becomes 250.00."""
    books = Kept()
    books.sell(**POLICY)
    books.pay("01-05")
    for on in ("01-10", "01-11", "02-10", "02-11"):
        books.use(on)
    books.post("02-11", "breakage.proportional", leg("contract-liability", 2222), leg("breakage", -2222))
    estimated(books, "03-01", 800_000, leg("contract-liability", 2778), leg("breakage", -2778))
    made = report(books, asked("03-01", "03-31", USUAL))
    assert cells(made, "month", "package", "used_share", "used_by_month_1", "used_by_month_2", "used_by_month_3") == [
        ("2026-01", "P10", 4000, 2000, 4000, None)
    ]
    keys = ("estimate_before", "estimate", "earned", "revenue_before", "revenue", "breakage", "catch_up", "approver")
    assert cells(made, *keys) == [(9000, 8000, 20000, 22222, 25000, 5000, 2778, "A. Vila")]
    assert total(made, "catch_up") == 2778
    assert made.ties[0].sentence("EUR") == "Roll-forward, breakage estimate 27.78, catch-up of the cohorts 27.78, difference 0.00"
    assert made.tied


def test_revenue_at_an_estimate_never_exceeds_the_price():
    books = Kept()
    books.sell(**POLICY | {"expected_used": 500_000})
    books.pay("01-05", 20000)
    for on in ("01-10", "01-11", "01-12"):
        books.use(on)
    assert cells(report(books, asked(by=USUAL)), "revenue") == [(20000,)]


def test_an_estimate_after_the_period_is_not_yet_known():
    books = Kept()
    books.sell(**POLICY)
    books.pay("01-05")
    books.use("01-10")
    estimated(books, "03-01", 800_000, leg("contract-liability", 694), leg("breakage", -694))
    made = report(books, asked("02-01", "02-28", USUAL))
    assert cells(made, "estimate_before", "estimate", "catch_up", "approver") == [(9000, 9000, 0, None)]


def test_an_ended_cohort_is_tested_against_the_estimate_at_its_sale():
    books = Kept()
    books.sell(**POLICY, lapsed_on=day("07-05"))
    for on in ("01-10", "01-11"):
        books.use(on)
    made = report(books, asked(by=USUAL))
    assert cells(made, "expired", "back_test") == [(8 * books.sold["B-1"].units // 10, 2000 - 9000)]


def test_a_cohort_that_goes_on_is_not_tested_yet():
    books = Kept()
    books.sell("B-1", **POLICY, lapsed_on=day("07-05"))
    books.sell("B-2", **POLICY)
    assert cells(report(books, asked(by=USUAL)), "bundles", "back_test") == [(2, None)]


def test_use_that_was_undone_is_no_use():
    books = Kept()
    books.sell()
    books.use("01-10")
    books.uses["B-1"].append(Movement(Kind.SESSION_UNDONE, books.uses["B-1"][0].ref, 2, day("01-11"), "B-1"))
    assert cells(report(books, asked(by=USUAL)), "used_by_month_1") == [(0,)]


def test_breakage_at_expiry_is_shown_without_an_estimate():
    books = Kept()
    books.sell(lapsed_on=day("07-05"))
    books.pay("01-05")
    books.post("07-05", "breakage.expiry", leg("contract-liability", 50000), leg("breakage", -50000))
    made = report(books, asked(by=USUAL))
    assert cells(made, "estimate", "breakage", "catch_up", "back_test") == [(None, 50000, None, None)]
    assert made.notes == ("Data: bundles sold from 2026-01-05 to 2026-01-05, uses until 2026-12-31.",)
    assert made.tied


def test_breakage_that_names_no_bundle_has_a_row_so_that_the_ledger_ties():
    books = Kept()
    books.post("03-01", "adjustment", leg("contract-liability", 700), leg("breakage", -700), bundle=None)
    made = report(books, asked(by=USUAL))
    assert cells(made, "month", "breakage") == [("-", 700)]
    assert made.tied


def test_before_the_first_sale_there_is_no_data():
    made = report(Kept(), asked(by=USUAL))
    assert made.notes == ("No bundle was sold.",)
    assert total(made, "bundles") == 0
