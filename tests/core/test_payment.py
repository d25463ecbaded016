from __future__ import annotations

from dataclasses import replace

import pytest

from revrec.core.bundle import Position
from revrec.core.events import (
    BundleTerminated,
    BundleTransferred,
    BundleVoided,
    Method,
    PaymentFailed,
    PaymentReceived,
    PaymentReversed,
    RefundIssued,
    SessionCompleted,
    SessionNoShow,
    SessionReversed,
)
from revrec.core.payment import without_debit
from revrec.core.policy import Charge, ExpiryFrom, ExpiryKind, Invoicing, Overage, Recognition, Regime
from revrec.core.units import UNIT
from tests.core.practice import PACKAGE, practice
from tests.core.telling import books, clock, house, on, paid, refused, sold, tell, used, uses

BEGUN = (sold(), paid())
AT_PURCHASE = {"recognition": Recognition.AT_PURCHASE}
VISIT = on("01-20", SessionCompleted("V-1", customer="C-1", service="physiotherapy", price=4500, tax="es-health"))


def back(day, payment="P-1", fee=0, reason="mistake"):
    return on(day, PaymentReversed(payment, reason, "manager", fee))


def test_a_cancellable_sale_posts_nothing_before_money_or_use():
    assert books(sold()) == []


@pytest.mark.parametrize(
    ("method", "role"),
    [
        (Method.CASH, "cash"),
        (Method.TRANSFER, "bank"),
        (Method.DIRECT_DEBIT, "bank"),
        (Method.BIZUM, "bank"),
        (Method.CARD, "psp-clearing"),
        (Method.PAYPAL, "psp-clearing"),
        (Method.OTHER, "psp-clearing"),
    ],
)
def test_money_goes_where_its_method_says(method, role):
    assert books(sold(), paid(method=method)) == [f"2026-01-05 payment.bundle  {role} 500.00  contract-liability -500.00"]


# What money for a bundle settles


def test_money_settles_receivables_oldest_first_then_the_contract_asset_then_the_price_then_is_credit():
    fee = {"no_show": Charge.FEE, "no_show_fee": 1500, "overage": Overage.CHARGE}
    owed = (sold(), *uses(1), on("01-11", SessionNoShow("N-1", "B-1")))
    game = house(**fee)
    assert tell(game, *owed) == [
        "2026-01-10 session.earned  contract-asset 50.00  revenue-package -50.00",
        "2026-01-11 session.fee  receivable 15.00  fee-income -15.00",
    ]
    assert tell(game, paid(1000, "01-12", payment="P-1"), paid(1000, "01-13", payment="P-2")) == [
        "2026-01-12 payment.bundle  psp-clearing 10.00  receivable -10.00",
        "2026-01-13 payment.bundle  psp-clearing 10.00  contract-asset -5.00  receivable -5.00",
    ]
    assert tell(game, paid(54500, "01-14", payment="P-3")) == [
        (
            "2026-01-14 payment.bundle  psp-clearing 545.00  contract-asset -45.00  contract-liability -450.00"
            "  customer-credit -50.00"
        ),
    ]


def test_receivables_are_settled_oldest_first():
    fee = {"no_show": Charge.FEE, "no_show_fee": 1500, "invoicing": Invoicing.PER_SESSION}
    game = house(**fee)
    tell(game, sold(), *uses(1), on("01-11", SessionNoShow("N-1", "B-1")), paid(6000, "01-12"))
    assert [(c.ref, c.amount) for c in game.book.bundle("B-1").position.claims] == [("N-1", 500)]


@pytest.mark.parametrize(
    "ended",
    [on("01-10", BundleTerminated("B-1")), on("01-10", RefundIssued("R-1", "B-1")), clock("02-05")],
)
def test_money_for_a_bundle_that_has_ended_is_the_customers(ended):
    assert books(paid(5000, "02-10", payment="P-2"), after=(sold(), paid(10000), ended), expiry_months=1) == [
        "2026-02-10 payment.bundle  psp-clearing 50.00  customer-credit -50.00",
    ]


def test_after_the_end_money_still_settles_what_was_used():
    assert books(paid(8000, "02-10"), after=(sold(), *uses(1)), expiry_months=1) == [
        "2026-02-10 payment.bundle  psp-clearing 80.00  contract-asset -50.00  customer-credit -30.00",
    ]


def test_within_the_grace_money_still_pays_the_price():
    soft = {"expiry_months": 1, "expiry_kind": ExpiryKind.SOFT, "grace_days": 10}
    assert books(paid(8000, "02-15"), after=(sold(),), **soft) == [
        "2026-02-15 payment.bundle  psp-clearing 80.00  contract-liability -80.00",
    ]


def test_at_purchase_money_is_revenue_on_receipt():
    assert books(paid(60000), after=(sold(), *uses(0)), **AT_PURCHASE) == [
        "2026-01-05 payment.at-purchase  psp-clearing 600.00  revenue-package -500.00  customer-credit -100.00",
    ]
    assert books(paid(50000, "01-12"), after=(sold(), *uses(1)), **AT_PURCHASE) == [
        "2026-01-12 payment.at-purchase  psp-clearing 500.00  contract-asset -50.00  revenue-package -450.00",
    ]


def test_money_taken_elsewhere_settles_what_stands_at_the_seller():
    there = paid(day="01-11")._replace(branch="mad")
    gone = back("01-12")._replace(branch="mad")
    assert books(there, gone, after=(sold(), *uses(1))) == [
        "2026-01-11 payment.bundle  psp-clearing 500.00  contract-asset(bcn) -50.00  contract-liability(bcn) -450.00",
        (
            "2026-01-12 payment.reversed  contract-liability(bcn) 450.00  contract-asset(bcn) 50.00  psp-clearing -500.00"
            "  corrects E-2"
        ),
    ]


def test_money_for_a_visit_taken_elsewhere_settles_it_where_it_was():
    there = on("01-21", PaymentReceived("P-1", 4500, Method.CASH, session="V-1"), "mad")
    assert books(there, back("01-22")._replace(branch="mad"), after=(VISIT,)) == [
        "2026-01-21 payment.visit  cash 45.00  receivable(bcn) -45.00",
        "2026-01-22 payment.reversed  receivable(bcn) 45.00  cash -45.00  corrects E-2",
    ]


# Visits and customers


def test_money_for_a_visit_settles_it_and_the_rest_is_the_customers():
    money = on("01-21", PaymentReceived("P-1", 5000, Method.CASH, session="V-1"))
    assert books(money, after=(VISIT,)) == ["2026-01-21 payment.visit  cash 50.00  receivable -45.00  customer-credit -5.00"]


def test_money_for_a_visit_taken_back_is_the_customers():
    money = on("01-22", PaymentReceived("P-1", 4500, Method.CASH, session="V-1"))
    assert books(money, after=(VISIT, on("01-21", SessionReversed("V-1")))) == [
        "2026-01-22 payment.visit  cash 45.00  customer-credit -45.00",
    ]


def test_money_for_a_customer_stays_as_credit():
    game = house()
    assert tell(game, on("01-05", PaymentReceived("P-1", 3000, Method.BIZUM, customer="C-1"))) == [
        "2026-01-05 payment.customer  bank 30.00  customer-credit -30.00",
    ]
    assert game.book.customer("C-1").credit == 3000


def test_a_payment_that_failed_posts_nothing_and_may_come_again():
    failed = on("01-05", PaymentFailed("P-1", 50000, Method.CARD, "declined", "B-1"))
    assert books(sold(), failed, paid(day="01-06")) == [
        "2026-01-06 payment.bundle  psp-clearing 500.00  contract-liability -500.00",
    ]


# Money that comes back


def test_a_payment_reversed_leaves_the_account_it_came_to():
    game = house()
    assert tell(game, sold(), paid(method=Method.CASH), back("01-06"))[1:] == [
        "2026-01-06 payment.reversed  contract-liability 500.00  cash -500.00  corrects E-1",
    ]
    assert game.book.bundle("B-1").position.paid == 0


def test_what_was_used_is_claimed_again():
    assert books(back("01-12"), after=(*BEGUN, *uses(2)), invoicing=Invoicing.PER_SESSION) == [
        "2026-01-12 payment.reversed  contract-liability 400.00  receivable 100.00  psp-clearing -500.00  corrects E-1",
    ]


def test_the_fee_of_the_bank_is_a_cost():
    assert books(back("01-12", fee=1500, reason="returned"), after=BEGUN) == [
        (
            "2026-01-12 payment.reversed  contract-liability 500.00  psp-fees 15.00  psp-clearing -500.00  psp-clearing -15.00"
            "  corrects E-1"
        ),
    ]


def test_what_was_breakage_is_no_breakage_when_the_money_comes_back():
    assert books(back("02-10"), after=(*BEGUN, *uses(2), clock("02-05")), expiry_months=1) == [
        "2026-02-10 payment.reversed  contract-liability 400.00  contract-asset 100.00  psp-clearing -500.00  corrects E-1",
        "2026-02-10 breakage.correction  breakage 400.00  contract-liability -400.00  corrects E-4",
    ]


def test_a_fee_paid_and_taken_back_is_owed_again():
    fee = {"no_show": Charge.FEE, "no_show_fee": 1500}
    begun = (*BEGUN, on("01-10", SessionNoShow("N-1", "B-1")), paid(2000, "01-11", payment="P-2"))
    assert books(back("01-12", "P-2"), after=begun, **fee) == [
        "2026-01-12 payment.reversed  receivable 15.00  customer-credit 5.00  psp-clearing -20.00  corrects E-3",
    ]


def test_at_purchase_what_was_not_used_is_no_revenue():
    assert books(back("01-12"), after=(*BEGUN, *uses(2)), **AT_PURCHASE) == [
        "2026-01-12 payment.reversed  contract-asset 100.00  revenue-package 400.00  psp-clearing -500.00  corrects E-1",
    ]


@pytest.mark.parametrize("policy", [{}, AT_PURCHASE])
def test_what_was_refunded_and_comes_back_too_is_claimed_in_full(policy):
    refund = on("01-11", RefundIssued("R-1", "B-1", method=Method.CASH))
    assert books(back("01-12"), after=(*BEGUN, *uses(2), refund), **policy) == [
        "2026-01-12 payment.reversed  contract-asset 500.00  psp-clearing -500.00  corrects E-1",
    ]


def test_a_payment_of_a_visit_comes_back():
    money = on("01-21", PaymentReceived("P-1", 5000, Method.CASH, session="V-1"))
    assert books(back("01-22"), after=(VISIT, money)) == [
        "2026-01-22 payment.reversed  receivable 45.00  customer-credit 5.00  cash -50.00  corrects E-2",
    ]


def test_a_payment_of_a_visit_taken_back_comes_out_of_the_credit():
    money = on("01-21", PaymentReceived("P-1", 4500, Method.CASH, session="V-1"))
    assert books(back("01-22"), after=(VISIT, money, on("01-21", SessionReversed("V-1")))) == [
        "2026-01-22 payment.reversed  customer-credit 45.00  cash -45.00  corrects E-2",
    ]


def test_a_payment_of_a_customer_comes_back():
    assert books(back("01-22"), after=(on("01-05", PaymentReceived("P-1", 3000, Method.BIZUM, customer="C-1")),)) == [
        "2026-01-22 payment.reversed  customer-credit 30.00  bank -30.00  corrects E-1",
    ]


def test_credit_goes_back_to_who_paid_though_the_bundle_changed_hands():
    game = house()
    tell(game, sold(), paid(60000), on("01-06", BundleTransferred("B-1", "C-2")))
    assert tell(game, back("01-07")) == [
        "2026-01-07 payment.reversed  customer-credit(C-1) 100.00  contract-liability 500.00  psp-clearing -600.00  corrects E-1",
    ]
    assert (game.book.customer("C-1").credit, game.book.customer("C-2").credit) == (0, 0)


# Validity from the payment


def test_validity_starts_with_the_first_payment_and_moves_on_when_that_comes_back():
    game = house(expiry_months=1, expiry_from=ExpiryFrom.PAYMENT)
    tell(game, sold(), paid(1000, "01-10"), paid(1000, "01-20", payment="P-2"))
    assert str(game.book.bundle("B-1").expires_on) == "2026-02-10"
    tell(game, back("01-21"))
    assert (str(game.book.bundle("B-1").expires_on), game.book.bundle("B-1").expiry_event) == ("2026-02-20", "payment-P-2")
    tell(game, back("01-22", "P-2"))
    assert (game.book.bundle("B-1").expires_on, game.book.bundle("B-1").expiry_event) == (None, "sale-B-1")


# Refused


def test_a_payment_is_recorded_once_and_reversed_once():
    assert refused(*BEGUN, paid(day="01-06")).startswith("payment P-1 was recorded before")
    assert refused(*BEGUN, back("01-06"), back("01-07")).startswith("the reversal of payment P-1 was recorded before")


def test_what_is_not_there_is_not_paid_or_taken_back():
    assert refused(back("01-06")) == "payment P-1 is not known [events.md 4 payment.reversed] payment"
    assert refused(paid()).startswith("bundle B-1 is not known")
    assert refused(*BEGUN, *uses(1), on("01-20", PaymentReceived("P-2", 100, Method.CASH, session="S-1"))) == (
        "session S-1 is not a one-off visit; pay its `bundle`, or the `customer` before the visit"
        " [events.md 4 payment.received] session"
    )


def test_nothing_is_paid_for_a_voided_bundle():
    assert refused(sold(), on("01-06", BundleVoided("B-1", "manager")), paid(day="01-07")) == (
        "bundle B-1 was voided; record the money for customer C-1 instead [events.md 4 bundle.voided] bundle"
    )


def test_no_payment_comes_back_before_it_came():
    assert refused(*BEGUN, back("01-04")) == (
        "payment P-1 is of 2026-01-05; it cannot be undone or settled on 2026-01-04, before it happened"
        " [events.md 4a Late events] time"
    )


def test_a_small_pack_is_paid_in_parts_to_the_cent():
    thirds = replace(PACKAGE, units=3 * UNIT, price=10000)
    first, second = paid(5000), paid(5000, "01-12", payment="P-2")
    assert books(first, *uses(2), second, used("S-3", "01-13"), after=(sold(),), package=thirds) == [
        "2026-01-05 payment.bundle  psp-clearing 50.00  contract-liability -50.00",
        "2026-01-10 session.earned  contract-liability 33.33  revenue-package -33.33",
        "2026-01-10 session.earned  contract-liability 16.67  contract-asset 16.67  revenue-package -33.34",
        "2026-01-12 payment.bundle  psp-clearing 50.00  contract-asset -16.67  contract-liability -33.33",
        "2026-01-13 session.earned  contract-liability 33.33  revenue-package -33.33",
    ]


# VAT


TAXED = replace(PACKAGE, tax="es-21", price=60500, list_price=6050)


def test_a_payment_that_comes_back_takes_the_vat_of_what_is_not_delivered():
    begun = (sold(), paid(12100), paid(12100, "01-06", payment="P-2"), *uses(3))
    assert books(back("01-21", "P-2"), after=begun, package=TAXED) == [
        (
            "2026-01-21 payment.reversed  contract-liability 50.00  contract-asset 60.50  vat-output 10.50"
            "  psp-clearing -121.00  corrects E-2"
        ),
    ]


def test_a_visit_under_the_cash_scheme_is_taxed_as_it_is_paid():
    taxed = on("01-20", SessionCompleted("V-1", customer="C-1", service="pilates", price=6050, tax="es-21"))
    first = on("01-21", PaymentReceived("P-1", 3333, Method.CASH, session="V-1"))

    def told(*facts):
        return tell(practice(regime=Regime(vat_cash=True)), taxed, first, *facts)[1:]

    assert told(on("01-22", PaymentReceived("P-2", 2000, Method.CASH, session="V-1")), on("01-23", SessionReversed("V-1"))) == [
        "2026-01-21 payment.visit  cash 33.33  receivable -33.33  vat-output-pending 5.78  vat-output -5.78",
        "2026-01-22 payment.visit  cash 20.00  receivable -20.00  vat-output-pending 3.47  vat-output -3.47",
        (
            "2026-01-23 session.reversed  revenue-single 50.00  vat-output 9.25  vat-output-pending 1.25  receivable -7.17"
            "  customer-credit -53.33  corrects E-1"
        ),
    ]
    assert told(
        on("01-22", PaymentReceived("P-2", 3000, Method.CASH, session="V-1")),
        back("01-23"),
        on("01-24", PaymentReceived("P-3", 3000, Method.CASH, session="V-1")),
    )[1:] == [
        (
            "2026-01-22 payment.visit  cash 30.00  receivable -27.17  vat-output-pending 4.72  vat-output -4.72"
            "  customer-credit -2.83"
        ),
        "2026-01-23 payment.reversed  receivable 33.33  vat-output 5.78  vat-output-pending -5.78  cash -33.33  corrects E-2",
        "2026-01-24 payment.visit  cash 30.00  receivable -30.00  vat-output-pending 5.20  vat-output -5.20",
    ]


def test_the_expiry_follows_from_the_first_payment_or_from_the_sale_that_agreed_it():
    def fact(**agreed):
        game = house(expiry_months=1, expiry_from=ExpiryFrom.PAYMENT)
        tell(game, sold(**agreed), paid(10000, "01-06"), paid(10000, "01-07", payment="P-2"), clock("12-31"))
        return game.entries[-1].rule, game.entries[-1].event

    assert fact() == ("breakage.expiry", "payment-P-1")
    assert fact(expires_on=on("03-01", None).day) == ("breakage.expiry", "sale-B-1")


@pytest.mark.parametrize(
    ("money", "other", "lowers"),
    [
        ({"paid": 12100, "delivered": 6050, "earned": 10000, "vat": 2100, "other": 70}, 0, 70),
        ({"paid": 12100, "delivered": 12100, "earned": 9995, "vat": 2100}, 5, -5),
        ({"paid": 12100, "delivered": 6050, "earned": 5000, "vat": 2100}, 0, 0),
        ({"paid": 12100, "delivered": 12100, "earned": 12100}, 0, 0),
    ],
)
def test_what_left_beyond_what_was_owed_lowers_revenue(money, other, lowers):
    game = house(TAXED)
    tell(game, sold())
    bundle = game.book.bundle("B-1")._replace(position=Position(**money))
    after, lost = without_debit(bundle)
    assert (after.position.other, lost) == (other, lowers)
    for policy in ({"recognition": Recognition.AT_PURCHASE}, {"principal": False}):
        terms = replace(bundle.terms, policy=replace(bundle.terms.policy, **policy))
        assert without_debit(bundle._replace(terms=terms)) == (bundle._replace(terms=terms), 0)


def test_a_tip_and_tax_kept_back_stand_beside_the_money_of_a_visit():
    taxed = on("01-20", SessionCompleted("V-1", customer="C-1", service="pilates", price=12100, tax="es-21"))
    money = on("01-21", PaymentReceived("P-1", 11000, Method.CARD, session="V-1", tip=700, withheld=1801))
    assert books(money, on("01-22", SessionReversed("V-1")), back("01-23"), after=(taxed,)) == [
        (
            "2026-01-21 payment.visit  psp-clearing 110.00  withheld-tax 18.01  provider-payable -7.00  receivable -121.00"
            "  customer-credit -0.01"
        ),
        "2026-01-22 session.reversed  revenue-single 100.00  vat-output 21.00  customer-credit -121.00  corrects E-1",
        (
            "2026-01-23 payment.reversed  customer-credit 121.01  provider-payable 7.00  psp-clearing -110.00"
            "  withheld-tax -18.01  corrects E-2"
        ),
    ]
