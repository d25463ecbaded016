"""What the calendar owes a bundle: instalments, straight lines, refund windows (events.md 4a, The clock, Money due)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from revrec.core.events import BundleExtended, BundleTerminated, BundleTransferred, BundleVoided, Instalment, Method, RefundIssued
from revrec.core.policy import Obligation, Recognition
from revrec.core.units import UNIT
from tests.core.practice import PACKAGE
from tests.core.telling import books, clock, on, paid, sold, used, uses

FOUR = tuple(Instalment(date(2026, month, 10), 12000) for month in (1, 2, 3, 4))
EIGHT = replace(PACKAGE, price=48000, units=8 * UNIT)
TAXED = replace(PACKAGE, tax="es-21", price=60500, list_price=6050)
FIRM = {"obligation": Obligation.NONCANCELLABLE}
LINE = {"recognition": Recognition.STRAIGHT_LINE}


def test_an_instalment_is_a_receivable_from_its_day_on():
    assert books(sold("01-10", instalments=FOUR), paid(12000, "01-10"), clock("02-28"), package=EIGHT, **FIRM) == [
        "2026-01-10 payment.bundle  psp-clearing 120.00  contract-liability -120.00",
        "2026-02-10 instalment.due  receivable 120.00  contract-liability -120.00",
    ]


def test_use_beyond_what_is_due_becomes_receivable_when_it_falls_due():
    assert books(
        sold("01-10", instalments=FOUR), paid(12000, "01-10"), *uses(5, "01-20"), clock("04-30"), package=EIGHT, **FIRM
    ) == [
        "2026-01-10 payment.bundle  psp-clearing 120.00  contract-liability -120.00",
        "2026-01-20 session.earned  contract-liability 60.00  revenue-package -60.00",
        "2026-01-20 session.earned  contract-liability 60.00  revenue-package -60.00",
        "2026-01-20 session.earned  contract-asset 60.00  revenue-package -60.00",
        "2026-01-20 session.earned  contract-asset 60.00  revenue-package -60.00",
        "2026-01-20 session.earned  contract-asset 60.00  revenue-package -60.00",
        "2026-02-10 instalment.due  receivable 120.00  contract-asset -120.00",
        "2026-03-10 instalment.due  receivable 120.00  contract-asset -60.00  contract-liability -60.00",
        "2026-04-10 instalment.due  receivable 120.00  contract-liability -120.00",
    ]


def test_without_instalments_the_price_is_due_on_the_day_of_sale():
    assert books(sold(), clock("01-05"), **FIRM) == [
        "2026-01-05 instalment.due  receivable 500.00  contract-liability -500.00",
    ]


def test_cancellable_instalments_post_nothing():
    assert books(sold("01-10", instalments=FOUR), clock("04-30"), package=EIGHT) == []


def test_a_sale_voided_is_not_owed():
    assert books(on("01-20", BundleVoided("B-1", "manager")), after=(sold(), clock("01-10")), package=TAXED, **FIRM) == [
        "2026-01-20 sale.voided  contract-liability 500.00  vat-output-pending 105.00  receivable -605.00",
    ]


def test_what_is_not_delivered_is_not_due_after_a_refund():
    assert books(
        on("02-20", RefundIssued("R-1", "B-1", method=Method.CASH)),
        clock("05-01"),
        after=(sold("01-10", instalments=FOUR), paid(12000, "01-10"), used("S-1", "01-12")),
        package=EIGHT,
        **FIRM,
    ) == [
        "2026-02-10 instalment.due  receivable 120.00  contract-liability -120.00",
        "2026-02-20 refund.issued  contract-liability 180.00  receivable -120.00  cash -60.00",
    ]


def test_instalments_go_on_after_the_rights_are_given_up():
    assert books(
        on("02-20", BundleTerminated("B-1")),
        clock("05-01"),
        after=(sold("01-10", instalments=FOUR), paid(12000, "01-10")),
        package=EIGHT,
        **FIRM,
    ) == [
        "2026-02-10 instalment.due  receivable 120.00  contract-liability -120.00",
        "2026-02-20 breakage.termination  contract-liability 240.00  breakage -240.00",
        "2026-03-10 instalment.due  receivable 120.00  contract-liability -120.00",
        "2026-03-10 breakage.termination  contract-liability 120.00  breakage -120.00",
        "2026-04-10 instalment.due  receivable 120.00  contract-liability -120.00",
        "2026-04-10 breakage.termination  contract-liability 120.00  breakage -120.00",
    ]


def test_instalments_go_with_the_units_that_they_pay_for():
    assert books(
        on("02-20", BundleTransferred("B-1", "C-2", units=4 * UNIT, to_bundle="B-2")),
        clock("05-01"),
        after=(sold("01-10", instalments=FOUR), paid(12000, "01-10"), used("S-1", "01-12")),
        package=EIGHT,
        **FIRM,
    ) == [
        "2026-02-10 instalment.due  receivable 120.00  contract-liability -120.00",
        "2026-02-20 transfer.units  receivable(B-1 C-1) 34.29  contract-liability(B-2 C-2) -34.29",
        "2026-03-10 instalment.due  receivable 85.71  contract-liability -85.71",
        "2026-04-10 instalment.due  receivable 120.00  contract-liability -120.00",
    ]


def test_a_straight_line_earns_by_day_both_ends_counted():
    assert books(
        sold("01-10", expires_on=date(2026, 4, 9)),
        paid(60000, "01-10"),
        *uses(2, "01-31"),
        clock("04-30"),
        package=replace(PACKAGE, price=60000),
        **LINE,
    ) == [
        "2026-01-10 payment.bundle  psp-clearing 600.00  contract-liability -600.00",
        "2026-01-31 accrual.straight-line  contract-liability 146.67  revenue-package -146.67",
        "2026-02-28 accrual.straight-line  contract-liability 186.66  revenue-package -186.66",
        "2026-03-31 accrual.straight-line  contract-liability 206.67  revenue-package -206.67",
        "2026-04-09 accrual.straight-line  contract-liability 60.00  revenue-package -60.00",
    ]


def test_a_leap_year_of_a_euro_a_day():
    assert books(
        sold("2020-01-01", expires_on=date(2020, 3, 31)),
        paid(9100, "2020-01-01"),
        clock("2020-04-30"),
        package=replace(PACKAGE, price=9100),
        **LINE,
    ) == [
        "2020-01-01 payment.bundle  psp-clearing 91.00  contract-liability -91.00",
        "2020-01-31 accrual.straight-line  contract-liability 31.00  revenue-package -31.00",
        "2020-02-29 accrual.straight-line  contract-liability 29.00  revenue-package -29.00",
        "2020-03-31 accrual.straight-line  contract-liability 31.00  revenue-package -31.00",
    ]


def test_an_unpaid_straight_line_is_a_claim_with_its_vat():
    assert books(
        sold(expires_on=date(2026, 3, 31)), clock("02-28"), paid(60500, "03-02"), clock("04-30"), package=TAXED, **LINE
    ) == [
        "2026-01-31 accrual.straight-line  contract-asset 189.94  vat-output -32.96  revenue-package -156.98",
        "2026-02-28 accrual.straight-line  contract-asset 196.98  vat-output -34.19  revenue-package -162.79",
        ("2026-03-02 payment.bundle  psp-clearing 605.00  contract-asset -386.92  contract-liability -180.23  vat-output -37.85"),
        "2026-03-31 accrual.straight-line  contract-liability 180.23  revenue-package -180.23",
    ]


def test_an_extension_accrues_through_the_day_before_it_and_spreads_the_rest():
    assert books(
        on("02-10", BundleExtended("B-1", date(2026, 5, 9), "goodwill", "manager")),
        clock("06-30"),
        after=(sold(expires_on=date(2026, 4, 9)), paid()),
        **LINE,
    ) == [
        "2026-01-31 accrual.straight-line  contract-liability 142.11  revenue-package -142.11",
        "2026-02-10 accrual.straight-line  contract-liability 47.36  revenue-package -47.36",
        "2026-02-28 accrual.straight-line  contract-liability 66.29  revenue-package -66.29",
        "2026-03-31 accrual.straight-line  contract-liability 108.17  revenue-package -108.17",
        "2026-04-30 accrual.straight-line  contract-liability 104.67  revenue-package -104.67",
        "2026-05-09 accrual.straight-line  contract-liability 31.40  revenue-package -31.40",
    ]


def test_a_late_extension_gives_back_what_accrued_too_fast():
    assert books(
        on("02-10", BundleExtended("B-1", date(2026, 5, 9), "goodwill", "manager")),
        after=(sold(expires_on=date(2026, 4, 9)), paid(), clock("03-31")),
        **LINE,
    ) == [
        "2026-02-10 accrual.straight-line  contract-liability 47.36  revenue-package -47.36",
        "2026-02-28 accrual.straight-line  revenue-package 81.07  contract-liability -81.07  corrects E-3",
        "2026-03-31 accrual.straight-line  revenue-package 54.99  contract-liability -54.99  corrects E-4",
    ]


def test_a_refund_of_a_straight_line_lowers_revenue_beyond_what_is_left():
    assert books(
        on("02-11", RefundIssued("R-1", "B-1", method=Method.CASH)),
        clock("12-31"),
        after=(sold(expires_on=date(2026, 4, 9)), paid(), *uses(2)),
        **LINE,
    ) == [
        "2026-01-31 accrual.straight-line  contract-liability 142.11  revenue-package -142.11",
        "2026-02-11 accrual.straight-line  contract-liability 52.63  revenue-package -52.63",
        "2026-02-11 refund.issued  refund-contra 94.74  contract-liability 305.26  cash -400.00",
    ]
