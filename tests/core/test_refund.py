from __future__ import annotations

from dataclasses import replace

import pytest

from revrec.core.events import (
    BundlePriceReduced,
    BundleTerminated,
    BundleToppedUp,
    Method,
    PaymentReversed,
    RefundException,
    RefundIssued,
    RefundReversed,
    RefundSettled,
    SessionNoShow,
    SessionReversed,
)
from revrec.core.policy import Bonus, Charge, ExpiryKind, Recognition, Refund, RefundBasis
from revrec.core.refund import quote
from revrec.core.units import UNIT
from tests.core.practice import PACKAGE
from tests.core.telling import books, clock, house, on, paid, refused, sold, tell, used, uses

BEGUN = (sold(), paid())
FOUR = (*BEGUN, *uses(4))
LIST = {"refund_basis": RefundBasis.LIST}
NONE = {"refund": Refund.NONE}
WINDOW = {"refund": Refund.WINDOW, "refund_window_days": 14}
AT_PURCHASE = {"recognition": Recognition.AT_PURCHASE}


def refund(day="01-20", name="R-1", bundle="B-1", **facts):
    return on(day, RefundIssued(name, bundle, method=facts.pop("method", Method.TRANSFER), **facts))


def because(reason):
    return RefundException(reason, "manager")


def quoted(*facts, day="01-20", part=None, **policy):
    game = house(**policy)
    tell(game, *facts)
    offered = quote(game.book.bundle("B-1"), on(day, None).day, "EUR", part)
    return offered.amount, offered.formula


# The quote


def test_pro_rata_gives_the_money_less_the_contract_value_used():
    assert quoted(*FOUR) == (30000, "500.00 paid - 4 x (500.00 / 10) = 200.00 used = 300.00")


def test_on_list_basis_used_units_count_at_the_stand_alone_price():
    assert quoted(*FOUR, **LIST) == (26000, "500.00 paid - 4 x 60.00 list price = 240.00 used = 260.00")


def test_the_formula_names_each_price_of_the_units_used():
    last = quoted(sold(), paid(), *uses(2), package=replace(PACKAGE, bonus_units=2 * UNIT), bonus=Bonus.LAST)
    assert last == (40000, "500.00 paid - 2 x (500.00 / 10) = 100.00 used = 400.00")
    topped_up = on("01-08", BundleToppedUp("B-1", 2 * UNIT, 10000))
    blended = quoted(sold(), paid(), used("S-1", "01-06"), topped_up, used("S-2", "01-10"))
    assert blended == (40000, "500.00 paid - (1 x (50.00 / 1) + 1 x (550.00 / 11)) = 100.00 used = 400.00")


def test_the_fee_is_kept_back_and_the_quote_is_never_below_nothing():
    assert quoted(*FOUR, refund_fee=2000) == (28000, "500.00 paid - 4 x (500.00 / 10) = 200.00 used - 20.00 fee = 280.00")
    assert quoted(sold(), paid(21000), *uses(4), refund_fee=2000)[0] == 0
    assert quoted(sold(), paid(10000), *uses(4))[0] == 0


def test_a_no_show_that_was_deducted_is_used():
    assert quoted(*BEGUN, on("01-10", SessionNoShow("N-1", "B-1")))[0] == 45000
    assert quoted(*BEGUN, on("01-10", SessionNoShow("N-1", "B-1")), no_show=Charge.WAIVE)[0] == 50000


def test_part_of_what_is_left_is_its_share():
    assert quoted(*FOUR, part=2 * UNIT) == (10000, "(500.00 paid - 4 x (500.00 / 10) = 200.00 used) x 2 of 6 units left = 100.00")


def test_within_the_window_everything_or_what_is_unused_and_after_it_nothing():
    assert quoted(*BEGUN, day="01-19", refund_fee=2000, **WINDOW)[0] == 50000  # unused: in full, no fee
    assert quoted(*FOUR, day="01-19", refund_fee=2000, **WINDOW)[0] == 28000
    assert quoted(*BEGUN, day="01-20", **WINDOW) == (0, "0: the refund window of 14 days ended on 2026-01-19")


def test_nothing_is_given_without_refund_after_expiry_or_after_the_end():
    assert quoted(*BEGUN, **NONE) == (0, "0: the policy gives no refund")
    assert quoted(*BEGUN, day="02-06", expiry_months=1) == (0, "0: the bundle expired on 2026-02-05")
    assert quoted(*BEGUN, on("01-10", BundleTerminated("B-1"))) == (0, "0: the bundle was terminated")
    assert quoted(*BEGUN, on("01-10", RefundIssued("R-1", "B-1"))) == (0, "0: the bundle was refunded")


def test_within_the_grace_of_a_soft_expiry_the_quote_stands():
    assert quoted(*BEGUN, day="02-06", expiry_months=1, expiry_kind=ExpiryKind.SOFT, grace_days=10)[0] == 50000


# What a refund posts


def test_a_refund_comes_out_of_the_contract_liability():
    assert books(refund(), after=FOUR) == ["2026-01-20 refund.issued  contract-liability 300.00  bank -300.00"]


def test_a_refund_of_what_is_not_paid_at_once_is_payable_then_settled():
    assert books(refund(method=None), on("01-25", RefundSettled("R-1", Method.CASH)), after=FOUR) == [
        "2026-01-20 refund.issued  contract-liability 300.00  refunds-payable -300.00",
        "2026-01-25 refund.settled  refunds-payable 300.00  cash -300.00",
    ]


def test_the_fee_is_income():
    assert books(refund(), after=FOUR, refund_fee=2000) == [
        "2026-01-20 refund.issued  contract-liability 300.00  fee-income -20.00  bank -280.00",
    ]


def test_on_list_basis_the_re_pricing_of_used_units_is_revenue():
    assert books(refund(), after=FOUR, refund_fee=2000, **LIST) == [
        "2026-01-20 refund.issued  contract-liability 300.00  fee-income -20.00  revenue-package -40.00  bank -240.00",
    ]


def test_what_the_customer_leaves_is_fee_then_list_re_pricing_then_breakage():
    assert books(refund(amount=10000, accepted=True), after=FOUR, refund_fee=2000, **LIST) == [
        (
            "2026-01-20 refund.issued  contract-liability 300.00  fee-income -20.00  revenue-package -40.00  breakage -140.00"
            "  bank -100.00"
        ),
    ]


def test_an_exception_without_amount_gives_the_pro_rata_value():
    assert books(refund(exception=because("clinical")), after=FOUR, **NONE) == [
        "2026-01-20 refund.issued  contract-liability 300.00  bank -300.00",
    ]
    assert books(refund(exception=because("clinical")), after=FOUR, refund_fee=2000, **LIST) == [
        "2026-01-20 refund.issued  contract-liability 300.00  bank -300.00",
    ]


def test_an_exception_that_forgives_part_of_the_fee_leaves_the_rest_of_it():
    assert books(refund(amount=29000, exception=because("administrative")), after=FOUR, refund_fee=2000) == [
        "2026-01-20 refund.issued  contract-liability 300.00  fee-income -10.00  bank -290.00",
    ]


def test_what_exceeds_the_liability_lowers_revenue():
    assert books(refund(amount=35000, exception=because("administrative")), after=FOUR) == [
        "2026-01-20 refund.issued  refund-contra 50.00  contract-liability 300.00  bank -350.00",
    ]


def test_goodwill_may_exceed_the_money_paid():
    assert books(refund(amount=60000, exception=because("goodwill")), after=FOUR) == [
        "2026-01-20 refund.issued  refund-contra 300.00  contract-liability 300.00  bank -600.00",
    ]


def test_after_expiry_an_exception_lowers_revenue():
    assert books(
        refund("02-10", amount=10000, exception=because("clinical")), after=(*FOUR, clock("02-05")), expiry_months=1
    ) == [
        "2026-02-10 refund.issued  refund-contra 100.00  bank -100.00",
    ]


def test_at_purchase_the_whole_refund_lowers_revenue():
    assert books(refund(), after=FOUR, refund_fee=2000, **AT_PURCHASE) == [
        "2026-01-20 refund.at-purchase  refund-contra 300.00  fee-income -20.00  bank -280.00",
    ]


# Part of the bundle


@pytest.mark.parametrize("policy", [{}, AT_PURCHASE])
def test_a_refund_of_units_leaves_a_smaller_bundle(policy):
    game = house(**policy)
    tell(game, *FOUR, refund(units=2 * UNIT))
    bundle = game.book.bundle("B-1")
    assert (bundle.units, bundle.left, bundle.price, bundle.position.paid) == (8 * UNIT, 4 * UNIT, 40000, 40000)


def test_units_refunded_take_their_share_and_the_others_earn_theirs():
    assert books(refund(units=2 * UNIT), used("S-5", "01-21"), after=FOUR, refund_fee=2000) == [
        "2026-01-20 refund.issued  contract-liability 100.00  fee-income -20.00  bank -80.00",
        "2026-01-21 session.earned  contract-liability 50.00  revenue-package -50.00",
    ]


@pytest.mark.parametrize("policy", [{}, AT_PURCHASE])
def test_refunds_in_parts_give_together_what_one_refund_gives(policy):
    game = house(**LIST, **policy)
    tell(game, *FOUR, refund(units=3 * UNIT), refund(name="R-2"))
    assert [game.book.movement("refund", name).parts[0] for name in ("R-1", "R-2")] == [13000, 13000]


def test_list_re_pricing_is_charged_once():
    assert books(refund(units=3 * UNIT), refund(name="R-2"), after=FOUR, **LIST) == [
        "2026-01-20 refund.issued  contract-liability 150.00  revenue-package -20.00  bank -130.00",
        "2026-01-20 refund.issued  contract-liability 150.00  revenue-package -20.00  bank -130.00",
    ]
    part = (*FOUR, refund(units=3 * UNIT))
    formula = "350.00 paid - 4 x 60.00 list price - 20.00 kept before = 220.00 used = 130.00"
    assert quoted(*part, **LIST) == (13000, formula)


def test_a_refund_of_part_undone_brings_its_re_pricing_back():
    game = house(**LIST)
    before = tell(game, *FOUR) and game.book.bundle("B-1")
    tell(game, refund(units=3 * UNIT), on("01-21", RefundReversed("R-1", "manager")))
    assert game.book.bundle("B-1").position == before.position
    assert (game.book.bundle("B-1").units, game.book.bundle("B-1").price) == (10 * UNIT, 50000)


def test_a_pack_with_uneven_cents_is_refunded_unit_by_unit_to_nothing():
    thirds = replace(PACKAGE, units=3 * UNIT, price=10000)
    one = [refund(name=f"R-{n}", units=UNIT) for n in (1, 2, 3)]
    assert books(*one, after=(sold(), paid(10000)), package=thirds) == [
        "2026-01-20 refund.issued  contract-liability 33.33  bank -33.33",
        "2026-01-20 refund.issued  contract-liability 33.33  bank -33.33",
        "2026-01-20 refund.issued  contract-liability 33.34  bank -33.34",
    ]


# Undone


def test_a_refund_undone_before_it_was_settled():
    assert books(on("01-22", RefundReversed("R-1", "manager")), after=(*FOUR, refund(method=None))) == [
        "2026-01-22 refund.reversed  refunds-payable 300.00  contract-liability -300.00  corrects E-6",
    ]


def test_a_refund_undone_when_the_money_came_back():
    after = (*FOUR, refund(method=None), on("01-25", RefundSettled("R-1", Method.CASH)))
    assert books(on("01-28", RefundReversed("R-1", "manager")), used("S-5", "01-29"), after=after) == [
        "2026-01-28 refund.reversed  cash 300.00  contract-liability -300.00  corrects E-6",
        "2026-01-29 session.earned  contract-liability 50.00  revenue-package -50.00",
    ]


def test_a_refund_undone_after_the_expiry_is_breakage():
    after = (*FOUR, refund())
    assert books(on("02-10", RefundReversed("R-1", "manager")), after=after, expiry_months=1) == [
        "2026-02-10 refund.reversed  bank 300.00  contract-liability -300.00  corrects E-6",
        "2026-02-10 breakage.expiry  contract-liability 300.00  breakage -300.00",
    ]


def test_a_refund_undone_after_its_payment_came_back_closes_the_claim():
    after = (*BEGUN, refund(), on("01-22", PaymentReversed("P-1", "returned", "manager")))
    assert books(on("01-23", RefundReversed("R-1", "manager")), after=after) == [
        "2026-01-23 refund.reversed  bank 500.00  contract-asset -500.00  corrects E-2",
    ]


def test_a_session_undone_after_the_refund_is_the_customers_money():
    assert books(on("01-22", SessionReversed("S-4")), after=(*FOUR, refund())) == [
        "2026-01-22 session.reversed  revenue-package 50.00  customer-credit -50.00  corrects E-5",
    ]


# Refused


def test_above_the_quote_needs_an_exception():
    assert refused(*FOUR, refund(amount=30001)) == (
        "refund R-1: 300.01 EUR is above the quote of 300.00 EUR (500.00 paid - 4 x (500.00 / 10) = 200.00 used = 300.00). "
        "Give an `exception` with reason and approver, or leave `amount` out"
        " [policy standard@2026-01-01 refund = pro_rata] amount"
    )


def test_below_the_quote_needs_the_customers_word():
    assert refused(*FOUR, refund(amount=29999)) == (
        "refund R-1: 299.99 EUR is below the quote of 300.00 EUR (500.00 paid - 4 x (500.00 / 10) = 200.00 used = 300.00). "
        "Give `accepted` with reason and accepted_at when the customer agrees to less"
        " [policy standard@2026-01-01 refund = pro_rata] amount"
    )


def test_a_quote_of_nothing_names_the_ways_out():
    assert refused(*FOUR, refund(), **NONE) == (
        "refund R-1: the quote of bundle B-1 on 2026-01-20 is 0: the policy gives no refund. "
        "Use bundle.terminated to end it without refund, or give an `exception` with reason and approver"
        " [policy standard@2026-01-01 refund = none] amount"
    )
    assert "with reason and approver [policy standard@2026-01-01 refund = window] amount" in refused(*FOUR, refund(), **WINDOW)


def test_more_than_was_paid_is_goodwill_only():
    beyond = {"exception": because("administrative")}
    assert refused(*FOUR, refund(amount=50001, **beyond)) == (
        "refund R-1: 500.01 EUR is more than the 500.00 EUR paid and not refunded on bundle B-1. "
        "Only an exception for goodwill pays more than was received [accounting.md 4, invariant 19] amount"
    )
    twice = refund(name="R-2", amount=20000, units=UNIT, **beyond)
    assert "200.00 EUR is more than the 100.00 EUR paid and not refunded" in refused(
        *FOUR, refund(amount=40000, units=UNIT, **beyond), twice
    )


def test_there_must_be_something_to_pay_back():
    nothing = refused(sold(), refund(exception=because("clinical")))
    assert nothing == "refund R-1: there is nothing to pay back [policy standard@2026-01-01 refund = pro_rata] amount"


def test_units_beyond_those_left_are_not_refunded():
    assert refused(*FOUR, refund(units=7 * UNIT)) == (
        "refund R-1: 7 units asked back, 6 left in bundle B-1 [events.md 4a Refunds] units"
    )


def test_an_ended_bundle_is_not_refunded_again():
    assert refused(*FOUR, refund(), refund(name="R-2")) == (
        "bundle B-1 was refunded; nothing is left to refund [events.md 4a Refunds] bundle"
    )
    assert refused(*FOUR, refund(units=UNIT), refund(units=UNIT)).startswith("refund R-1 was recorded before")


def test_only_a_refund_that_is_payable_is_settled_once():
    settled = on("01-25", RefundSettled("R-1", Method.CASH))
    assert refused(*FOUR, settled) == "refund R-1 is not known [events.md 4 refund.settled, refund.reversed] refund"
    assert refused(*FOUR, refund(), settled) == (
        "refund R-1 was paid when it was issued; nothing is payable [events.md 4 refund.settled] refund"
    )
    assert refused(*FOUR, refund(method=None), settled, settled).startswith("the settlement of refund R-1 was recorded before")
    assert refused(*FOUR, refund(method=None), on("01-19", RefundSettled("R-1", Method.CASH))).endswith(
        "it cannot be undone or settled on 2026-01-19, before it happened [events.md 4a Late events] time"
    )


def test_a_refund_is_not_undone_before_it_was_settled():
    settled = on("01-25", RefundSettled("R-1", Method.CASH))
    assert refused(*FOUR, refund(method=None), settled, on("01-22", RefundReversed("R-1", "manager"))).startswith(
        "the settlement of refund R-1 is of 2026-01-25; it cannot be undone or settled on 2026-01-22"
    )


def test_a_refund_is_undone_once_and_settled_no_more():
    undone = on("01-22", RefundReversed("R-1", "manager"))
    said = "refund R-1 was reversed before [events.md 4 refund.reversed] refund"
    assert refused(*FOUR, refund(method=None), undone, undone) == said
    assert refused(*FOUR, refund(method=None), undone, on("01-25", RefundSettled("R-1", Method.CASH))) == said


def test_a_refund_of_all_units_that_are_left_ends_the_bundle():
    game = house()
    assert tell(game, *FOUR, refund(units=6 * UNIT))[-1] == "2026-01-20 refund.issued  contract-liability 300.00  bank -300.00"
    bundle = game.book.bundle("B-1")
    assert (bundle.status, bundle.units, bundle.left) == ("refunded", 10 * UNIT, 0)


def test_on_list_basis_the_fee_comes_before_the_re_pricing_and_the_rest_is_breakage():
    left = refund(amount=20000, accepted=True)
    assert books(left, after=(*BEGUN, *uses(2)), refund_fee=2001, **LIST) == [
        (
            "2026-01-20 refund.issued  contract-liability 400.00  fee-income -20.01  revenue-package -20.00"
            "  breakage -159.99  bank -200.00"
        ),
    ]


def test_undoing_what_was_paid_back_above_the_money_restores_the_vat_that_went_with_it_and_no_more():
    reduced = on("01-15", BundlePriceReduced("B-1", 12100))
    given_back = refund(amount=60500, method=Method.CARD, exception=because("goodwill"))
    history = (sold(), paid(60500), *uses(10), reduced)
    taxed = replace(PACKAGE, tax="es-21", price=60500, list_price=6050)
    assert books(given_back, on("01-30", RefundReversed("R-1", "manager")), after=history, package=taxed) == [
        "2026-01-20 refund.issued  refund-contra 521.00  vat-output 84.00  psp-clearing -605.00",
        "2026-01-30 refund.reversed  psp-clearing 605.00  refund-contra -521.00  vat-output -84.00  corrects E-13",
    ]
