"""An agent earns its commission only; the rest is the provider's (RICAC 26.4, 28.3, 34.8)."""

from __future__ import annotations

from dataclasses import replace

from revrec.core.events import Method, RefundIssued, SessionReversed
from revrec.core.policy import Overage, Recognition
from revrec.core.units import UNIT
from tests.core.practice import PACKAGE
from tests.core.telling import books, clock, on, paid, sold, used, uses

SIXTY = replace(PACKAGE, price=60000)
AGENT = {"principal": False, "commission_rate": 300_000, "commission_tax": "es-21"}


def test_each_payment_is_split_and_each_session_moves_both_shares():
    assert books(sold(), paid(60000), *uses(2), package=SIXTY, **AGENT) == [
        ("2026-01-05 payment.bundle  psp-clearing 600.00  contract-liability -180.00  vat-output -37.80  client-money -382.20"),
        (
            "2026-01-10 session.earned  contract-liability 18.00  client-money 38.22  provider-payable -38.22"
            "  commission-income -18.00"
        ),
        (
            "2026-01-10 session.earned  contract-liability 18.00  client-money 38.22  provider-payable -38.22"
            "  commission-income -18.00"
        ),
    ]


def test_what_expires_is_commission_and_client_money_stays():
    assert books(clock("12-31"), after=(sold(), paid(60000), *uses(2)), package=SIXTY, expiry_months=6, **AGENT) == [
        "2026-07-05 breakage.expiry  contract-liability 144.00  commission-income -144.00",
    ]


def test_a_session_before_the_money_owes_the_provider_at_once():
    assert books(*uses(1), paid(60000, "01-20"), after=(sold(),), package=SIXTY, **AGENT) == [
        ("2026-01-10 session.earned  contract-asset 60.00  vat-output -3.78  provider-payable -38.22  commission-income -18.00"),
        (
            "2026-01-20 payment.bundle  psp-clearing 600.00  contract-asset -60.00  contract-liability -162.00"
            "  vat-output -34.02  client-money -343.98"
        ),
    ]


def test_a_refund_comes_out_of_both_shares():
    assert books(
        on("01-20", RefundIssued("R-1", "B-1", method=Method.CASH)), after=(sold(), paid(60000), *uses(2)), package=SIXTY, **AGENT
    ) == [
        "2026-01-20 refund.issued  contract-liability 144.00  vat-output 30.24  client-money 305.76  cash -480.00",
    ]


def test_units_beyond_the_bundle_earn_commission():
    assert books(
        used("S-1", "01-10", quantity=11 * UNIT), after=(sold(), paid(60000)), package=SIXTY, overage=Overage.CHARGE, **AGENT
    ) == [
        (
            "2026-01-10 session.earned  contract-liability 180.00  client-money 382.20  receivable 60.00"
            "  provider-payable -382.20  commission-income -180.00  vat-output -3.78  provider-payable -38.22"
            "  commission-income -18.00"
        ),
    ]


def test_at_purchase_the_commission_is_earned_with_the_money():
    assert books(sold(), paid(60000), *uses(1), package=SIXTY, recognition=Recognition.AT_PURCHASE, **AGENT) == [
        (
            "2026-01-05 payment.at-purchase  psp-clearing 600.00  vat-output -37.80  client-money -382.20"
            "  commission-income -180.00"
        ),
        "2026-01-10 session.earned  client-money 38.22  provider-payable -38.22",
    ]


def test_the_rollback_gives_both_shares_back():
    assert books(on("01-21", SessionReversed("S-2")), after=(sold(), paid(60000), *uses(2)), package=SIXTY, **AGENT) == [
        (
            "2026-01-21 session.reversed  provider-payable 38.22  commission-income 18.00"
            "  contract-liability -18.00  client-money -38.22  corrects E-3"
        ),
    ]


def test_of_a_refund_the_agent_keeps_its_fee_and_the_provider_its_money():
    fee = {**AGENT, "refund_fee": 2000, "fee_tax": "es-21"}
    begun = (sold(), paid(60000), *uses(2))
    assert books(on("01-20", RefundIssued("R-1", "B-1", method=Method.CASH)), after=begun, package=SIXTY, **fee) == [
        (
            "2026-01-20 refund.issued  contract-liability 144.00  vat-output 30.24  client-money 305.76"
            "  fee-income -16.53  vat-output -3.47  cash -460.00"
        ),
    ]
    less = RefundIssued("R-1", "B-1", amount=40000, accepted=True, method=Method.CASH)
    assert books(on("01-20", less), after=begun, package=SIXTY, **fee) == [
        (
            "2026-01-20 refund.issued  contract-liability 144.00  vat-output 26.46  client-money 267.54"
            "  commission-income -18.00  fee-income -16.53  vat-output -3.47  cash -400.00"
        ),
    ]
