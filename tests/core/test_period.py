from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from revrec.core.events import Adjustment, AdjustmentPosted, PeriodClosed, PeriodReopened, SessionNoShow
from revrec.core.policy import Charge, Invoicing, Refund
from tests.core.practice import PACKAGE
from tests.core.telling import books, clock, house, on, paid, refused, sold, tell, used, uses

BEGUN = (sold(), paid(), *uses(1))
ONE = {"expiry_months": 1}


def closed(month, day):
    return on(day, PeriodClosed(date(2026, month, 1), "controller"))


def reopened(month, day):
    return on(day, PeriodReopened(date(2026, month, 1), "controller"))


def adjusted(*legs, day="01-20"):
    return on(day, AdjustmentPosted(tuple(Adjustment(*leg) for leg in legs), "manager"))


# Closing


def test_a_month_is_closed_after_its_last_day():
    game = house()
    assert tell(game, *BEGUN, closed(1, "02-01"))[2:] == []
    assert game.book.closed_through == date(2026, 1, 31)
    assert refused(*BEGUN, closed(1, "01-31")) == (
        "period 2026-01 ends on 2026-01-31; it cannot be closed on 2026-01-31. Close it on 2026-02-01 or later"
        " [events.md 4 period.closed] period"
    )


def test_the_clock_runs_before_the_close():
    assert books(closed(2, "03-01"), after=(*BEGUN, closed(1, "02-01")), **ONE) == [
        "2026-02-05 breakage.expiry  contract-liability 450.00  breakage -450.00",
    ]


def test_earlier_months_with_entries_are_closed_first():
    said = "period 2026-02 cannot be closed while 2026-01 with entries is open. Close that one first"
    assert refused(*BEGUN, closed(2, "03-01")) == f"{said} [events.md 4 period.closed] period"
    assert books(closed(3, "04-01"), after=(sold("03-05"), paid(day="03-05"))) == []  # nothing before March


def test_a_month_in_which_the_clock_still_owes_counts_as_one_with_entries():
    said = "period 2026-03 cannot be closed while 2026-02 with entries is open"
    assert said in refused(*BEGUN, closed(1, "02-01"), closed(3, "04-01"), **ONE)


def test_a_month_is_closed_once():
    assert refused(*BEGUN, closed(1, "02-01"), closed(1, "02-02")) == (
        "period 2026-01 is closed already, through 2026-01-31 [events.md 4 period.closed] period"
    )


def test_a_release_due_in_a_closed_month_is_booked_on_the_first_open_day():
    late_sale = (sold("01-06", "B-2"), paid(day="01-06", bundle="B-2", payment="P-2"))
    begun = (*BEGUN, closed(1, "03-01"), closed(2, "03-02"))
    assert books(*late_sale, after=begun, **ONE) == [
        "2026-03-01 payment.bundle  psp-clearing 500.00  contract-liability -500.00  late for 2026-01-06",
        "2026-03-01 breakage.expiry  contract-liability 500.00  breakage -500.00  late for 2026-02-06",
    ]


# Opening again


def test_reopening_opens_every_later_month():
    game = house()
    tell(game, *BEGUN, used("S-2", "02-10"), used("S-3", "03-10"), closed(1, "04-01"), closed(2, "04-01"), closed(3, "04-01"))
    tell(game, reopened(2, "04-02"))
    assert game.book.closed_through == date(2026, 1, 31)
    assert tell(game, used("S-4", "02-11")) == ["2026-02-11 session.earned  contract-liability 50.00  revenue-package -50.00"]
    tell(game, reopened(1, "04-03"))
    assert game.book.closed_through == date(2025, 12, 31)
    tell(game, closed(1, "04-04"))
    assert game.book.closed_through == date(2026, 1, 31)


def test_reopening_the_first_month_leaves_the_earlier_ones_closed_though_they_are_empty():
    game = house()
    december = PeriodClosed(date(2025, 12, 1), "controller")
    tell(game, *BEGUN, on("02-01", december), closed(1, "02-02"), reopened(1, "02-03"))
    assert tell(game, sold("2025-12-20", "B-2"), paid(day="2025-12-20", bundle="B-2", payment="P-2")) == [
        "2026-01-01 payment.bundle  psp-clearing 500.00  contract-liability -500.00  late for 2025-12-20",
    ]
    december_again = PeriodReopened(date(2025, 12, 1), "controller")
    tell(game, on("02-04", december_again))
    assert game.book.closed_through == date(2025, 11, 30)


def test_an_open_month_is_not_reopened():
    said = "is not closed [events.md 4 period.reopened] period"
    assert refused(*BEGUN, reopened(1, "02-01")) == f"period 2026-01 {said}"
    assert refused(*BEGUN, closed(1, "02-01"), reopened(2, "03-01")) == f"period 2026-02 {said}"


# Adjustments


def test_an_adjustment_posts_what_its_approver_says():
    assert books(adjusted(("bad-debt", 5000), ("receivable", -5000))) == [
        "2026-01-20 adjustment  bad-debt 50.00  receivable -50.00",
    ]


def test_an_adjustment_of_a_bundle_changes_what_it_owes():
    game = house(**ONE)
    tell(game, *BEGUN)
    less = adjusted(("contract-liability", 10000, "B-1"), ("rounding", -10000))
    assert tell(game, less, clock("02-05")) == [
        "2026-01-20 adjustment  contract-liability 100.00  rounding -100.00",
        "2026-02-05 breakage.expiry  contract-liability 350.00  breakage -350.00",
    ]
    assert game.book.bundle("B-1").balances.contract_liability == 0


def test_an_adjustment_of_an_expired_bundle_corrects_its_breakage():
    less = adjusted(("contract-liability", 10000, "B-1"), ("rounding", -10000), day="02-01")
    assert books(less, after=(*BEGUN, clock("02-05")), **ONE) == [
        "2026-02-01 adjustment  contract-liability 100.00  rounding -100.00",
        "2026-02-05 breakage.correction  breakage 100.00  contract-liability -100.00  corrects E-3",
    ]


def test_an_adjustment_after_the_expiry_finds_nothing_left():
    less = adjusted(("contract-liability", 10000, "B-1"), ("rounding", -10000), day="02-06")
    assert "bundle B-1 has 0.00 EUR of contract liability" in refused(*BEGUN, less, **ONE)
    more = adjusted(("contract-liability", -10000, "B-1"), ("rounding", 10000), day="02-06")
    assert books(more, used("S-2", "02-01"), after=BEGUN, **ONE) == [
        "2026-02-05 breakage.expiry  contract-liability 450.00  breakage -450.00",
        "2026-02-06 adjustment  contract-liability -100.00  rounding 100.00",
        "2026-02-06 breakage.correction  contract-liability 100.00  breakage -100.00  corrects E-3",
        "2026-02-01 session.earned  contract-liability 50.00  revenue-package -50.00",
        "2026-02-05 breakage.correction  breakage 50.00  contract-liability -50.00  corrects E-3",
    ]


def test_an_adjustment_of_income_names_its_bundle_and_leaves_its_money():
    assert books(adjusted(("revenue-package", 100, "B-1"), ("rounding", -100)), after=BEGUN) == [
        "2026-01-20 adjustment  revenue-package 1.00  rounding -1.00",
    ]


def test_an_adjustment_between_two_bundles_is_in_the_history_of_both():
    game = house(**ONE)
    two = (*BEGUN, sold(bundle="B-2"), adjusted(("contract-liability", 10000, "B-1"), ("contract-liability", -10000, "B-2")))
    tell(game, *two)
    assert [type(event.data).__name__ for _, event in game.book.history("B-2")] == ["BundleSold", "AdjustmentPosted"]
    assert tell(game, clock("02-05"), used("S-9", "01-25", bundle="B-2"))[-2:] == [
        "2026-01-25 session.earned  contract-liability 50.00  revenue-package -50.00",
        "2026-02-05 breakage.correction  breakage 50.00  contract-liability -50.00  corrects E-5",
    ]
    assert [game.book.bundle(b).balances.contract_liability for b in ("B-1", "B-2")] == [0, 0]


def test_an_adjustment_between_two_bundles_names_both():
    two = (*BEGUN, sold(bundle="B-2"))
    moved = adjusted(("contract-liability", 10000, "B-1"), ("contract-liability", -10000, "B-2"))
    game = house()
    tell(game, *two)
    assert tell(game, moved) == ["2026-01-20 adjustment  contract-liability(B-1) 100.00  contract-liability(B-2) -100.00"]
    assert [game.book.bundle(b).balances.contract_liability for b in ("B-1", "B-2")] == [35000, 10000]


@pytest.mark.parametrize(("invoicing", "role"), [(Invoicing.PER_SESSION, "receivable"), (Invoicing.NONE, "contract-asset")])
def test_an_adjustment_of_a_claim_opens_or_closes_it(invoicing, role):
    game = house(invoicing=invoicing)
    tell(game, sold(), *uses(2))
    tell(game, adjusted((role, -4000, "B-1"), ("bad-debt", 4000)))
    assert game.book.bundle("B-1").position.claimed == 6000
    tell(game, adjusted((role, 1000, "B-1"), ("bad-debt", -1000)))
    assert game.book.bundle("B-1").position.claimed == 7000


def test_a_balance_of_bundles_is_adjusted_by_bundle_and_never_below_nothing():
    assert refused(*BEGUN, adjusted(("contract-liability", 100), ("rounding", -100))) == (
        "an adjustment of contract-liability names the bundle that it is for [events.md 4 adjustment.posted, 6] postings.bundle"
    )
    assert refused(*BEGUN, adjusted(("contract-liability", 45001, "B-1"), ("rounding", -45001))) == (
        "bundle B-1 has 450.00 EUR of contract liability; 450.01 EUR cannot leave it"
        " [accounting.md 4, invariant 3] postings.amount"
    )
    assert refused(*BEGUN, adjusted(("receivable", -100, "B-1"), ("bad-debt", 100))) == (
        "bundle B-1 has not 1.00 EUR open on receivable [accounting.md 4, invariant 3] postings.amount"
    )


TAXED = replace(PACKAGE, tax="es-21", price=60500, list_price=6050)
TWICE = (sold(), paid(33333), paid(27167, "01-06", payment="P-2"), *uses(2))


def test_an_adjustment_of_the_liability_leaves_the_vat_of_the_money_to_its_document():
    out = adjusted(("contract-liability", 10001, "B-1"), ("revenue-package", -10001, "B-1"))
    assert books(out, used("T-1", "02-02"), after=TWICE, package=TAXED) == [
        "2026-01-20 adjustment  contract-liability 100.01  revenue-package -100.01",
        "2026-02-02 session.earned  contract-liability 50.00  revenue-package -50.00",
    ]
    most = adjusted(("contract-liability", 40001, "B-1"), ("revenue-package", -40001, "B-1"))
    assert refused(*TWICE, most, package=TAXED) == (
        "bundle B-1 has 400.00 EUR of contract liability; 400.01 EUR cannot leave it"
        " [accounting.md 4, invariant 3] postings.amount"
    )


def test_a_claim_that_is_lowered_by_hand_is_the_packages_first_then_a_fee():
    owed = (sold(), on("01-08", SessionNoShow("N-1", "B-1")), *uses(2))
    fee = {"no_show": Charge.FEE, "no_show_fee": 1500, "invoicing": Invoicing.AT_PURCHASE, "package": TAXED}
    assert books(
        adjusted(("bad-debt", 13000, "B-1"), ("receivable", -13000, "B-1")), paid(60500, "02-03"), after=owed, **fee
    ) == [
        "2026-01-20 adjustment  bad-debt 130.00  receivable -130.00",
        (
            "2026-02-03 payment.bundle  psp-clearing 605.00  receivable -6.00  contract-liability -400.00  vat-output -84.00"
            "  customer-credit -115.00"
        ),
    ]
    most = adjusted(("bad-debt", 13601, "B-1"), ("receivable", -13601, "B-1"))
    assert refused(*owed, most, **fee) == (
        "bundle B-1 has not 136.01 EUR open on receivable [accounting.md 4, invariant 3] postings.amount"
    )


def test_a_fee_beside_a_contract_asset_is_lowered_alone():
    owed = (sold(), on("01-08", SessionNoShow("N-1", "B-1")), *uses(2))
    fee = {"no_show": Charge.FEE, "no_show_fee": 1500, "package": TAXED}
    assert books(adjusted(("bad-debt", 700, "B-1"), ("receivable", -700, "B-1")), paid(60500, "02-03"), after=owed, **fee)[
        1:
    ] == [
        (
            "2026-02-03 payment.bundle  psp-clearing 605.00  contract-asset -121.00  receivable -8.00"
            "  contract-liability -393.39  vat-output -82.61"
        ),
    ]
    assert books(adjusted(("bad-debt", 700, "B-1"), ("contract-asset", -700, "B-1")), paid(60500, "02-03"), after=owed, **fee)[
        1:
    ] == [
        (
            "2026-02-03 payment.bundle  psp-clearing 605.00  contract-asset -114.00  receivable -15.00"
            "  contract-liability -393.39  vat-output -82.61"
        ),
    ]


def test_what_is_held_for_refunds_is_lowered_by_hand_with_the_money():
    window = {"refund": Refund.WINDOW, "refund_window_days": 14, "refund_expected": 100_000}
    out = adjusted(("refund-liability", 2000, "B-1"), ("bank", -2000, "B-1"), day="01-10")
    assert books(out, paid(3000, "01-11", payment="P-2"), clock("01-31"), after=BEGUN, **window) == [
        "2026-01-10 adjustment  refund-liability 20.00  bank -20.00",
        (
            "2026-01-11 payment.bundle  psp-clearing 30.00  contract-liability -18.00  refund-liability -2.00"
            "  customer-credit -10.00"
        ),
        "2026-01-19 refund-window.released  refund-liability 32.00  contract-liability -32.00",
    ]
