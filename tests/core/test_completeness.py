"""Sessions against postings of revenue, both ways: over random histories, and what a damaged book looks like."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from revrec.core.book import Kind
from revrec.core.completeness import (
    MIRRORS,
    Delivered,
    Ledger,
    Mistake,
    Revenue,
    Source,
    Standing,
    reason_of,
    source_of,
)
from revrec.core.journal import INCOME_ROLES, JournalEntry
from revrec.core.rules import RULES
from tests.core.practice import World, histories, worlds
from tests.core.test_invariants import HISTORIES, PHASES


def revenue_of(entry: JournalEntry) -> Revenue | None:
    amounts = [leg.amount for leg in entry.postings if leg.role in INCOME_ROLES]
    return Revenue(entry.number, entry.rule, entry.session, entry.corrects, -sum(amounts)) if amounts else None


@settings(max_examples=max(HISTORIES // 10, 30), deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES)
@given(worlds, histories)
def test_in_every_history_each_session_stands_on_one_posting_and_each_posting_has_a_source(world: World, history: Any) -> None:
    game = world.played(history)
    ledger = Ledger(len(game.entries))
    for entry in game.entries:
        revenue = revenue_of(entry)
        if revenue is not None:
            assert isinstance(ledger.post(revenue), Source), entry
        if entry.rule in MIRRORS and entry.corrects:
            ledger.undo(entry.corrects)
    moves = list(game.book._movements.values())
    undone = {move.ref for move in moves if move.kind is Kind.SESSION_UNDONE}
    for move in moves:
        if move.kind in (Kind.SESSION, Kind.VISIT):
            standing = ledger.claim(Delivered(move.entry, move.ref, move.ref in undone))
            assert isinstance(standing, Standing), standing
            if standing is Standing.NOTHING:
                assert reason_of(game.book.bundle(move.bundle or ""), move.units, move.parts), move
    assert list(ledger.stray()) == []


@pytest.mark.parametrize("rule", sorted(RULES))
def test_every_rule_but_that_of_a_session_has_a_named_source(rule: str) -> None:
    families = ("provider", "payout", "branch", "currency", "refund-window")  # these never touch income
    assert (source_of(rule, None) is None) == ((rule.startswith("session.") and rule not in MIRRORS) or rule.startswith(families))


def test_a_rule_of_nobody_is_an_exception() -> None:
    found = Ledger(1).post(Revenue(1, "session.invented.twice", None, None, 100))
    assert found == Mistake("E-1", "revenue by rule session.invented.twice comes from no session and from no named source")
    assert isinstance(Ledger(1).post(Revenue(1, "extra.income", None, None, 100)), Mistake)


def earned(number: int, session: str) -> Revenue:
    return Revenue(number, "session.earned", session, None, 5000)


def why(standing: Standing | Mistake) -> str:
    assert isinstance(standing, Mistake)
    return standing.why


def test_two_sessions_on_one_posting_are_an_exception_on_both_sides() -> None:
    ledger = Ledger(1)
    ledger.post(earned(1, "S-1"))
    assert ledger.claim(Delivered(1, "S-1")) is Standing.EARNED
    assert "on which another session stands" in why(ledger.claim(Delivered(1, "S-2")))
    assert list(ledger.stray()) == [(1, "revenue on which more than one session stands")]


def test_a_second_posting_of_a_session_is_an_exception() -> None:
    ledger = Ledger(2)
    ledger.post(earned(1, "S-1"))
    ledger.post(earned(2, "S-1"))
    assert ledger.claim(Delivered(1, "S-1")) is Standing.EARNED
    assert list(ledger.stray()) == [(2, "revenue of a session that does not stand on it")]


@pytest.mark.parametrize(
    ("delivered", "said"),
    [
        (Delivered(9, "S-1"), "names entry E-9, which is not there"),
        (Delivered(1, "S-2"), "which names another session"),
        (Delivered(1, "S-1", undone=True), "nothing mirrors its posting E-1"),
    ],
)
def test_a_session_that_does_not_fit_its_posting_is_an_exception(delivered: Delivered, said: str) -> None:
    ledger = Ledger(1)
    ledger.post(earned(1, "S-1"))
    assert said in why(ledger.claim(delivered))


def test_a_mirror_without_an_undoing_is_an_exception() -> None:
    ledger = Ledger(2)
    ledger.post(earned(1, "S-1"))
    ledger.undo(1)
    assert "it was not undone" in why(ledger.claim(Delivered(1, "S-1")))
    assert isinstance(ledger.post(Revenue(2, "session.reversed", "S-1", None, -5000)), Mistake)
