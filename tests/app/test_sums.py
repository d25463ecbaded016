"""The sums that pages read say what the entries say: for any period, however far they were caught up."""

from __future__ import annotations

import os
from collections import defaultdict
from datetime import UTC, date, datetime

import pytest

from revrec.app import books, report, sums
from revrec.app.workspace import open_workspace
from revrec.core.tally import RESULT
from revrec.store import sums as store_sums
from revrec.store.sums import Sums
from tests.app.shelf import copied, state

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LAST = date(2025, 9, 30)
PERIODS = [
    (date(2025, 1, 1), LAST),
    (date(2025, 3, 1), date(2025, 5, 31)),
    (date(2025, 3, 10), date(2025, 3, 20)),
    (date(2025, 2, 27), date(2025, 6, 3)),
    (date(2025, 4, 1), date(2025, 4, 1)),
    (date(2024, 1, 1), date(2024, 12, 31)),
]
TABLES = ("liability", "bundle_liability", "results", "marks")


@pytest.fixture(params=[0, 0.4, 1], ids=["nothing added up", "a part added up", "all added up"])
def ws(request, practice, tmp_path):
    """The books with the sums as far behind as the parameter says."""
    with open_workspace(copied(practice, tmp_path / "books"), environ=os.environ) as opened:
        Sums(opened.store).catch_up(lambda _: None, int(opened.store.head().entries * request.param))
        yield opened


@pytest.mark.parametrize(("first", "last"), PERIODS)
def test_results_are_what_the_entries_of_the_period_say(ws, first, last):
    expected = defaultdict(int)
    for entry in ws.store.entries(first, last):
        for leg in entry.postings:
            if leg.role in RESULT:
                expected[leg.branch or entry.branch or "", entry.service or "", leg.role] += leg.amount
    found = sums.results(ws, first, last, ("branch", "service"))
    assert {(*key, role): amount for key, roles in found.items() for role, amount in roles.items()} == expected


def test_results_by_package_are_those_of_the_report(ws):
    first, last = PERIODS[1]
    table = report.run(ws, "profitability", first, last, "package")
    at = [column.key for column in table.columns].index("breakage")
    found = sums.results(ws, first, last, ("package",))
    mine = {key[0] or "-": -roles["breakage"] for key, roles in found.items() if roles.get("breakage")}
    assert mine == {row[0]: row[at] for row in table.rows if row[at]}


def test_results_name_who_gave_the_care(ws):
    """Of each session's revenue, and of what is owed for it, an undone one included."""
    expected = defaultdict(int)
    given = {
        data["session"]: data.get("provider", "")
        for stored in ws.store.events()
        if stored.type == "session.completed"
        for data in [stored.event["data"]]
    }
    for entry in ws.store.entries():
        if entry.session:
            for leg in entry.postings:
                if leg.role.startswith("revenue-"):
                    expected[given.get(entry.session, "")] += leg.amount
    found = sums.results(ws, date(2025, 1, 1), LAST, ("provider",))
    mine = {name: sum(v for role, v in roles.items() if role.startswith("revenue-")) for (name,), roles in found.items()}
    assert {name: amount for name, amount in mine.items() if name and amount} == {
        name: amount for name, amount in expected.items() if name and amount
    }


def test_of_entries_that_were_recorded_far_apart_the_provider_is_found_too(ws, monkeypatch):
    first, last = PERIODS[2]
    near = sums.results(ws, first, last)
    assert any(key[1] for key in near)
    monkeypatch.setattr(store_sums, "_NEAR", 0)
    assert sums.results(ws, first, last) == near


def test_however_they_were_caught_up_the_sums_are_the_same(practice, tmp_path, monkeypatch):
    once, often = copied(practice, tmp_path / "once"), copied(practice, tmp_path / "often")
    with open_workspace(once) as ws:
        assert sums.catch_up(ws) == ws.store.head().entries
        assert sums.behind(ws) == 0
        assert sums.catch_up(ws) == 0
    monkeypatch.setattr(store_sums, "BATCH", 97)
    with open_workspace(often) as ws:
        sums.catch_up(ws)
    mine, theirs = state(once), state(often)
    assert [mine[table] for table in TABLES] == [theirs[table] for table in TABLES]
    assert all(mine[table] for table in TABLES)


def test_building_the_books_makes_the_sums_again(practice, tmp_path):
    root = copied(practice, tmp_path / "books")
    with open_workspace(root) as ws:
        sums.catch_up(ws)
    before = state(root)
    with open_workspace(root) as ws:
        with ws.store.transaction():
            ws.store.connection.exec_driver_sql("UPDATE results SET amount = 1")
        books.build(ws)
    assert {name: rows for name, rows in state(root).items() if name in TABLES} == {name: before[name] for name in TABLES}


def test_recording_leaves_the_sums_alone_and_closing_catches_them_up(sold):
    from revrec.app.close import close

    with open_workspace(sold.root) as ws:
        assert sums.behind(ws) == ws.store.head().entries > 0
        close(ws, "2026-03", approver="A. Perez", reason="a test", now=NOW)
        assert sums.behind(ws) == 0


def test_a_snapshot_inside_another_sees_its_state(sold):
    with open_workspace(sold.root) as reader, open_workspace(sold.root) as writer:
        with reader.store.snapshot():
            before = reader.store.head()
            with reader.store.snapshot():
                pass
            with writer.store.transaction():
                writer.store.write("move_head", [(99, *before[1:3], None, None, writer.store.taxpayer)])
            assert reader.store.head() == before
        assert reader.store.head().seq == 99
