"""The accountant's own entries, as Beancount completes them."""

from __future__ import annotations

from datetime import date

import pytest

from revrec.books.check import Handwritten, handwritten

CHART = "1970-01-01 open Assets:Bank EUR\n1970-01-01 open Expenses:Rent EUR\n"


@pytest.fixture
def root(tmp_path):
    (tmp_path / "manual").mkdir()
    (tmp_path / "chart.beancount").write_text(CHART, "utf-8")
    (tmp_path / "manual/2026.beancount").write_text("; nothing yet\n", "utf-8")
    return tmp_path


def test_a_file_of_comments_needs_no_beancount(root, monkeypatch):
    monkeypatch.setattr("subprocess.run", None)
    assert handwritten(root) == ()


def test_the_amount_that_was_left_out_is_completed(root):
    text = '; rent\n2026-02-01 * "Rent"\n  branch: "bcn"\n  Expenses:Rent  800.00 EUR\n  Assets:Bank\n    branch: "mad"\n'
    (root / "manual/2026.beancount").write_text(text, "utf-8")
    where, day = "manual/2026.beancount:2", date(2026, 2, 1)
    assert handwritten(root) == (
        Handwritten(where, day, "Expenses:Rent", "800.00", "EUR", "bcn"),
        Handwritten(where, day, "Assets:Bank", "-800.00", "EUR", "mad"),
    )


def test_without_beancount_nothing_is_read(root, monkeypatch):
    """A folder in front of the path whose `beancount` cannot be imported, as on a machine without it."""
    (root / "manual/2026.beancount").write_text('2026-02-01 * "Rent"\n  Expenses:Rent  8 EUR\n  Assets:Bank\n', "utf-8")
    (root / "path").mkdir()
    (root / "path/beancount.py").write_text("raise ModuleNotFoundError(name='beancount')\n")
    monkeypatch.syspath_prepend(root / "path")
    assert handwritten(root) is None
