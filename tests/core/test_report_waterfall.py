from __future__ import annotations

from revrec.core.reports.waterfall import report
from tests.core.kept import Kept, asked, cells, leg, total


def year():
    """1,000.00 sold in January and 400.00 in February; used over three months, part of it refunded."""
    books = Kept()
    books.sell("B-1", "01-05")
    books.sell("B-2", "02-05", id="P20")
    books.pay("01-05", 100000)
    books.use("01-10", 20000)
    books.use("02-10", 30000)
    books.pay("02-05", 40000, bundle="B-2")
    books.use("03-03", 10000, bundle="B-2")
    books.post(
        "03-10", "refund.issued", leg("contract-liability", 25000), leg("bank", -20000), leg("breakage", -5000), bundle="B-2"
    )
    return books


def test_each_month_of_sale_is_earned_in_later_months_or_remains():
    made = report(year(), asked("01-01", "03-31", ("month",)))
    assert cells(made, "month", "booked", "returned", "2026-01", "2026-02", "2026-03", "remaining") == [
        ("2026-01", 100000, 0, 20000, 30000, 0, 50000),
        ("2026-02", 40000, -20000, 0, 0, 15000, 5000),
    ]
    assert [tie.difference for tie in made.ties] == [0, 0, 0]
    assert made.ties[0].left == 55000


def test_what_was_earned_before_the_period_is_one_column():
    made = report(year(), asked("03-01", "03-31", ("month",)))
    assert cells(made, "month", "earlier", "2026-03", "remaining") == [("2026-01", 50000, 0, 50000), ("2026-02", 0, 15000, 5000)]
    assert made.tied


def test_it_can_be_told_by_package():
    made = report(year(), asked("01-01", "03-31", ("package",)))
    assert cells(made, "package", "booked", "remaining") == [("P10", 100000, 50000), ("P20", 40000, 5000)]


def test_what_names_no_bundle_has_a_row_so_that_the_ledger_ties():
    books = year()
    books.post("03-11", "adjustment", leg("bank", 700), leg("contract-liability", -700), bundle=None)
    made = report(books, asked("01-01", "03-31", ("month",)))
    assert cells(made, "month", "booked", "remaining")[0] == ("-", 700, 700)
    assert made.tied


def test_visits_and_fees_are_no_part_of_it():
    books = year()
    books.post("03-11", "session.single", leg("receivable", 6000), leg("revenue-single", -6000), bundle=None)
    books.post("03-12", "session.fee", leg("receivable", 1500), leg("fee-income", -1500))
    assert report(books, asked("01-01", "03-31", ("month",))).rows == report(year(), asked("01-01", "03-31", ("month",))).rows


def test_units_moved_to_another_bundle_are_booked_there():
    books = Kept()
    books.sell("B-1", "01-05")
    books.sell("B-2", "02-05")
    books.pay("01-05", 50000)
    books.post("02-05", "transfer.units", leg("contract-liability", 20000), leg("contract-liability", -20000, bundle="B-2"))
    made = report(books, asked("01-01", "03-31", ("bundle",)))
    assert cells(made, "bundle", "booked", "remaining") == [("B-1", 30000, 30000), ("B-2", 20000, 20000)]


def test_the_two_million_of_the_textbook():
    """2,000,000 = 400,000 + 700,000 + 900,000 still to be earned."""
    books = Kept()
    books.sell("B-1", "01-05")
    books.pay("01-05", 200_000_000)
    books.use("01-31", 40_000_000)
    books.use("02-28", 70_000_000)
    made = report(books, asked("01-01", "02-28", ("month",)))
    assert made.rows == (("2026-01", 200_000_000, 0, 0, 40_000_000, 70_000_000, 90_000_000),)
    assert total(made, "booked") == total(made, "2026-01") + total(made, "2026-02") + total(made, "remaining")
