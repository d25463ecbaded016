"""Breakage in proportion, remote use and refunds that are expected (IFRS 15.55, B44-B47; accounting.md 1.3)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from revrec.core.events import BreakageDeemedRemote, BreakageEstimated, BundleTransferred, Method, RefundIssued, SessionReversed
from revrec.core.policy import Bonus, Breakage, Refund
from revrec.core.units import UNIT
from tests.core.practice import PACKAGE
from tests.core.telling import books, clock, on, paid, refused, sold, used, uses

TWENTY = replace(PACKAGE, price=60000, units=20 * UNIT)
RATIO = {"breakage": Breakage.PROPORTIONAL, "expected_used": 750_000, "refund": Refund.NONE}
REMOTE = {"breakage": Breakage.REMOTE, "refund": Refund.NONE}
WINDOW = {"refund": Refund.WINDOW, "refund_window_days": 14, "refund_expected": 100_000}


def test_breakage_follows_use_by_the_estimate_of_the_portfolio():
    assert books(
        sold(),
        paid(60000),
        *uses(2),
        on("02-02", BreakageEstimated("standard", 800_000, "controller")),
        used("S-9", "03-20"),
        on("03-21", SessionReversed("S-9")),
        package=TWENTY,
        **RATIO,
    ) == [
        "2026-01-05 payment.bundle  psp-clearing 600.00  contract-liability -600.00",
        "2026-01-10 session.earned  contract-liability 30.00  revenue-package -30.00",
        "2026-01-10 breakage.proportional  contract-liability 10.00  breakage -10.00",
        "2026-01-10 session.earned  contract-liability 30.00  revenue-package -30.00",
        "2026-01-10 breakage.proportional  contract-liability 10.00  breakage -10.00",
        "2026-02-02 breakage.estimated  breakage 5.00  contract-liability -5.00",
        "2026-03-20 session.earned  contract-liability 30.00  revenue-package -30.00",
        "2026-03-20 breakage.proportional  contract-liability 7.50  breakage -7.50",
        "2026-03-21 session.reversed  revenue-package 30.00  contract-liability -30.00  corrects E-7",
        "2026-03-21 breakage.proportional  breakage 7.50  contract-liability -7.50",
    ]


def test_the_same_estimate_changes_nothing():
    assert (
        books(
            on("02-02", BreakageEstimated("standard", 750_000, "controller")),
            after=(sold(), paid(60000), *uses(2)),
            package=TWENTY,
            **RATIO,
        )
        == []
    )


def test_no_more_is_earned_than_the_price():
    assert books(
        *[used(f"T-{n}", "03-01") for n in range(3)], clock("12-31"), after=(sold(), paid(), *uses(7)), expiry_months=6, **RATIO
    ) == [
        "2026-03-01 session.earned  contract-liability 50.00  revenue-package -50.00",
        "2026-03-01 breakage.proportional  breakage 16.67  contract-liability -16.67",
        "2026-03-01 session.earned  contract-liability 50.00  revenue-package -50.00",
        "2026-03-01 breakage.proportional  breakage 50.00  contract-liability -50.00",
        "2026-03-01 session.earned  contract-liability 50.00  revenue-package -50.00",
        "2026-03-01 breakage.proportional  breakage 50.00  contract-liability -50.00",
    ]


def test_a_sale_after_an_estimate_takes_it_over():
    assert books(
        sold("02-03", "B-2"),
        paid(60000, "02-03", "B-2", "P-2"),
        used("T-1", "02-04", "B-2"),
        after=(sold(), on("02-02", BreakageEstimated("standard", 500_000, "controller"))),
        package=TWENTY,
        **RATIO,
    ) == [
        "2026-02-03 payment.bundle  psp-clearing 600.00  contract-liability -600.00",
        "2026-02-04 session.earned  contract-liability 30.00  revenue-package -30.00",
        "2026-02-04 breakage.proportional  contract-liability 30.00  breakage -30.00",
    ]


def test_unpaid_rights_break_when_the_money_comes():
    assert books(*uses(2), paid(60000, "01-11"), after=(sold(),), package=TWENTY, **RATIO) == [
        "2026-01-10 session.earned  contract-asset 30.00  revenue-package -30.00",
        "2026-01-10 session.earned  contract-asset 30.00  revenue-package -30.00",
        "2026-01-11 payment.bundle  psp-clearing 600.00  contract-asset -60.00  contract-liability -540.00",
        "2026-01-11 breakage.proportional  contract-liability 20.00  breakage -20.00",
    ]


def test_a_late_estimate_catches_up_on_its_day():
    assert books(
        on("01-08", BreakageEstimated("standard", 800_000, "controller")),
        after=(sold(), paid(60000), *uses(2)),
        package=TWENTY,
        **RATIO,
    ) == [
        "2026-01-10 breakage.correction  breakage 2.50  contract-liability -2.50  corrects E-3",
        "2026-01-10 breakage.correction  breakage 2.50  contract-liability -2.50  corrects E-5",
    ]


def test_a_customer_who_returns_is_owed_again():
    assert books(
        on("02-01", BreakageDeemedRemote("B-1", "controller")), used("S-9", "03-10"), after=(sold(), paid(), *uses(4)), **REMOTE
    ) == [
        "2026-02-01 breakage.remote  contract-liability 300.00  breakage -300.00",
        "2026-03-10 breakage.returned  breakage 300.00  contract-liability -300.00",
        "2026-03-10 session.earned  contract-liability 50.00  revenue-package -50.00",
    ]


def test_what_was_deemed_remote_expires_without_more():
    assert books(
        on("02-01", BreakageDeemedRemote("B-1", "controller")),
        clock("07-31"),
        after=(sold(), paid(), *uses(4)),
        expiry_months=6,
        **REMOTE,
    ) == [
        "2026-02-01 breakage.remote  contract-liability 300.00  breakage -300.00",
    ]


def test_an_expected_refund_is_held_until_the_window_ends():
    assert books(sold(), paid(), used("S-1", "01-10"), clock("01-31"), **WINDOW) == [
        "2026-01-05 payment.bundle  psp-clearing 500.00  contract-liability -450.00  refund-liability -50.00",
        "2026-01-10 session.earned  contract-liability 50.00  revenue-package -50.00",
        "2026-01-19 refund-window.released  refund-liability 50.00  contract-liability -50.00",
    ]


def test_a_refund_inside_the_window_takes_what_was_held():
    assert books(on("01-12", RefundIssued("R-1", "B-1", method=Method.CASH)), after=(sold(), paid()), **WINDOW) == [
        "2026-01-12 refund.issued  contract-liability 450.00  refund-liability 50.00  cash -500.00",
    ]


def test_money_after_the_window_is_not_held():
    assert books(paid(25000, "01-25", payment="P-2"), after=(sold(), paid(25000)), **WINDOW) == [
        "2026-01-19 refund-window.released  refund-liability 25.00  contract-liability -25.00",
        "2026-01-25 payment.bundle  psp-clearing 250.00  contract-liability -250.00",
    ]


def test_a_free_unit_last_earns_nothing():
    assert books(
        *uses(4),
        after=(sold(), paid(30000)),
        package=replace(PACKAGE, units=3 * UNIT, bonus_units=UNIT, price=30000),
        bonus=Bonus.LAST,
    ) == [
        "2026-01-10 session.earned  contract-liability 100.00  revenue-package -100.00",
        "2026-01-10 session.earned  contract-liability 100.00  revenue-package -100.00",
        "2026-01-10 session.earned  contract-liability 100.00  revenue-package -100.00",
    ]


# Whatever comes first


SALE, MONEY = sold("02-05", "B-2"), paid(60000, "02-05", "B-2", "P-2")
SPLIT = on("02-10", BundleTransferred("B-1", "C-2", units=4 * UNIT, to_bundle="B-2"))
HALF = [
    "2026-02-20 session.earned  contract-liability 30.00  revenue-package -30.00",
    "2026-02-20 breakage.proportional  contract-liability 30.00  breakage -30.00",
]


def estimated(day, share=500_000, event=None):
    return on(day, BreakageEstimated("standard", share, "controller"), id=event)


@pytest.mark.parametrize("share", [-1, 0, 1_000_001])
def test_an_estimate_is_a_share_above_nothing_and_not_above_all(share):
    assert refused(sold(), estimated("02-01", share), **RATIO) == (
        "policy standard: the share of rights that will be used lies above 0 and not above 1 [accounting.md 1.3] expected_used"
    )


def test_an_estimate_is_of_a_policy_that_earns_breakage_in_proportion():
    assert refused(sold(), estimated("02-01")) == (
        "no bundle was sold under policy standard with breakage = proportional; there is nothing to estimate "
        "[policy breakage] policy"
    )


def test_a_bundle_recorded_late_follows_the_estimates_that_came_before_it():
    other, late = sold("02-05", "B-9"), sold("02-01", "B-2")
    told = (paid(60000, "02-03", "B-2", "P-2"), used("T-1", "02-04", "B-2"), used("T-2", "02-11", "B-2"))
    assert books(other, estimated("02-10"), late, *told, package=TWENTY, **RATIO) == [
        "2026-02-03 payment.bundle  psp-clearing 600.00  contract-liability -600.00",
        "2026-02-04 session.earned  contract-liability 30.00  revenue-package -30.00",
        "2026-02-04 breakage.proportional  contract-liability 10.00  breakage -10.00",
        "2026-02-10 breakage.estimated  contract-liability 20.00  breakage -20.00",
        "2026-02-11 session.earned  contract-liability 30.00  revenue-package -30.00",
        "2026-02-11 breakage.proportional  contract-liability 30.00  breakage -30.00",
    ]


def test_an_estimate_that_comes_late_holds_for_what_was_sold_after_its_day():
    began = (sold(), SALE, MONEY, used("T-1", "02-06", "B-2"))
    assert books(estimated("02-02"), used("T-2", "02-20", "B-2"), after=began, package=TWENTY, **RATIO) == [
        "2026-02-06 breakage.correction  contract-liability 20.00  breakage -20.00  corrects E-3",
        *HALF,
    ]


def test_but_not_where_a_later_one_was_in_force():
    began = (sold(), estimated("02-04"), SALE, MONEY, estimated("02-02", 400_000))
    assert books(used("T-1", "02-20", "B-2"), after=began, package=TWENTY, **RATIO) == HALF


def test_of_two_on_a_day_the_last_one_counts():
    began = (sold(), estimated("02-05", 800_000, "first"), estimated("02-05", 500_000, "second"), SALE, MONEY)
    assert books(used("T-1", "02-20", "B-2"), after=began, package=TWENTY, **RATIO) == HALF


def test_units_given_away_follow_it_too_whichever_comes_first():
    began, use = (sold(), paid(60000), *uses(2)), used("T-1", "02-20", "B-2")
    assert books(use, after=(*began, SPLIT, estimated("02-05")), package=TWENTY, **RATIO) == HALF
    assert books(use, after=(*began, estimated("02-05"), SPLIT), package=TWENTY, **RATIO) == HALF
    assert books(use, after=(*began, estimated("02-15"), SPLIT), package=TWENTY, **RATIO) == HALF


def test_a_session_that_comes_late_after_a_late_estimate_follows_it():
    began = (sold(), SALE, MONEY, used("T-1", "02-10", "B-2"), estimated("02-02"))
    assert books(used("T-2", "02-08", "B-2"), after=began, package=TWENTY, **RATIO) == [
        "2026-02-08 session.earned  contract-liability 30.00  revenue-package -30.00",
        "2026-02-08 breakage.proportional  contract-liability 30.00  breakage -30.00",
    ]
