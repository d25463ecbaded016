"""Payouts of payment service providers, and branches that settle, in entries."""

from __future__ import annotations

from dataclasses import replace

import pytest

from revrec.core.book import Book
from revrec.core.events import BranchSettled, Method, PayoutSettled
from revrec.core.journal import Role
from tests.core.practice import PACKAGE, Practice, Shelf
from tests.core.telling import books, on, paid, refused, sold, tell, used


def payout(gross, fee, day="01-08", method=Method.CARD):
    return on(day, PayoutSettled(method, gross, fee))


def settled(amount, day="03-05", by="bcn", to="mad"):
    return on(day, BranchSettled(by, to, amount))


def test_a_payout_brings_the_balance_to_the_bank_less_the_fee_and_leaves_revenue_alone():
    assert books(payout(50000, 725), after=(sold(), paid())) == [
        "2026-01-08 payout.settled  bank 492.75  psp-fees 7.25  psp-clearing -500.00"
    ]


def test_a_payout_may_be_all_fee():
    assert books(payout(100, 100)) == ["2026-01-08 payout.settled  psp-fees 1.00  psp-clearing -1.00"]


def test_the_leg_of_the_provider_names_the_method_whose_account_it_is():
    game = Practice(Book(Shelf()))
    tell(game, payout(50000, 725, method=Method.PAYPAL))
    assert [leg.method for leg in game.entries[0].postings] == [None, None, "paypal"]


@pytest.mark.parametrize(
    ("method", "role"), [(Method.CASH, "cash"), (Method.TRANSFER, "bank"), (Method.DIRECT_DEBIT, "bank"), (Method.BIZUM, "bank")]
)
def test_money_that_arrives_at_once_is_not_paid_out(method, role):
    assert refused(payout(50000, 725, method=method)) == (
        f"money by {method} arrives on {role} at once; no provider pays it out. Name the method whose provider did, "
        "or set its account under [methods] in revrec.toml [events.md 4 payout.settled; accounting.md 2] method"
    )


def test_a_method_that_the_workspace_sends_to_a_provider_is_paid_out():
    game = Practice(Book(Shelf(), methods={Method.BIZUM: Role.PSP_CLEARING}))
    assert tell(game, payout(1000, 0, method=Method.BIZUM)) == ["2026-01-08 payout.settled  bank 10.00  psp-clearing -10.00"]


def test_a_fee_above_the_gross_is_refused():
    assert refused(payout(100, 101)) == (
        "the fee of 1.01 EUR is more than the 1.00 EUR that were paid out; `gross` is the amount before the fee "
        "[events.md 4 payout.settled] fee"
    )


def test_branches_settle_what_a_session_elsewhere_left_owing():
    both = replace(PACKAGE, branches=("bcn", "mad"))
    begun = (sold(), paid(), used("S-1", "02-28", branch="mad"))
    assert books(settled(5000), after=begun, package=both) == [
        "2026-03-05 branch.settled  due-to-branch 50.00  bank(mad) 50.00  bank -50.00  due-from-branch(mad) -50.00",
    ]


def test_the_entry_of_a_settlement_belongs_to_the_branch_that_pays():
    game = Practice(Book(Shelf()))
    tell(game, settled(5000, by="mad", to="bcn"))
    assert game.entries[0].branch == "mad"


def test_a_branch_does_not_settle_with_itself():
    assert refused(settled(5000, by="bcn", to="bcn")) == (
        "branch bcn cannot settle with itself; name the branch that is paid [events.md 4 branch.settled] to_branch"
    )
