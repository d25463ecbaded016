"""How the money of a bundle moves, to the cent, with every part of it there (events.md 4a, Money due, VAT, Agent)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from revrec.core.bundle import Bundle, Claim, ClaimKind, Plan, Position, Status
from revrec.core.policy import Invoicing, Obligation, Package, Recognition
from revrec.core.position import (
    Settled,
    collect,
    drop,
    earned_by,
    itemised,
    owe,
    paid_out,
    passed_on,
    pay_others,
    performed,
    rebilled,
    received,
    squared,
    unperformed,
)
from revrec.core.tax import Receipt
from revrec.core.units import UNIT
from tests.core.practice import PACKAGE
from tests.core.telling import house, sold, tell

TAXED = replace(PACKAGE, tax="es-21", price=60500, list_price=6050)
VOUCHER = replace(PACKAGE, tax="es-21m", price=60500, list_price=6050)
AGENT = {"principal": False, "commission_rate": 300_000, "commission_tax": "es-21"}
PURCHASE = {"recognition": Recognition.AT_PURCHASE}
UNITS, VISIT, FEE = ClaimKind.PACKAGE, ClaimKind.SINGLE, ClaimKind.FEE


def bundle(package: Package = PACKAGE, policy: dict[str, object] | None = None, **money: object) -> Bundle:
    """Ten sessions with money that the tests make up."""
    game = house(package, **(policy or {}))
    tell(game, sold())
    made = game.book.bundle("B-1")
    assert made is not None
    return made._replace(position=Position(**money))


def changed(before: Bundle, after: Bundle) -> dict[str, object]:
    """What differs in the money."""
    was, now = before.position._asdict(), after.position._asdict()
    return {name: now[name] for name in was if was[name] != now[name]}


# Claims


OPEN = (Claim("S-1", UNITS, 3000), Claim("V-1", VISIT, 2000, 347), Claim("S-2", UNITS, 4000), Claim("F-1", FEE, 1500, 260))


@pytest.mark.parametrize(
    ("amount", "settled"),
    [
        (1000, Settled(1000, 0, 0, 0, 0)),
        (3999, Settled(3000, 999, 0, 0, 173)),
        (5000, Settled(3000, 2000, 0, 0, 347)),
        (9500, Settled(7000, 2500, 0, 0, 434)),
        (10500, Settled(7000, 3500, 0, 0, 607)),
        (12500, Settled(7000, 3500, 2000, 0, 607)),
        (15501, Settled(7000, 3500, 5000, 1, 607)),
    ],
)
def test_money_settles_the_oldest_claim_first_then_the_price_then_it_is_credit(amount, settled):
    made = bundle(policy={"invoicing": Invoicing.AT_PURCHASE}, paid=1000, delivered=8000, claims=OPEN)
    assert collect(made, amount, room=12000) == settled


@pytest.mark.parametrize(
    ("amount", "settled"),
    [
        (2500, Settled(2500, 0, 0, 0, 0)),
        (3500, Settled(3000, 500, 0, 0, 87)),
        (7000, Settled(4500, 2500, 0, 0, 434)),
        (8500, Settled(5000, 3500, 0, 0, 607)),
        (9000, Settled(5500, 3500, 0, 0, 607)),
        (10500, Settled(7000, 3500, 0, 0, 607)),
        (11000, Settled(7000, 3500, 500, 0, 607)),
        (16000, Settled(7000, 3500, 5000, 500, 607)),
    ],
)
def test_what_is_due_comes_before_what_is_only_delivered(amount, settled):
    made = bundle(paid=1000, delivered=8000, due=5500, claims=OPEN)
    assert (made.balances.receivable, made.balances.contract_asset) == (4500, 2500)
    assert collect(made, amount, room=12000) == settled


def test_where_no_more_may_be_paid_the_rest_is_credit():
    made = bundle(policy={"invoicing": Invoicing.AT_PURCHASE}, paid=1000, delivered=8000, claims=OPEN[:1] + OPEN[2:3])
    assert collect(made, 9000, room=5000) == Settled(7000, 0, 0, 2000, 0)


def test_other_claims_are_paid_oldest_first_with_their_vat():
    position = Position(claims=OPEN)
    assert pay_others(position, 1000).claims == (OPEN[0], Claim("V-1", VISIT, 1000, 173), OPEN[2], OPEN[3])
    assert pay_others(position, 2500).claims == (OPEN[0], OPEN[2], Claim("F-1", FEE, 1000, 173))
    assert pay_others(position, 3500).claims == (OPEN[0], OPEN[2])


def test_what_a_session_charged_is_dropped_from_its_own_claims_only():
    claims = (*OPEN, Claim("V-1", VISIT, 1000, 175), Claim("V-1", UNITS, 500))
    dropped, taken, waiting = drop(Position(claims=claims), 2400, "V-1")
    assert (taken, waiting) == (2400, 347 + 70)
    assert dropped.claims == (OPEN[0], OPEN[2], OPEN[3], Claim("V-1", VISIT, 600, 105), Claim("V-1", UNITS, 500))
    assert drop(Position(claims=claims), 9000, "V-1")[1:] == (3000, 522)
    assert drop(Position(claims=claims), 700, "V-1")[0].claims[1] == Claim("V-1", VISIT, 1300, 226)


def test_nothing_owed_is_no_claim():
    assert owe(Position(), 0, "S-1", FEE) == Position()
    assert owe(Position(claims=OPEN), 70, "S-9", FEE, 12).claims == (*OPEN, Claim("S-9", FEE, 70, 12))


def test_the_claims_for_units_follow_what_is_unpaid():
    money = Position(paid=1000, lost=500, delivered=8500, claims=OPEN)
    assert itemised(money, "S-9") == money
    more = itemised(money._replace(delivered=9100), "S-9")
    assert more.claims == (*OPEN, Claim("S-9", UNITS, 600))
    assert itemised(money._replace(delivered=7000), "S-9").claims == (Claim("S-1", UNITS, 1500), *OPEN[1:])
    assert itemised(money._replace(delivered=7000), "S-2").claims == (*OPEN[:2], Claim("S-2", UNITS, 2500), OPEN[3])
    assert itemised(money._replace(delivered=3500), "S-2").claims == (Claim("S-1", UNITS, 2000), OPEN[1], OPEN[3])
    assert itemised(money._replace(delivered=1500), "S-9").claims == (OPEN[1], OPEN[3])


# Money in


def test_money_that_settles_what_is_taxed_brings_only_the_vat_of_the_rest():
    made = bundle(TAXED, paid=12100, lost=1210, delivered=36300, vat=6300, receipts=(Receipt("P-1", 12100, 2100),), earned=30000)
    after = received(made, "P-2", 6050, 1210, 2100)
    assert changed(made, after) == {
        "paid": 19360,
        "vat": 6510,
        "receipts": (Receipt("P-1", 12100, 2100), Receipt("P-2", 7260, 1050 + 210)),
    }
    assert changed(made, received(made, "P-2", 24200, 0, 2100))["receipts"][1] == Receipt("P-2", 24200, 4200)


def test_untaxed_money_keeps_no_receipt():
    made = bundle(paid=100, delivered=300)
    assert changed(made, received(made, "P-2", 200, 50, 0)) == {"paid": 350}
    voucher = bundle(VOUCHER, paid=100, delivered=300, vat=52)
    assert changed(voucher, received(voucher, "P-2", 200, 50, 2100)) == {"paid": 350}
    cent = bundle(TAXED)
    assert changed(cent, received(cent, "P-1", 0, 1, 2100)) == {"paid": 1}


# What is billed


def test_more_that_is_billed_is_a_document_of_its_own():
    before = bundle(TAXED, paid=12100, vat=2100, receipts=(Receipt("P-1", 12100, 2100),))
    more = before._replace(position=before.position._replace(delivered=15433))
    assert changed(more, rebilled(more, before.position, 2100)) == {"vat": 2100 + 578}


def test_less_that_is_billed_takes_its_share_of_what_was_unpaid():
    before = bundle(TAXED, paid=12100, delivered=36300, vat=6300, receipts=(Receipt("P-1", 12100, 2100),))
    less = before._replace(position=before.position._replace(delivered=30250))
    assert changed(less, rebilled(less, before.position, 2100)) == {"vat": 5250}
    assert changed(less, rebilled(less, before.position, 2100, back=77)) == {"vat": 6223}
    paid = before._replace(position=before.position._replace(paid=36300, delivered=36300))
    fewer = paid._replace(position=paid.position._replace(paid=30250, delivered=30250))
    assert changed(fewer, rebilled(fewer, paid.position, 2100)) == {}
    out = before._replace(position=before.position._replace(paid=0, delivered=6050))
    assert changed(out, rebilled(out, before.position, 2100)) == {"vat": 2100}
    assert changed(before, rebilled(before, before.position, 2100)) == {}


def test_a_vouchers_vat_is_not_that_of_what_is_billed():
    before = bundle(VOUCHER, paid=12100)
    more = before._replace(position=before.position._replace(paid=24200))
    assert rebilled(more, before.position, 2100) == more


def test_the_vat_on_a_commission_follows_what_is_collected_or_earned():
    before = bundle(policy=AGENT, paid=10000, vat=630, delivered=4000, earned=1200, passed=2548)
    more = before._replace(position=before.position._replace(paid=10000, lost=1234))
    assert changed(more, rebilled(more, before.position, 2100)) == {"vat": 630 + 78}
    earned = before._replace(position=before.position._replace(delivered=12345))
    assert changed(earned, rebilled(earned, before.position, 2100)) == {"vat": 630 + 148}
    less = before._replace(position=before.position._replace(paid=7000))
    assert changed(less, rebilled(less, before.position, 2100)) == {"vat": 441}
    same = before._replace(position=before.position._replace(due=10001))
    assert changed(same, rebilled(same, before.position, 2100)) == {}


def test_it_is_never_more_than_what_the_provider_leaves():
    before = bundle(policy=AGENT, paid=10000, vat=630, passed=6900)
    more = before._replace(position=before.position._replace(paid=10100))
    assert changed(more, rebilled(more, before.position, 2100)) == {"vat": 170}
    over = before._replace(position=before.position._replace(paid=10100, passed=9000))
    assert changed(over, rebilled(over, before.position, 2100)) == {"vat": 0}


def test_money_that_left_bills_nothing_more_until_it_is_due():
    before = bundle(TAXED, {"obligation": Obligation.NONCANCELLABLE}, paid=36300, due=48400, vat=8400)
    moved = before.position._replace(paid=24200, vat=6300, receipts=(Receipt("P-1", 24200, 4200),))
    assert changed(before, paid_out(before, before.position, moved, 36300, 2100)) == {
        "paid": 24200,
        "vat": 6300,
        "receipts": (Receipt("P-1", 24200, 4200),),
        "due": 36300,
    }
    assert paid_out(before, before.position, moved, 48400, 2100).position.vat == 6300 + 2100
    assert paid_out(before, before.position, moved, 30250, 2100).position.vat == 6300 - 1050


# Performance


def test_revenue_is_the_share_of_the_net_price_that_was_delivered():
    made = bundle(TAXED, paid=60500, vat=10500, other=1000, delivered=18150)._replace(used=3 * UNIT)
    assert earned_by(made) == 14700
    assert earned_by(made._replace(position=made.position._replace(delivered=60500))) == 49000
    line = made._replace(plan=Plan(line_from=made.sold_on), position=made.position._replace(delivered=12100))
    assert earned_by(line) == 9800
    assert earned_by(bundle(delivered=777)) == 777


def test_of_a_voucher_it_is_what_was_delivered_less_its_vat():
    assert earned_by(bundle(VOUCHER, paid=60500, delivered=24200, vat=3150, other=1001)) == 20049


def test_of_an_agent_it_is_the_share_of_its_commission():
    made = bundle(policy=AGENT, paid=50000, vat=3150, delivered=15000)._replace(used=3 * UNIT)
    assert earned_by(made) == 4500
    assert earned_by(made._replace(position=Position())) == 0


def test_what_is_performed_earns_what_is_not_earned_yet():
    made = bundle(paid=50000, delivered=5000, earned=4999)._replace(used=2 * UNIT)
    assert changed(made, performed(made, 5000, 0)) == {"delivered": 10000, "earned": 10000}
    assert changed(made, performed(made, 5000, 0, 4321)) == {"delivered": 10000, "earned": 9320}
    ahead = made._replace(position=made.position._replace(earned=12000))
    assert changed(ahead, performed(ahead, 5000, 0)) == {"delivered": 10000}


def test_taxed_it_earns_its_share_of_what_is_billed():
    made = bundle(TAXED, paid=60500, vat=10500, delivered=6050, earned=5000)._replace(used=2 * UNIT)
    assert changed(made, performed(made, 6050, 2100)) == {"delivered": 12100, "earned": 10000}
    assert changed(made, performed(made, 6050, 2100, 4000)) == {"delivered": 12100, "earned": 9000}
    assert changed(made, performed(made, 6050, 2100, 48000)) == {"delivered": 12100, "earned": 50000}
    ahead = made._replace(position=made.position._replace(earned=12000))
    assert changed(ahead, performed(ahead, 6050, 2100)) == {"delivered": 12100}


def test_beyond_the_money_it_is_billed_with_its_vat():
    made = bundle(TAXED, paid=6050, vat=1050, delivered=6050, earned=5000)._replace(used=2 * UNIT)
    assert changed(made, performed(made, 6050, 2100)) == {"delivered": 12100, "vat": 2100, "earned": 10000}


def test_at_purchase_the_practice_has_earned_it():
    made = bundle(policy=PURCHASE, paid=50000, delivered=5000)._replace(used=2 * UNIT)
    assert changed(made, performed(made, 5000, 0)) == {"delivered": 10000}
    assert changed(made, unperformed(made, 5000, 0, 0)) == {"delivered": 0}


def test_an_agents_provider_earns_the_same_share():
    made = bundle(policy=AGENT, paid=50000, vat=3150, delivered=15000)
    assert changed(made, passed_on(made)) == {"passed": 9555}
    assert passed_on(bundle(policy=AGENT, passed=9)).position.passed == 0
    assert passed_on(bundle(passed=9)).position.passed == 9
    after = performed(made._replace(used=4 * UNIT), 5000, 2100)
    assert changed(made, after) == {"delivered": 20000, "earned": 6000, "passed": 12740}
    assert changed(after, unperformed(after, 5000, 1500, 2100)) == {"delivered": 15000, "earned": 4500, "passed": 9555}


def test_what_is_taken_back_takes_its_revenue_and_vat():
    made = bundle(TAXED, paid=6050, delivered=12100, vat=2100, earned=10000, receipts=(Receipt("P-1", 6050, 1050),))
    assert changed(made, unperformed(made, 6050, 5001, 2100)) == {"delivered": 6050, "earned": 4999, "vat": 1050}


def test_a_cent_of_rounding_belongs_to_the_vat_once_all_is_delivered():
    made = bundle(TAXED, paid=12100, delivered=12100, vat=2100, earned=9990, other=9)
    assert changed(made, squared(made)) == {"vat": 2101}
    for left in (
        made._replace(position=made.position._replace(delivered=12099)),
        made._replace(position=made.position._replace(vat=0)),
        bundle(VOUCHER, **made.position._asdict()),
        bundle(TAXED, PURCHASE, **made.position._asdict()),
        bundle(TAXED, AGENT, **made.position._asdict()),
    ):
        assert squared(left) == left
    assert made.status is Status.OPEN
