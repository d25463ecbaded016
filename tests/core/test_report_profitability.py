from __future__ import annotations

from revrec.core.reports.profitability import USUAL, report
from tests.core.kept import Kept, asked, cells, leg, total


def year():
    """Two packages: one with a provider's cost and breakage, one sold through the payment service alone."""
    books = Kept()
    books.sell("B-1")
    books.sell("B-2", id="P5", service="psychology")
    books.pay("01-05", 50000)
    books.use("01-10", 10000)
    books.post("01-10", "session.cost", leg("session-cost", 4000), leg("provider-payable", -4000))
    books.pay("01-06", 30000, bundle="B-2")
    books.use("01-11", 6000, bundle="B-2")
    books.post("07-05", "breakage.expiry", leg("contract-liability", 2500), leg("breakage", -2500))
    return books


def test_each_package_with_what_it_costs_and_breakage_apart():
    made = report(year(), asked(by=USUAL))
    assert cells(made, "package", "service", "revenue", "providers", "margin", "margin_share", "breakage", "result") == [
        ("P10", "physiotherapy", 10000, -4000, 6000, 6000, 2500, 8500),
        ("P5", "psychology", 6000, 0, 6000, 10000, 0, 6000),
    ]
    assert made.ties[0].sentence("EUR") == "Ledger result of these accounts 145.00, packages together 145.00, difference 0.00"


def test_fees_of_a_payout_are_spread_by_the_money_that_came_through_it():
    books = year()
    legs = (leg("bank", 79999), leg("psp-fees", 1), leg("psp-clearing", -80000))
    books.post("01-31", "payout.settled", *legs, bundle=None, service=None)
    books.post("02-01", "payout.settled", leg("psp-fees", 799), leg("psp-clearing", -799), bundle=None, service=None)
    made = report(books, asked(by=("package",)))
    assert cells(made, "package", "psp") == [("P10", -500), ("P5", -300)]
    assert made.tied


def test_fees_without_any_payment_stay_where_they_are():
    books = Kept()
    books.post("02-01", "payout.settled", leg("psp-fees", 799), leg("psp-clearing", -799), bundle=None, service=None)
    made = report(books, asked(by=("package",)))
    assert cells(made, "package", "psp", "margin", "margin_share") == [("-", -799, -799, None)]
    assert made.tied


def test_a_fee_of_one_bundle_and_a_lost_claim_are_its_own():
    books = year()
    books.post("02-02", "chargeback.opened", leg("receivable-disputed", 9000), leg("psp-fees", 1500), leg("psp-clearing", -10500))
    books.post("02-03", "receivable.written-off", leg("bad-debt", 9000), leg("receivable-disputed", -9000))
    made = report(books, asked(by=("package",)))
    assert cells(made, "package", "psp", "bad_debt", "margin", "margin_share")[0] == ("P10", -1500, -9000, -4500, -4500)


def test_visits_have_no_package_and_keep_their_service():
    books = year()
    books.post("03-01", "session.single", leg("receivable", 6000), leg("revenue-single", -6000), bundle=None, service="massage")
    made = report(books, asked(by=USUAL))
    assert cells(made, "package", "service", "revenue")[0] == ("-", "massage", 6000)
    assert total(made, "revenue") == 22000


def test_one_branch_and_one_period_tie_to_the_ledger():
    books = year()
    books.use("02-10", 700, branch="mad")
    made = report(books, asked("02-01", "02-28", USUAL, branch="mad"))
    assert cells(made, "revenue") == [(700,)]
    assert made.tied
