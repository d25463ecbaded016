"""The books of a whole workspace: fourteen months of the invented practice, through the store."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from second_engine import by_hledger, needs_hledger
from small_practice import balances, files, messages

from revrec.app import advance, books, export
from revrec.app.demo import demo
from revrec.app.progress import Silent
from revrec.app.workspace import open_workspace
from revrec.books import files as files_module
from revrec.books.files import Unwritten

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def practice(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("practice") / "books"
    demo(root, now=NOW, progress=Silent(), serve=False, bundles=40, months=14, say=lambda _: None)
    return root


@pytest.fixture
def copied(practice, tmp_path) -> Path:
    """A copy of it to spoil."""
    return shutil.copytree(practice, tmp_path / "books")


def test_it_is_clean(practice):
    with open_workspace(practice) as ws:
        assert books.check(ws) == ()


def test_built_again_nothing_changes(copied):
    before = files(copied / "journal")
    with open_workspace(copied) as ws:
        built = books.build(ws)
    assert (built.changed, built.stray) == (0, ())
    assert files(copied / "journal") == before
    assert built.files == sum(path.startswith(("journal/", "fy", "summary")) for path in files(copied))


def test_built_from_nothing_it_is_the_same(copied):
    """Everything generated is lost; the store has it all."""
    before = files(copied)
    shutil.rmtree(copied / "journal")
    for path in [*copied.glob("fy*"), copied / "summary.beancount", copied / "revrec_check.py"]:
        path.unlink()
    with open_workspace(copied) as ws:
        books.build(ws)
    after = files(copied)
    assert {path: data for path, data in after.items() if ".db" not in path} == {
        p: d for p, d in before.items() if ".db" not in p
    }


def test_an_edited_file_is_named(copied):
    day = next((copied / "journal/2025").glob("*.beancount"))
    day.write_text(day.read_text().replace(".00 EUR", ".01 EUR"))
    with open_workspace(copied) as ws:
        found = books.check(ws)
    assert (found[0].code, found[0].where) == ("books.changed", f"journal/2025/{day.name}")
    assert "revrec books build" in found[0].hint


@needs_hledger
@pytest.mark.parametrize("book", ["main", "summary"])
def test_a_second_engine_agrees(practice, tmp_path, book):
    """hledger on the exported journal, Beancount on the book."""
    with open_workspace(practice) as ws:
        done = export.export(ws, export.Wanted(export.Format.HLEDGER, export.By.ENTRY), tmp_path / "books.journal")
    assert done.tied
    text = (tmp_path / "books.journal").read_text("utf-8")
    expected = balances(practice / f"{book}.beancount")
    assert by_hledger(text) == {account: each.get_currency_units("EUR").number for account, each in expected.items()}


def test_every_book_is_clean_and_has_the_same_assets_and_debts(practice):
    sheets = []
    for book in ("main", "fy2026", "summary"):
        assert messages(practice / f"{book}.beancount") == []
        found = balances(practice / f"{book}.beancount")
        sheets.append({account: each for account, each in found.items() if account.startswith(("Assets", "Liabilities"))})
    assert sheets[0] == sheets[1] == sheets[2]


def test_a_disk_that_fills_costs_nothing(copied, monkeypatch):
    """The calendar moves, the files fail; the next command writes them as if nothing had been."""

    def full(handle):
        raise OSError(28, "No space left on device")

    with open_workspace(copied) as ws:
        monkeypatch.setattr(files_module.os, "fsync", full)
        with pytest.raises(Unwritten, match="No space left on device"):
            advance.advance(ws, date(2026, 8, 31), now=NOW)
        assert not [path for path in files(copied) if path.endswith(".tmp")]
        monkeypatch.undo()
        assert books.check(ws)
        advance.advance(ws, date(2026, 8, 31), now=NOW)
        assert books.check(ws) == ()
