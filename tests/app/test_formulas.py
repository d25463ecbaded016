"""Formulas of entries with VAT, commissions and estimates, each entry written out as it stands in the books."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import pytest

from revrec.app.formulas import explained
from revrec.app.working import Case
from revrec.core.bundle import Bundle, Position
from revrec.core.events import Instalment, Method, PaymentReceived, PayoutSettled, ProviderInvoiced, SessionCompleted
from revrec.core.journal import JournalEntry, Posting, Role
from revrec.core.policy import Breakage, Package, Tax, Terms
from revrec.core.units import UNIT, Unit
from tests.app.test_explain import evaluate
from tests.core.test_clauses import STANDARD

DAY = date(2026, 3, 2)
TAX = Tax("es-21", date(2026, 1, 1), "S", "21")
PACKAGE = Package("COACH-10", date(2026, 1, 1), "standard", "es-21", 10 * UNIT, 0, Unit.SESSION, 121_000, 14_520, "coaching")
ROLES = {
    "bank": Role.BANK,
    "liability": Role.CONTRACT_LIABILITY,
    "vat": Role.VAT_OUTPUT,
    "pending": Role.VAT_OUTPUT_PENDING,
    "receivable": Role.RECEIVABLE,
    "revenue": Role.REVENUE_PACKAGE,
    "commission": Role.COMMISSION_INCOME,
    "client": Role.CLIENT_MONEY,
    "payable": Role.PROVIDER_PAYABLE,
    "breakage": Role.BREAKAGE,
    "refunds": Role.REFUND_LIABILITY,
    "psp": Role.PSP_CLEARING,
    "costs": Role.PSP_FEES,
    "cost": Role.PROVIDER_COST,
    "input": Role.VAT_INPUT,
    "withholding": Role.WITHHOLDING_PAYABLE,
}


def sold(used=0, paid=0, price=121_000, **policy):
    """B-1: ten units at a price with 21 % VAT, under the standard policy with other choices."""
    terms = Terms(PACKAGE, replace(STANDARD, **policy), TAX)
    dates = {"sold_on": DAY, "last_date": DAY}
    sale = {"customer": "C-1", "branch": None, "expiry_event": "e1", "expiry_source": "desk", "seq": 1}
    worth = {"units": 10 * UNIT, "bonus_units": 0, "price": price, "list_price": 14_520}
    return Bundle("B-1", terms, **dates, **sale, **worth, used=used * UNIT, position=Position(paid=paid))


def case(rule, legs, *, before=(), fact=None, prior=None, after=None, earned=0, day=DAY, **more):
    """An entry of B-1 with these legs by role (debit positive), after these balances."""
    postings = tuple(Posting(ROLES[role], amount) for role, amount in legs.items())
    entry = JournalEntry(9, day, "e9", "desk", rule, postings, bundle="B-1")
    balances = {("B-1", ROLES[role]): amount for role, amount in dict(before).items()}
    return Case(entry, "EUR", fact, balances=balances, prior=prior, after=after, earned=earned, rates=(2100,), **more)


def workings(made):
    """The English formula of each leg by role, checked: both languages give the posted amount."""
    found = {}
    for leg, formula in explained(made):
        assert formula.amount == leg.amount
        for said in formula.sum:
            assert evaluate(said) == abs(leg.amount), said
        name = next(name for name, role in ROLES.items() if role is leg.role)
        found[name] = "the rest" if formula.rest else formula.sum.en
    return found


def payment(amount):
    return PaymentReceived("P-1", amount, Method.TRANSFER, bundle="B-1")


def test_money_with_tax_is_base_and_vat_of_one_document():
    bundle = sold()
    made = case(
        "payment.bundle", {"bank": 12_100, "liability": -10_000, "vat": -2_100}, fact=payment(12_100), prior=bundle, after=bundle
    )
    assert workings(made) == {
        "bank": "121.00",
        "liability": "round(121.00 with tax x 100 / (100 + 21))",
        "vat": "121.00 with tax - round(121.00 with tax x 100 / (100 + 21))",
    }


def test_a_taxed_session_earns_its_share_of_the_price_without_tax():
    made = case(
        "session.earned",
        {"liability": 10_000, "revenue": -10_000},
        before={"liability": -90_000, "revenue": -10_000, "vat": -21_000, "bank": 121_000},
        fact=SessionCompleted("S-2", "B-1"),
        prior=sold(1, 121_000),
        after=sold(2, 121_000),
        earned=10_000,
    )
    assert workings(made) == {
        "liability": "min(100.00 earned, 900.00 contract liability)",
        "revenue": "round(1000.00 billed without tax x 2 / 10) - 100.00 earned before",
    }


def test_a_session_beyond_the_money_paid_bears_its_vat():
    made = case(
        "session.earned",
        {"receivable": 12_100, "vat": -2_100, "revenue": -10_000},
        fact=SessionCompleted("S-1", "B-1"),
        prior=sold(),
        after=sold(1),
    )
    found = workings(made)
    assert found["vat"] == "121.00 with tax - round(121.00 with tax x 100 / (100 + 21))"
    assert found["revenue"] != "the rest"


def test_tax_that_was_pending_falls_due_with_its_share_of_the_claim():
    made = case(
        "payment.bundle",
        {"bank": 5_000, "receivable": -5_000, "pending": 868, "vat": -868},
        before={"receivable": 12_100, "liability": -10_000, "pending": -2_100},
        fact=payment(5_000),
        prior=sold(),
    )
    found = workings(made)
    assert found["receivable"] == "min(50.00 received, 121.00 receivable)"
    assert "the rest" not in found.values()


def test_an_instalment_that_falls_due_waits_with_its_vat():
    legs = {"receivable": 60_500, "liability": -50_000, "pending": -10_500}
    made = case("instalment.due", legs, fact=SimpleNamespace(instalments=(Instalment(DAY, 60_500),)), prior=sold(), after=sold())
    assert workings(made) == {
        "receivable": "605.00",
        "liability": "round(605.00 with tax x 100 / (100 + 21))",
        "pending": "605.00 with tax - round(605.00 with tax x 100 / (100 + 21))",
    }


def test_a_refund_reverses_the_documents_vat_cumulatively():
    def taken(back):
        receipt = SimpleNamespace(ref="P-1", gross=121_000, vat=21_000, back=back)
        return sold(2)._replace(position=SimpleNamespace(paid=121_000 - back, receipts=(receipt,)))

    made = case(
        "refund.issued",
        {"liability": 80_000, "vat": 16_800, "bank": -96_800},
        before={"liability": -80_000, "revenue": -20_000, "vat": -21_000, "bank": 121_000},
        prior=taken(0),
        after=taken(96_800),
        earned=20_000,
    )
    assert workings(made)["vat"] == (
        "round(210.00 VAT x 968.00 given back / 1210.00 document) - round(210.00 VAT x 0.00 before / 1210.00 document)"
    )


AGENT = {"principal": False, "commission_rate": 300_000, "commission_tax": "es-21"}


def test_an_agents_money_is_commission_tax_on_it_and_client_money():
    bundle = sold(price=50_000, **AGENT)
    made = case(
        "payment.bundle",
        {"bank": 50_000, "liability": -15_000, "vat": -3_150, "client": -31_850},
        fact=payment(50_000),
        prior=bundle,
        after=bundle,
    )
    assert workings(made) == {
        "bank": "500.00",
        "liability": "round(500.00 with tax x 30 / 100)",
        "vat": "round(150.00 commission x 21 / 100)",
        "client": "500.00 with tax - 150.00 commission - 31.50 VAT on it",
    }


def test_an_agents_session_moves_commission_and_client_money():
    made = case(
        "session.earned",
        {"liability": 1_500, "client": 3_185, "payable": -3_185, "commission": -1_500},
        before={"liability": -13_500, "commission": -1_500, "client": -28_665, "payable": -3_185, "vat": -3_150},
        fact=SessionCompleted("S-2", "B-1"),
        prior=sold(1, price=50_000, **AGENT),
        after=sold(2, price=50_000, **AGENT),
        earned=1_500,
    )
    found = workings(made)
    assert found["payable"] == "round(318.50 client money x 2 / 10) - 31.85 passed on before"
    assert found["commission"] == "round(150.00 commission x 2 / 10) - 15.00 earned before"
    assert "the rest" not in found.values()


def test_breakage_in_proportion_to_use_divides_by_the_rights_expected_to_be_used():
    bundle = sold(1, 50_000, 50_000, breakage=Breakage.PROPORTIONAL, expected_used=900_000)
    made = case(
        "breakage.proportional",
        {"liability": 556, "breakage": -556},
        before={"liability": -45_000, "revenue": -5_000, "bank": 50_000},
        prior=bundle,
        after=bundle,
        earned=5_000,
    )
    formula = "round(500.00 price x 1 / (10 x 90 / 100)) - 50.00 earned - 0.00 breakage before"
    assert workings(made) == {"liability": formula, "breakage": formula}


def test_a_straight_line_counts_both_ends():
    bundle = sold(0, 18_000, 18_000)._replace(fixed_expiry=date(2026, 5, 30))
    made = case(
        "accrual.straight-line",
        {"liability": 6_000, "revenue": -6_000},
        before={"liability": -18_000, "bank": 18_000},
        prior=bundle,
        after=bundle,
        day=date(2026, 3, 31),
    )
    assert workings(made)["revenue"] == "round(180.00 price x 30 / 90) - 0.00 earned before"


def test_an_estimate_that_rises_takes_breakage_back():
    bundle = sold(3, 60_000, 60_000, breakage=Breakage.PROPORTIONAL, expected_used=1_000_000)
    made = case(
        "breakage.estimated",
        {"breakage": 750, "liability": -750},
        before={"liability": -41_250, "revenue": -18_000, "breakage": -750, "bank": 60_000},
        prior=bundle,
        after=bundle,
        earned=18_000,
    )
    assert workings(made)["liability"].startswith("-(round(600.00 price x 3 / (10 x 100 / 100))")


def test_what_was_held_for_refunds_is_released_when_their_window_ends():
    made = case(
        "refund-window.released", {"refunds": 2_500, "liability": -2_500}, before={"refunds": -2_500, "liability": -47_500}
    )
    assert workings(made) == {"refunds": "25.00", "liability": "25.00"}


def test_a_multi_purpose_session_takes_its_value_with_tax_out_of_the_liability():
    made = case(
        "session.earned",
        {"liability": 12_100, "vat": -2_100, "revenue": -10_000},
        before={"liability": -121_000, "bank": 121_000},
        fact=SessionCompleted("S-1", "B-1"),
        prior=sold(0, 121_000),
        after=sold(1, 121_000),
    )
    found = workings(made)
    assert found["liability"] == (
        "min((round(1210.00 price x 1 / 10) - round(1210.00 price x 0 / 10)), 1210.00 contract liability)"
    )
    assert found["vat"] == "121.00 with tax - round(121.00 with tax x 100 / (100 + 21))"


def test_expected_refunds_are_a_share_of_what_counts_towards_the_price():
    bundle = sold(price=50_000, refund_expected=50_000)
    made = case(
        "payment.bundle",
        {"bank": 50_000, "liability": -47_500, "refunds": -2_500},
        fact=payment(50_000),
        prior=bundle,
        after=bundle,
    )
    assert workings(made) == {
        "bank": "500.00",
        "liability": "500.00 towards the price - 25.00 refund liability",
        "refunds": "round(500.00 towards the price x 5 / 100)",
    }


def test_what_a_late_fact_may_not_leave_stands_as_a_claim():
    made = case(
        "contract.reclassified",
        {"receivable": 5_000, "liability": -5_000},
        before={"liability": -45_000},
        prior=sold(1),
        after=sold(1),
        on_day={Role.CONTRACT_LIABILITY: 5_000},
    )
    assert workings(made) == {"receivable": "50.00", "liability": "50.00"}


def test_amounts_of_one_fact_are_added_up():
    legs = {"bank": 9_710, "psp": -10_000, "costs": 290}
    assert workings(case("payout.settled", legs, fact=PayoutSettled(Method.CARD, 10_000, 290))) == {
        "bank": "100.00 - 2.90",
        "psp": "100.00",
        "costs": "2.90",
    }
    legs = {"cost": 10_000, "input": 2_100, "payable": -10_600, "withholding": -1_500}
    assert workings(case("provider.invoiced", legs, fact=ProviderInvoiced("PR-1", 10_000, None, 2_100, 1_500))) == {
        "cost": "100.00",
        "input": "21.00",
        "payable": "100.00 + 21.00 - 15.00",
        "withholding": "15.00",
    }


@pytest.mark.parametrize("rule", ["currency.revalued", "a-rule-of-another-release"])
def test_what_no_formula_reaches_is_the_rest_of_its_entry(rule):
    assert workings(case(rule, {"bank": 1_234, "receivable": -1_234})) == {"bank": "the rest", "receivable": "the rest"}
