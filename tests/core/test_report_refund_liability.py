from __future__ import annotations

from revrec.core.reports.refund_liability import USUAL, report
from tests.core.kept import Kept, asked, cells, leg, total

FLOWS = ("opening", "estimated", "refunded", "to_contract_liability", "to_revenue", "other", "closing")


def sale(books, on, name, expected):
    books.post(
        on,
        "payment.bundle",
        leg("bank", 50000),
        leg("contract-liability", expected - 50000),
        leg("refund-liability", -expected),
        bundle=name,
    )


def test_an_estimate_is_refunded_in_part_and_the_rest_goes_to_the_contract_liability():
    """Two sales of 500.00 with 50.00 expected back each; one is refunded 30.00, the windows end."""
    books = Kept()
    sale(books, "01-31", "B-1", 5000)
    sale(books, "02-03", "B-2", 5000)
    books.post("02-05", "refund.issued", leg("refund-liability", 3000), leg("bank", -3000), bundle="B-2")
    books.post("02-14", "refund-window.released", leg("refund-liability", 5000), leg("contract-liability", -5000))
    made = report(books, asked("02-01", "02-28", ("bundle",)))
    assert cells(made, "bundle", *FLOWS, "hit_rate") == [
        ("B-1", 5000, 0, 0, -5000, 0, 0, 0, None),
        ("B-2", 0, 5000, -3000, 0, 0, 0, 2000, 6000),
    ]
    assert [total(made, flow) for flow in FLOWS] == [5000, 5000, -3000, -5000, 0, 0, 2000]
    assert total(made, "hit_rate") == 6000
    assert made.ties[0].sentence("EUR") == "Ledger balance 20.00, roll-forward closing 20.00, difference 0.00"


def test_a_window_that_ends_after_units_were_used_gives_revenue_its_part():
    books = Kept()
    sale(books, "02-03", "B-1", 5000)
    legs = (leg("refund-liability", 5000), leg("contract-liability", -4000), leg("revenue-package", -1000))
    books.post("02-17", "refund-window.released", *legs)
    assert cells(report(books, asked(by=USUAL)), "branch", *FLOWS) == [("bcn", 0, 5000, 0, -4000, -1000, 0, 0)]


def test_an_adjustment_is_shown_apart_and_closing_foots():
    books = Kept()
    books.post("03-01", "adjustment", leg("refund-contra", 700), leg("refund-liability", -700))
    made = report(books, asked(by=("branch",)))
    assert cells(made, "other", "closing") == [(700, 700)]
    assert made.tied


def test_one_branch_ties_to_its_own_part_of_the_ledger():
    books = Kept()
    sale(books, "02-03", "B-1", 5000)
    books.post("02-04", "payment.bundle", leg("bank", 900), leg("refund-liability", -900), branch="mad")
    made = report(books, asked(by=("branch",), branch="mad"))
    assert cells(made, "branch", "closing") == [("mad", 900)]
    assert made.ties[0].left == 900


def test_nothing_expected_is_an_empty_report_that_ties():
    made = report(Kept(), asked(by=USUAL))
    assert made.rows == ()
    assert made.tied
