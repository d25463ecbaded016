"""Claims written off, recovered, their VAT taken back; bundles cancelled for default."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from revrec.core.book import Book
from revrec.core.events import (
    BundleCancelledForDefault,
    BundleTerminated,
    Instalment,
    ReceivableRecovered,
    ReceivableVatRecovered,
    ReceivableWrittenOff,
    SessionCompleted,
    SessionNoShow,
    SessionReversed,
)
from revrec.core.policy import Charge, Obligation, Overage, Recognition, Refund, Regime
from revrec.core.receivable import WAITS, waited
from revrec.core.units import UNIT
from tests.core.practice import PACKAGE, STANDARD, Practice, Shelf
from tests.core.telling import books, clock, on, paid, refused, sold, tell, used, uses

FIRM = {"obligation": Obligation.NONCANCELLABLE}
TAXED = replace(PACKAGE, tax="es-21", price=60500, list_price=6050)
OWED = (sold(), *uses(4))
DUE = (*OWED, clock("01-31"))
NO_SHOW = {"no_show": Charge.FEE, "no_show_fee": 1500}


def written_off(amount, day="03-02", **of):
    return on(day, ReceivableWrittenOff(amount, **(of or {"bundle": "B-1"})))


def recovered(amount, day="05-04", **of):
    return on(day, ReceivableRecovered(amount, **(of or {"bundle": "B-1"})))


def vat_back(amount, day="08-01", notified="2026-07-15", **of):
    return on(day, ReceivableVatRecovered(amount, date.fromisoformat(notified), **(of or {"bundle": "B-1"})))


def default(day="03-02"):
    return on(day, BundleCancelledForDefault("B-1"))


def visit(session, day, price=12100, tax="es-21", customer="C-1"):
    return on(day, SessionCompleted(session, customer=customer, service="yoga", price=price, tax=tax))


def cash_scheme(package=TAXED, **policy):
    """A practice in the VAT cash scheme."""
    return Practice(Book(Shelf(replace(STANDARD, **policy), package), regime=Regime(vat_cash=True)))


# Written off


def test_what_was_delivered_and_is_not_paid_is_bad_debt():
    assert books(written_off(20000), after=OWED) == ["2026-03-02 receivable.written-off  bad-debt 200.00  contract-asset -200.00"]


def test_what_is_due_and_not_delivered_is_not_owed_any_more():
    assert books(written_off(50000), after=DUE, **FIRM) == [
        "2026-03-02 receivable.written-off  contract-liability 300.00  bad-debt 200.00  receivable -500.00"
    ]


def test_delivered_sessions_are_lost_first_and_the_rest_lowers_the_price_of_what_is_left():
    assert books(written_off(30000), used("S-9", "03-05"), paid(20000, "03-06"), clock("12-31"), after=DUE, **FIRM) == [
        "2026-03-02 receivable.written-off  contract-liability 100.00  bad-debt 200.00  receivable -300.00",
        "2026-03-05 session.earned  contract-liability 33.33  revenue-package -33.33",
        "2026-03-06 payment.bundle  psp-clearing 200.00  receivable -200.00",
    ]


def test_an_instalment_written_off_does_not_fall_due_again():
    parts = tuple(Instalment(date(2026, month, 5), 25000) for month in (1, 4))
    after = (sold(instalments=parts), clock("01-31"))
    assert books(written_off(25000), clock("04-30"), after=after, **FIRM) == [
        "2026-03-02 receivable.written-off  contract-liability 250.00  receivable -250.00",
        "2026-04-05 instalment.due  receivable 250.00  contract-liability -250.00",
    ]


def test_the_vat_of_what_was_delivered_stays_and_that_of_what_was_not_goes():
    assert books(written_off(60500), after=DUE, package=TAXED, **FIRM) == [
        (
            "2026-03-02 receivable.written-off  contract-liability 300.00  vat-output-pending 63.00  bad-debt 242.00"
            "  receivable -605.00"
        )
    ]


def test_a_price_earned_at_purchase_and_not_owed_any_more_is_a_concession():
    assert books(written_off(50000), after=DUE, recognition=Recognition.AT_PURCHASE, **FIRM) == [
        "2026-03-02 receivable.written-off  refund-contra 300.00  bad-debt 200.00  receivable -500.00"
    ]


def test_a_straight_line_accrues_to_the_day_before_its_claim_is_written_off():
    assert books(written_off(22500, "02-01"), after=(sold(),), recognition=Recognition.STRAIGHT_LINE, expiry_months=2) == [
        "2026-01-31 accrual.straight-line  contract-asset 225.00  revenue-package -225.00",
        "2026-02-01 receivable.written-off  bad-debt 225.00  contract-asset -225.00",
    ]


def test_fees_and_sessions_beyond_the_bundle_are_written_off_by_age_with_the_rest():
    after = (sold(), paid(), on("01-11", SessionNoShow("N-1", "B-1")), *uses(10, "01-12"), used("S-11", "01-13"))
    told = [written_off(2000), recovered(2000), paid(7500, "05-05", payment="P-2")]
    assert books(*told, after=after, overage=Overage.CHARGE, **NO_SHOW) == [
        "2026-03-02 receivable.written-off  bad-debt 20.00  receivable -20.00",
        "2026-05-04 receivable.recovered  receivable 20.00  bad-debt -20.00",
        "2026-05-05 payment.bundle  psp-clearing 75.00  receivable -75.00",
    ]


def test_a_money_claim_of_another_branch_is_lost_where_it_was_sold():
    assert books(written_off(5000), after=(sold(), used("S-1", "01-10", branch="mad"))) == [
        "2026-03-02 receivable.written-off  bad-debt 50.00  contract-asset -50.00"
    ]


# What happens after


def test_the_claim_comes_back_and_its_money_follows():
    told = (written_off(20000), recovered(5000), paid(5000, "05-05"))
    assert books(*told, after=OWED)[1:] == [
        "2026-05-04 receivable.recovered  contract-asset 50.00  bad-debt -50.00",
        "2026-05-05 payment.bundle  psp-clearing 50.00  contract-asset -50.00",
    ]


def test_a_session_undone_after_its_claim_was_written_off_is_no_loss():
    assert books(on("03-03", SessionReversed("S-4")), after=(*OWED, written_off(20000))) == [
        "2026-03-03 session.reversed  revenue-package 50.00  bad-debt -50.00  corrects E-4"
    ]


def test_a_session_undone_after_part_was_written_off_leaves_the_loss_that_is_left():
    assert books(on("03-03", SessionReversed("S-4")), recovered(15000), after=(*OWED, written_off(15000))) == [
        "2026-03-03 session.reversed  revenue-package 50.00  contract-asset -50.00  corrects E-4",
        "2026-05-04 receivable.recovered  contract-asset 150.00  bad-debt -150.00",
    ]


def test_a_fee_waived_after_it_was_written_off_is_no_loss():
    after = (sold(), paid(), on("01-11", SessionNoShow("N-1", "B-1")), written_off(1500))
    assert books(on("03-03", SessionReversed("N-1")), after=after, **NO_SHOW) == [
        "2026-03-03 session.reversed  fee-income 15.00  bad-debt -15.00  corrects E-2"
    ]


def test_money_received_before_a_write_off_and_recorded_after_it_lowers_the_loss():
    assert books(paid(10000, "02-01"), after=(*OWED, written_off(20000))) == [
        "2026-02-01 payment.bundle  psp-clearing 100.00  contract-asset -100.00",
        "2026-03-02 contract.reclassified  contract-asset 100.00  bad-debt -100.00  corrects E-5",
    ]


def test_money_paid_after_all_without_recovery_counts_towards_what_is_left_of_the_price():
    assert books(paid(40000, "03-03"), after=(*OWED, written_off(20000))) == [
        "2026-03-03 payment.bundle  psp-clearing 400.00  contract-liability -300.00  customer-credit -100.00"
    ]


# VAT


def test_the_vat_of_a_lost_claim_is_taken_back_and_due_again_when_the_claim_is():
    told = (vat_back(4200), recovered(24200, "09-01"), paid(24200, "09-02"))
    assert books(*told, after=(*DUE, written_off(60500)), package=TAXED, **FIRM) == [
        "2026-08-01 receivable.vat-recovered  vat-output 42.00  bad-debt -42.00",
        "2026-09-01 receivable.recovered  receivable 242.00  bad-debt -200.00  vat-output -42.00",
        "2026-09-02 payment.bundle  psp-clearing 242.00  receivable -242.00",
    ]


def test_part_of_the_vat_comes_back_with_part_of_the_claim():
    told = (vat_back(2100), recovered(12100, "09-01"), vat_back(1050, "09-02"), recovered(12100, "09-03"))
    assert books(*told, after=(*OWED, written_off(24200)), package=TAXED) == [
        "2026-08-01 receivable.vat-recovered  vat-output 21.00  bad-debt -21.00",
        "2026-09-01 receivable.recovered  contract-asset 121.00  bad-debt -100.00  vat-output -21.00",
        "2026-09-02 receivable.vat-recovered  vat-output 10.50  bad-debt -10.50",
        "2026-09-03 receivable.recovered  contract-asset 121.00  bad-debt -110.50  vat-output -10.50",
    ]


def test_in_the_cash_scheme_the_vat_waits_through_loss_and_recovery():
    game = cash_scheme()
    tell(game, *OWED)
    assert tell(game, written_off(24200), recovered(12100), paid(12100, "05-05"), vat_back(2100)) == [
        "2026-03-02 receivable.written-off  bad-debt 242.00  contract-asset -242.00",
        "2026-05-04 receivable.recovered  contract-asset 121.00  bad-debt -121.00",
        "2026-05-05 payment.bundle  psp-clearing 121.00  vat-output-pending 21.00  contract-asset -121.00  vat-output -21.00",
        "2026-08-01 receivable.vat-recovered  vat-output-pending 21.00  bad-debt -21.00",
    ]


def test_the_vat_of_a_fee_waits_with_its_claim_in_the_cash_scheme():
    game = cash_scheme(fee_tax="es-21", **NO_SHOW)
    fee = tell(game, sold(), paid(60500), on("01-11", SessionNoShow("N-1", "B-1")))[-1]
    assert fee == "2026-01-11 session.fee  receivable 15.00  vat-output-pending -2.60  fee-income -12.40"
    assert tell(game, written_off(1500), recovered(1500), paid(1500, "05-05", payment="P-2")) == [
        "2026-03-02 receivable.written-off  bad-debt 15.00  receivable -15.00",
        "2026-05-04 receivable.recovered  receivable 15.00  bad-debt -15.00",
        "2026-05-05 payment.bundle  psp-clearing 15.00  vat-output-pending 2.60  receivable -15.00  vat-output -2.60",
    ]


@pytest.mark.parametrize(
    ("since", "day", "over"),
    [
        ("2026-01-10", "2026-07-09", False),
        ("2026-01-10", "2026-07-10", True),
        ("2025-08-31", "2026-02-28", True),
        ("2009-01-10", "2010-04-13", False),
    ],
)
def test_the_statutory_wait_runs_from_the_tax_point(since, day, over):
    assert waited(date.fromisoformat(since), date.fromisoformat(day)) is over
    assert all(source for _, _, source in WAITS)


def test_the_wait_of_each_session_is_its_own():
    after = (sold(), used("S-1", "01-10"), used("S-2", "03-01"), written_off(12100))
    assert "42.00" not in (told := refused(*after, vat_back(2100, "07-15"), package=TAXED))
    assert told.startswith(
        "bundle B-1: 10.50 EUR of the VAT written off accrued less than 6 months before 2026-07-15; "
        "take back at most 10.50 EUR now [LIVA 80.Cuatro"
    )
    assert books(vat_back(1050, "07-15"), vat_back(1050, "09-01"), after=after, package=TAXED) == [
        "2026-07-15 receivable.vat-recovered  vat-output 10.50  bad-debt -10.50",
        "2026-09-01 receivable.vat-recovered  vat-output 10.50  bad-debt -10.50",
    ]


def test_vat_taken_back_in_parts_is_counted_once():
    after = (*OWED, written_off(24200), vat_back(700, "07-20"), vat_back(500, "07-21"))
    assert books(vat_back(3000, "07-22"), after=after, package=TAXED) == [
        "2026-07-22 receivable.vat-recovered  vat-output 30.00  bad-debt -30.00"
    ]
    assert refused(*after, vat_back(3001, "07-22"), package=TAXED) == (
        "bundle B-1: 30.01 EUR is more than the 30.00 EUR of VAT in what was written off and not recovered; "
        "write the claim off first, or give at most that [LIVA 80.Cuatro] amount"
    )


def test_a_price_paid_in_part_and_lost_for_the_rest_is_no_default():
    after = (sold(), paid(30000), *uses(10), written_off(20000))
    assert refused(*after, default()) == (
        "bundle B-1 is paid; there is no default. Use bundle.terminated or refund.issued "
        "[events.md 4 bundle.cancelled_for_default] bundle"
    )
    assert books(default(), after=(*after[:-1], written_off(19999))) == [
        "2026-03-02 default.cancelled  bad-debt 0.01  contract-asset -0.01"
    ]


# Visits


def test_visits_are_written_off_oldest_first_and_come_back_in_that_order():
    after = (visit("V-2", "01-20", 6050), visit("V-1", "01-10"), visit("V-3", "01-11", customer="C-2"))
    assert books(written_off(15000, customer="C-1"), recovered(13000, customer="C-1"), after=after) == [
        "2026-03-02 receivable.written-off  bad-debt 121.00  receivable -121.00",
        "2026-03-02 receivable.written-off  bad-debt 29.00  receivable -29.00",
        "2026-05-04 receivable.recovered  receivable 121.00  bad-debt -121.00",
        "2026-05-04 receivable.recovered  receivable 9.00  bad-debt -9.00",
    ]


def test_the_vat_of_a_visit_comes_back_and_is_due_again():
    after = (visit("V-1", "01-10"), written_off(12100, customer="C-1"))
    told = (vat_back(2100, customer="C-1"), recovered(12100, "09-01", customer="C-1"))
    assert books(*told, after=after) == [
        "2026-08-01 receivable.vat-recovered  vat-output 21.00  bad-debt -21.00",
        "2026-09-01 receivable.recovered  receivable 121.00  bad-debt -100.00  vat-output -21.00",
    ]


def test_a_visit_undone_after_its_vat_was_taken_back_leaves_nothing():
    after = (visit("V-1", "01-10"), written_off(12100, customer="C-1"), vat_back(2100, customer="C-1"))
    assert books(on("09-01", SessionReversed("V-1")), after=after) == [
        "2026-09-01 session.reversed  revenue-single 100.00  bad-debt -100.00  corrects E-1"
    ]


def test_a_visit_partly_written_off_in_the_cash_scheme_accrues_the_vat_of_what_is_paid():
    game = cash_scheme()
    tell(game, visit("V-1", "01-10"), written_off(6050, customer="C-1"))
    paid_visit = paid(6050, "03-03")
    paid_visit = paid_visit._replace(fact=replace(paid_visit.fact, bundle=None, session="V-1"))
    assert tell(game, paid_visit, vat_back(1050, customer="C-1")) == [
        "2026-03-03 payment.visit  psp-clearing 60.50  receivable -60.50  vat-output-pending 10.50  vat-output -10.50",
        "2026-08-01 receivable.vat-recovered  vat-output-pending 10.50  bad-debt -10.50",
    ]


# Default


def test_a_default_writes_off_what_was_delivered_and_not_paid():
    assert books(default(), clock("12-31"), after=(sold(), paid(10000), *uses(4))) == [
        "2026-03-02 default.cancelled  bad-debt 100.00  contract-asset -100.00"
    ]


def test_a_default_cancels_what_fell_due_for_sessions_that_will_not_be_held():
    assert books(default(), clock("12-31"), after=(*DUE, paid(10000, "02-01")), package=TAXED, **FIRM) == [
        ("2026-03-02 default.cancelled  contract-liability 300.00  vat-output-pending 63.00  bad-debt 142.00  receivable -505.00")
    ]


def test_money_paid_beyond_what_was_delivered_is_credit_up_to_the_quote_with_its_vat():
    after = (sold(), paid(24200), *uses(2))
    assert books(default(), after=after, package=TAXED) == [
        "2026-03-02 default.cancelled  contract-liability 100.00  vat-output 21.00  customer-credit -121.00"
    ]
    assert books(default(), after=after, package=TAXED, refund_fee=2100) == [
        ("2026-03-02 default.cancelled  contract-liability 100.00  vat-output 17.36  breakage -17.36  customer-credit -100.00")
    ]
    assert books(default(), after=after, package=TAXED, refund=Refund.NONE) == [
        "2026-03-02 default.cancelled  contract-liability 100.00  breakage -100.00"
    ]


def test_a_default_of_a_straight_line_accrues_to_the_day_before():
    assert books(default("02-01"), clock("12-31"), after=(sold(),), recognition=Recognition.STRAIGHT_LINE, expiry_months=2) == [
        "2026-01-31 accrual.straight-line  contract-asset 225.00  revenue-package -225.00",
        "2026-02-01 default.cancelled  bad-debt 225.00  contract-asset -225.00",
    ]


def test_a_default_under_recognition_at_purchase_gives_revenue_back():
    assert books(default(), after=(sold(), paid(20000), *uses(2)), recognition=Recognition.AT_PURCHASE) == [
        "2026-03-02 default.cancelled  refund-contra 100.00  customer-credit -100.00"
    ]


def test_a_default_writes_fees_off_too_and_they_can_be_recovered():
    after = (sold(), on("01-11", SessionNoShow("N-1", "B-1")), *uses(1, "01-12"))
    assert books(default(), recovered(6500), paid(6500, "05-05"), after=after, **NO_SHOW) == [
        "2026-03-02 default.cancelled  bad-debt 65.00  contract-asset -50.00  receivable -15.00",
        "2026-05-04 receivable.recovered  contract-asset 50.00  receivable 15.00  bad-debt -65.00",
        "2026-05-05 payment.bundle  psp-clearing 65.00  contract-asset -50.00  receivable -15.00",
    ]


def test_money_received_before_a_default_and_recorded_after_it_lowers_the_loss_and_moves_no_credit():
    after = (sold(), paid(10000), *uses(4), default())
    assert books(paid(30000, "02-01", payment="P-2"), after=after) == [
        "2026-02-01 payment.bundle  psp-clearing 300.00  contract-asset -100.00  contract-liability -200.00",
        (
            "2026-03-02 breakage.correction  contract-asset 100.00  contract-liability 200.00  bad-debt -100.00"
            "  breakage -200.00  corrects E-6"
        ),
    ]


# Refused


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (
            (*OWED, written_off(20001)),
            (
                "bundle B-1: 200.01 EUR is more than the 200.00 EUR open; give at most that "
                "[events.md 4 receivable.written_off, receivable.recovered] amount"
            ),
        ),
        (
            (*OWED, written_off(20000), recovered(20001)),
            (
                "bundle B-1: 200.01 EUR is more than the 200.00 EUR written off as bad debt and not recovered; give at most that "
                "[events.md 4 receivable.written_off, receivable.recovered] amount"
            ),
        ),
        (
            (visit("V-1", "01-10"), written_off(12101, customer="C-1")),
            (
                "customer C-1: 121.01 EUR is more than the 121.00 EUR open on one-off visits; give at most that "
                "[events.md 4 receivable.written_off, receivable.recovered] amount"
            ),
        ),
        (
            (visit("V-1", "03-10"), written_off(100, "03-02", customer="C-1")),
            (
                "customer C-1: 1.00 EUR is more than the 0.00 EUR open on one-off visits; give at most that "
                "[events.md 4 receivable.written_off, receivable.recovered] amount"
            ),
        ),
        (
            (*OWED, written_off(20000), vat_back(1)),
            (
                "bundle B-1: 0.01 EUR is more than the 0.00 EUR of VAT in what was written off and not recovered; "
                "write the claim off first, or give at most that [LIVA 80.Cuatro] amount"
            ),
        ),
        (
            (*OWED, written_off(20000), vat_back(1, "07-10", "2026-07-11")),
            (
                "bundle B-1: the corrective invoice is notified on 2026-07-11, after 2026-07-10; record it on that day "
                "[LIVA 80.Cuatro.B; RIVA 24] notified_on"
            ),
        ),
        (
            (sold(), paid(), default()),
            (
                "bundle B-1 is paid; there is no default. Use bundle.terminated or refund.issued "
                "[events.md 4 bundle.cancelled_for_default] bundle"
            ),
        ),
        (
            (sold(), on("01-20", BundleTerminated("B-1")), default()),
            (
                "bundle B-1 was terminated; write off what is owed on it instead (receivable.written_off) "
                "[events.md 4 bundle.cancelled_for_default] bundle"
            ),
        ),
    ],
)
def test_refused(told, why):
    assert refused(*told) == why


def test_a_bundle_in_default_is_not_used_any_more():
    assert refused(*OWED, default(), used("S-9", "03-03")).startswith("bundle B-1 was defaulted; nothing can be used.")
    assert refused(*OWED, default(), used("S-9", "03-01", quantity=UNIT)).startswith(
        "bundle B-1: the unit that this late event needs was taken by event"
    )


def test_the_vat_of_a_visit_comes_back_in_parts_with_what_is_recovered():
    after = (visit("V-1", "01-10"), written_off(12100, customer="C-1"), vat_back(1000, customer="C-1"))
    told = (
        recovered(6000, "09-01", customer="C-1"),
        vat_back(541, "09-02", customer="C-1"),
        recovered(6100, "09-03", customer="C-1"),
    )
    assert books(*told, after=after) == [
        "2026-09-01 receivable.recovered  receivable 60.00  bad-debt -55.04  vat-output -4.96",
        "2026-09-02 receivable.vat-recovered  vat-output 5.41  bad-debt -5.41",
        "2026-09-03 receivable.recovered  receivable 61.00  bad-debt -50.55  vat-output -10.45",
    ]
    assert refused(*after, told[0], recovered(6101, "09-03", customer="C-1")) == (
        "customer C-1: 61.01 EUR is more than the 61.00 EUR written off on one-off visits and not recovered; give at most that"
        " [events.md 4 receivable.written_off, receivable.recovered] amount"
    )


def test_the_vat_of_units_beyond_the_bundle_is_their_own():
    beyond = (sold(), paid(60500), used("S-1", "01-10", quantity=11 * UNIT))
    told = (written_off(6050), vat_back(1050), recovered(6050, "09-01"))
    assert books(*told, after=beyond, package=TAXED, overage=Overage.CHARGE) == [
        "2026-03-02 receivable.written-off  bad-debt 60.50  receivable -60.50",
        "2026-08-01 receivable.vat-recovered  vat-output 10.50  bad-debt -10.50",
        "2026-09-01 receivable.recovered  receivable 60.50  bad-debt -50.00  vat-output -10.50",
    ]


def test_part_of_a_fee_is_lost_with_its_part_of_the_vat_that_waits():
    game = cash_scheme(fee_tax="es-21", **NO_SHOW)
    tell(game, sold(), paid(60500), on("01-11", SessionNoShow("N-1", "B-1")))
    told = (written_off(700), paid(800, "03-03", payment="P-2"), recovered(700), paid(700, "05-05", payment="P-3"))
    assert tell(game, *told) == [
        "2026-03-02 receivable.written-off  bad-debt 7.00  receivable -7.00",
        "2026-03-03 payment.bundle  psp-clearing 8.00  vat-output-pending 1.39  receivable -8.00  vat-output -1.39",
        "2026-05-04 receivable.recovered  receivable 7.00  bad-debt -7.00",
        "2026-05-05 payment.bundle  psp-clearing 7.00  vat-output-pending 1.21  receivable -7.00  vat-output -1.21",
    ]
