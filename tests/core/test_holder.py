from __future__ import annotations

from dataclasses import replace

import pytest

from revrec.core.bundle import Status
from revrec.core.events import (
    BundleProviderChanged,
    BundleShared,
    BundleTransferred,
    BundleUnshared,
    BundleVoided,
    CustomerRegistered,
    Discount,
    Method,
    PaymentReversed,
    RefundIssued,
    SessionNoShow,
    SessionReversed,
)
from revrec.core.policy import Charge, Invoicing, Owner, Recognition, Refund, Sharing, Transfer
from revrec.core.units import UNIT
from tests.core.practice import PACKAGE
from tests.core.telling import books, clock, house, on, paid, refused, sold, tell, used, uses

BEGUN = (sold(), paid())


def registered(customer, household=None, day="01-01"):
    return on(day, CustomerRegistered(customer, "ES", "natural", household))


FAMILY = (registered("C-1", "H-1"), registered("C-2", "H-1"), registered("C-3"))


def given(to, day="01-20", **facts):
    return on(day, BundleTransferred("B-1", to, **facts))


def shared(who, day="01-20"):
    return on(day, BundleShared("B-1", who))


# Sale


def test_a_sale_takes_from_the_catalogue_what_it_does_not_say():
    game = house(package=replace(PACKAGE, bonus_units=UNIT))
    tell(game, sold(), sold(bundle="B-2", units=5 * UNIT, bonus_units=0, price=30000, list_price=7000))
    catalogue, own = game.book.bundle("B-1"), game.book.bundle("B-2")
    assert (catalogue.units, catalogue.bonus_units, catalogue.price, catalogue.list_price) == (11 * UNIT, UNIT, 50000, 6000)
    assert (own.units, own.bonus_units, own.price, own.list_price) == (5 * UNIT, 0, 30000, 7000)


def test_a_discount_lowers_the_price_of_every_unit():
    coupon = sold(discount=Discount("SPRING", 10000))
    assert books(coupon, paid(40000), *uses(1)) == [
        "2026-01-05 payment.bundle  psp-clearing 400.00  contract-liability -400.00",
        "2026-01-10 session.earned  contract-liability 40.00  revenue-package -40.00",
    ]
    assert refused(sold(discount=Discount("SPRING", 50001))) == (
        "discount SPRING of 500.01 EUR is above the price of 500.00 EUR [events.md 4 bundle.sold] discount.amount"
    )


def test_a_bundle_is_sold_once():
    assert refused(sold(), sold("01-06")).startswith("bundle B-1 was recorded before")


def test_a_sale_needs_units_a_future_and_a_provider_where_the_policy_asks():
    assert refused(sold(units=0)) == "bundle B-1 has no units [events.md 4 bundle.sold] units"
    half = "bundle B-1: 5.5 units; sessions are sold whole, only hours and money in parts [events.md 4: units] units"
    assert refused(sold(units=5 * UNIT + UNIT // 2)) == half
    assert refused(sold(expires_on=on("01-04", None).day)) == (
        "bundle B-1 would expire on 2026-01-04, before its sale on 2026-01-05 [events.md 4a Validity] expires_on"
    )
    assert refused(sold(), owner=Owner.PROVIDER) == (
        "bundle B-1: policy standard@2026-01-01 sells for one provider; name the provider"
        " [policy standard@2026-01-01 owner = provider] provider"
    )


# Void


def test_an_untouched_bundle_is_voided():
    game = house(expiry_months=1)
    assert tell(game, sold(), on("01-06", BundleVoided("B-1", "manager")), clock("12-31")) == []
    assert game.book.bundle("B-1").status is Status.VOIDED


def test_a_bundle_whose_payment_was_a_mistake_is_voided():
    back = on("01-06", PaymentReversed("P-1", "mistake", "manager"))
    assert len(books(*BEGUN, back, on("01-07", BundleVoided("B-1", "manager")))) == 2


@pytest.mark.parametrize(
    ("touched", "said"),
    [
        (paid(), "(open, 0 used, 500.00 EUR paid)"),
        (uses(1)[0], "(open, 1 used, 0.00 EUR paid)"),
        (on("01-06", BundleVoided("B-1", "manager")), "(voided, 0 used, 0.00 EUR paid)"),
    ],
)
def test_a_touched_bundle_is_not_voided(touched, said):
    assert refused(sold(), touched, on("01-20", BundleVoided("B-1", "manager"))) == (
        f"bundle B-1 {said} is not untouched; refund or terminate it instead [events.md 4 bundle.voided] bundle"
    )


# Transfer


def test_the_liability_follows_the_holder_and_nothing_is_earned():
    assert books(given("C-2"), used("S-3", "01-21", beneficiary="C-2"), after=(*BEGUN, *uses(2))) == [
        "2026-01-20 transfer.holder  contract-liability(C-1) 400.00  contract-liability(C-2) -400.00",
        "2026-01-21 session.earned  contract-liability 50.00  revenue-package -50.00",
    ]


def test_what_is_owed_follows_the_holder():
    assert books(given("C-2"), after=(sold(), *uses(2)), invoicing=Invoicing.PER_SESSION) == [
        "2026-01-20 transfer.holder  receivable(C-1) -100.00  receivable(C-2) 100.00",
    ]


def test_a_transfer_may_cost_a_fee():
    assert books(given("C-2", fee=1000), after=(sold(),)) == ["2026-01-20 fee.transfer  receivable 10.00  fee-income -10.00"]
    assert "a transfer or extension fee is never outside VAT" in refused(*BEGUN, given("C-2", fee=1000), fee_tax="outside")


def test_the_old_holder_and_the_old_beneficiaries_use_it_no_more():
    begun = (*FAMILY, *BEGUN, shared("C-2", "01-06"), given("C-3"))
    for who in ("C-1", "C-2"):
        assert f"{who} may not use bundle B-1: it is C-3's. Record" in refused(*begun, used("S-1", "01-21", beneficiary=who))


def test_part_of_it_becomes_a_bundle_of_its_own():
    part = given("C-2", units=3 * UNIT, to_bundle="B-2")
    assert books(part, used("S-3", "01-21"), used("S-4", "01-21", "B-2"), after=(*BEGUN, *uses(2)), expiry_months=6) == [
        "2026-01-20 transfer.units  contract-liability(B-1 C-1) 150.00  contract-liability(B-2 C-2) -150.00",
        "2026-01-21 session.earned  contract-liability 50.00  revenue-package -50.00",
        "2026-01-21 session.earned  contract-liability 50.00  revenue-package -50.00",
    ]


def test_a_part_keeps_the_validity_of_the_whole():
    game = house(expiry_months=6)
    tell(game, *BEGUN, given("C-2", units=3 * UNIT, to_bundle="B-2"))
    part, whole = game.book.bundle("B-2"), game.book.bundle("B-1")
    assert part.expires_on == whole.expires_on
    assert (part.units, part.price, part.position.paid) == (3 * UNIT, 15000, 15000)
    assert (whole.units, whole.price, whole.position.paid) == (7 * UNIT, 35000, 35000)


def test_a_part_of_a_bundle_partly_paid_takes_its_share_of_the_money():
    part = given("C-2", units=4 * UNIT, to_bundle="B-2")
    assert books(part, after=(sold(), paid(26000), *uses(2))) == [
        "2026-01-20 transfer.units  contract-liability(B-1 C-1) 80.00  contract-liability(B-2 C-2) -80.00",
    ]


def test_at_purchase_a_part_takes_revenue_that_is_booked():
    game = house(recognition=Recognition.AT_PURCHASE)
    tell(game, *BEGUN, given("C-2", units=3 * UNIT, to_bundle="B-2"))
    assert tell(game, *uses(7, "01-21"), used("S-8", "01-21", "B-2")) == []


def test_a_transfer_stays_in_the_family_when_the_policy_says_so():
    family = {"transfer": Transfer.FAMILY}
    assert len(books(*FAMILY, *BEGUN, given("C-2"), **family)) == 2
    assert len(books(*FAMILY, *BEGUN, given("C-3", related=True), **family)) == 2
    assert refused(*FAMILY, *BEGUN, given("C-3"), **family) == (
        "C-3 is not of the household of C-1. Register both with one `household`, or name the `relation`"
        " [policy standard@2026-01-01 transfer = family] to_customer"
    )


def test_a_customer_who_leaves_the_household_is_family_no_more():
    left = registered("C-2", None, "01-10")
    assert "C-2 is not of the household" in refused(*FAMILY, *BEGUN, left, given("C-2"), transfer=Transfer.FAMILY)


def test_a_personal_bundle_is_not_transferred():
    assert refused(*BEGUN, given("C-2"), transfer=Transfer.NONE) == (
        "bundle B-1 is personal: its policy allows no transfer [policy standard@2026-01-01 transfer = none] to_customer"
    )


def test_only_what_is_left_is_transferred_to_someone_else():
    rule = "[events.md 4 bundle.transferred]"
    assert refused(*BEGUN, given("C-1")) == f"bundle B-1 is C-1's already {rule} to_customer"
    empty = f"bundle B-1 has nothing left to transfer {rule} bundle"
    assert refused(*BEGUN, *uses(10), given("C-2")) == empty
    assert refused(*BEGUN, on("01-10", RefundIssued("R-1", "B-1")), given("C-2")) == empty
    assert refused(*BEGUN, given("C-2", "02-06"), expiry_months=1) == empty
    part = given("C-2", units=9 * UNIT, to_bundle="B-2")
    assert refused(*BEGUN, *uses(2), part) == f"bundle B-1: 9 units to transfer, 8 left {rule} units"


@pytest.mark.parametrize(("half", "missing"), [({"units": UNIT}, "to_bundle"), ({"to_bundle": "B-2"}, "units")])
def test_a_part_needs_units_and_a_name(half, missing):
    assert refused(*BEGUN, given("C-2", **half)) == (
        f"bundle B-1: a transfer of part of it needs both `units` and `to_bundle` [events.md 4 bundle.transferred] {missing}"
    )


def test_the_name_of_a_part_is_free():
    assert refused(*BEGUN, given("C-2", units=UNIT, to_bundle="B-1")).startswith("bundle B-1 was recorded before")


# Sharing


def test_a_household_shares_and_nothing_is_posted():
    assert books(shared("C-2"), shared("C-2"), used("S-1", "01-21", beneficiary="C-2"), after=(*FAMILY, *BEGUN)) == [
        "2026-01-21 session.earned  contract-liability 50.00  revenue-package -50.00",
    ]


def test_a_stranger_is_not_shared_with():
    assert refused(*FAMILY, *BEGUN, shared("C-3")) == (
        "C-3 is not of the household of C-1. Register both with one `household`"
        " [policy standard@2026-01-01 sharing = household] beneficiary"
    )
    assert refused(*FAMILY, *BEGUN, shared("C-2"), sharing=Sharing.NONE) == (
        "bundle B-1 is personal: its policy allows no sharing [policy standard@2026-01-01 sharing = none] beneficiary"
    )


def test_sharing_ends():
    ends = on("01-21", BundleUnshared("B-1", "C-2"))
    assert "C-2 may not use bundle B-1" in refused(*FAMILY, *BEGUN, shared("C-2"), ends, used("S-1", "01-22", beneficiary="C-2"))
    assert refused(*FAMILY, *BEGUN, ends) == ("bundle B-1 is not shared with C-2 [events.md 4 bundle.unshared] beneficiary")


# Provider


def test_another_provider_delivers_from_now_on():
    owner = {"owner": Owner.PROVIDER}
    begun = (sold(provider="PR-1"), paid(), on("01-10", BundleProviderChanged("B-1", "PR-2")))
    assert len(books(*begun, used("S-1", "01-11", provider="PR-2"), **owner)) == 2
    assert "belongs to provider PR-2; PR-1 may not deliver it" in refused(*begun, used("S-1", "01-11", provider="PR-1"), **owner)
    assert len(books(*begun, used("S-1", "01-09", provider="PR-1"), **owner)) == 2  # late: PR-1's on that day


def test_a_session_before_the_transfer_is_undone_for_the_new_holder():
    assert books(on("01-22", SessionReversed("S-1")), after=(*BEGUN, *uses(1), given("C-2"))) == [
        "2026-01-22 session.reversed  revenue-package 50.00  contract-liability -50.00  corrects E-2",
    ]


# Claims and money held go with the units


def test_who_takes_a_bundle_over_owes_what_is_owed_on_it_fees_too():
    owed = (sold(), on("01-08", SessionNoShow("N-1", "B-1")), *uses(3))
    fee = {"no_show": Charge.FEE, "no_show_fee": 1500, "invoicing": Invoicing.AT_PURCHASE}
    assert books(given("C-2"), after=owed, **fee) == [
        "2026-01-20 transfer.holder  receivable(C-1) -165.00  receivable(C-2) 165.00",
    ]


def test_what_is_held_for_refunds_is_parted_with_the_units():
    window = {"refund": Refund.WINDOW, "refund_window_days": 60, "refund_expected": 100_000}
    part = given("C-2", units=4 * UNIT, to_bundle="B-2")
    assert books(part, clock("03-31"), after=(*BEGUN, *uses(2)), **window) == [
        (
            "2026-01-20 transfer.units  contract-liability(B-1 C-1) 175.00  refund-liability(B-1 C-1) 25.00"
            "  contract-liability(B-2 C-2) -175.00  refund-liability(B-2 C-2) -25.00"
        ),
        "2026-03-06 refund-window.released  refund-liability 25.00  contract-liability -25.00",
        "2026-03-06 refund-window.released  refund-liability 25.00  contract-liability -25.00",
    ]
    paid_back = on("01-20", RefundIssued("R-1", "B-1", units=4 * UNIT, method=Method.CASH))
    assert books(paid_back, clock("03-31"), after=(*BEGUN, *uses(2)), **window) == [
        "2026-01-20 refund.issued  contract-liability 175.00  refund-liability 25.00  cash -200.00",
        "2026-03-06 refund-window.released  refund-liability 25.00  contract-liability -25.00",
    ]


def test_units_given_away_with_money_that_is_then_taken_back_leave_no_debit_on_what_is_held_for_refunds():
    window = {"refund": Refund.WINDOW, "refund_window_days": 60, "refund_expected": 100_000}
    part = given("C-2", units=4 * UNIT, to_bundle="B-2")
    late = on("01-10", PaymentReversed("P-1", "mistake", "manager"))
    again = paid(50000, "01-22", payment="P-2")
    assert books(late, again, clock("03-31"), after=(*BEGUN, part), **window) == [
        "2026-01-10 payment.reversed  contract-liability 450.00  refund-liability 50.00  psp-clearing -500.00  corrects E-1",
        (
            "2026-01-20 contract.reclassified  contract-asset(B-1 C-1) 200.00  contract-liability(B-1 C-1) -180.00"
            "  refund-liability(B-1 C-1) -20.00  corrects E-2"
        ),
        (
            "2026-01-22 payment.bundle  psp-clearing 500.00  contract-asset -200.00  contract-liability -290.00"
            "  refund-liability -10.00"
        ),
        "2026-03-06 refund-window.released  refund-liability 10.00  contract-liability -10.00",
        "2026-03-06 refund-window.released  refund-liability 20.00  contract-liability -20.00",
    ]
