"""Every rule makes an entry, and every entry names a rule."""

from __future__ import annotations

import random
from datetime import date

import pytest

from revrec.core.events import (
    Adjustment,
    AdjustmentPosted,
    BranchSettled,
    BreakageDeemedRemote,
    BreakageEstimated,
    BundleCancelledForDefault,
    BundleExtended,
    BundleOpened,
    BundlePriceReduced,
    BundleTerminated,
    BundleToppedUp,
    BundleTransferred,
    BundleUpgraded,
    BundleVoided,
    ChargebackLost,
    ChargebackOpened,
    ChargebackWon,
    CreditApplied,
    CreditGranted,
    CurrencyRevalued,
    DepositApplied,
    DepositForfeited,
    DepositReceived,
    DepositReturned,
    Foreign,
    Method,
    PaymentReceived,
    PaymentReversed,
    PayoutSettled,
    ProviderInvoiced,
    ProviderPaid,
    ReceivableRecovered,
    ReceivableVatRecovered,
    ReceivableWrittenOff,
    RefundIssued,
    RefundReversed,
    RefundSettled,
    SessionCompleted,
    SessionNoShow,
    SessionReversed,
    SessionWaived,
)
from revrec.core.policy import WHOLE, Breakage, Charge, Obligation, Recognition, Refund
from revrec.core.rules import RULES
from revrec.core.units import UNIT
from tests.core.moves import KINDS
from tests.core.practice import LATE, world_by
from tests.core.telling import clock, house, on, paid, sold, tell, used, uses

ONE = {"expiry_months": 1}
FEE = {"no_show": Charge.FEE, "no_show_fee": 1500}
BEGUN = (sold(), paid(), *uses(2))
VISIT = on("01-20", SessionCompleted("V-1", customer="C-1", service="physiotherapy", price=4500, tax="es-health"))
REFUND = on("01-20", RefundIssued("R-1", "B-1"))
CREDIT = on("01-05", CreditGranted("C-1", 5000))
FIRM = {"obligation": Obligation.NONCANCELLABLE}
REMOTE = {"breakage": Breakage.REMOTE, "refund": Refund.NONE}
PROPORTIONAL = {"breakage": Breakage.PROPORTIONAL, "refund": Refund.NONE, "expected_used": WHOLE * 9 // 10}
DISPUTED = on("01-20", ChargebackOpened("P-1", 50000, 1500))
WRITTEN_OFF = (
    on("01-20", ReceivableWrittenOff(12100, customer="C-1")),
    on("09-20", ReceivableVatRecovered(2100, date(2026, 9, 1), customer="C-1")),
    on("10-20", ReceivableRecovered(12100, customer="C-1")),
)
INVOICED = (
    on("01-20", ProviderInvoiced("PR-1", 3000, "S-1", 630, 450)),
    on("01-31", ProviderPaid("PR-1", 3180, Method.TRANSFER)),
)
DOLLARS = on("01-05", PaymentReceived("P-1", 9000, Method.CASH, customer="C-1", foreign=Foreign("USD", 900_000_000, 10000)))
DEPOSIT = on("01-05", DepositReceived("D-1", "C-1", 5000, Method.CASH))
YEAR = (
    (BEGUN, {}),
    ((*BEGUN, on("01-12", PaymentReversed("P-1", "returned", "manager", 100))), {}),
    ((*BEGUN, REFUND, on("01-21", RefundSettled("R-1", Method.CASH)), on("01-22", RefundReversed("R-1", "manager"))), {}),
    ((*BEGUN, REFUND), {"recognition": Recognition.AT_PURCHASE}),
    ((*BEGUN, clock("02-05"), used("S-9", "02-01")), ONE),
    ((*BEGUN, clock("02-05"), on("02-10", BundleExtended("B-1", date(2026, 3, 5), "other", "manager", 500))), ONE),
    ((sold(), paid(50000, "01-10"), used("S-1", "01-06")), {}),
    ((*BEGUN, on("01-20", BundleTerminated("B-1"))), {}),
    ((*BEGUN, on("01-20", BundleTransferred("B-1", "C-2", fee=500))), {}),
    ((*BEGUN, on("01-20", BundleTransferred("B-1", "C-2", units=UNIT, to_bundle="B-2"))), {}),
    ((*BEGUN, on("01-20", SessionNoShow("N-1", "B-1")), on("01-21", SessionWaived("N-1", "manager"))), {}),
    ((*BEGUN, on("01-20", SessionNoShow("N-1", "B-1")), on("01-21", SessionReversed("S-1"))), FEE),
    ((VISIT, on("01-21", PaymentReceived("P-9", 4500, Method.CASH, session="V-1"))), {}),
    ((on("01-21", PaymentReceived("P-9", 4500, Method.CASH, customer="C-1")),), {}),
    ((CREDIT, sold(), on("01-06", CreditApplied("C-1", 5000, "B-1"))), {}),
    ((DEPOSIT, sold(), on("01-06", DepositApplied("D-1", bundle="B-1"))), {}),
    ((DEPOSIT, on("01-06", DepositReturned("D-1", Method.CASH))), {}),
    ((DEPOSIT, on("01-06", DepositForfeited("D-1"))), {}),
    ((on("01-05", BundleOpened("B-1", "P10", "C-1", UNIT, 5000, date(2025, 12, 1))),), {}),
    ((*BEGUN, clock("02-28")), ONE | {"recognition": Recognition.STRAIGHT_LINE}),
    ((sold(), on("01-06", BundleVoided("B-1", "manager"))), FIRM),
    ((*BEGUN, clock("01-20")), {"refund": Refund.WINDOW, "refund_window_days": 14, "refund_expected": WHOLE // 10}),
    ((*BEGUN, on("01-20", BreakageEstimated("standard", WHOLE // 2, "manager"))), PROPORTIONAL),
    ((*BEGUN, on("01-20", BreakageDeemedRemote("B-1", "manager")), used("S-9", "01-21")), REMOTE),
    ((*BEGUN, on("01-20", BundleToppedUp("B-1", UNIT, 4000))), FIRM),
    ((*BEGUN, on("01-20", BundleUpgraded("B-1", "new_pack", units=20 * UNIT, price=90000, to_bundle="B-2"))), {}),
    ((*BEGUN, on("01-20", BundlePriceReduced("B-1", 10000))), {}),
    ((sold(), *uses(2), on("01-20", BundleCancelledForDefault("B-1"))), {}),
    ((*BEGUN, DISPUTED, on("01-21", ChargebackWon("P-1"))), {}),
    ((*BEGUN, DISPUTED, on("01-21", ChargebackLost("P-1"))), {}),
    ((*BEGUN, on("01-20", PayoutSettled(Method.CARD, 50000, 500))), {}),
    ((used("S-1", "01-10", None, customer="C-1", service="yoga", price=12100, tax="es-21"), *WRITTEN_OFF), {}),
    ((on("01-20", BranchSettled("bcn", "mad", 5000)),), {}),
    ((sold(), used("S-1", "01-10", provider="PR-1", cost=3000), *INVOICED), {}),
    ((DOLLARS, on("01-31", CurrencyRevalued("USD", 950_000_000))), {}),
    ((on("01-21", AdjustmentPosted((Adjustment("cash", 1), Adjustment("rounding", -1)), "manager")),), {}),
)


def made(facts, policy):
    game = house(**policy)
    tell(game, *facts)
    return {entry.rule for entry in game.entries}


def test_every_rule_makes_an_entry():
    assert set().union(*(made(facts, policy) for facts, policy in YEAR)) == set(RULES)


@pytest.mark.parametrize("seed", range(20))
def test_every_entry_of_any_history_names_a_rule(seed):
    pick = random.Random(seed)
    history = [
        (pick.choice(KINDS), pick.randint(0, 12), pick.choice(LATE), pick.randint(0, 9), pick.randint(0, 9), pick.randint(1, 4))
        for _ in range(60)
    ]
    game = world_by(pick.choice).played(history)
    assert {entry.rule for entry in game.entries} <= set(RULES)


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_a_rule_says_in_both_languages_what_it_does_and_where_it_comes_from(rule):
    assert RULES[rule.id] is rule
    assert all(text.strip() for text in rule)
    assert rule.en.endswith(".")
    assert rule.es.endswith(".")
    assert rule.en != rule.es
