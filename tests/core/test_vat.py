"""VAT at the earlier of collection and delivery, to the cent of its document (events.md 4a, VAT; accounting.md 1.5)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from revrec.core.events import (
    Adjustment,
    AdjustmentPosted,
    Instalment,
    Method,
    PaymentReceived,
    PaymentReversed,
    RefundIssued,
    RefundReversed,
    SessionCompleted,
    SessionNoShow,
    SessionReversed,
    SessionWaived,
    Surcharge,
)
from revrec.core.policy import Charge, Invoicing, Obligation, Overage, RefundBasis, Regime
from revrec.core.units import UNIT
from tests.core.practice import PACKAGE
from tests.core.telling import books, clock, house, on, paid, sold, tell, used, uses

TAXED = replace(PACKAGE, tax="es-21", price=60500, list_price=6050)
VOUCHER = replace(PACKAGE, tax="es-21m", price=30250, units=5 * UNIT)


def test_it_accrues_on_the_amount_collected():
    assert books(sold(), paid(12100), paid(48400, "02-05", payment="P-2"), *uses(2, "02-10"), package=TAXED) == [
        "2026-01-05 payment.bundle  psp-clearing 121.00  contract-liability -100.00  vat-output -21.00",
        "2026-02-05 payment.bundle  psp-clearing 484.00  contract-liability -400.00  vat-output -84.00",
        "2026-02-10 session.earned  contract-liability 50.00  revenue-package -50.00",
        "2026-02-10 session.earned  contract-liability 50.00  revenue-package -50.00",
    ]


def test_it_accrues_on_what_is_delivered_before_it_is_paid():
    assert books(
        sold(), paid(12100), *uses(3), paid(48400, "02-03", payment="P-2"), package=TAXED, invoicing=Invoicing.AT_PURCHASE
    ) == [
        "2026-01-05 payment.bundle  psp-clearing 121.00  contract-liability -100.00  vat-output -21.00",
        "2026-01-10 session.earned  contract-liability 50.00  revenue-package -50.00",
        "2026-01-10 session.earned  contract-liability 50.00  revenue-package -50.00",
        "2026-01-10 session.earned  receivable 60.50  vat-output -10.50  revenue-package -50.00",
        ("2026-02-03 payment.bundle  psp-clearing 484.00  receivable -60.50  contract-liability -350.00  vat-output -73.50"),
    ]


def test_a_session_paid_in_part_is_taxed_for_the_part_that_is_not():
    assert books(sold(), paid(2420), used("S-1", "01-10"), package=TAXED) == [
        "2026-01-05 payment.bundle  psp-clearing 24.20  contract-liability -20.00  vat-output -4.20",
        ("2026-01-10 session.earned  contract-liability 20.00  contract-asset 36.30  vat-output -6.30  revenue-package -50.00"),
    ]


def test_due_unpaid_and_undelivered_it_is_pending():
    assert books(
        sold(instalments=(Instalment(date(2026, 1, 31), 60500),)),
        clock("01-31"),
        used("S-1", "02-01"),
        paid(60500, "02-10"),
        package=TAXED,
        obligation=Obligation.NONCANCELLABLE,
    ) == [
        "2026-01-31 instalment.due  receivable 605.00  contract-liability -500.00  vat-output-pending -105.00",
        (
            "2026-02-01 session.earned  contract-liability 50.00  vat-output-pending 10.50  vat-output -10.50"
            "  revenue-package -50.00"
        ),
        ("2026-02-10 payment.bundle  psp-clearing 605.00  vat-output-pending 94.50  receivable -605.00  vat-output -94.50"),
    ]


def test_a_refund_takes_back_the_vat_of_the_document():
    assert books(
        on("02-10", RefundIssued("R-1", "B-1", method=Method.TRANSFER)), after=(sold(), paid(60500), *uses(4)), package=TAXED
    ) == [
        "2026-02-10 refund.issued  contract-liability 300.00  vat-output 63.00  bank -363.00",
    ]


def test_a_refund_takes_the_newest_payment_first():
    assert books(
        on("02-10", RefundIssued("R-1", "B-1", amount=2000, units=UNIT, accepted=True, method=Method.CASH)),
        on("02-11", RefundIssued("R-2", "B-1", method=Method.CASH)),
        after=(sold(), paid(33333), paid(27167, "01-06", payment="P-2")),
        package=TAXED,
    ) == [
        ("2026-02-10 refund.issued  contract-liability 50.00  vat-output 10.50  vat-output -7.03  breakage -33.47  cash -20.00"),
        "2026-02-11 refund.issued  contract-liability 450.00  vat-output 94.50  cash -544.50",
    ]


def test_a_list_price_refund_keeps_the_vat_of_what_it_keeps():
    assert books(
        on("01-20", RefundIssued("R-1", "B-1", method=Method.CASH)),
        on("01-21", RefundReversed("R-1", "manager")),
        after=(sold(), paid(60500), *uses(4)),
        package=replace(TAXED, list_price=7260),
        refund_basis=RefundBasis.LIST,
    ) == [
        (
            "2026-01-20 refund.issued  contract-liability 300.00  vat-output 63.00  vat-output -8.40"
            "  revenue-package -40.00  cash -314.60"
        ),
        (
            "2026-01-21 refund.reversed  cash 314.60  vat-output 8.40  revenue-package 40.00"
            "  contract-liability -300.00  vat-output -63.00  corrects E-6"
        ),
    ]


def test_a_fee_kept_from_a_refund_bears_the_vat_of_fees():
    assert books(
        on("01-20", RefundIssued("R-1", "B-1", method=Method.CASH)), after=(sold(), paid()), refund_fee=2000, fee_tax="es-21"
    ) == [
        "2026-01-20 refund.issued  contract-liability 500.00  fee-income -16.53  vat-output -3.47  cash -480.00",
    ]


def test_a_fee_for_a_missed_session_bears_it_too():
    assert books(
        on("01-20", SessionNoShow("S-1", "B-1")),
        on("01-21", SessionWaived("S-1", "manager")),
        after=(sold(),),
        no_show=Charge.FEE,
        no_show_fee=1500,
        fee_tax="es-21",
    ) == [
        "2026-01-20 session.fee  receivable 15.00  vat-output -2.60  fee-income -12.40",
        "2026-01-21 session.waived  fee-income 12.40  vat-output 2.60  receivable -15.00  corrects E-1",
    ]


def test_a_forfeited_prepayment_keeps_it():
    assert books(clock("02-10"), after=(sold(expires_on=date(2026, 2, 1)), paid(60500), *uses(4)), package=TAXED) == [
        "2026-02-01 breakage.expiry  contract-liability 300.00  breakage -300.00",
    ]


def test_a_multi_purpose_voucher_bears_it_at_use_and_none_at_expiry():
    assert books(sold(expires_on=date(2026, 4, 15)), paid(30250), *uses(2), clock("04-30"), package=VOUCHER) == [
        "2026-01-05 payment.bundle  psp-clearing 302.50  contract-liability -302.50",
        "2026-01-10 session.earned  contract-liability 60.50  vat-output -10.50  revenue-package -50.00",
        "2026-01-10 session.earned  contract-liability 60.50  vat-output -10.50  revenue-package -50.00",
        "2026-04-15 breakage.expiry  contract-liability 181.50  breakage -181.50",
    ]


def test_a_multi_purpose_voucher_bears_the_rate_of_the_session():
    assert books(
        sold(), paid(30250), used("S-1", "01-10", tax="es-10"), on("01-11", SessionReversed("S-1")), package=VOUCHER
    ) == [
        "2026-01-05 payment.bundle  psp-clearing 302.50  contract-liability -302.50",
        "2026-01-10 session.earned  contract-liability 60.50  vat-output -5.50  revenue-package -55.00",
        "2026-01-11 session.reversed  vat-output 5.50  revenue-package 55.00  contract-liability -60.50  corrects E-2",
    ]


def test_a_visit_bears_it_on_its_day():
    assert books(
        on("01-10", SessionCompleted("V-1", customer="C-1", service="pilates", price=6050, tax="es-21")),
        on("01-11", PaymentReceived("P-9", 6050, Method.CASH, session="V-1")),
        on("01-12", SessionReversed("V-1")),
    ) == [
        "2026-01-10 session.single  receivable 60.50  vat-output -10.50  revenue-single -50.00",
        "2026-01-11 payment.visit  cash 60.50  receivable -60.50",
        "2026-01-12 session.reversed  revenue-single 50.00  vat-output 10.50  customer-credit -60.50  corrects E-1",
    ]


def test_a_surcharge_and_units_beyond_bear_it():
    assert books(
        used("S-1", "01-10", surcharge=Surcharge(1210, "es-21")),
        used("S-2", "01-11", quantity=11 * UNIT),
        after=(sold(), paid(60500)),
        package=TAXED,
        overage=Overage.CHARGE,
    ) == [
        (
            "2026-01-10 session.earned  contract-liability 50.00  receivable 12.10  revenue-package -50.00"
            "  vat-output -2.10  revenue-single -10.00"
        ),
        (
            "2026-01-11 session.earned  contract-liability 450.00  receivable 121.00  revenue-package -450.00"
            "  vat-output -21.00  revenue-single -100.00"
        ),
    ]


def test_the_rollback_of_an_unpaid_session_mirrors_its_document():
    assert books(on("01-21", SessionReversed("S-3")), after=(sold(), paid(12100), *uses(3)), package=TAXED) == [
        "2026-01-21 session.reversed  vat-output 10.50  revenue-package 50.00  contract-asset -60.50  corrects E-4",
    ]


def test_a_payment_that_comes_back_leaves_the_vat_of_what_was_delivered():
    assert books(
        on("01-21", PaymentReversed("P-1", "returned", "manager")), after=(sold(), paid(60500), *uses(3)), package=TAXED
    ) == [
        (
            "2026-01-21 payment.reversed  contract-liability 350.00  contract-asset 181.50  vat-output 73.50"
            "  psp-clearing -605.00  corrects E-1"
        ),
    ]


def test_late_money_moves_the_tax_point_to_its_day():
    assert books(paid(12100, "01-07"), after=(sold(), used("S-1", "01-10")), package=TAXED) == [
        "2026-01-07 payment.bundle  psp-clearing 121.00  contract-liability -100.00  vat-output -21.00",
        ("2026-01-10 contract.reclassified  vat-output 10.50  contract-liability 50.00  contract-asset -60.50  corrects E-1"),
    ]


def test_odd_cents_leave_nothing_at_the_end():
    assert books(
        *[paid(3333, "01-05", payment=f"P-{n}") for n in range(1, 4)],
        paid(1, "01-06", payment="P-9"),
        *uses(3),
        after=(sold(),),
        package=replace(TAXED, price=10000, units=3 * UNIT),
    ) == [
        "2026-01-05 payment.bundle  psp-clearing 33.33  contract-liability -27.55  vat-output -5.78",
        "2026-01-05 payment.bundle  psp-clearing 33.33  contract-liability -27.55  vat-output -5.78",
        "2026-01-05 payment.bundle  psp-clearing 33.33  contract-liability -27.55  vat-output -5.78",
        "2026-01-06 payment.bundle  psp-clearing 0.01  contract-liability -0.01",
        "2026-01-10 session.earned  contract-liability 27.55  revenue-package -27.55",
        "2026-01-10 session.earned  contract-liability 27.56  revenue-package -27.56",
        "2026-01-10 session.earned  contract-liability 27.55  revenue-package -27.55",
    ]


def test_a_fee_kept_from_taxed_money_bears_its_own_rate():
    kept = {"refund_fee": 2000, "fee_tax": "es-10", "refund_basis": RefundBasis.LIST}
    assert books(
        on("01-20", RefundIssued("R-1", "B-1", method=Method.CASH)),
        on("01-21", RefundReversed("R-1", "manager")),
        after=(sold(), paid(60500), *uses(2)),
        package=replace(TAXED, list_price=7260),
        **kept,
    ) == [
        (
            "2026-01-20 refund.issued  contract-liability 400.00  vat-output 84.00  fee-income -18.18  vat-output -6.02"
            "  revenue-package -20.00  cash -439.80"
        ),
        (
            "2026-01-21 refund.reversed  cash 439.80  fee-income 18.18  vat-output 6.02  revenue-package 20.00"
            "  contract-liability -400.00  vat-output -84.00  corrects E-4"
        ),
    ]


def test_in_the_cash_scheme_a_vouchers_unpaid_session_waits_for_its_money():
    game = house(VOUCHER)
    game.book.regime = Regime(vat_cash=True)
    assert tell(game, sold(), used("S-1", "01-10"), paid(30250, "01-12")) == [
        "2026-01-10 session.earned  contract-asset 60.50  vat-output-pending -10.50  revenue-package -50.00",
        (
            "2026-01-12 payment.bundle  psp-clearing 302.50  vat-output-pending 10.50  contract-asset -60.50"
            "  contract-liability -242.00  vat-output -10.50"
        ),
    ]


def test_in_the_cash_scheme_an_entry_by_hand_that_takes_what_nobody_paid_moves_no_vat():
    game = house(TAXED, obligation=Obligation.NONCANCELLABLE)
    game.book.regime = Regime(vat_cash=True)
    by_hand = AdjustmentPosted((Adjustment("contract-liability", 12100, "B-1"), Adjustment("rounding", -12100)), "manager")
    assert tell(game, sold(), clock("01-06"), on("01-08", by_hand), paid(60500, "01-10")) == [
        "2026-01-05 instalment.due  receivable 605.00  contract-liability -500.00  vat-output-pending -105.00",
        "2026-01-08 adjustment  contract-liability 121.00  rounding -121.00",
        "2026-01-08 contract.reclassified  receivable 121.00  contract-liability -121.00",
        "2026-01-10 payment.bundle  psp-clearing 605.00  vat-output-pending 87.50  receivable -605.00  vat-output -87.50",
    ]
