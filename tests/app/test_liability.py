"""The roll-forward out of the sums is the one out of the entries: any period, any grouping, however far they were caught up."""

from __future__ import annotations

import os
from datetime import date

import pytest

from revrec.app import liability
from revrec.app.liability import Wanted
from revrec.app.workspace import open_workspace
from revrec.core.journal import Role
from revrec.core.rollforward import DIMENSIONS, MONTH, rollforward
from revrec.store.papers import Papers
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
    found = liability.movements(ws, first, last).lines
    for by in ((), (MONTH,), ("branch",), ("branch", "service", "policy")):
        mine, theirs = rollforward(found, first, last, by), rollforward(entries, first, last, by)
        assert (mine.rows, mine.total) == (theirs.rows, theirs.total)


def test_from_opening_and_from_additions_are_both_there(ws):
    """So that the tests above compare something."""
    total = rollforward(liability.movements(ws, *PERIODS[1]).lines, *PERIODS[1], ()).total
    assert all(total.flows[:1] + total.flows[3:6])


@pytest.mark.parametrize(("first", "last"), PERIODS)
@pytest.mark.parametrize("group", [{}, {"branch": "bcn"}, {"branch": "mad", "service": "psychology"}])
def test_the_largest_bundles_are_those_of_the_entries(ws, first, last, group):
    rows = _by_owed(rollforward(liability.in_group(liability.lines(ws.store.entries()), group), first, last, ("bundle",)))
    for most in (1, 7, 1000):
        found, others = liability.movements(ws, first, last).largest(group, most)
        mine = _by_owed(rollforward(found, first, last, ("bundle",)))
        assert mine[:most] == rows[:most]
        assert len(mine) + others == len(rows)


@pytest.mark.parametrize(("first", "last"), PERIODS[:4])
@pytest.mark.parametrize("branch", ["bcn", "mad", "nowhere"])
def test_of_one_branch_it_is_that_of_its_entries(ws, first, last, branch):
    entries = liability.in_group(liability.lines(ws.store.entries()), {"branch": branch})
    found = liability.movements(ws, first, last, Wanted(branch=branch))
    assert rollforward(found.lines, first, last, (MONTH,)).rows == rollforward(entries, first, last, (MONTH,)).rows
    rows = _by_owed(rollforward(entries, first, last, ("bundle",)))
    largest = found.largest({}, 5)
    assert _by_owed(rollforward(largest.lines, first, last, ("bundle",)))[:5] == rows[:5]


@pytest.mark.parametrize(("first", "last"), PERIODS[:4])
def test_of_one_bundle_it_is_that_of_all_that_moved_it(ws, first, last):
    every = liability.lines(ws.store.entries())
    for bundle in sorted({line.bundle for line in every if line.bundle})[:20]:
        mine = [line for line in every if line.bundle == bundle]
        found = liability.movements(ws, first, last, Wanted(bundle=bundle)).lines
        assert rollforward(found, first, last, (MONTH,)).rows == rollforward(mine, first, last, (MONTH,)).rows


def test_of_a_customer_a_session_or_a_document_it_is_that_of_their_entries(ws):
    first, last = PERIODS[0]
    session = next(entry for entry in ws.store.entries() if entry.session and entry.bundle)
    asked = {
        Wanted(customer=session.customer): ws.store.entries_of(customer=session.customer),
        Wanted(session=session.session): ws.store.entries_of(session=session.session),
        Wanted(session=session.session, bundle="B-none"): [],
        Wanted(invoice="F-none"): [],
        Wanted(session=session.session, customer=session.customer, branch="nowhere"): [],
    }
    for wanted, entries in asked.items():
        found = liability.movements(ws, first, last, wanted)
        assert found.lines == liability.lines(entries)
        assert found.largest({}, 3) == (found.lines, 0)
    issued = next(invoices for invoices in Papers(ws.store).invoices() if invoices.entry)
    (entry,) = [ws.store.entry(issued.entry)]
    assert liability.movements(ws, first, last, Wanted(invoice=issued.number)).lines == liability.lines([entry])


def test_of_some_accounts_it_is_what_the_chart_puts_there(ws):
    first, last = PERIODS[0]
    account = ws.chart.need(Role.CONTRACT_LIABILITY)
    whole = liability.movements(ws, first, last)
    assert liability.movements(ws, first, last, Wanted(accounts=frozenset({account}))).lines == whole.lines
    assert liability.movements(ws, first, last, Wanted(accounts=frozenset())).lines == []


def _by_owed(rolled):
    return sorted(rolled.rows, key=lambda row: (-abs(row.closing), row.key[0] or ""))


def test_all_dimensions_are_covered():
    assert {*liability.GROUP, "bundle"} == set(DIMENSIONS)
