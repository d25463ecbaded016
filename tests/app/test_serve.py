"""Which books are opened: all of a small practice, the roll-up and the last year of a larger one, a part of a large year."""

from __future__ import annotations

from datetime import date

import pytest

from revrec.app import serve, sums
from revrec.app.workspace import open_workspace
from revrec.books import fiscal
from tests.app.shelf import copied


@pytest.fixture
def ws(practice, tmp_path):
    with open_workspace(copied(practice, tmp_path / "books")) as opened:
        yield opened


def names(opened):
    return [path.name for path in opened.ledgers]


def test_a_small_book_is_opened_whole_without_a_word(ws):
    opened = serve.choose(ws)
    assert (names(opened), opened.why) == (["main.beancount"], ())


def test_of_a_larger_one_the_months_and_the_last_year(ws, monkeypatch):
    monkeypatch.setattr(serve, "SMALL", 10)
    opened = serve.choose(ws)
    entries = f"{ws.store.head().entries:,}"
    assert names(opened) == ["summary.beancount", "fy2025.beancount"]
    assert opened.why[0] == f"{entries} entries: Fava opens all years by month, and 2025 entry by entry ({entries})"
    assert opened.why[1].endswith("--book fy2025")


def test_of_a_large_year_its_last_part_and_the_others_are_named(ws, monkeypatch):
    monkeypatch.setattr(serve, "SMALL", 10)
    for module in (serve, fiscal):
        monkeypatch.setattr(module, "LARGE", 400)
    opened = serve.prepare(ws)
    assert names(opened) == ["summary.beancount", "fy2025-q3.beancount"]
    assert "its other parts: --book fy2025-q1, fy2025-q2" in opened.why[1]
    assert all(path.is_file() for path in opened.ledgers)  # a workspace of an earlier version has no parts


@pytest.mark.parametrize("name", ["main", "summary", "fy2025", "fy2025.beancount"])
def test_one_may_choose(ws, name):
    assert names(serve.choose(ws, name)) == [f"{name.removesuffix('.beancount')}.beancount"]


@pytest.mark.parametrize("name", ["fy2019", "chart", "../main", "fy2025-q1"])
def test_what_is_no_book_is_answered_with_those_that_there_are(ws, name):
    with pytest.raises(serve.UnknownBook, match=r"there are main, summary, fy2025$"):
        serve.choose(ws, name)


def test_of_many_years_the_first_and_the_last_are_named(tmp_path):
    many = fiscal.spans({date(year, 1, 1): fiscal.LARGE + (year == 2026) for year in range(2010, 2027)})
    assert str(serve.UnknownBook("x", many)).endswith(
        "there are main, summary, fy2010, …, fy2026 and parts of these years, such as fy2026-01"
    )


def test_what_pages_read_is_brought_up_to_date_first(ws):
    assert sums.behind(ws) > 0
    serve.prepare(ws)
    assert sums.behind(ws) == 0


def test_books_without_entries_are_opened_too(new_workspace):
    with open_workspace(new_workspace()) as ws:
        assert names(serve.prepare(ws)) == ["main.beancount"]


def test_years_are_cut_by_what_they_hold():
    sizes = {date(2025, 1, 1): 5, date(2026, 2, 1): fiscal.LARGE, date(2026, 4, 1): 1}
    assert [span.name for span in fiscal.spans(sizes)] == ["2025", "2026", "2026-q1", "2026-q2"]
    assert [span.name for span in fiscal.spans({date(2026, 2, 1): fiscal.LARGE + 1})] == ["2026", "2026-q1", "2026-02"]
