"""Deposits received, applied, returned and forfeited, in entries."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from revrec.core.events import (
    BundleVoided,
    DepositApplied,
    DepositForfeited,
    DepositReceived,
    DepositReturned,
    Method,
    PaymentReversed,
    SessionCompleted,
)
from revrec.core.policy import OUTSIDE, ExpiryFrom
from tests.core.practice import PACKAGE
from tests.core.telling import books, house, on, paid, refused, sold, tell, uses

TAXED = replace(PACKAGE, tax="es-21", price=60500)
VISIT = on("01-20", SessionCompleted("V-1", customer="C-1", service="physiotherapy", price=4500, tax="es-health"))


def received(amount=10000, day="01-02", customer="C-1", branch="bcn"):
    return on(day, DepositReceived("D-1", customer, amount, Method.CASH), branch)


def applied(day="01-06", branch="bcn"):
    return on(day, DepositApplied("D-1", bundle="B-1"), branch)


def to_visit(day="01-21", branch="bcn"):
    return on(day, DepositApplied("D-1", session="V-1"), branch)


def returned(day="01-30"):
    return on(day, DepositReturned("D-1", Method.TRANSFER))


def forfeited(day="01-30"):
    return on(day, DepositForfeited("D-1"))


def test_a_deposit_is_owed_until_it_pays_for_a_bundle():
    assert books(received(), sold(), applied(), paid(40000, "01-07")) == [
        "2026-01-02 deposit.received  cash 100.00  customer-deposit -100.00",
        "2026-01-06 deposit.applied  customer-deposit 100.00  contract-liability -100.00",
        "2026-01-07 payment.bundle  psp-clearing 400.00  contract-liability -400.00",
    ]


def test_a_deposit_bears_vat_once_it_pays_for_something():
    assert books(received(12100), sold(), applied(), package=TAXED) == [
        "2026-01-02 deposit.received  cash 121.00  customer-deposit -121.00",
        "2026-01-06 deposit.applied  customer-deposit 121.00  contract-liability -100.00  vat-output -21.00",
    ]


def test_a_deposit_settles_what_was_used_and_what_exceeds_the_price_is_credit_of_who_left_it():
    game = house()
    tell(game, received(70000, customer="C-9"), sold(), *uses(2))
    assert tell(game, applied("01-12")) == [
        (
            "2026-01-12 deposit.applied  customer-deposit(C-9) 700.00  contract-asset -100.00  contract-liability -400.00"
            "  customer-credit(C-9) -200.00"
        ),
    ]
    assert (game.book.customer("C-9").credit, game.book.customer("C-1").credit) == (20000, 0)


def test_a_deposit_applied_elsewhere_leaves_the_branch_that_took_it():
    assert books(applied(branch="mad"), after=(received(), sold())) == [
        "2026-01-06 deposit.applied  customer-deposit(bcn) 100.00  contract-liability(bcn) -100.00",
    ]
    assert books(to_visit(branch="mad"), after=(received(), VISIT)) == [
        "2026-01-21 deposit.applied  customer-deposit(bcn) 100.00  receivable(bcn) -45.00  customer-credit -55.00",
    ]


def test_a_deposit_pays_for_a_visit_and_the_rest_is_credit():
    game = house()
    assert tell(game, received(5000), VISIT, to_visit()) == [
        "2026-01-02 deposit.received  cash 50.00  customer-deposit -50.00",
        "2026-01-20 session.single  receivable 45.00  revenue-single -45.00",
        "2026-01-21 deposit.applied  customer-deposit 50.00  receivable -45.00  customer-credit -5.00",
    ]
    assert (game.book.visit("V-1").paid, game.book.customer("C-1").credit) == (4500, 500)


def test_a_deposit_applied_is_a_payment_that_starts_the_validity():
    game = house(expiry_from=ExpiryFrom.PAYMENT, expiry_months=1)
    tell(game, received(), sold(), paid(40000, "01-06"), applied("01-10")._replace(id="applied"))
    assert game.book.bundle("B-1").expires_on == date(2026, 2, 6)
    tell(game, on("01-20", PaymentReversed("P-1", "returned", "manager")))
    assert (game.book.bundle("B-1").expires_on, game.book.bundle("B-1").expiry_event) == (date(2026, 2, 10), "applied")


def test_a_deposit_applied_late_stands_in_its_place():
    assert books(applied("01-06"), after=(received(), sold(), *uses(1))) == [
        "2026-01-06 deposit.applied  customer-deposit 100.00  contract-liability -100.00",
        "2026-01-10 contract.reclassified  contract-liability 50.00  contract-asset -50.00  corrects E-2",
    ]


def test_a_deposit_is_paid_back_whole():
    assert books(returned(), after=(received(),)) == [
        "2026-01-30 deposit.returned  customer-deposit 100.00  bank -100.00",
    ]


@pytest.mark.parametrize(
    ("tax", "legs"),
    [
        ("es-21", "vat-output -17.36  fee-income -82.64"),
        ("es-health", "fee-income -100.00"),
        (OUTSIDE, "fee-income -100.00"),
    ],
)
def test_a_deposit_that_is_forfeited_is_fee_income_with_the_tax_of_fees(tax, legs):
    assert books(forfeited(), after=(received(),), fee_tax=tax) == [
        f"2026-01-30 deposit.forfeited  customer-deposit 100.00  {legs}"
    ]


# Refused


def test_a_deposit_is_forfeited_only_where_a_policy_names_the_tax_of_fees():
    assert refused(received(), forfeited(), fee_tax=None) == (
        "deposit D-1: no policy in force on 2026-01-30 says by which tax a fee is charged. Set fee_tax in a version of the "
        "policy, to a tax id or to `outside` with fee_tax_why [events.md 2, fee_tax] deposit"
    )


@pytest.mark.parametrize("first", [applied("01-21"), to_visit(), returned("01-21"), forfeited("01-21")])
@pytest.mark.parametrize("then", [applied("01-25"), to_visit("01-25"), returned(), forfeited()])
def test_a_deposit_is_used_once(first, then):
    assert refused(received(), sold(), VISIT, first, then) == (
        "deposit D-1 was applied, returned or forfeited on 2026-01-21; a deposit is used once "
        "[events.md 4 deposit.received] deposit"
    )


@pytest.mark.parametrize("use", [applied(), to_visit(), returned(), forfeited()])
def test_a_deposit_is_known_and_there_before_it_is_used(use):
    begun = (sold(), VISIT)
    assert "deposit D-1 is not known; record its deposit.received first" in refused(*begun, use)
    assert "deposit D-1 is of 2026-02-01" in refused(*begun, received(day="02-01"), use)


def test_the_id_of_a_deposit_is_used_once():
    assert "deposit D-1 was recorded before" in refused(received(), received(day="01-03"))


def test_a_deposit_pays_for_something_that_there_is():
    assert "bundle B-1 is not known" in refused(received(), applied())
    assert "session V-1 is not a one-off visit" in refused(received(), to_visit())
    assert "bundle B-1 was voided" in refused(received(), sold(), on("01-05", BundleVoided("B-1", "manager")), applied())
