"""Money of other currencies, in entries: taken, held, revalued, paid out; bundles priced in them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from revrec.core.currency import code, converted, currency_of
from revrec.core.events import (
    CurrencyRevalued,
    Foreign,
    Instalment,
    Method,
    PaymentReceived,
    PaymentReversed,
    PayoutSettled,
    SessionCompleted,
)
from revrec.core.journal import Role
from revrec.core.policy import Bonus, Obligation, Recognition
from revrec.core.units import UNIT
from tests.core.practice import PACKAGE, balances, of_bundle
from tests.core.telling import books, clock, house, on, paid, sold, tell, used, uses

PRICED = sold(price=92000, foreign=Foreign("USD", 920_000_000, 100_000))  # 1000.00 USD at 0.92
FIRM = {"obligation": Obligation.NONCANCELLABLE}


def at(rate):
    return round(rate * 1000) * 1_000_000


def dollars(amount, rate, day="01-05", payment="P-1", method=Method.TRANSFER, bundle="B-1", **facts):
    value = converted(amount, "USD", "EUR", at(rate))
    fact = PaymentReceived(payment, value, method, bundle=bundle, foreign=Foreign("USD", at(rate), amount), **facts)
    return on(day, fact, id=f"payment-{payment}")


def revalued(rate, day="01-31"):
    return on(day, CurrencyRevalued("USD", at(rate)))


def payout(amount, rate, fee=0, day="02-02"):
    fact = PayoutSettled(Method.CARD, converted(amount, "USD", "EUR", at(rate)), fee, foreign=Foreign("USD", at(rate), amount))
    return on(day, fact)


def back(day="02-02", payment="P-1", fee=0):
    return on(day, PaymentReversed(payment, "returned", "manager", fee))


@pytest.mark.parametrize(
    ("amount", "currency", "rate", "euros"),
    [
        (100_000, "USD", 920_000_000, 92_000),
        (1, "USD", 500_000_000, 1),
        (-1, "USD", 500_000_000, -1),
        (10_000, "JPY", 6_200_000, 6_200),
        (1_000, "KWD", 3_000_000_000, 300),
    ],
)
def test_an_amount_is_converted_half_up_between_currencies_of_different_decimals(amount, currency, rate, euros):
    assert converted(amount, currency, "EUR", rate) == euros


@pytest.mark.parametrize("currency", ["USD", "GBP", "AED", "ZWL"])
def test_a_currency_comes_back_from_its_number(currency):
    assert currency_of(code(currency)) == currency


# Money that is held


def test_money_of_another_currency_is_revalued_and_the_contract_liability_is_not():
    assert books(sold(), dollars(50000, 0.92), revalued(0.95), used("S-1", "02-01")) == [
        "2026-01-05 payment.bundle  bank 460.00  contract-liability -460.00",
        "2026-01-31 currency.revalued  bank 15.00  fx-gain -15.00",
        "2026-02-01 session.earned  contract-liability 50.00  revenue-package -50.00",
    ]


def test_a_fall_is_a_loss_and_only_what_is_held_in_that_currency_moves():
    pounds = on("01-06", PaymentReceived("P-2", 11500, Method.CASH, customer="C-1", foreign=Foreign("GBP", 1_150_000_000, 10000)))
    assert books(revalued(0.90), after=(sold(), dollars(50000, 0.92), pounds, paid(1000, payment="P-3"))) == [
        "2026-01-31 currency.revalued  fx-loss 10.00  bank -10.00"
    ]


def test_the_next_revaluation_starts_from_the_last():
    assert books(revalued(0.95, "02-28"), after=(sold(), dollars(50000, 0.92), revalued(0.90))) == [
        "2026-02-28 currency.revalued  bank 25.00  fx-gain -25.00"
    ]


def test_nothing_held_or_nothing_changed_posts_nothing():
    assert books(revalued(0.95)) == []
    assert books(revalued(0.92), after=(sold(), dollars(50000, 0.92))) == []


def test_each_account_is_revalued_by_what_it_holds():
    held = (sold(), dollars(10000, 0.92), dollars(10000, 0.92, payment="P-2", method=Method.CARD))
    assert books(revalued(0.95), after=held) == [
        "2026-01-31 currency.revalued  bank 3.00  psp-clearing 3.00  fx-gain -3.00  fx-gain -3.00"
    ]


def test_a_payout_takes_money_off_the_clearing_account_at_the_average_for_which_it_stands_there():
    held = (sold(), dollars(10000, 0.92, method=Method.CARD), dollars(10000, 0.96, payment="P-2", method=Method.CARD))
    assert books(payout(15000, 0.95, fee=250), payout(5000, 0.95), revalued(0.5, "02-28"), after=held) == [
        "2026-02-02 payout.settled  bank 140.00  psp-fees 2.50  psp-clearing -141.00  fx-gain -1.50",
        "2026-02-02 payout.settled  bank 47.50  psp-clearing -47.00  fx-gain -0.50",
    ]


def test_what_is_paid_out_beyond_what_was_there_is_owed_until_more_comes():
    game = house()
    tell(game, dollars(10000, 0.92, method=Method.CARD, bundle=None, customer="C-1"), payout(15000, 0.95))
    holding = game.book.foreign(Role.PSP_CLEARING, "USD")
    assert (holding.amount, holding.carried) == (-5000, -4750)
    assert tell(game, dollars(5000, 0.90, "02-03", "P-2", Method.CARD, None, customer="C-1")) == [
        "2026-02-03 payment.customer  psp-clearing 47.50  fx-gain -2.50  customer-credit -45.00"
    ]


def test_a_payment_that_comes_back_takes_the_average_and_reopens_what_it_had_settled():
    assert books(back(), after=(sold(), dollars(50000, 0.92), revalued(0.95))) == [
        "2026-02-02 payment.reversed  contract-liability 460.00  fx-loss 15.00  bank -475.00  corrects E-1"
    ]


def test_so_does_a_payment_of_a_visit_or_of_a_customer():
    visit = on("01-04", SessionCompleted("V-1", customer="C-1", service="physiotherapy", price=4600, tax="es-health"))
    told = (visit, dollars(5000, 0.92, bundle=None, session="V-1"), revalued(0.90))
    assert books(back(), after=told) == [
        "2026-02-02 payment.reversed  receivable 46.00  bank -45.00  fx-gain -1.00  corrects E-2"
    ]
    told = (dollars(5000, 0.92, bundle=None, customer="C-1"), revalued(0.90))
    assert books(back(), after=told) == [
        "2026-02-02 payment.reversed  customer-credit 46.00  bank -45.00  fx-gain -1.00  corrects E-1"
    ]


# A bundle priced in another currency


def test_a_price_in_another_currency_is_worth_what_its_payments_were_worth_on_their_days():
    payments = (dollars(50000, 0.95), dollars(50000, 0.90, "01-06", "P-2"))
    assert books(PRICED, *payments, *uses(2)) == [
        "2026-01-05 payment.bundle  bank 475.00  contract-liability -475.00",
        "2026-01-06 payment.bundle  bank 450.00  contract-liability -450.00",
        "2026-01-10 session.earned  contract-liability 92.50  revenue-package -92.50",
        "2026-01-10 session.earned  contract-liability 92.50  revenue-package -92.50",
    ]


def test_what_was_delivered_is_settled_at_the_rate_of_the_sale_and_the_difference_is_exchange():
    assert books(dollars(100_000, 0.95, "01-20"), used("S-3", "01-21"), after=(PRICED, *uses(2))) == [
        "2026-01-20 payment.bundle  bank 950.00  contract-asset -184.00  contract-liability -760.00  fx-gain -6.00",
        "2026-01-21 session.earned  contract-liability 95.00  revenue-package -95.00",
    ]


def test_a_claim_that_is_due_is_settled_likewise():
    assert books(dollars(100_000, 0.90, "01-20"), after=(PRICED, clock("01-10")), **FIRM) == [
        "2026-01-20 payment.bundle  bank 900.00  fx-loss 20.00  receivable -920.00"
    ]


def test_instalments_follow_the_price_of_those_paid_before_their_day():
    parts = (Instalment(clock("01-05").day, 30667), Instalment(clock("02-05").day, 30667), Instalment(clock("03-05").day, 30666))
    sale = sold(price=92000, foreign=Foreign("USD", at(0.92), 100_000), instalments=parts)
    game = house(**FIRM)
    tell(game, sale, clock("01-10"), dollars(66667, 0.90, "01-20"))
    assert tell(game, clock("02-10")) == []
    assert tell(game, clock("03-10"), dollars(33333, 0.95, "03-20", "P-2")) == [
        "2026-03-05 instalment.due  receivable 306.66  contract-liability -306.66",
        "2026-03-20 payment.bundle  bank 316.66  receivable -306.66  fx-gain -10.00",
    ]
    assert game.book.bundle("B-1").claimed == 0


def test_what_is_paid_above_the_price_is_credit_at_its_own_rate():
    assert books(PRICED, dollars(110_000, 0.95)) == [
        "2026-01-05 payment.bundle  bank 1045.00  contract-liability -950.00  customer-credit -95.00"
    ]


def test_tax_kept_back_and_tips_stand_beside_the_money():
    assert books(PRICED, dollars(81_000, 0.95, withheld=19_000, tip=950)) == [
        "2026-01-05 payment.bundle  bank 769.50  withheld-tax 190.00  provider-payable -9.50  contract-liability -950.00"
    ]


def test_vat_is_that_of_what_was_received():
    assert books(PRICED, dollars(100_000, 0.95), package=replace(PACKAGE, tax="es-21")) == [
        "2026-01-05 payment.bundle  bank 950.00  contract-liability -785.12  vat-output -164.88"
    ]


def test_units_of_other_prices_keep_their_proportion():
    package = replace(PACKAGE, bonus_units=UNIT)
    assert (
        books(dollars(100_000, 0.95), *uses(11), after=(PRICED,), package=package, bonus=Bonus.LAST)[1:]
        == ["2026-01-10 session.earned  contract-liability 95.00  revenue-package -95.00"] * 10
    )


def test_a_straight_line_spreads_the_new_price_from_the_day_of_the_payment():
    sale = sold(price=92000, foreign=Foreign("USD", at(0.92), 100_000), expires_on=clock("02-03").day)  # 30 days
    line = {"recognition": Recognition.STRAIGHT_LINE}
    assert books(sale, dollars(100_000, 0.95, "01-20"), clock("02-03"), **line) == [
        "2026-01-20 accrual.straight-line  contract-asset 460.00  revenue-package -460.00",
        "2026-01-20 payment.bundle  bank 950.00  contract-asset -460.00  contract-liability -475.00  fx-gain -15.00",
        "2026-01-31 accrual.straight-line  contract-liability 380.00  revenue-package -380.00",
        "2026-02-03 accrual.straight-line  contract-liability 95.00  revenue-package -95.00",
    ]


def test_other_money_counts_at_its_own_value():
    assert books(PRICED, paid(92000), used("S-1", "01-06")) == [
        "2026-01-05 payment.bundle  psp-clearing 920.00  contract-liability -920.00",
        "2026-01-06 session.earned  contract-liability 92.00  revenue-package -92.00",
    ]


def test_a_payment_that_comes_back_takes_its_rate_with_it():
    after = (PRICED, *uses(2), dollars(100_000, 0.95, "01-20"))
    assert books(back(), dollars(100_000, 0.90, "02-03", "P-2"), used("S-3", "02-04"), after=after) == [
        "2026-02-02 payment.reversed  fx-gain 6.00  contract-liability 760.00  contract-asset 184.00  bank -950.00  corrects E-3",
        "2026-02-03 payment.bundle  bank 900.00  fx-loss 4.00  contract-asset -184.00  contract-liability -720.00",
        "2026-02-04 session.earned  contract-liability 90.00  revenue-package -90.00",
    ]


@pytest.mark.parametrize(("rate", "difference"), [(0.95, "fx-loss 30.00"), (0.90, "fx-gain -20.00")])
def test_of_a_bundle_used_up_the_claim_goes_back_to_the_rate_of_the_sale(rate, difference):
    game = house()
    tell(game, PRICED, dollars(100_000, rate), *uses(10))
    (line,) = tell(game, back())
    assert difference in line
    assert game.book.bundle("B-1").claimed == 92000
    tell(game, dollars(100_000, 0.92, "02-03", "P-2"))
    assert game.book.bundle("B-1").claimed == 0


def test_a_session_that_arrives_late_is_settled_by_the_payment_after_it():
    assert books(used("S-1", "01-06"), after=(PRICED, dollars(100_000, 0.95, "01-20"), used("S-2", "01-21"))) == [
        "2026-01-06 session.earned  contract-asset 92.00  revenue-package -92.00",
        "2026-01-20 contract.reclassified  contract-liability 95.00  contract-asset -92.00  fx-gain -3.00  corrects E-1",
    ]


rates = st.integers(500, 1500).map(lambda thousandths: thousandths * 1_000_000)


@given(st.lists(st.tuples(st.integers(1_000, 60_000), rates), min_size=1, max_size=4), rates, st.integers(0, 10))
def test_whatever_the_rates_the_price_paid_in_full_is_earned_in_full(parts, rate, before):
    total = sum(amount for amount, _ in parts)
    game = house(package=replace(PACKAGE, price=converted(total, "USD", "EUR", rate)))
    told = [used(f"S-{n}", "01-06") for n in range(before)]
    for number, (amount, when) in enumerate(parts):
        value, money = converted(amount, "USD", "EUR", when), Foreign("USD", when, amount)
        told.append(on("01-07", PaymentReceived(f"P-{number}", value, Method.TRANSFER, bundle="B-1", foreign=money)))
    told += [on("01-31", CurrencyRevalued("USD", rate)), *(used(f"S-{n}", "02-01") for n in range(before, 10))]
    tell(game, sold(foreign=Foreign("USD", rate, total)), *told)
    ends = balances(game.entries)
    assert of_bundle(game.entries, "B-1", Role.CONTRACT_LIABILITY, Role.CONTRACT_ASSET, Role.RECEIVABLE) == 0
    assert ends.get(Role.CUSTOMER_CREDIT, 0) == 0
    assert ends.get(Role.BANK, 0) == converted(total, "USD", "EUR", rate)
