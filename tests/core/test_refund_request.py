"""A refund that is asked for first: the quote of that day is kept until it is answered (events.md 4, refund.requested)."""

from __future__ import annotations

import pytest

from revrec.core.events import Method, RefundIssued, RefundRejected, RefundRequested
from revrec.core.policy import Refund
from revrec.core.units import UNIT
from tests.core.telling import books, on, paid, refused, sold, used, uses

FOUR = (sold(), paid(), *uses(4))


def asked(day="01-20", refund="R-1"):
    return on(day, RefundRequested(refund, "B-1"))


def issued(day="02-01", refund="R-1", **facts):
    return on(day, RefundIssued(refund, "B-1", method=Method.CASH, **facts))


def rejected(day="01-21", refund="R-1"):
    return on(day, RefundRejected(refund, "manager"))


def test_asking_posts_nothing_and_the_answer_pays_what_was_quoted():
    assert books(asked(), issued(), after=FOUR) == [
        "2026-02-01 refund.issued  contract-liability 300.00  cash -300.00",
    ]


def test_the_quote_stands_when_the_window_has_ended_since():
    window = {"refund": Refund.WINDOW, "refund_window_days": 14}
    assert books(asked("01-10"), issued("03-01"), after=(sold(), paid()), **window) == [
        "2026-03-01 refund.issued  contract-liability 500.00  cash -500.00",
    ]


@pytest.mark.parametrize("day", ["01-15", "01-25"])
def test_a_session_used_since_or_not_known_then_is_not_paid_back(day):
    assert books(used("S-9", day), issued(), after=(*FOUR, asked()), refund_fee=2000) == [
        f"2026-{day} session.earned  contract-liability 50.00  revenue-package -50.00",
        "2026-02-01 refund.issued  contract-liability 250.00  fee-income -20.00  cash -230.00",
    ]


def test_money_that_came_since_is_no_part_of_what_was_asked_for():
    assert books(paid(10_000, "01-25", payment="P-2"), issued(), after=(sold(), paid(40_000), *uses(4), asked()))[-1] == (
        "2026-02-01 refund.issued  contract-liability 300.00  breakage -100.00  cash -200.00"
    )


def test_a_session_used_in_the_window_since_then_is_not_paid_back_after_it():
    window = {"refund": Refund.WINDOW, "refund_window_days": 14}
    assert books(used("S-9", "01-12"), issued("03-01"), after=(sold(), paid(), asked("01-10")), **window)[-1] == (
        "2026-03-01 refund.issued  contract-liability 450.00  cash -450.00"
    )


def test_what_is_used_up_since_is_refused_with_the_reason():
    assert refused(*FOUR, asked(), *(used(f"S-{number}", "01-25") for number in range(5, 11)), issued()) == (
        "refund R-1: the quote of bundle B-1 on 2026-02-01 is 300.00 as quoted on 2026-01-20; with what is known since, "
        "500.00 paid - 10 x (500.00 / 10) = 500.00 used = 0.00. Use bundle.terminated to end it without refund, or give an "
        "`exception` with reason and approver [policy standard@2026-01-01 refund] amount"
    )


def test_a_session_that_was_not_known_then_may_leave_nothing_to_quote():
    one = (sold(units=UNIT, price=5000), paid(5000), asked())
    assert books(used("S-9", "01-15"), after=one) == [
        "2026-01-15 session.earned  contract-liability 50.00  revenue-package -50.00",
    ]


def test_the_fee_was_quoted_too():
    assert books(issued(), after=(*FOUR, asked()), refund_fee=2000) == [
        "2026-02-01 refund.issued  contract-liability 300.00  fee-income -20.00  cash -280.00",
    ]


def test_less_than_quoted_needs_the_customers_word():
    assert refused(*FOUR, asked(), issued(amount=29999)) == (
        "refund R-1: 299.99 EUR is below the quote of 300.00 EUR (300.00 as quoted on 2026-01-20). Give `accepted` with reason "
        "and accepted_at when the customer agrees to less [policy standard@2026-01-01 refund] amount"
    )


def test_some_units_are_quoted_on_the_day_they_are_paid_back():
    assert books(issued(units=UNIT), after=(*FOUR, asked())) == [
        "2026-02-01 refund.issued  contract-liability 50.00  cash -50.00",
    ]


def test_nothing_can_be_asked_where_nothing_is_given():
    assert refused(*FOUR, asked(), refund=Refund.NONE) == (
        "refund R-1: the quote of bundle B-1 on 2026-01-20 is 0: the policy gives no refund; nothing can be asked back. "
        "Record refund.issued with an `exception`, or bundle.terminated [policy standard@2026-01-01 refund = none] bundle"
    )


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ((rejected(),), "refund R-1 was not requested [events.md 4 refund.rejected] refund"),
        (
            (asked(), issued(), rejected("02-02")),
            "refund R-1 was issued; reverse it with refund.reversed [events.md 4 refund.rejected] refund",
        ),
        (
            (asked(), rejected("01-19")),
            (
                "refund R-1 is of 2026-01-20; it cannot be undone or settled on 2026-01-19, before it happened"
                " [events.md 4a Late events] time"
            ),
        ),
    ],
)
def test_only_what_was_asked_and_not_answered_is_rejected(facts, said):
    assert refused(*FOUR, *facts) == said


def test_a_request_has_one_answer():
    once = "was recorded before; an id is used once, even when what it did was undone: give this one a new id"
    assert refused(*FOUR, asked(), rejected(), issued()).startswith(f"the rejected refund R-1 {once}")
    assert refused(*FOUR, asked(), rejected(), rejected("01-22")).startswith(f"the rejection of refund R-1 {once}")
    assert refused(*FOUR, asked(), asked("01-21")).startswith(f"refund R-1 {once}")
    assert books(asked("01-22", "R-2"), issued("01-23", "R-2"), after=(*FOUR, asked(), rejected())) == [
        "2026-01-23 refund.issued  contract-liability 300.00  cash -300.00",
    ]
