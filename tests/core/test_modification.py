"""Top-ups, upgrades and price concessions: nothing earned before changes (IFRS 15.18-21; RICAC 5)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from revrec.core.events import BundlePriceReduced, BundleTerminated, BundleToppedUp, BundleUpgraded, Instalment
from revrec.core.policy import Obligation, Recognition
from revrec.core.units import UNIT
from tests.core.practice import PACKAGE
from tests.core.telling import books, clock, on, paid, refused, sold, used, uses

TAXED = replace(PACKAGE, tax="es-21", price=60500, list_price=6050)
FIVE = replace(PACKAGE, units=5 * UNIT, price=25000)
BEGUN = (sold(), paid(), *uses(6))


def test_a_top_up_at_the_stand_alone_price_is_a_layer_used_after_the_first():
    assert books(
        on("02-01", BundleToppedUp("B-1", 5 * UNIT, 30000, 6000)),
        paid(30000, "02-01", payment="P-2"),
        *[used(f"T-{i}", "02-28") for i in range(1, 6)],
        after=BEGUN,
    ) == [
        "2026-02-01 payment.bundle  psp-clearing 300.00  contract-liability -300.00",
        "2026-02-28 session.earned  contract-liability 50.00  revenue-package -50.00",
        "2026-02-28 session.earned  contract-liability 50.00  revenue-package -50.00",
        "2026-02-28 session.earned  contract-liability 50.00  revenue-package -50.00",
        "2026-02-28 session.earned  contract-liability 50.00  revenue-package -50.00",
        "2026-02-28 session.earned  contract-liability 60.00  revenue-package -60.00",
    ]


def test_a_top_up_below_it_has_one_price_for_all_that_is_left():
    assert books(
        on("02-02", BundleToppedUp("B-1", 6 * UNIT, 24000)),
        paid(24000, "02-02", payment="P-2"),
        used("T-1", "02-20"),
        after=BEGUN,
    ) == [
        "2026-02-02 payment.bundle  psp-clearing 240.00  contract-liability -240.00",
        "2026-02-20 session.earned  contract-liability 44.00  revenue-package -44.00",
    ]


def test_the_event_may_say_otherwise():
    assert books(
        on("02-02", BundleToppedUp("B-1", 4 * UNIT, 24000, 6000, "prospective")),
        paid(24000, "02-02", payment="P-2"),
        used("T-1", "02-20"),
        after=BEGUN,
    ) == [
        "2026-02-02 payment.bundle  psp-clearing 240.00  contract-liability -240.00",
        "2026-02-20 session.earned  contract-liability 55.00  revenue-package -55.00",
    ]


def test_a_top_up_that_the_customer_may_not_refuse_is_due_at_once():
    assert books(on("02-02", BundleToppedUp("B-1", 4 * UNIT, 24000)), after=BEGUN, obligation=Obligation.NONCANCELLABLE) == [
        "2026-02-02 modification.topped-up  receivable 240.00  contract-liability -240.00",
    ]


def test_an_upgrade_in_place_spreads_the_rest_over_what_is_left():
    assert books(
        on("02-02", BundleUpgraded("B-1", "in_place", units=5 * UNIT, price=20000)),
        paid(20000, "02-02", payment="P-2"),
        used("T-1", "02-20"),
        after=(sold(), paid(25000), *uses(2)),
        package=FIVE,
    ) == [
        "2026-02-02 payment.bundle  psp-clearing 200.00  contract-liability -200.00",
        "2026-02-20 session.earned  contract-liability 43.75  revenue-package -43.75",
    ]


def test_a_new_pack_counts_the_unused_value_as_paid():
    assert books(
        on("02-10", BundleUpgraded("B-1", "new_pack", units=10 * UNIT, price=45000, to_bundle="B-2")),
        paid(30000, "02-10", "B-2", "P-2"),
        used("U-1", "02-28", "B-2"),
        after=(sold(), paid(25000), *uses(2)),
        package=FIVE,
    ) == [
        "2026-02-10 modification.upgraded  contract-liability(B-1 C-1) 150.00  contract-liability(B-2 C-1) -150.00",
        "2026-02-10 payment.bundle  psp-clearing 300.00  contract-liability -300.00",
        "2026-02-28 session.earned  contract-liability 45.00  revenue-package -45.00",
    ]


def test_a_new_pack_takes_the_vat_of_the_unused_value_with_it():
    assert books(
        on("02-10", BundleUpgraded("B-1", "new_pack", units=10 * UNIT, price=45000, to_bundle="B-2")),
        after=(sold(), paid(60500), *uses(4)),
        package=TAXED,
    ) == [
        (
            "2026-02-10 modification.upgraded  contract-liability(B-1 C-1) 300.00  vat-output(B-1 C-1) 63.00"
            "  contract-liability(B-2 C-1) -300.00  vat-output(B-2 C-1) -63.00"
        ),
    ]


def test_what_is_unused_beyond_the_new_price_is_credit_of_the_customer():
    assert books(
        on("02-10", BundleUpgraded("B-1", "new_pack", units=2 * UNIT, price=9000, to_bundle="B-2")),
        after=(sold(), paid(), *uses(2)),
    ) == [
        (
            "2026-02-10 modification.upgraded  contract-liability(B-1 C-1) 400.00"
            "  contract-liability(B-2 C-1) -90.00  customer-credit -310.00"
        ),
    ]


def test_a_new_pack_leaves_unpaid_use_owed_on_the_old_one():
    assert books(
        on("02-10", BundleUpgraded("B-1", "new_pack", units=10 * UNIT, price=45000, to_bundle="B-2")),
        paid(10000, "02-11"),
        after=(sold(), *uses(2)),
    ) == [
        "2026-02-11 payment.bundle  psp-clearing 100.00  contract-asset -100.00",
    ]


def test_a_lower_price_before_the_money_is_spread_over_all_sessions():
    assert books(on("01-06", BundlePriceReduced("B-1", 5000)), paid(45000, "01-07"), used("S-1", "01-20"), after=(sold(),)) == [
        "2026-01-07 payment.bundle  psp-clearing 450.00  contract-liability -450.00",
        "2026-01-20 session.earned  contract-liability 45.00  revenue-package -45.00",
    ]


def test_what_was_paid_above_a_lower_price_is_credit_with_its_vat():
    assert books(
        on("01-06", BundlePriceReduced("B-1", 12100)), used("S-1", "01-20"), after=(sold(), paid(60500)), package=TAXED
    ) == [
        "2026-01-06 modification.price-reduced  contract-liability 100.00  vat-output 21.00  customer-credit -121.00",
        "2026-01-20 session.earned  contract-liability 40.00  revenue-package -40.00",
    ]


def test_a_concession_on_what_was_delivered_lowers_revenue():
    assert books(on("01-26", BundlePriceReduced("B-1", 12100)), after=(sold(), paid(60500), *uses(9)), package=TAXED) == [
        "2026-01-26 modification.price-reduced  contract-liability 50.00  vat-output 10.50  customer-credit -60.50",
        "2026-01-26 modification.price-reduced  vat-output 10.50  refund-contra 50.00  customer-credit -60.50",
    ]


def test_a_concession_on_what_is_unpaid_closes_the_claim():
    assert books(on("01-26", BundlePriceReduced("B-1", 5000)), after=(sold(), *uses(10))) == [
        "2026-01-26 modification.price-reduced  refund-contra 50.00  contract-asset -50.00",
    ]


def test_a_concession_at_purchase_lowers_revenue():
    assert books(on("01-06", BundlePriceReduced("B-1", 5000)), after=(sold(), paid()), recognition=Recognition.AT_PURCHASE) == [
        "2026-01-06 modification.price-reduced  refund-contra 50.00  customer-credit -50.00",
    ]


def test_a_late_session_before_a_top_up_changes_the_price_of_the_rest():
    assert books(
        used("S-9", "01-12"),
        used("T-1", "02-20"),
        after=(
            sold(),
            paid(),
            *uses(5),
            on("02-02", BundleToppedUp("B-1", 5 * UNIT, 20000)),
            paid(20000, "02-02", payment="P-2"),
        ),
    ) == [
        "2026-01-12 session.earned  contract-liability 50.00  revenue-package -50.00",
        "2026-02-20 session.earned  contract-liability 44.44  revenue-package -44.44",
    ]


# What a package gives, with its free units


GENEROUS = replace(PACKAGE, bonus_units=2 * UNIT, price=60000)
SMALL = (sold(units=5 * UNIT, bonus_units=0, price=30000), paid(30000), *uses(2))
FOUR = (sold(), paid(), *uses(4))
FIRM = {"obligation": Obligation.NONCANCELLABLE}


def upgraded(mode="in_place", **facts):
    return on("02-01", BundleUpgraded("B-1", mode, **facts))


def reduced(amount, day="02-01"):
    return on(day, BundlePriceReduced("B-1", amount))


def test_in_place_it_gets_the_units_of_the_package_free_ones_too():
    assert books(
        upgraded(to_package="P12"), paid(30000, "02-02", payment="P-2"), used("T-1", "02-03"), after=SMALL, package=GENEROUS
    ) == [
        "2026-02-02 payment.bundle  psp-clearing 300.00  contract-liability -300.00",
        "2026-02-03 session.earned  contract-liability 48.00  revenue-package -48.00",
    ]


def test_a_new_pack_has_the_free_units_of_its_package():
    assert books(
        upgraded("new_pack", to_package="P12", to_bundle="B-2"),
        paid(42000, "02-02", "B-2", "P-2"),
        used("T-1", "02-03", "B-2"),
        after=SMALL,
        package=GENEROUS,
    )[1:] == [
        "2026-02-02 payment.bundle  psp-clearing 420.00  contract-liability -420.00",
        "2026-02-03 session.earned  contract-liability 50.00  revenue-package -50.00",
    ]


def test_units_that_are_named_include_no_free_ones():
    assert books(
        upgraded("new_pack", units=8 * UNIT, price=40000, to_bundle="B-2"),
        paid(22000, "02-02", "B-2", "P-2"),
        used("T-1", "02-03", "B-2"),
        after=SMALL,
        package=GENEROUS,
    )[1:] == [
        "2026-02-02 payment.bundle  psp-clearing 220.00  contract-liability -220.00",
        "2026-02-03 session.earned  contract-liability 50.00  revenue-package -50.00",
    ]


# What falls due, what is due no more


def test_in_place_the_difference_of_the_prices_falls_due():
    assert books(upgraded(units=2 * UNIT, price=7001), after=(sold(), paid(), *uses(2)), **FIRM) == [
        "2026-02-01 modification.upgraded  receivable 70.01  contract-liability -70.01",
    ]


def test_each_top_up_falls_due_with_its_own_price():
    second = on("02-03", BundleToppedUp("B-1", UNIT, 5001))
    assert books(on("02-02", BundleToppedUp("B-1", 4 * UNIT, 24000)), second, after=BEGUN, **FIRM) == [
        "2026-02-02 modification.topped-up  receivable 240.00  contract-liability -240.00",
        "2026-02-03 modification.topped-up  receivable 50.01  contract-liability -50.01",
    ]


def test_what_was_paid_above_the_price_of_a_smaller_package_is_credit():
    assert books(
        upgraded(to_package="P5"), used("T-1", "02-03"), after=(sold(units=12 * UNIT, price=60000), paid(60000), *uses(2))
    ) == [
        "2026-02-01 modification.upgraded  contract-liability 100.00  customer-credit -100.00",
        "2026-02-03 session.earned  contract-liability 50.00  revenue-package -50.00",
    ]


def test_the_last_instalments_shrink_with_the_price():
    halves = (Instalment(date(2026, 1, 15), 25000), Instalment(date(2026, 2, 15), 25000))
    begun = (sold(instalments=halves), paid(25000, "01-15"), *uses(2))
    assert books(reduced(10001), clock("04-01"), after=begun, **FIRM) == [
        "2026-02-15 instalment.due  receivable 149.99  contract-liability -149.99",
    ]
    assert books(reduced(30001), clock("04-01"), after=begun, **FIRM) == [
        "2026-02-01 modification.price-reduced  contract-liability 50.01  customer-credit -50.01",
    ]


# Concessions to the cent


def test_a_concession_is_first_on_what_is_left():
    assert books(reduced(6001), used("T-1", "02-02"), after=FOUR) == [
        "2026-02-01 modification.price-reduced  contract-liability 60.01  customer-credit -60.01",
        "2026-02-02 session.earned  contract-liability 40.00  revenue-package -40.00",
    ]
    assert books(reduced(50000), after=FOUR) == [
        "2026-02-01 modification.price-reduced  contract-liability 300.00  customer-credit -300.00",
        "2026-02-01 modification.price-reduced  refund-contra 200.00  customer-credit -200.00",
    ]


def test_then_on_claims_and_what_was_paid_is_credit():
    assert books(reduced(6001), after=(sold(), paid(47000), *uses(10))) == [
        "2026-02-01 modification.price-reduced  refund-contra 60.01  contract-asset -30.00  customer-credit -30.01",
    ]


def test_taxed_it_takes_the_vat_of_both():
    assert books(reduced(6001), after=(sold(), paid(57500), *uses(10)), package=TAXED) == [
        (
            "2026-02-01 modification.price-reduced  vat-output 10.42  refund-contra 49.59  contract-asset -30.00"
            "  customer-credit -30.01"
        ),
    ]
    assert books(reduced(40001), after=(sold(), paid(60500), *uses(6)), package=TAXED) == [
        "2026-02-01 modification.price-reduced  contract-liability 200.00  vat-output 42.00  customer-credit -242.00",
        "2026-02-01 modification.price-reduced  vat-output 27.42  refund-contra 130.59  customer-credit -158.01",
    ]


def test_a_bundle_that_lapsed_has_nothing_left_to_make_cheaper():
    assert books(reduced(6001, "03-01"), after=(*FOUR, clock("02-28")), expiry_months=1) == [
        "2026-03-01 modification.price-reduced  refund-contra 60.01  customer-credit -60.01",
    ]


def test_a_new_pack_takes_odd_cents_and_their_vat_with_it():
    assert books(
        upgraded("new_pack", units=20 * UNIT, price=100001, to_bundle="B-2"),
        used("T-1", "02-03", "B-2"),
        after=(sold(), paid(33333), *uses(4)),
        package=TAXED,
    ) == [
        (
            "2026-02-01 modification.upgraded  contract-liability(B-1 C-1) 75.48  vat-output(B-1 C-1) 15.85"
            "  contract-liability(B-2 C-1) -75.48  vat-output(B-2 C-1) -15.85"
        ),
        "2026-02-03 session.earned  contract-liability 41.32  revenue-package -41.32",
    ]


# Refusals


ENDED = on("01-20", BundleTerminated("B-1"))


@pytest.mark.parametrize(
    ("fact", "said"),
    [
        (
            upgraded(units=-7 * UNIT),
            (
                "bundle B-1: 4 units worth 200.00 EUR are used; it cannot become one of 3 units for 500.00 EUR"
                " [events.md 4a Upgrade] units"
            ),
        ),
        (
            upgraded(price=-30001),
            (
                "bundle B-1: 4 units worth 200.00 EUR are used; it cannot become one of 10 units for 199.99 EUR"
                " [events.md 4a Upgrade] units"
            ),
        ),
        (reduced(50001), "bundle B-1: 500.01 EUR is more than its price of 500.00 EUR [events.md 4 bundle.price_reduced] amount"),
    ],
)
def test_what_was_used_is_not_taken_back(fact, said):
    assert refused(*FOUR, fact) == said


def test_a_smaller_package_must_hold_what_was_used():
    assert refused(sold(units=20 * UNIT, price=100000), paid(100000), *uses(11), upgraded(to_package="P10")) == (
        "bundle B-1: 11 units worth 550.00 EUR are used; it cannot become one of 10 units for 500.00 EUR"
        " [events.md 4a Upgrade] to_package"
    )
    assert books(upgraded(units=-6 * UNIT, price=-30000), after=FOUR) == [
        "2026-02-01 modification.upgraded  contract-liability 300.00  customer-credit -300.00",
    ]


def test_what_ended_is_not_changed():
    assert refused(*FOUR, ENDED, upgraded()) == (
        "bundle B-1 was terminated; it cannot be upgraded. Sell a new one [events.md 4 bundle.upgraded] bundle"
    )
    assert refused(*FOUR, ENDED, reduced(50)) == (
        "bundle B-1 was terminated; its price stands. Grant a credit instead (credit.granted)"
        " [events.md 4 bundle.price_reduced] bundle"
    )
    assert refused(*FOUR, on("02-06", BundleToppedUp("B-1", UNIT, 100)), expiry_months=1) == (
        "bundle B-1 expired on 2026-02-05; it cannot be topped up. Sell a new one [events.md 4 bundle.topped_up] bundle"
    )
