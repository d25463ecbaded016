"""The roll-forward out of the sums is the one out of the entries: any period, any grouping, however far they were caught up."""

from __future__ import annotations

import os
from datetime import date

import pytest

from revrec.app import liability
from revrec.app.workspace import open_workspace
from revrec.core.rollforward import DIMENSIONS, MONTH, rollforward
from revrec.store.sums import Sums
from tests.app.shelf import copied

PERIODS = [
    (date(2025, 1, 1), date(2025, 9, 30)),
    (date(2025, 3, 1), date(2025, 5, 31)),
    (date(2025, 3, 10), date(2025, 3, 20)),
    (date(2025, 2, 27), date(2025, 6, 3)),
    (date(2025, 4, 1), date(2025, 4, 1)),
    (date(2025, 6, 15), date(2025, 9, 30)),
    (date(2024, 1, 1), date(2024, 12, 31)),
    (date(2026, 1, 1), date(2026, 12, 31)),
]


@pytest.fixture(params=[0, 0.4, 0.9, 1], ids=["nothing added up", "a part added up", "most added up", "all added up"])
def ws(request, practice, tmp_path):
    """The books with the sums as far behind as the parameter says."""
    with open_workspace(copied(practice, tmp_path / "books"), environ=os.environ) as opened:
        Sums(opened.store).catch_up(lambda _: None, int(opened.store.head().entries * request.param))
        yield opened


@pytest.mark.parametrize(("first", "last"), PERIODS)
def test_by_anything_but_the_bundle_it_is_that_of_the_entries(ws, first, last):
    entries = liability.lines(ws.store.entries())
    found = liability.movements(ws, first, last)
    for by in ((), (MONTH,), ("branch",), ("branch", "service", "policy")):
        mine, theirs = rollforward(found, first, last, by), rollforward(entries, first, last, by)
        assert (mine.rows, mine.total) == (theirs.rows, theirs.total)


def test_from_opening_and_from_additions_are_both_there(ws):
    """So that the tests above compare something."""
    total = rollforward(liability.movements(ws, *PERIODS[1]), *PERIODS[1], ()).total
    assert all(total.flows[:1] + total.flows[3:6])


@pytest.mark.parametrize(("first", "last"), PERIODS)
@pytest.mark.parametrize("group", [{}, {"branch": "bcn"}, {"branch": "mad", "service": "psychology"}])
def test_the_largest_bundles_are_those_of_the_entries(ws, first, last, group):
    rows = _by_owed(rollforward(liability.in_group(liability.lines(ws.store.entries()), group), first, last, ("bundle",)))
    for most in (1, 7, 1000):
        found, others = liability.largest(ws, first, last, group, most)
        mine = _by_owed(rollforward(found, first, last, ("bundle",)))
        assert mine[:most] == rows[:most]
        assert len(mine) + others == len(rows)


def _by_owed(rolled):
    return sorted(rolled.rows, key=lambda row: (-abs(row.closing), row.key[0] or ""))


def test_all_dimensions_are_covered():
    assert {*liability.GROUP, "bundle"} == set(DIMENSIONS)
