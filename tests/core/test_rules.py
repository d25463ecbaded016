"""Every rule makes an entry, and every entry names a rule."""

from __future__ import annotations

import random
from datetime import date

import pytest

from revrec.core.events import (
    Adjustment,
    AdjustmentPosted,
    BundleExtended,
    BundleTerminated,
    BundleTransferred,
    Method,
    PaymentReceived,
    PaymentReversed,
    RefundIssued,
    RefundReversed,
    RefundSettled,
    SessionCompleted,
    SessionNoShow,
    SessionReversed,
    SessionWaived,
)
from revrec.core.policy import Charge, ExpiryKind, Invoicing, Overage, Recognition
from revrec.core.rules import RULES
from revrec.core.units import UNIT
from tests.core.practice import play
from tests.core.telling import clock, house, on, paid, sold, tell, used, uses

ONE = {"expiry_months": 1}
FEE = {"no_show": Charge.FEE, "no_show_fee": 1500}
BEGUN = (sold(), paid(), *uses(2))
VISIT = on("01-20", SessionCompleted("V-1", customer="C-1", service="physiotherapy", price=4500, tax="es-health"))
REFUND = on("01-20", RefundIssued("R-1", "B-1"))
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
    kinds = "use draw pay sell miss cancel undo waive unpay refund part-refund except settle unrefund extend expire terminate"
    kinds = (kinds + " transfer split share visit pay-visit pay-customer adjust close reopen tick register").split()
    history = [
        (
            pick.choice(kinds),
            pick.randint(0, 12),
            pick.choice((0, 0, 3, 40)),
            pick.randint(0, 9),
            pick.randint(0, 9),
            1 + seed % 4,
        )
        for _ in range(60)
    ]
    policy = {
        "recognition": pick.choice([Recognition.PER_SESSION, Recognition.AT_PURCHASE]),
        "invoicing": pick.choice(list(Invoicing)),
        "expiry_kind": pick.choice(list(ExpiryKind)),
        "overage": pick.choice(list(Overage)),
        "expiry_months": pick.choice([0, 1, 2]),
    }
    game = house(**policy)
    play(game, history)
    assert {entry.rule for entry in game.entries} <= set(RULES)


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_a_rule_says_in_both_languages_what_it_does_and_where_it_comes_from(rule):
    assert RULES[rule.id] is rule
    assert all(text.strip() for text in rule)
    assert rule.en.endswith(".")
    assert rule.es.endswith(".")
    assert rule.en != rule.es
