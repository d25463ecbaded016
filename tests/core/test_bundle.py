"""What a bundle is worth, until when it lives and where its price stands in the books (accounting.md 1, 2; events.md 4a)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from revrec.core.bundle import Balances, Bundle, Claim, ClaimKind, Plan, Position, Status
from revrec.core.events import Instalment
from revrec.core.policy import Breakage, ExpiryFrom, ExpiryKind, Invoicing, Obligation, Package, Recognition
from revrec.core.tax import Receipt
from revrec.core.units import UNIT
from tests.core.practice import PACKAGE
from tests.core.telling import house, sold, tell

TAXED = replace(PACKAGE, tax="es-21", price=60500, list_price=6050)
VOUCHER = replace(PACKAGE, tax="es-21m", price=60500, list_price=6050)
AGENT = {"principal": False, "commission_rate": 300_000, "commission_tax": "es-21"}
PURCHASE = {"recognition": Recognition.AT_PURCHASE}
FIRM = {"obligation": Obligation.NONCANCELLABLE}


def bundle(package: Package = PACKAGE, **policy: object) -> Bundle:
    """Ten sessions for 500.00, sold on 2026-01-05, with money that the tests make up."""
    game = house(package, **policy)
    tell(game, sold())
    made = game.book.bundle("B-1")
    assert made is not None
    return made


def standing(made: Bundle, **changed: object) -> dict[str, int]:
    """The balances that are not zero, of a bundle whose state or money is changed."""
    money = {key: value for key, value in changed.items() if key in Position._fields}
    state = {key: value for key, value in changed.items() if key not in money}
    found: Balances = made._replace(position=Position(**money), **state).balances
    return {role: amount for role, amount in found._asdict().items() if amount}


# Money


def test_what_is_billed_is_the_most_of_collected_due_and_delivered():
    assert Position(paid=100, lost=20, due=110, delivered=90).billed == 120
    assert Position(paid=101, lost=21, due=140, delivered=90).billed == 140
    assert Position(paid=101, lost=21, due=110, delivered=190).billed == 190
    assert Position(paid=101, lost=21, delivered=190).unpaid == 68
    assert Position(claims=(Claim("S-1", ClaimKind.PACKAGE, 30), Claim("S-2", ClaimKind.FEE, 12))).claimed == 42


def test_money_for_what_is_not_delivered_is_a_contract_liability():
    assert standing(bundle(), paid=30000, delivered=10000, earned=10000) == {"contract_liability": 20000, "earned": 10000}


def test_delivered_and_written_off_it_is_neither_owed_nor_claimed():
    assert standing(bundle(), paid=7000, lost=3100, delivered=12100, earned=12100) == {"contract_asset": 2000, "earned": 12100}


@pytest.mark.parametrize(
    ("invoicing", "money", "stands"),
    [
        (Invoicing.NONE, {"delivered": 12000}, {"contract_asset": 12000}),
        (Invoicing.AT_PURCHASE, {"delivered": 12000}, {"receivable": 12000}),
        (Invoicing.PER_SESSION, {"delivered": 12000}, {"receivable": 12000}),
        (Invoicing.NONE, {"delivered": 12000, "paid": 5000, "due": 9000}, {"receivable": 4000, "contract_asset": 3000}),
        (Invoicing.NONE, {"delivered": 12000, "paid": 5000, "due": 4000}, {"contract_asset": 7000}),
        (Invoicing.AT_PURCHASE, {"delivered": 12000, "paid": 5000, "due": 4000}, {"receivable": 7000}),
    ],
)
def test_use_beyond_the_money_is_a_claim_where_it_is_billed_or_due(invoicing, money, stands):
    assert standing(bundle(invoicing=invoicing), earned=12000, **money) == {**stands, "earned": 12000}


def test_the_liability_is_net_of_tax_and_of_what_left_the_pool():
    assert standing(bundle(TAXED), paid=36300, vat=6300, other=1234, delivered=12100, earned=10000) == {
        "contract_liability": 18766,
        "vat_output": 6300,
        "earned": 10000,
    }


def test_at_purchase_all_that_is_billed_is_earned():
    assert standing(bundle(TAXED, **PURCHASE), paid=36300, vat=6300, other=1234, delivered=12100) == {
        "vat_output": 6300,
        "earned": 28766,
    }


def test_what_is_expected_to_be_refunded_stands_apart_as_far_as_it_is_there():
    money = {"paid": 30000, "delivered": 10000, "earned": 10000}
    assert standing(bundle(), **money, held=2500) == {"contract_liability": 17500, "refund_liability": 2500, "earned": 10000}
    assert standing(bundle(), **money, held=25000) == {"refund_liability": 20000, "earned": 10000}


@pytest.mark.parametrize("ended", [{"status": Status.TERMINATED}, {"lapsed_on": date(2026, 2, 5)}, {"remote": True}])
def test_what_is_left_of_a_bundle_that_ended_is_breakage(ended):
    assert standing(bundle(), paid=30000, delivered=10000, earned=10000, held=2500, **ended) == {
        "breakage": 20000,
        "earned": 10000,
    }


def test_an_agent_keeps_its_commission_and_holds_the_rest_for_the_provider():
    assert standing(bundle(**AGENT), paid=50000, vat=3150, delivered=20000, earned=6000, passed=12740, other=300) == {
        "contract_liability": 8700,
        "vat_output": 3150,
        "client_money": 19110,
        "provider_payable": 12740,
        "earned": 6000,
    }


def test_an_agent_earns_all_its_commission_at_purchase():
    assert standing(bundle(**AGENT, **PURCHASE), paid=50000, vat=3150, delivered=20000, passed=12740, other=300) == {
        "vat_output": 3150,
        "client_money": 19110,
        "provider_payable": 12740,
        "earned": 14700,
    }


def test_of_an_agents_bundle_that_ended_the_commission_is_earned():
    money = {"paid": 50000, "vat": 3150, "delivered": 20000, "earned": 6000, "passed": 12740}
    assert standing(bundle(**AGENT), **money, lapsed_on=date(2026, 2, 5)) == {
        "vat_output": 3150,
        "client_money": 19110,
        "provider_payable": 12740,
        "breakage": 9000,
        "earned": 6000,
    }


def test_the_provider_waits_for_a_cent_earned_before_its_commission():
    money = {"paid": 20000, "vat": 1260, "delivered": 20000, "earned": 6001, "passed": 12740}
    for ended in ({}, {"status": Status.TERMINATED}):
        assert standing(bundle(**AGENT), **money, **ended) == {"vat_output": 1260, "provider_payable": 12739, "earned": 6001}


def test_an_agents_provider_is_owed_no_more_than_its_money():
    assert standing(bundle(**AGENT), paid=10000, vat=630, delivered=10000, earned=3000, passed=7000) == {
        "vat_output": 630,
        "provider_payable": 6370,
        "earned": 3000,
    }


# Breakage in proportion


RATIO = {"breakage": Breakage.PROPORTIONAL, "expected_used": 750_000}


def test_breakage_is_earned_in_proportion_to_use():
    assert standing(bundle(**RATIO), used=3 * UNIT, paid=50000, delivered=15000, earned=15000) == {
        "contract_liability": 30000,
        "breakage": 5000,
        "earned": 15000,
    }


def test_the_latest_estimate_of_the_portfolio_counts():
    made = bundle(**RATIO)
    assert (made.estimate, made._replace(plan=Plan(expected_used=500_000)).estimate) == (750_000, 500_000)
    assert standing(made, plan=Plan(expected_used=500_000), used=3 * UNIT, paid=50000, delivered=15000, earned=15000) == {
        "contract_liability": 20000,
        "breakage": 15000,
        "earned": 15000,
    }


def test_in_proportion_it_is_of_the_net_price_that_is_billed():
    money = {"paid": 36300, "vat": 6300, "other": 1200, "delivered": 18150, "earned": 14400}
    assert standing(bundle(TAXED, **RATIO), used=3 * UNIT, **money) == {
        "contract_liability": 9600,
        "vat_output": 6300,
        "breakage": 4800,
        "earned": 14400,
    }


def test_nothing_breaks_before_use_or_beyond_the_pool():
    assert standing(bundle(**RATIO), paid=50000) == {"contract_liability": 50000}
    assert standing(bundle(**RATIO), used=9 * UNIT, paid=50000, delivered=45000, earned=45000) == {
        "breakage": 5000,
        "earned": 45000,
    }
    assert standing(bundle(replace(PACKAGE, price=0), **RATIO), used=9 * UNIT) == {}


# VAT


def test_vat_that_is_neither_collected_nor_delivered_is_pending():
    made, receipts = bundle(TAXED, **FIRM), (Receipt("P-1", 12100, 2100),)
    money = {"paid": 12100, "due": 48400, "vat": 8400, "receipts": receipts, "earned": 15000}
    due = {"contract_liability": 25000, "receivable": 36300, "vat_output": 3150, "vat_pending": 5250, "earned": 15000}
    assert standing(made, **money, delivered=18150) == due
    cash = {**due, "vat_output": 2100, "vat_pending": 6300}
    assert standing(made, plan=Plan(cash=True), **money, delivered=18150) == cash


def test_vat_of_what_was_written_off_is_due_in_the_general_scheme():
    made, receipts = bundle(TAXED, **FIRM), (Receipt("P-1", 12100, 2100),)
    money = {"paid": 12100, "lost": 6050, "due": 48400, "vat": 8400, "receipts": receipts, "delivered": 12100, "earned": 10000}
    stands = {"contract_liability": 30000, "receivable": 30250, "vat_output": 3150, "vat_pending": 5250, "earned": 10000}
    assert standing(made, **money) == stands


def test_a_vouchers_vat_is_never_pending():
    made = bundle(VOUCHER, **FIRM)
    assert standing(made, due=48400, vat=2100, delivered=12100, earned=10000) == {
        "contract_liability": 36300,
        "receivable": 48400,
        "vat_output": 2100,
        "earned": 10000,
    }
    assert not bundle(VOUCHER, **AGENT).multi


def unpaid_vat(made: Bundle, gross: int, **money: object) -> int:
    return made._replace(position=Position(**money)).unpaid_vat(gross)


def test_the_vat_in_what_is_unpaid_is_its_share_of_what_is_not_collected():
    receipts = (Receipt("P-1", 12100, 2100),)
    money = {"paid": 12100, "lost": 6050, "delivered": 36300, "vat": 6300}
    assert unpaid_vat(bundle(TAXED), 6050, **money, receipts=receipts) == 1400
    assert unpaid_vat(bundle(TAXED), 18150, **money, receipts=receipts) == 4200
    assert unpaid_vat(bundle(TAXED), 6050, paid=36300, delivered=36300, vat=6300, receipts=receipts) == 0
    assert unpaid_vat(bundle(), 6050, paid=12100, delivered=36300) == 0


def test_of_a_voucher_it_is_in_what_was_delivered():
    assert unpaid_vat(bundle(VOUCHER), 6050, paid=12100, delivered=24200, vat=3150, other=1050) == 1050
    assert unpaid_vat(bundle(VOUCHER), 6050, paid=12100, delivered=24200, vat=4200, other=-500) == 1050
    assert unpaid_vat(bundle(VOUCHER), 24200, paid=12100, delivered=24200, vat=3150, other=1050) == 3150
    assert unpaid_vat(bundle(VOUCHER), 6050, paid=12100, vat=1) == 0


# Units


def test_units_of_one_price_earn_equal_shares_rounded_once():
    thirds = bundle(replace(PACKAGE, units=3 * UNIT, price=10000))
    assert [thirds.value(units * UNIT) for units in range(4)] == [0, 3333, 6667, 10000]
    assert thirds._replace(units=0).value(UNIT) == 0


def test_units_of_several_prices_are_used_in_order():
    made = bundle()._replace(units=8 * UNIT, price=40001, layers=((3 * UNIT, 10000), (2 * UNIT, 0), (3 * UNIT, 30001)))
    assert [made.value(units * UNIT) for units in range(9)] == [0, 3333, 6667, 10000, 10000, 10000, 20000, 30001, 40001]
    assert (made.worth(8 * UNIT), made.worth(9 * UNIT)) == ((40001, 1), (40001, 1))


def test_units_are_left_while_a_bundle_is_open():
    made = bundle()._replace(used=3 * UNIT)
    assert (made.left, made.ended, made._replace(status=Status.VOIDED).left) == (7 * UNIT, False, 0)
    assert made._replace(status=Status.VOIDED).ended
    assert made._replace(lapsed_on=date(2026, 2, 5)).ended


# Dates


def until(**policy: object) -> str | None:
    made = bundle(**policy)
    return made.valid_until and made.valid_until.isoformat()


@pytest.mark.parametrize(
    ("policy", "last"),
    [
        ({}, None),
        ({"expiry_months": 2}, "2026-03-05"),
        ({"expiry_months": 2, "grace_days": 10}, "2026-03-05"),
        ({"expiry_months": 2, "grace_days": 10, "expiry_kind": ExpiryKind.SOFT}, "2026-03-15"),
        ({"expiry_months": 2, "expiry_from": ExpiryFrom.PAYMENT}, None),
        ({"expiry_months": 2, "expiry_from": ExpiryFrom.FIRST_USE}, None),
        ({"expiry_months": 2, "expiry_from": ExpiryFrom.FIRST_USE, "latest_start_months": 3}, "2026-04-05"),
        ({"grace_days": 10, "expiry_kind": ExpiryKind.SOFT}, None),
    ],
)
def test_the_last_day_of_use_follows_the_policy(policy, last):
    assert until(**policy) == last


def test_the_first_start_counts_and_an_agreed_day_more():
    made = bundle(expiry_months=2, expiry_from=ExpiryFrom.FIRST_USE, latest_start_months=1)
    begun = made._replace(starts=((date(2026, 1, 20), "S-2"), (date(2026, 1, 10), "S-1")))
    assert begun.expires_on == date(2026, 3, 10)
    assert begun._replace(fixed_expiry=date(2026, 6, 30)).expires_on == date(2026, 6, 30)
    endless = bundle(expiry_from=ExpiryFrom.FIRST_USE)._replace(starts=begun.starts)
    assert endless.expires_on is None


def test_a_package_may_have_months_of_its_own():
    assert bundle(replace(PACKAGE, expiry_months=3), expiry_months=2).expires_on == date(2026, 4, 5)
    assert bundle(replace(PACKAGE, expiry_months=0), expiry_months=2).expires_on is None


def test_the_last_day_itself_is_not_past():
    made = bundle(expiry_months=1)
    assert (made.expired(date(2026, 2, 5)), made.expired(date(2026, 2, 6))) == (False, True)
    assert not bundle().expired(date(2099, 1, 1))


def test_the_clock_looks_next_on_the_first_day_that_brings_something():
    parts = tuple(Instalment(date(2026, month, 10), 10000) for month in (1, 2))
    made = bundle(**FIRM, expiry_months=1, refund_window_days=14)._replace(plan=Plan(parts))
    assert made.due == date(2026, 1, 10)
    assert made._replace(clock=date(2026, 1, 9)).due == date(2026, 1, 10)
    assert made._replace(clock=date(2026, 1, 10)).due == date(2026, 2, 5)
    held = made._replace(clock=date(2026, 1, 10), position=Position(held=1))
    assert (held.due, held._replace(plan=Plan()).due) == (date(2026, 1, 19), date(2026, 1, 19))
    lapsed = made._replace(clock=date(2026, 1, 10), lapsed_on=date(2026, 2, 5))
    assert (lapsed.due, lapsed._replace(clock=date(2026, 2, 10)).due) == (date(2026, 2, 10), None)
    assert lapsed._replace(status=Status.TERMINATED).due == date(2026, 2, 10)
    assert lapsed._replace(status=Status.REFUNDED).due is None
    assert held._replace(status=Status.REFUNDED, plan=Plan()).due is None
    assert bundle()._replace(plan=Plan(parts)).due is None


def test_a_line_is_looked_at_on_month_ends_and_on_its_last_day():
    made = bundle(expiry_months=2, recognition=Recognition.STRAIGHT_LINE)._replace(plan=Plan(line_from=date(2026, 1, 5)))
    assert made.due == date(2026, 1, 31)
    looked = [made._replace(clock=day).due for day in (date(2026, 1, 1), date(2026, 1, 31), date(2026, 2, 28))]
    assert looked == [date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 5)]
    assert made._replace(clock=date(2026, 3, 5), lapsed_on=date(2026, 3, 5)).due is None
    assert made._replace(status=Status.TERMINATED).due is None
    beyond = made._replace(plan=Plan(line_from=date(2026, 3, 8)), lapsed_on=None)
    assert beyond._accrual == date(2026, 3, 8)
    assert beyond._replace(clock=date(2026, 3, 8))._accrual is None
