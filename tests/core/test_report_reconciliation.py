"""R9: the states of bundles, visits and customers against the accounts; manual entries explain, nothing else does."""

from __future__ import annotations

import pytest

from revrec.core.bundle import Claim, ClaimKind, Position
from revrec.core.journal import Role
from revrec.core.reports.reconciliation import Beyond, Manual, report
from tests.core.kept import Kept, asked, cells, leg

NOTHING = Beyond({}, 0)


@pytest.fixture
def books():
    """B-1 paid in full and used once, a no-show fee open."""
    books = Kept()
    books.sell()
    books.pay("01-05")
    books.use("01-10")
    books.post("01-11", "session.fee", leg("receivable", 1_500), leg("fee-income", -1_500))
    fee = (Claim("S-9", ClaimKind.FEE, 1_500),)
    books.sold["B-1"] = books.sold["B-1"]._replace(position=Position(paid=50_000, delivered=5_000, earned=5_000, claims=fee))
    return books


def test_every_account_is_the_sum_of_its_bundles(books):
    made = report(books, asked(), NOTHING)
    assert made.tied
    assert made.findings == ()
    assert cells(made, "role", "branch", "sub_ledger", "ledger", "unexplained") == [
        ("contract-liability", "bcn", -45_000, -45_000, 0),
        ("receivable", "bcn", 1_500, 1_500, 0),
    ]


def test_visits_and_credit_are_led_back_to_the_day(books):
    books.post("02-01", "session.single", leg("receivable", 6_000), leg("revenue-single", -6_000), bundle=None)
    books.post("02-02", "payment.customer", leg("bank", 2_000), leg("customer-credit", -2_000), bundle=None)
    today = Beyond({"bcn": 6_000}, 2_000)
    assert report(books, asked(), today).tied
    before = report(books, asked(last="01-31"), today)
    assert before.tied
    assert [row[0] for row in cells(before, "role")] == ["contract-liability", "receivable"]


def test_a_manual_entry_is_listed_and_explains_its_difference(books):
    books.post("02-01", "adjustment", leg("bank", 300), leg("receivable", -300), bundle=None, customer=None)
    made = report(books, asked(), NOTHING)
    assert made.tied
    assert cells(made, "role", "entry", "difference", "explained", "unexplained")[1:] == [
        ("receivable", None, -300, -300, 0),
        ("receivable", "E-4 of 2026-02-01", None, -300, None),
    ]


def test_an_entry_written_in_the_ledger_files_is_listed_too(books):
    receivable = (Role.RECEIVABLE, "bcn")
    written = [
        Manual(receivable, "manual/2026.beancount:7", -500),
        Manual((Role.RECEIVABLE, "mad"), "manual/2026.beancount:9", 500),
    ]
    made = report(books, asked(branch="bcn"), NOTHING, written)
    assert made.tied
    assert cells(made, "role", "entry", "ledger", "explained")[1:] == [
        ("receivable", None, 1_000, -500),
        ("receivable", "manual/2026.beancount:7", None, -500),
    ]
    assert "left out" in report(books, asked(), NOTHING, None).notes[-1]


def test_what_nothing_explains_is_a_finding(books):
    books.post("02-01", "payment.bundle", leg("bank", 100), leg("contract-liability", -100))
    made = report(books, asked(), NOTHING)
    assert not made.tied
    assert made.findings == ("contract-liability in the ledger: -1.00 EUR is unexplained. Hint: `revrec verify`",)


def test_a_branch_is_reconciled_by_itself(books):
    books.sell("B-2", branch="mad")
    books.pay("01-06", 9_000, bundle="B-2", branch="mad")
    books.sold["B-2"] = books.sold["B-2"]._replace(position=Position(paid=9_000))
    made = report(books, asked(branch="mad"), NOTHING)
    assert made.tied
    assert cells(made, "branch", "ledger") == [("mad", -9_000)]
