"""The invariants of accounting.md section 4 over random histories of every event type."""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from itertools import accumulate

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from revrec.core.bundle import Status
from revrec.core.events import (
    AdjustmentPosted,
    BundleTerminated,
    BundleTransferred,
    CalendarAdvanced,
    Event,
    PaymentReversed,
    PeriodClosed,
    PeriodReopened,
    RefundIssued,
    SessionCompleted,
    SessionReversed,
)
from revrec.core.journal import INCOME_ROLES, Role
from revrec.core.money import share
from revrec.core.policy import Charge, Overage, Recognition
from tests.core.practice import (
    PREFIX,
    START,
    Practice,
    balances,
    by_day,
    daily,
    days,
    histories,
    made,
    of_bundle,
    packages,
    play,
    policies,
    practice,
    step,
)

HISTORIES = int(os.environ.get("REVREC_HISTORIES", "350"))
# Shrinking a failing history takes minutes: ask for it with REVREC_SHRINK=1.
PHASES = [Phase.explicit, Phase.reuse, Phase.generate, *([Phase.shrink] if os.environ.get("REVREC_SHRINK") else [])]
many = settings(max_examples=HISTORIES, deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES)
CLAIMS = (Role.RECEIVABLE, Role.CONTRACT_ASSET)


ORDER_MATTERS = (
    PeriodClosed,
    PeriodReopened,
    CalendarAdvanced,
    RefundIssued,
    BundleTransferred,
    BundleTerminated,
    AdjustmentPosted,
    PaymentReversed,
)


def bundles(game: Practice) -> list[str]:
    return [f"B-{n}" for n in range(3) if game.book.bundle(f"B-{n}")]


def played(policy, package, history) -> Practice:
    game = practice(policy, package)
    play(game, history)
    return game


@many
@given(policies, packages, histories)
def test_books_and_bundles_agree_after_any_history(policy, package, history) -> None:
    game = played(policy, package, history)
    for name in bundles(game):
        bundle = game.book.bundle(name)
        position = bundle.position
        # invariants 2 and 3: the ledger says of each bundle what its state says, and neither side is negative
        assert -of_bundle(game.entries, name, Role.CONTRACT_LIABILITY) == position.liability >= 0
        assert of_bundle(game.entries, name, *CLAIMS) == position.claimed >= 0
        assert -of_bundle(game.entries, name, Role.CONTRACT_LIABILITY) >= 0
        for role, sign in ((Role.CONTRACT_LIABILITY, -1), (Role.RECEIVABLE, 1), (Role.CONTRACT_ASSET, 1)):
            assert min(accumulate(sign * amount for amount in by_day(game.entries, name, role)), default=0) >= 0
        # invariant 4: rights
        assert 0 <= bundle.used <= bundle.units
        # invariant 6: nothing remains at the end of life
        if bundle.status is not Status.OPEN or bundle.lapsed_on is not None:
            assert position.liability == 0
        # invariant 5: a bundle never earns more than its price; what is paid is never more than the price
        if policy.recognition is Recognition.PER_SESSION:
            assert position.earned <= max(bundle.price, position.earned and bundle.value(bundle.used) + 1)
        assert position.paid <= max(bundle.price, 0)


@many
@given(policies, packages, histories)
def test_every_session_stands_on_exactly_one_unreversed_income_entry(policy, package, history) -> None:
    game = played(policy, package, history)
    income: dict[str, list[int]] = defaultdict(list)
    for entry in game.entries:
        earned = -sum(p.amount for p in entry.postings if p.role in INCOME_ROLES)
        if entry.session and earned:
            income[entry.session].append(earned)
    undone = {e.data.session for e in game.accepted if type(e.data).__name__ in {"SessionReversed", "SessionWaived"}}
    for session, amounts in income.items():
        assert sum(amounts) == 0 if session in undone and policy.recognition is Recognition.PER_SESSION else len(amounts) <= 2
        if session not in undone:
            assert len(amounts) == 1


@many
@given(policies, packages, histories)
def test_branches_owe_each_other_nothing_in_sum_and_closed_periods_stay_closed(policy, package, history) -> None:
    game = practice(policy, package)
    fresh, moves = 0, (*PREFIX, *history)
    for number in range(len(moves)):
        closed = game.book.closed_through
        step(game, moves, number)
        for entry in game.entries[fresh:]:
            # invariant 12: no posting is dated in a closed period; what is moved says so
            assert (
                closed is None or entry.date > closed or game.book.closed_through is None or entry.date > game.book.closed_through
            )
            assert (entry.effective is not None) == entry.late
        fresh = len(game.entries)
    total = balances(game.entries)
    assert total.get(Role.DUE_FROM_BRANCH, 0) + total.get(Role.DUE_TO_BRANCH, 0) == 0  # invariant 16
    assert [e.number for e in game.entries] == list(range(1, len(game.entries) + 1))  # gapless in order of recording


@many
@given(policies, packages, histories, st.integers(0, 200))
def test_recording_and_the_calendar_commute(policy, package, history, ahead) -> None:
    """An event and an `advance` past it, in either order: the same answer, the same balance of every role on every day."""
    game = played(policy, package, history[:-1])
    fact, day, branch = made(game, (*PREFIX, *history), len(PREFIX) + len(history) - 1)
    until = days(history) + timedelta(days=ahead)
    first, second = practice(policy, package), practice(policy, package)
    for other in (first, second):
        other.again(game.accepted)
        other.count = game.count
    assume(not any(isinstance(e.data, PeriodClosed | PeriodReopened) for e in game.accepted))
    assume(history[-1][0] not in ("tick", "close", "reopen"))
    first.attempt(fact, day, branch)
    advance(first, until)
    advance(second, until)
    second.attempt(fact, day, branch)
    assert [e.id for e in first.accepted if e.source == "tests"] == [e.id for e in second.accepted if e.source == "tests"]
    assert daily(first.entries) == daily(second.entries)


def advance(game: Practice, until: date) -> None:
    if game.book.calendar is None or until > game.book.calendar:
        game.again([Event(f"advance-{until}", "revrec", "calendar.advanced", until, CalendarAdvanced(until))])


@many
@given(policies, packages, histories)
def test_the_same_log_gives_the_same_entries(policy, package, history) -> None:
    game = played(policy, package, history)
    other = practice(policy, package)
    assert other.again(game.accepted) == [None] * len(game.accepted)
    assert other.entries == game.entries  # invariant 11


@many
@given(policies, packages, histories)
def test_order_of_arrival_moves_only_periods_never_lifetime_totals(policy, package, history) -> None:
    # a fee that is paid first leaves less for the price: only units count here
    policy = replace(policy, late_cancellation=Charge.WAIVE, no_show=Charge.WAIVE, overage=Overage.REJECT)
    game = played(policy, package, history)
    # what a refund or a split takes depends on the money received by then; an ended bundle sends money to credit
    assume(not any(isinstance(e.data, ORDER_MATTERS) for e in game.accepted))
    other = practice(policy, package)
    answers = other.again(sorted(game.accepted, key=lambda e: e.date))
    assume(answers == [None] * len(game.accepted))
    until = START + timedelta(days=900)
    advance(game, until)
    advance(other, until)
    assume(Role.CUSTOMER_CREDIT not in {**balances(game.entries), **balances(other.entries)})  # a fact posted stays posted
    income = {role: amount for role, amount in balances(game.entries).items() if role in INCOME_ROLES}
    assert sum(income.values()) == sum(a for r, a in balances(other.entries).items() if r in INCOME_ROLES)  # invariant 13


@many
@given(policies, packages, histories)
def test_a_rollback_right_after_a_session_is_the_identity(policy, package, history) -> None:
    game = played(policy, package, history)
    day = days(history)
    advance(game, day)  # what the calendar owes is not the session's doing
    before, state = balances(game.entries), {b: game.book.bundle(b) for b in bundles(game)}
    for name in bundles(game):
        if game.attempt(SessionCompleted(f"X-{name}", bundle=name), day) is None:
            game.record(SessionReversed(f"X-{name}"), day)
            assert balances(game.entries) == before  # invariant 9
            now = game.book.bundle(name)
            assert now.position._replace(lapses=()) == state[name].position._replace(lapses=())
            assert game.attempt(SessionReversed(f"X-{name}"), day) is not None  # a second rollback is refused


@many
@given(policies, packages, histories)
def test_lifetime_revenue_is_the_same_under_every_recognition(policy, package, history) -> None:
    """Invariant 14: recognition moves revenue in time, not in amount."""
    plain = [m for m in history if m[0] in {"sell", "use", "pay", "miss", "expire", "tick", "transfer", "share"} and not m[2]]
    totals = []
    for recognition in (Recognition.PER_SESSION, Recognition.AT_PURCHASE):
        game = played(replace(policy, recognition=recognition, refund_fee=0), package, plain)
        for name in bundles(game):
            game.attempt(BundleTerminated(name), START + timedelta(days=900))
        advance(game, START + timedelta(days=1000))
        totals.append(sum(a for r, a in balances(game.entries).items() if r in INCOME_ROLES))
    assert totals[0] == totals[1]


@pytest.mark.parametrize(("price", "count"), [(10000, 3), (1, 1), (1, 10), (77419, 10), (0, 4)])
def test_shares_add_up_and_stay_within_a_cent(price, count) -> None:
    """Invariant 7."""
    shares = [share(price, k, count) - share(price, k - 1, count) for k in range(1, count + 1)]
    assert sum(shares) == price
    assert all(abs(s - price / count) < 1 for s in shares)
