from __future__ import annotations

from dataclasses import replace

import pytest

from revrec.core.bundle import Status
from revrec.core.events import (
    BundleExpired,
    BundleExtended,
    BundleTerminated,
    RefundIssued,
    SessionNoShow,
    SessionReversed,
    SessionWaived,
)
from revrec.core.policy import ExpiryFrom, ExpiryKind, Recognition
from tests.core.practice import PACKAGE
from tests.core.telling import books, clock, house, on, paid, refused, sold, tell, used, uses

BEGUN = (sold(), paid(), *uses(2))
ONE = {"expiry_months": 1}
SOFT = {**ONE, "expiry_kind": ExpiryKind.SOFT, "grace_days": 10}
TERMINATED = on("01-20", BundleTerminated("B-1"))


def extended(day, until, fee=0):
    return on(day, BundleExtended("B-1", on(until, None).day, "goodwill", "manager", fee), id=f"extended-{until}")


# Expiry


def test_what_is_left_on_the_last_day_of_use_is_breakage():
    game = house(**ONE)
    tell(game, *BEGUN)
    assert tell(game, clock("02-04")) == []
    assert tell(game, clock("02-05")) == ["2026-02-05 breakage.expiry  contract-liability 400.00  breakage -400.00"]
    assert (game.entries[-1].event, game.entries[-1].bundle, game.entries[-1].branch) == ("sale-B-1", "B-1", "bcn")
    assert tell(game, clock("03-05")) == []


def test_the_next_fact_runs_the_clock_up_to_the_day_before_it():
    other = sold("02-05", "B-2")
    assert books(other, after=BEGUN, **ONE) == []
    assert books(other._replace(day=on("02-06", None).day), after=BEGUN, **ONE) == [
        "2026-02-05 breakage.expiry  contract-liability 400.00  breakage -400.00",
    ]


def test_a_refused_fact_does_not_move_the_clock():
    assert "expired on 2026-02-05" in refused(*BEGUN, used("S-9", "02-06"), **ONE)


def test_an_expiry_with_nothing_left_or_nothing_paid_posts_nothing():
    assert books(clock("02-05"), after=(sold(), paid(), *uses(10)), **ONE) == []
    assert books(clock("02-05"), after=(sold(), *uses(2)), **ONE) == []


def test_at_purchase_nothing_is_left_to_break():
    assert books(clock("02-05"), after=BEGUN, recognition=Recognition.AT_PURCHASE, **ONE) == []


def test_months_clamp_and_a_package_may_say_otherwise():
    assert books(clock("12-31"), after=(sold("01-31"), paid(day="01-31")), **ONE)[0].startswith("2026-02-28 breakage.expiry")
    longer = replace(PACKAGE, expiry_months=2)
    assert books(clock("12-31"), after=(sold(), paid()), package=longer, **ONE)[0].startswith("2026-03-05 breakage.expiry")
    never = replace(PACKAGE, expiry_months=0)
    assert books(clock("2030-12-31"), after=(sold(), paid()), package=never, **ONE) == []


def test_a_soft_expiry_lets_days_of_grace_pass():
    assert books(used("S-3", "02-15"), clock("02-15"), after=BEGUN, **SOFT) == [
        "2026-02-15 session.earned  contract-liability 50.00  revenue-package -50.00",
        "2026-02-15 breakage.expiry  contract-liability 350.00  breakage -350.00",
    ]
    assert "expired on 2026-02-15" in refused(*BEGUN, used("S-3", "02-16"), **SOFT)


def test_a_bundle_sold_with_a_day_expires_on_it():
    assert books(clock("12-31"), after=(sold(expires_on=on("04-10", None).day), paid()), **ONE) == [
        "2026-04-10 breakage.expiry  contract-liability 500.00  breakage -500.00",
    ]


def test_an_expiry_that_has_passed_when_the_sale_arrives_is_booked_at_once():
    late = paid(day="01-06", payment="P-2", bundle="B-2")
    assert books(sold("01-06", "B-2"), late, after=(clock("03-31"),), **ONE) == [
        "2026-01-06 payment.bundle  psp-clearing 500.00  contract-liability -500.00",
        "2026-02-06 breakage.expiry  contract-liability 500.00  breakage -500.00",
    ]


def test_an_unused_bundle_expires_on_its_latest_start():
    first_use = {**ONE, "expiry_from": ExpiryFrom.FIRST_USE, "latest_start_months": 2}
    assert books(clock("12-31"), after=(sold(), paid()), **first_use) == [
        "2026-03-05 breakage.expiry  contract-liability 500.00  breakage -500.00",
    ]
    assert books(clock("12-31"), after=(sold(), paid(), used("S-1", "03-05")), **first_use) == [
        "2026-04-05 breakage.expiry  contract-liability 450.00  breakage -450.00",
    ]


@pytest.mark.parametrize("expiry_from", [ExpiryFrom.FIRST_USE, ExpiryFrom.PAYMENT])
def test_without_a_start_there_is_no_end(expiry_from):
    assert books(clock("2030-12-31"), after=(sold(),), expiry_from=expiry_from, **ONE) == []


def test_an_expiry_said_from_outside_is_the_clocks():
    game = house(**ONE)
    tell(game, *BEGUN)
    said = on("02-05", BundleExpired("B-1"))
    assert tell(game, said) == ["2026-02-05 breakage.expiry  contract-liability 400.00  breakage -400.00"]
    assert tell(game, on("02-07", BundleExpired("B-1")), clock("03-01")) == []


def test_an_expiry_is_not_said_too_early():
    said = on("02-05", BundleExpired("B-1"))
    hint = "it cannot expire on 2026-02-05. Use bundle.terminated if it is given up [events.md 4a Validity] bundle"
    assert refused(*BEGUN, said, **SOFT) == f"bundle B-1 is valid until 2026-02-15 (grace included); {hint}"
    assert refused(*BEGUN, said) == f"bundle B-1 is valid without end; {hint}"


# What gives way to a fact


def test_a_session_undone_after_the_expiry_is_breakage():
    assert books(on("02-10", SessionReversed("S-1")), after=(*BEGUN, clock("02-05")), **ONE) == [
        "2026-02-10 session.reversed  revenue-package 50.00  contract-liability -50.00  corrects E-2",
        "2026-02-10 breakage.correction  contract-liability 50.00  breakage -50.00  corrects E-4",
    ]


def test_a_no_show_waived_after_the_expiry_is_breakage():
    missed = (sold(), paid(), on("01-10", SessionNoShow("N-1", "B-1")), clock("02-05"))
    assert books(on("02-10", SessionWaived("N-1", "manager")), after=missed, **ONE) == [
        "2026-02-10 session.waived  revenue-no-show 50.00  contract-liability -50.00  corrects E-2",
        "2026-02-10 breakage.correction  contract-liability 50.00  breakage -50.00  corrects E-3",
    ]


def test_validity_that_moves_on_revives_what_expired():
    first_use = {**ONE, "expiry_from": ExpiryFrom.FIRST_USE}
    begun = (sold(), paid(), used("S-1", "01-10"), used("S-2", "01-20"), clock("02-10"))
    assert books(on("02-11", SessionReversed("S-1")), clock("12-31"), after=begun, **first_use) == [
        "2026-02-11 session.reversed  revenue-package 50.00  contract-liability -50.00  corrects E-2",
        "2026-02-11 breakage.reinstated  breakage 400.00  contract-liability -400.00  corrects E-4",
        "2026-02-20 breakage.expiry  contract-liability 450.00  breakage -450.00",
    ]


# Extension


def test_an_extension_before_the_expiry_posts_nothing():
    game = house(**ONE)
    assert tell(game, *BEGUN, extended("02-01", "03-05"))[3:] == []
    assert tell(game, clock("03-05")) == ["2026-03-05 breakage.expiry  contract-liability 400.00  breakage -400.00"]
    assert game.entries[-1].event == "extended-03-05"


def test_an_extension_after_the_expiry_reinstates_what_expired():
    assert books(extended("02-10", "03-05"), used("S-3", "02-11"), clock("03-05"), after=(*BEGUN, clock("02-05")), **ONE) == [
        "2026-02-10 breakage.reinstated  breakage 400.00  contract-liability -400.00  corrects E-4",
        "2026-02-11 session.earned  contract-liability 50.00  revenue-package -50.00",
        "2026-03-05 breakage.expiry  contract-liability 350.00  breakage -350.00",
    ]


def test_an_extension_by_less_than_the_grace_that_has_passed_revives_nothing_before_it():
    assert books(extended("02-20", "02-21"), clock("12-31"), after=(*BEGUN, clock("02-15")), **SOFT) == [
        "2026-02-20 breakage.reinstated  breakage 400.00  contract-liability -400.00  corrects E-4",
        "2026-03-03 breakage.expiry  contract-liability 400.00  breakage -400.00",
    ]


def test_an_extended_day_stays_when_the_first_use_is_undone():
    first_use = {**ONE, "expiry_from": ExpiryFrom.FIRST_USE}
    game = house(**first_use)
    tell(game, sold(), paid(), used("S-1", "01-10"), extended("02-01", "03-05"), on("02-02", SessionReversed("S-1")))
    bundle = game.book.bundle("B-1")
    assert (bundle.expires_on, bundle.expiry_event) == (on("03-05", None).day, "extended-03-05")


def test_an_extension_may_cost_a_fee():
    assert books(extended("02-01", "03-05", fee=1000), after=BEGUN, **ONE) == [
        "2026-02-01 fee.extension  receivable 10.00  fee-income -10.00",
    ]


@pytest.mark.parametrize(("tax", "said"), [("outside", "outside"), (None, "fee_tax is missing")])
def test_the_fee_of_an_extension_is_never_outside_vat(tax, said):
    assert refused(*BEGUN, extended("02-01", "03-05", fee=1000), fee_tax=tax, **ONE) == (
        f"policy standard@2026-01-01 says no tax for a fee ({said}); a transfer or extension fee is never outside VAT: "
        "set fee_tax to a tax id in a new version [policy fee_tax] fee"
    )


@pytest.mark.parametrize(("day", "until"), [("02-01", "02-05"), ("02-01", "01-31"), ("03-10", "03-09")])
def test_an_extension_gives_a_later_day_not_in_the_past(day, until):
    assert refused(*BEGUN, extended(day, until), **ONE) == (
        f"bundle B-1 expires on 2026-02-05; 2026-{until} is no extension. Give a later day, not in the past"
        " [events.md 4 bundle.extended] expires_on"
    )


def test_what_never_expires_or_has_ended_is_not_extended():
    assert refused(*BEGUN, extended("02-01", "03-05")) == (
        "bundle B-1 never expires; there is nothing to extend [policy expiry_months] bundle"
    )
    assert refused(*BEGUN, TERMINATED, extended("02-01", "03-05"), **ONE) == (
        "bundle B-1 was terminated; it cannot be extended [events.md 4 bundle.extended] bundle"
    )


# Termination


def test_what_the_customer_gives_up_is_breakage_that_day():
    game = house(**ONE)
    tell(game, *BEGUN)
    assert tell(game, TERMINATED, clock("12-31")) == [
        "2026-01-20 breakage.termination  contract-liability 400.00  breakage -400.00",
    ]
    assert game.book.bundle("B-1").status is Status.TERMINATED


def test_what_was_used_and_not_paid_stays_owed():
    assert books(TERMINATED, paid(10000, "01-21"), after=(sold(), *uses(2))) == [
        "2026-01-21 payment.bundle  psp-clearing 100.00  contract-asset -100.00",
    ]


def test_what_has_ended_is_not_given_up_again():
    rule = "there is nothing to give up [events.md 4 bundle.terminated] bundle"
    assert refused(*BEGUN, TERMINATED, TERMINATED) == f"bundle B-1 was terminated; {rule}"
    assert refused(*BEGUN, on("01-20", RefundIssued("R-1", "B-1")), TERMINATED) == f"bundle B-1 was refunded; {rule}"
    assert refused(*BEGUN, on("02-06", BundleTerminated("B-1")), **ONE) == f"bundle B-1 expired on 2026-02-05; {rule}"


def test_an_extension_may_end_today_but_not_yesterday():
    def extended(until):
        return on("02-10", BundleExtended("B-1", on(until, None).day, "clinical", "manager"))

    begun = (sold(), paid(), clock("02-08"))
    assert books(extended("02-10"), clock("02-20"), after=begun, expiry_months=1) == [
        "2026-02-10 breakage.reinstated  breakage 500.00  contract-liability -500.00  corrects E-2",
        "2026-02-10 breakage.expiry  contract-liability 500.00  breakage -500.00",
    ]
    assert refused(*begun, extended("02-09"), expiry_months=1) == (
        "bundle B-1 expires on 2026-02-05; 2026-02-09 is no extension. Give a later day, not in the past"
        " [events.md 4 bundle.extended] expires_on"
    )
