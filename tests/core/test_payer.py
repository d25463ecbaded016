"""Several payers of one bundle: who owes what of it, whatever happens to it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from revrec.core.attribution import recipients
from revrec.core.events import (
    BundlePriceReduced,
    BundleSold,
    BundleToppedUp,
    BundleTransferred,
    ChargebackLost,
    ChargebackOpened,
    CreditApplied,
    CreditGranted,
    DepositApplied,
    DepositReceived,
    Instalment,
    Method,
    Payer,
    PaymentReceived,
    PaymentReversed,
    ReceivableRecovered,
    ReceivableWrittenOff,
    RefundIssued,
    RefundReversed,
    SessionCompleted,
    SessionReversed,
    Surcharge,
)
from revrec.core.handlers import HANDLERS
from revrec.core.history import recorded, replay
from revrec.core.policy import Obligation
from revrec.core.units import UNIT
from tests.core.practice import START, World, histories, play, worlds
from tests.core.test_invariants import payers_owe_what_is_owed_on_their_bundle

DAY = timedelta(days=1)


class Told:
    """Bundle B-1 of C-1, ten sessions for 500.00: the insurer is bound for 400.00 of it."""

    def __init__(self, world: World | None = None, payers=(("INS", 40_000), ("C-1", 10_000)), **sale) -> None:
        self.game = (world or World()).practice()
        self.day, self.number = START, 0
        self.say(BundleSold("B-1", "P10", "C-1", payers=tuple(Payer(*each) for each in payers), **sale))

    def say(self, fact, days: int = 1) -> None:
        self.day += days * DAY
        self.game.record(fact, self.day)

    def use(self, times: int = 1, **more) -> None:
        for _ in range(times):
            self.number += 1
            self.say(SessionCompleted(f"S-{self.number}", bundle="B-1", **more))

    def pay(self, amount: int, payer: str | None = None) -> str:
        self.number += 1
        self.say(PaymentReceived(f"P-{self.number}", amount, Method.CARD, bundle="B-1", payer=payer))
        return f"P-{self.number}"

    @property
    def bundle(self):
        return self.game.book.bundle("B-1")

    @property
    def owed(self) -> dict[str, int]:
        payers_owe_what_is_owed_on_their_bundle(World(), self.game)
        return {each.customer: each.owed for each in self.bundle.shares}

    @property
    def paid(self) -> dict[str, int]:
        return {each.customer: each.paid for each in self.bundle.shares}

    @property
    def agreed(self) -> dict[str, int]:
        return {each.customer: each.agreed for each in self.bundle.shares}


def test_without_payers_the_customer_owes_it_all():
    told = Told(payers=())
    told.use()
    assert told.owed == {"C-1": 5_000}


def test_what_is_delivered_is_owed_by_each_in_proportion():
    told = Told()
    told.use(2)
    assert told.owed == {"INS": 8_000, "C-1": 2_000}


def test_a_payment_of_a_payer_settles_that_payers_part():
    told = Told()
    told.use(2)
    told.pay(2_000, "C-1")
    assert told.owed == {"INS": 8_000, "C-1": 0}
    told.pay(8_000, "INS")
    assert told.owed == {"INS": 0, "C-1": 0}
    assert told.paid == {"INS": 8_000, "C-1": 2_000}


def test_a_payment_that_names_nobody_is_the_customers_first_then_the_others():
    told = Told()
    told.use(10)
    told.pay(10_000)
    assert told.owed == {"INS": 40_000, "C-1": 0}
    told.pay(15_000)
    assert told.owed == {"INS": 25_000, "C-1": 0}


def test_somebody_who_is_not_bound_pays_for_the_customer():
    told = Told()
    told.use(10)
    told.pay(7_000, "GRANDMOTHER")
    assert told.owed == {"INS": 40_000, "C-1": 3_000}


def test_money_of_a_payer_beyond_the_part_helps_the_customer_first():
    told = Told(payers=(("INS", 20_000), ("AID", 20_000), ("C-1", 10_000)))
    told.use(10)
    told.pay(33_000, "INS")
    assert told.owed == {"INS": 0, "AID": 17_000, "C-1": 0}


def test_money_paid_ahead_covers_what_is_delivered_to_all_until_it_is_used_up():
    told = Told()
    told.pay(10_000)
    told.use(2)
    assert told.owed == {"INS": 0, "C-1": 0}
    told.use(3)
    assert told.owed == {"INS": 15_000, "C-1": 0}
    told.use(5)
    assert told.owed == {"INS": 40_000, "C-1": 0}


def test_fees_and_charges_beside_the_price_are_the_customers():
    told = Told()
    told.use(surcharge=Surcharge(1_500, "es-health"))
    assert told.owed == {"INS": 4_000, "C-1": 2_500}
    told.pay(4_000, "INS")  # although the surcharge is a claim of the same age
    assert told.owed == {"INS": 0, "C-1": 2_500}
    told.pay(2_500)
    assert told.owed == {"INS": 0, "C-1": 0}


def test_a_customer_who_is_bound_for_nothing_still_owes_what_is_charged_beside():
    told = Told(payers=(("INS", 50_000),))
    told.use(surcharge=Surcharge(1_500, "es-health"))
    assert told.owed == {"INS": 5_000, "C-1": 1_500}
    assert told.agreed == {"INS": 50_000, "C-1": 0}


def test_each_instalment_is_owed_by_all_in_proportion():
    parts = (Instalment(START + 5 * DAY, 20_000), Instalment(START + 40 * DAY, 30_000))
    told = Told(World().with_policy(obligation=Obligation.NONCANCELLABLE), instalments=parts)
    told.say(CreditGranted("X", 100), 10)
    assert told.owed == {"INS": 16_000, "C-1": 4_000}
    told.pay(16_000, "INS")
    told.say(CreditGranted("X", 100), 40)
    assert told.owed == {"INS": 24_000, "C-1": 10_000}


def test_a_higher_price_is_the_customers_a_lower_one_lower_for_all():
    told = Told()
    told.say(BundleToppedUp("B-1", 2 * UNIT, 12_000))
    assert told.agreed == {"INS": 40_000, "C-1": 22_000}
    told = Told()
    told.say(BundlePriceReduced("B-1", 5_000))
    assert told.agreed == {"INS": 36_000, "C-1": 9_000}


def test_money_that_a_lower_price_gives_back_is_of_who_paid_more_than_the_new_part():
    told = Told()
    told.pay(40_000, "INS")
    told.say(BundlePriceReduced("B-1", 25_000))
    assert told.agreed == {"INS": 20_000, "C-1": 5_000}
    assert told.paid == {"INS": 25_000, "C-1": 0}
    told.use(10)
    assert told.owed == {"INS": 0, "C-1": 0}


def test_a_payment_taken_back_is_owed_again_by_its_payer():
    told = Told()
    told.use(10)
    told.pay(10_000)
    payment = told.pay(40_000, "INS")
    told.say(PaymentReversed(payment, "returned", "manager"))
    assert told.owed == {"INS": 40_000, "C-1": 0}


def test_a_refund_goes_back_to_each_by_what_was_paid_and_comes_again_when_it_is_undone():
    told = Told()
    told.pay(40_000, "INS")
    told.pay(10_000)
    told.use(2)
    told.say(RefundIssued("R-1", "B-1"))
    assert told.paid == {"INS": 8_000, "C-1": 2_000}
    assert told.owed == {"INS": 0, "C-1": 0}
    told.say(RefundReversed("R-1", "manager"))
    assert told.paid == {"INS": 40_000, "C-1": 10_000}


def test_what_is_written_off_is_of_the_payer_who_owes_just_that_else_of_all():
    told = Told()
    told.use(10)
    told.pay(5_000)
    told.say(ReceivableWrittenOff(40_000, bundle="B-1"))
    assert told.owed == {"INS": 0, "C-1": 5_000}
    told.say(ReceivableRecovered(10_000, bundle="B-1"))
    assert told.owed == {"INS": 10_000, "C-1": 5_000}
    told.say(ReceivableWrittenOff(3_000, bundle="B-1"))
    assert told.owed == {"INS": 8_000, "C-1": 4_000}


@pytest.mark.parametrize(
    ("payer", "amount", "owed", "lost"),
    [
        ("INS", 40_000, {"INS": 0, "C-1": 10_000}, {"INS": 40_000, "C-1": 0}),
        ("GRANDMOTHER", 10_000, {"INS": 40_000, "C-1": 0}, {"INS": 0, "C-1": 10_000}),
    ],
    ids=["bound", "not-bound"],
)
def test_a_dispute_that_is_lost_is_the_loss_of_its_payer_if_bound_else_of_the_customer(payer, amount, owed, lost):
    told = Told()
    told.use(10)
    payment = told.pay(amount, payer)
    told.say(ChargebackOpened(payment, amount))
    told.say(ChargebackLost(payment))
    assert told.owed == owed
    assert {each.customer: each.lost for each in told.bundle.shares} == lost


def test_the_new_holder_of_a_bundle_takes_over_the_customers_part():
    told = Told()
    told.use(2)
    told.say(BundleTransferred("B-1", "C-2"))
    assert told.owed == {"INS": 8_000, "C-2": 2_000}
    told = Told()
    told.say(BundleTransferred("B-1", "INS"))
    assert told.agreed == {"INS": 50_000}


def test_units_that_are_split_off_are_owed_by_who_gets_them():
    told = Told()
    told.say(BundleTransferred("B-1", "C-2", units=5 * UNIT, to_bundle="B-2"))
    assert told.agreed == {"INS": 20_000, "C-1": 5_000}
    part = told.game.book.bundle("B-2")
    assert [(each.customer, each.agreed) for each in part.shares] == [("C-2", 25_000)]


def test_credit_and_deposits_are_the_money_of_who_had_them():
    told = Told()
    told.use(10)
    told.say(CreditGranted("INS", 1_000))
    told.say(CreditApplied("INS", 1_000, "B-1"))
    told.say(DepositReceived("D-1", "INS", 2_000, Method.CASH))
    told.say(DepositApplied("D-1", bundle="B-1"))
    assert told.owed == {"INS": 37_000, "C-1": 10_000}


def test_what_was_paid_for_a_charge_that_is_undone_counts_for_the_customer():
    told = Told()
    told.use(surcharge=Surcharge(1_500, "es-health"))
    told.pay(6_500)
    assert told.paid == {"INS": 0, "C-1": 5_000}
    told.say(SessionReversed("S-1"))
    assert told.paid == {"INS": 0, "C-1": 6_500}


def test_a_late_payment_is_of_its_payer_too():
    told = Told()
    told.use(10)
    told.pay(10_000)
    told.game.record(PaymentReceived("P-LATE", 30_000, Method.CARD, bundle="B-1", payer="INS"), date(2026, 1, 3))
    assert told.owed == {"INS": 10_000, "C-1": 0}


def test_what_was_billed_is_invoiced_to_whom_it_was_billed():
    told = Told()
    told.use(2, surcharge=Surcharge(1_500, "es-health"))
    assert recipients(told.bundle, 10_000, {}) == {"INS": 8_000, "C-1": 2_000}
    told.pay(40_000, "INS")
    assert recipients(told.bundle, 30_000, {"INS": 8_000, "C-1": 2_000}) == {"INS": 30_000}
    told.pay(10_000 + 3_000)
    assert recipients(told.bundle, 10_000, {"INS": 38_000, "C-1": 2_000}) == {"INS": 2_000, "C-1": 8_000}
    plain = Told(payers=())
    assert recipients(plain.bundle, 50_000, {}) == {"C-1": 50_000}


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(worlds, histories, st.integers(0, 100), st.sampled_from([("C-2", "C-0"), ("C-1", "C-2"), ("C-2", "C-1", "C-0")]))
def test_payers_owe_what_is_owed_after_any_history_and_its_replay(world, history, percent, names):
    game = world.practice()
    price = world.package.price
    if price < 3:
        return
    first = price * percent // 100
    parts = (first, price - first) if len(names) == 2 else (first, (price - first) // 2, price - first - (price - first) // 2)
    payers = tuple(Payer(*each) for each in zip(names, parts, strict=True))
    game.attempt(BundleSold("B-0", "P10", "C-0", provider="PR-1", payers=payers), START)
    play(game, history)
    payers_owe_what_is_owed_on_their_bundle(world, game)
    bundle = game.book.bundle("B-0")
    if bundle is None:  # a straight line of a multi-purpose voucher is refused
        return
    assert replay(game.book, bundle, recorded(game.book, bundle), HANDLERS).bundle.plan.payers == bundle.plan.payers


@pytest.mark.parametrize("parts", [(40_000, 9_999), (40_000, 10_001)])
def test_the_parts_are_the_price(parts):
    game = World().practice()
    payers = (Payer("INS", parts[0]), Payer("C-1", parts[1]))
    assert "add up to" in (game.attempt(BundleSold("B-1", "P10", "C-1", payers=payers), START) or "")
