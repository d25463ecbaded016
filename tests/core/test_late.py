"""Facts that arrive out of order: judged in their place, booked on what stands, the clock gives way (events.md 4a)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from revrec.core.events import (
    BundleExtended,
    BundleTerminated,
    BundleTransferred,
    Method,
    PaymentFailed,
    PeriodClosed,
    RefundIssued,
    RefundReversed,
    SessionNoShow,
    SessionReversed,
)
from revrec.core.policy import ExpiryFrom, Overage
from revrec.core.units import UNIT
from tests.core.practice import PACKAGE
from tests.core.telling import books, clock, house, on, paid, refused, sold, tell, used, uses

ONE = {"expiry_months": 1}
BEGUN = (sold(), paid(), used("S-1", "01-20"))
LAPSED = (*BEGUN, clock("02-20"))
SINGLE = replace(PACKAGE, units=UNIT, price=5000)


def closed(month, day):
    return on(day, PeriodClosed(date(2026, month, 1), "controller"))


# Booked on its own day


def test_a_late_session_earns_on_its_own_day():
    assert books(used("S-2", "01-15"), after=BEGUN) == [
        "2026-01-15 session.earned  contract-liability 50.00  revenue-package -50.00",
    ]


def test_a_late_session_takes_the_cent_that_is_next():
    thirds = replace(PACKAGE, units=3 * UNIT, price=10000)
    assert books(used("S-2", "01-15"), after=(sold(), paid(10000), used("S-1", "01-20")), package=thirds) == [
        "2026-01-15 session.earned  contract-liability 33.34  revenue-package -33.34",
    ]


def test_late_money_settles_what_stands():
    assert books(paid(8000, "01-15"), after=(sold(), used("S-1", "01-20"))) == [
        "2026-01-15 payment.bundle  psp-clearing 80.00  contract-liability -80.00",
        "2026-01-20 contract.reclassified  contract-liability 50.00  contract-asset -50.00  corrects E-1",
    ]


def test_a_late_session_before_the_money_is_a_claim_until_it_came():
    assert books(used("S-1", "01-06"), after=(sold("01-05"), paid(50000, "01-10"))) == [
        "2026-01-06 session.earned  contract-asset 50.00  revenue-package -50.00",
        "2026-01-10 contract.reclassified  contract-liability 50.00  contract-asset -50.00  corrects E-1",
    ]


# What the clock did gives way


def test_a_late_session_was_no_breakage():
    game = house(**ONE)
    tell(game, *LAPSED)
    assert tell(game, used("S-2", "02-01")) == [
        "2026-02-01 session.earned  contract-liability 50.00  revenue-package -50.00",
        "2026-02-05 breakage.correction  breakage 50.00  contract-liability -50.00  corrects E-3",
    ]
    correction = game.entries[-1]
    assert (correction.event, correction.bundle, correction.session) == ("session-S-2", "B-1", None)


def test_late_money_was_breakage():
    assert books(paid(8000, "02-01"), after=(sold(), used("S-1", "01-20"), clock("02-20")), **ONE) == [
        "2026-02-01 payment.bundle  psp-clearing 80.00  contract-asset -50.00  contract-liability -30.00",
        "2026-02-05 breakage.expiry  contract-liability 30.00  breakage -30.00",
    ]


def test_a_late_extension_undoes_the_expiry_on_its_day():
    extended = on("02-01", BundleExtended("B-1", date(2026, 2, 10), "clinical", "manager"))
    assert books(extended, after=LAPSED, **ONE) == [
        "2026-02-05 breakage.correction  breakage 450.00  contract-liability -450.00  corrects E-3",
        "2026-02-10 breakage.expiry  contract-liability 450.00  breakage -450.00",
    ]


def test_a_late_termination_was_no_expiry():
    assert books(on("02-01", BundleTerminated("B-1")), after=LAPSED, **ONE) == [
        "2026-02-01 breakage.termination  contract-liability 450.00  breakage -450.00",
        "2026-02-05 breakage.correction  breakage 450.00  contract-liability -450.00  corrects E-3",
    ]


def test_a_late_refund_was_no_expiry():
    assert books(on("02-01", RefundIssued("R-1", "B-1", method=Method.CASH)), after=LAPSED, **ONE) == [
        "2026-02-01 refund.issued  contract-liability 450.00  cash -450.00",
        "2026-02-05 breakage.correction  breakage 450.00  contract-liability -450.00  corrects E-3",
    ]


def test_a_late_transfer_of_part_moves_its_breakage():
    part = on("02-01", BundleTransferred("B-1", "C-2", units=3 * UNIT, to_bundle="B-2"))
    assert books(part, after=LAPSED, **ONE) == [
        "2026-02-01 transfer.units  contract-liability(B-1 C-1) 150.00  contract-liability(B-2 C-2) -150.00",
        "2026-02-05 breakage.correction  breakage 150.00  contract-liability -150.00  corrects E-3",
        "2026-02-05 breakage.expiry  contract-liability 150.00  breakage -150.00",
    ]


def test_a_late_first_use_moves_the_expiry_forward():
    first_use = {**ONE, "expiry_from": ExpiryFrom.FIRST_USE}
    assert books(used("S-2", "01-10"), after=(*BEGUN, clock("02-25")), **first_use) == [
        "2026-01-10 session.earned  contract-liability 50.00  revenue-package -50.00",
        "2026-02-10 breakage.expiry  contract-liability 400.00  breakage -400.00",
        "2026-02-20 breakage.correction  breakage 450.00  contract-liability -450.00  corrects E-3",
    ]


# In a closed period


def test_in_a_closed_period_it_is_booked_on_the_first_open_day():
    assert books(used("S-2", "01-15"), after=(*BEGUN, closed(1, "02-03"))) == [
        "2026-02-01 session.earned  contract-liability 50.00  revenue-package -50.00  late for 2026-01-15",
    ]


def test_the_correction_moves_out_of_the_closed_period_too():
    after = (*LAPSED, closed(1, "03-01"), closed(2, "03-02"))
    assert books(used("S-2", "02-01"), after=after, **ONE) == [
        "2026-03-01 session.earned  contract-liability 50.00  revenue-package -50.00  late for 2026-02-01",
        "2026-03-01 breakage.correction  breakage 50.00  contract-liability -50.00  corrects E-3  late for 2026-02-05",
    ]


def test_a_correction_stays_on_its_day_when_only_the_fact_is_late():
    assert books(used("S-2", "01-25"), after=(*LAPSED, closed(1, "03-01")), **ONE) == [
        "2026-02-01 session.earned  contract-liability 50.00  revenue-package -50.00  late for 2026-01-25",
        "2026-02-05 breakage.correction  breakage 50.00  contract-liability -50.00  corrects E-3",
    ]


def test_a_reversal_posts_on_its_own_day():
    assert books(on("02-10", SessionReversed("S-1")), after=(*BEGUN, closed(1, "02-03"))) == [
        "2026-02-10 session.reversed  revenue-package 50.00  contract-liability -50.00  corrects E-2",
    ]


# What could no longer stand


def test_a_unit_taken_later_is_not_there_for_a_late_session():
    assert refused(sold(), used("S-1", "01-20"), used("S-2", "01-15"), package=SINGLE) == (
        "bundle B-1: with this late event, event session-S-1 (session.completed of 2026-01-20) could no longer stand: "
        "bundle B-1: 1 asked, 0 left (1 sold, 1 used). Top it up or record the visit as one-off"
        " [events.md 4a Late events] quantity"
    )


@pytest.mark.parametrize("overage", [Overage.CHARGE, Overage.ABSORB])
def test_nor_when_the_later_session_would_become_overage(overage):
    assert refused(sold(), used("S-1", "01-20"), used("S-2", "01-15"), package=SINGLE, overage=overage) == (
        "bundle B-1: the unit that this late event needs was taken by event session-S-1 (session.completed of 2026-01-20), "
        "which could no longer stand. Record the visit as one-off, or undo that event first [events.md 4a Late events] bundle"
    )


@pytest.mark.parametrize(
    "end",
    [
        RefundIssued("R-1", "B-1"),
        RefundIssued("R-1", "B-1", units=9 * UNIT),
        BundleTerminated("B-1"),
        BundleTransferred("B-1", "C-2", units=9 * UNIT, to_bundle="B-2"),
    ],
)
def test_a_unit_refunded_given_up_or_given_away_is_not_there_either(end):
    why = refused(*BEGUN, on("01-25", end, id="end"), used("S-2", "01-22"))
    assert "event end (" in why
    assert "of 2026-01-25)" in why
    assert "could no longer stand" in why


def test_a_session_before_the_refund_stands_when_a_unit_was_left():
    part = on("01-25", RefundIssued("R-1", "B-1", units=2 * UNIT, method=Method.CASH))
    assert books(used("S-2", "01-22"), after=(*BEGUN, part)) == [
        "2026-01-22 session.earned  contract-liability 50.00  revenue-package -50.00",
    ]


def test_a_late_no_show_is_judged_like_a_session():
    assert "event session-S-1 (session.completed of 2026-01-20)" in refused(
        sold(), used("S-1", "01-20"), on("01-15", SessionNoShow("N-1", "B-1")), package=SINGLE
    )


def test_a_late_fact_after_the_expiry_is_refused_as_ever():
    assert "bundle B-1 expired on 2026-02-05; 2026-02-06 is later" in refused(*LAPSED, used("S-2", "02-06"), **ONE)


def test_a_late_fact_that_needs_what_came_after_it_is_refused():
    assert "may not use bundle B-1: it is C-1's" in refused(
        *BEGUN, on("01-25", BundleTransferred("B-1", "C-2")), used("S-2", "01-22", beneficiary="C-2")
    )


def test_a_late_transfer_before_another_is_refused():
    second = on("01-25", BundleTransferred("B-1", "C-2"), id="second")
    assert refused(*BEGUN, second, on("01-22", BundleTransferred("B-1", "C-3"))) == (
        "bundle B-1: with this late event, event second (bundle.transferred of 2026-01-25) could no longer stand: "
        "C-1 would not hold the bundle on that day. Record this one on a later day [events.md 4a Late events] to_customer"
    )


def test_a_fact_without_rights_hinders_no_late_one():
    failed = on("01-25", PaymentFailed("P-9", 100, Method.CARD, "declined", "B-1"))
    assert len(books(used("S-2", "01-22"), after=(*BEGUN, failed))) == 1


def test_a_refund_undone_lets_a_late_session_in():
    undone = (on("01-25", RefundIssued("R-1", "B-1")), on("01-26", RefundReversed("R-1", "manager")))
    assert books(used("S-2", "01-27"), after=(*BEGUN, *undone, *uses(0))) == [
        "2026-01-27 session.earned  contract-liability 50.00  revenue-package -50.00",
    ]


# What was corrected stays known


def test_what_is_reinstated_is_the_latest_that_the_clock_said():
    extended = on("02-25", BundleExtended("B-1", date(2026, 3, 10), "clinical", "manager"))
    told = (used("S-2", "02-01"), extended, used("S-3", "02-02"), clock("03-31"))
    assert books(*told, after=LAPSED, **ONE) == [
        "2026-02-01 session.earned  contract-liability 50.00  revenue-package -50.00",
        "2026-02-05 breakage.correction  breakage 50.00  contract-liability -50.00  corrects E-3",
        "2026-02-25 breakage.reinstated  breakage 400.00  contract-liability -400.00  corrects E-5",
        "2026-02-02 session.earned  contract-liability 50.00  revenue-package -50.00",
        "2026-02-05 breakage.correction  breakage 50.00  contract-liability -50.00  corrects E-3",
        "2026-02-25 breakage.correction  contract-liability 50.00  breakage -50.00  corrects E-6",
        "2026-03-10 breakage.expiry  contract-liability 350.00  breakage -350.00",
    ]
