"""Credit granted and spent, in entries."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from revrec.core.events import (
    BundleExtended,
    BundleVoided,
    CreditApplied,
    CreditGranted,
    Method,
    PaymentReceived,
    PaymentReversed,
    RefundIssued,
    SessionNoShow,
)
from revrec.core.policy import Charge, ExpiryFrom, Recognition
from tests.core.practice import PACKAGE
from tests.core.telling import books, house, on, paid, refused, sold, tell, used, uses

TAXED = replace(PACKAGE, tax="es-21", price=60500)


def granted(amount, day="01-05", customer="C-1"):
    return on(day, CreditGranted(customer, amount))


def applied(amount, day="01-06", bundle="B-1", customer="C-1"):
    return on(day, CreditApplied(customer, amount, bundle))


def left(amount, day="01-02", customer="C-1"):
    return on(day, PaymentReceived("P-0", amount, Method.TRANSFER, customer=customer))


def test_a_credit_granted_lowers_revenue_and_is_spent_as_money_is():
    assert books(sold(), granted(5000), applied(5000), paid(45000, "01-07"), used("S-1", "02-03")) == [
        "2026-01-05 credit.granted  refund-contra 50.00  customer-credit -50.00",
        "2026-01-06 credit.applied  customer-credit 50.00  contract-liability -50.00",
        "2026-01-07 payment.bundle  psp-clearing 450.00  contract-liability -450.00",
        "2026-02-03 session.earned  contract-liability 50.00  revenue-package -50.00",
    ]


def test_money_for_no_particular_bundle_is_credit_until_it_is_applied():
    game = house()
    assert tell(game, left(12000), sold(), applied(10000), paid(40000)) == [
        "2026-01-02 payment.customer  bank 120.00  customer-credit -120.00",
        "2026-01-06 credit.applied  customer-credit 100.00  contract-liability -100.00",
        "2026-01-05 payment.bundle  psp-clearing 400.00  contract-liability -400.00",
    ]
    assert game.book.customer("C-1").credit == 2000


def test_credit_settles_claims_before_the_price():
    fee = {"no_show": Charge.FEE, "no_show_fee": 1500}
    owed = (granted(8000), sold(), *uses(1), on("01-11", SessionNoShow("N-1", "B-1")))
    assert books(applied(8000, "01-12"), after=owed, **fee) == [
        "2026-01-12 credit.applied  customer-credit 80.00  contract-asset -50.00  receivable -15.00  contract-liability -15.00",
    ]


def test_the_vat_of_a_credit_is_that_of_the_bundle_it_pays_for():
    assert books(granted(12100), sold(), applied(12100), package=TAXED) == [
        "2026-01-05 credit.granted  refund-contra 121.00  customer-credit -121.00",
        "2026-01-06 credit.applied  customer-credit 121.00  contract-liability -100.00  vat-output -21.00",
    ]


def test_in_the_vat_of_a_refund_the_credit_is_a_document_of_its_own():
    half = (granted(12100), sold(), applied(12100), paid(48400, "01-07"))
    assert books(on("01-08", RefundIssued("R-1", "B-1", method=Method.CASH)), after=half, package=TAXED) == [
        "2026-01-08 refund.issued  contract-liability 500.00  vat-output 105.00  cash -605.00",
    ]


def test_at_purchase_a_credit_applied_is_revenue():
    assert books(applied(5000), after=(granted(5000), sold()), recognition=Recognition.AT_PURCHASE) == [
        "2026-01-06 credit.applied  customer-credit 50.00  revenue-package -50.00",
    ]


def test_a_parent_pays_for_a_child_with_the_parents_credit():
    game = house()
    assert tell(game, granted(5000, customer="C-9"), sold(), applied(5000, customer="C-9")) == [
        "2026-01-05 credit.granted  refund-contra 50.00  customer-credit -50.00",
        "2026-01-06 credit.applied  customer-credit(C-9) 50.00  contract-liability -50.00",
    ]
    assert (game.book.customer("C-9").credit, game.book.customer("C-1").credit) == (0, 0)


def test_credit_spent_elsewhere_pays_what_stands_at_the_seller():
    there = applied(5000)._replace(branch="mad")
    assert books(there, after=(granted(5000), sold())) == [
        "2026-01-06 credit.applied  customer-credit 50.00  contract-liability(bcn) -50.00",
    ]


def test_a_credit_applied_is_a_payment_that_starts_the_validity():
    game = house(expiry_from=ExpiryFrom.PAYMENT, expiry_months=1)
    tell(game, granted(5000), sold(), applied(5000, "01-10"), paid(45000, "01-20"))
    assert game.book.bundle("B-1").expires_on == date(2026, 2, 10)


def test_the_validity_moves_back_to_the_credit_when_an_earlier_payment_comes_back():
    game = house(expiry_from=ExpiryFrom.PAYMENT, expiry_months=1)
    tell(game, granted(5000), sold(), paid(45000, "01-06"), applied(5000, "01-10")._replace(id="applied"))
    tell(game, on("01-20", PaymentReversed("P-1", "returned", "manager")))
    bundle = game.book.bundle("B-1")
    assert (bundle.expires_on, bundle.expiry_event) == (date(2026, 2, 10), "applied")


# Late facts


def test_a_late_payment_leaves_less_room_and_the_rest_is_credit_again():
    game = house()
    tell(game, granted(5000), sold(), applied(5000, "01-10"), paid(40000, "01-11"))
    assert tell(game, paid(48000, "01-08", payment="P-2")) == [
        "2026-01-08 payment.bundle  psp-clearing 480.00  contract-liability -480.00",
        "2026-01-10 contract.reclassified  contract-liability 30.00  customer-credit(C-1) -30.00  corrects E-2",
        "2026-01-11 contract.reclassified  contract-liability 400.00  customer-credit(C-1) -400.00  corrects E-3",
    ]
    assert game.book.customer("C-1").credit == 43000


def test_a_late_credit_stands_before_the_payment_that_paid_the_rest():
    game = house()
    tell(game, granted(5000), sold(), paid(50000, "01-11"))
    assert tell(game, applied(5000, "01-10")) == [
        "2026-01-10 credit.applied  customer-credit 50.00  contract-liability -50.00",
        "2026-01-11 contract.reclassified  contract-liability 50.00  customer-credit(C-1) -50.00  corrects E-2",
    ]
    assert game.book.customer("C-1").credit == 5000


# Refused


def test_no_more_than_the_credit_that_there_is():
    assert refused(granted(2000), sold(), applied(5000)) == (
        "customer C-1 has 20.00 EUR of credit; 50.00 EUR cannot be applied to bundle B-1. "
        "Apply what there is, and record the rest as payment.received [events.md 4 credit.applied] amount"
    )


def test_no_more_than_the_bundle_takes():
    assert refused(granted(5000), sold(), paid(47000), applied(5000)) == (
        "bundle B-1 takes 30.00 EUR on 2026-01-06, not 50.00 EUR; 20.00 EUR would be credit again. Apply what it takes "
        "[events.md 4a Money due] amount"
    )


def test_an_ended_bundle_takes_what_is_owed_on_it():
    ended = (granted(8000), sold(), *uses(1))
    assert "takes 50.00 EUR on 2026-03-01" in refused(*ended, applied(8000, "03-01"), expiry_months=1)
    assert books(applied(5000, "03-01"), after=ended, expiry_months=1) == [
        "2026-03-01 credit.applied  customer-credit 50.00  contract-asset -50.00",
    ]


def test_a_voided_bundle_takes_nothing():
    assert "bundle B-1 was voided" in refused(granted(100), sold(), on("01-05", BundleVoided("B-1", "manager")), applied(100))


def test_money_of_a_customer_that_was_spent_is_owed_when_the_bank_takes_it_back():
    spent = (left(5000), sold(), applied(5000))
    [line] = books(on("01-09", PaymentReversed("P-0", "returned", "manager")), after=spent)
    assert line.startswith("2026-01-09 payment.reversed  customer-credit 50.00  ")


def test_the_excess_of_a_payment_that_was_spent_is_owed_when_the_payment_comes_back():
    spent = (sold("01-01", "B-2"), paid(55000, bundle="B-2"), sold(), applied(2000))
    assert books(on("01-09", PaymentReversed("P-1", "returned", "manager")), after=spent) == [
        (
            "2026-01-09 payment.reversed  receivable 20.00  customer-credit 30.00  contract-liability 500.00"
            "  psp-clearing -550.00  corrects E-1"
        )
    ]


def test_a_payers_excess_is_the_payers_credit_in_the_entry_too():
    pays = on("01-05", PaymentReceived("P-1", 52000, Method.CASH, bundle="B-1", payer="C-9"))
    assert books(sold(), pays) == [
        "2026-01-05 payment.bundle  cash 520.00  contract-liability -500.00  customer-credit(C-9) -20.00"
    ]


def test_a_bundle_that_lives_again_takes_credit_again():
    reopened = on("03-01", BundleExtended("B-1", date(2026, 6, 1), "other", "manager"))
    begun = (granted(5000), sold(), paid(45000), reopened)
    assert books(applied(5000, "03-02"), after=begun, expiry_months=1) == [
        "2026-03-02 credit.applied  customer-credit 50.00  contract-liability -50.00",
    ]
