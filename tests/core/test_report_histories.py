"""Whatever happens to the bundles of a practice, every report ties to its ledger and the reports agree."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from revrec.core.events import BundleSold, Payer
from revrec.core.journal import Role
from revrec.core.reports import (
    breakage,
    disaggregation,
    due,
    maturity,
    profitability,
    receivables,
    refund_liability,
    tax,
    third_parties,
    waterfall,
)
from revrec.core.reports.frame import Question
from tests.core.kept import kept, total
from tests.core.practice import START, days, histories, packages, play, policies, practice, worlds

LATER = timedelta(days=1000)
some = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
MOVING = {
    "refund-liability": (refund_liability.report, refund_liability.USUAL),
    "disaggregation": (disaggregation.report, disaggregation.USUAL),
    "waterfall": (waterfall.report, waterfall.USUAL),
    "profitability": (profitability.report, profitability.USUAL),
    "tax": (tax.report, tax.USUAL),
    "vat-late": (tax.late, ()),
    "third-parties": (third_parties.report, ()),
}


@some
@given(policies, packages, histories, st.integers(0, 60), st.integers(0, 200), st.sampled_from([None, "bcn", "mad"]))
def test_reports_of_a_period_tie_whatever_the_period(policy, package, history, first, length, branch):
    game = practice(policy, package)
    play(game, history)
    books, since = kept(game), START + timedelta(days=first)
    for name, (report, by) in MOVING.items():
        made = report(books, Question(since, since + timedelta(days=length), by, branch))
        assert made.tied, (name, [tie.sentence("EUR") for tie in made.ties])


@some
@given(policies, packages, histories, st.sampled_from([None, "bcn", "mad"]))
def test_reports_of_a_state_tie_at_the_end(policy, package, history, branch):
    game = practice(policy, package)
    play(game, history)
    books, on = kept(game), days(history) + LATER
    for report, by in ((maturity.report, ()), (breakage.report, breakage.USUAL)):
        made = report(books, Question(START, on, by, branch))
        assert made.tied, (made.name, [tie.sentence("EUR") for tie in made.ties])


@some
@given(policies, packages, histories, st.integers(0, 60), st.integers(0, 200), st.sampled_from([None, "bcn", "mad"]))
def test_cohorts_add_up_to_the_breakage_of_any_period_and_their_curves_only_rise(policy, package, history, first, length, branch):
    game = practice(policy, package)
    play(game, history)
    books, since, end = kept(game), START + timedelta(days=first), days(history) + LATER
    until = since + timedelta(days=length)
    for by in (("quarter",), ("month", "package"), ()):
        found = breakage.gather(books, Question(since, until, by, branch), end)
        booked = books.balance((Role.BREAKAGE,), since - timedelta(days=1), branch) - books.balance(
            (Role.BREAKAGE,), until, branch
        )
        assert sum(cohort.recent for cohort in found.cohorts.values()) == booked
        assert sum(cohort.bundles for cohort in found.cohorts.values()) == len(found.days)
        for cohort in found.cohorts.values():
            curve = [share for share in cohort.curve(end) if share is not None]
            assert curve == sorted(curve)
            assert all(0 <= share <= 10_000 for share in curve)


@some
@given(worlds, histories, st.integers(0, 60), st.integers(0, 200), st.sampled_from([None, "bcn", "mad"]))
def test_the_lists_of_what_each_payer_owes_and_does_tie_whatever_happens(world, history, first, length, branch):
    game, price = world.practice(), world.package.price
    payers = (Payer("C-2", price // 3), Payer("C-0", price - price // 3))
    game.attempt(BundleSold("B-0", "P10", "C-0", provider="PR-1", payers=payers if price > 1 else ()), START)
    play(game, history)
    books, since = kept(game), START + timedelta(days=first)
    for report, on in (
        (third_parties.report, since + timedelta(days=length)),
        (due.report, days(history) + LATER),
        (receivables.report, days(history) + LATER),
    ):
        made = report(books, Question(since, on, (), branch))
        assert made.tied, (made.name, [tie.sentence("EUR") for tie in made.ties])


@some
@given(policies, packages, histories)
def test_two_periods_together_are_the_whole(policy, package, history):
    game = practice(policy, package)
    play(game, history)
    books, end = kept(game), days(history) + LATER
    middle = START + (days(history) - START) / 2
    for report, by, key in (
        (disaggregation.report, ("source",), "revenue"),
        (profitability.report, ("package",), "result"),
        (third_parties.report, (), "operations"),
    ):
        parts = [(date.min + timedelta(days=1), end), (date.min + timedelta(days=1), middle), (middle + timedelta(days=1), end)]
        whole, before, after = (total(report(books, Question(*days_, by)), key) for days_ in parts)
        assert whole == before + after


@pytest.mark.parametrize("name", sorted(MOVING))
def test_a_report_of_books_without_entries_ties(name):
    report, by = MOVING[name]
    books = kept(practice())
    made = report(books, Question(START, START, by))
    assert made.tied
    assert books.balance(Role, START) == 0
