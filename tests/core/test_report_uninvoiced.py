"""What was collected and not invoiced, by bundle and payer; tied to the money in the ledger."""

from __future__ import annotations

import pytest

from revrec.core.events import (
    BundleSold,
    BundleUpgraded,
    ChargebackOpened,
    Method,
    PaymentReceived,
    PaymentReversed,
    SessionCompleted,
)
from revrec.core.reports.invoices import Paperwork
from revrec.core.reports.uninvoiced import report
from revrec.core.units import UNIT
from tests.core.kept import Kept, asked, cells, day, kept, leg, total
from tests.core.practice import practice


@pytest.fixture
def books():
    """Two payments of B-1 (its bank kept 3.00, its payer withheld 40.00), a tip, a deposit, money on account."""
    made = Kept()
    made.pay("01-05", 20000)
    made.post(
        "01-06",
        "payment.bundle",
        leg("bank", 25700, customer="INSURER"),
        leg("psp-fees", 300),
        leg("withheld-tax", 4000),
        leg("contract-liability", -30000),
    )
    made.post("01-07", "payment.visit", leg("cash", 5500), leg("receivable", -5000), leg("provider-payable", -500), bundle=None)
    made.post("01-08", "deposit.received", leg("cash", 7000), leg("customer-deposit", -7000), bundle=None)
    made.post("01-09", "payment.customer", leg("cash", 1200), leg("customer-credit", -1200), bundle=None, customer="C-2")
    return made


def test_each_payer_of_a_bundle_has_a_line_and_money_on_account_another(books):
    made = report(books, asked(), Paperwork())
    assert cells(made, "bundle", "payer", "collected", "invoiced", "uninvoiced") == [
        ("B-1", "C-1", 20000, 0, 20000),
        ("B-1", "INSURER", 30000, 0, 30000),
        ("on account", "C-2", 1200, 0, 1200),
        ("visits and fees", "C-1", 5000, 0, 5000),
    ]
    assert made.total == ("Total", None, 56200, 0, 56200)
    assert made.tied
    assert made.notes == ("These books issue no invoices (`invoicing_from` is not set): everything collected stands here.",)


def test_what_goes_back_is_not_collected(books):
    books.post("02-01", "payment.reversed", leg("contract-liability", 20000), leg("psp-clearing", -20000))
    books.post("02-02", "credit.applied", leg("customer-credit", 1200), leg("contract-liability", -1200), customer="C-2")
    made = report(books, asked(), Paperwork())
    assert cells(made, "bundle", "payer", "collected") == [
        ("B-1", "C-2", 1200),
        ("B-1", "INSURER", 30000),
        ("visits and fees", "C-1", 5000),
    ]
    assert made.tied
    assert total(report(books, asked(last="01-31"), Paperwork()), "collected") == 56200


def test_what_nobody_paid_in_stands_apart(books):
    books.post("02-01", "adjustment", leg("bank", 900), leg("bad-debt", -900), bundle=None)
    books.post("02-02", "credit.granted", leg("refund-contra", 800), leg("customer-credit", -800), bundle=None, customer="C-3")
    books.post("02-03", "currency.revalued", leg("bank", 70), leg("fx-gain", -70), bundle=None)
    made = report(books, asked(), Paperwork())
    assert cells(made, "bundle", "payer", "collected")[2:4] == [("on account", "C-2", 1200), ("on account", "C-3", 800)]
    assert made.tied


def test_a_branch_shows_what_it_took(books):
    books.pay("02-01", 1000, branch="mad")
    made = report(books, asked(branch="mad"), Paperwork())
    assert cells(made, "bundle", "collected") == [("B-1", 1000)]
    assert made.tied


def test_nothing_collected_is_no_line():
    made = report(Kept(), asked(), Paperwork())
    assert (made.rows, made.total, made.tied) == ((), None, True)


def test_money_stands_with_whoever_paid_it_and_goes_back_to_the_same():
    game = practice()
    game.record(BundleSold("B-1", "P10", "C-1"), day("01-01"))
    for number, payer in ((1, "INSURER"), (2, "EMPLOYER"), (3, None)):
        game.record(PaymentReceived(f"P-{number}", 10_000, Method.CARD, bundle="B-1", payer=payer), day("01-02"))
    game.record(PaymentReversed("P-2", "mistake", "manager"), day("01-03"))
    game.record(ChargebackOpened("P-1", 4_000), day("01-04"))
    made = report(kept(game), asked(), Paperwork())
    assert cells(made, "bundle", "payer", "collected") == [("B-1", "C-1", 10_000), ("B-1", "INSURER", 6_000)]
    assert made.tied


def test_what_a_new_pack_takes_is_the_customers_and_leaves_each_payer_of_the_old_one_in_proportion():
    game = practice()
    game.record(BundleSold("B-1", "P10", "C-1"), day("01-01"))
    game.record(PaymentReceived("P-1", 30_000, Method.CARD, bundle="B-1", payer="INSURER"), day("01-02"))
    game.record(PaymentReceived("P-2", 20_000, Method.CARD, bundle="B-1"), day("01-02"))
    game.record(SessionCompleted("S-1", bundle="B-1"), day("01-02"))
    game.record(BundleUpgraded("B-1", "new_pack", units=10 * UNIT, price=90_000, to_bundle="B-2"), day("01-03"))
    made = report(kept(game), asked(), Paperwork())
    assert cells(made, "bundle", "payer", "collected") == [
        ("B-1", "C-1", 2_000),
        ("B-1", "INSURER", 3_000),
        ("B-2", "C-1", 45_000),
    ]
    assert made.tied
