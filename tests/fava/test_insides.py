"""Which insides of Fava revrec relies on: a version that changes one of them fails here, and says what to look at."""

from __future__ import annotations

import inspect
from dataclasses import fields
from decimal import Decimal

import pytest

pytest.importorskip("fava")

from fava import json_api
from fava.application import create_app
from fava.core import FavaLedger, FilteredLedger, JournalPage

from revrec.fava import bounds
from revrec.fava.serve import application
from tests.fava.test_page import BOOKS

LOOK = "look at revrec/fava/bounds.py: journal and account pages may no longer be bounded"


def original(owner, name):
    return inspect.unwrap(getattr(owner, name))


def test_a_journal_is_paged_by_a_method_of_the_filtered_ledger():
    asked = inspect.signature(original(FilteredLedger, "paginate_journal")).parameters
    assert [(name, each.default) for name, each in asked.items()][2:] == [("per_page", 1000), ("order", "desc")], LOOK
    assert [field.name for field in fields(JournalPage)] == ["entries", "total_pages"], LOOK
    assert "g.filtered.paginate_journal(" in inspect.getsource(json_api), LOOK


def test_an_account_lists_what_a_method_of_the_ledger_returns_latest_first():
    asked = inspect.signature(original(FavaLedger, "account_journal")).parameters
    assert list(asked) == ["self", "filtered", "account_name", "conversion", "with_children"], LOOK
    source = "".join(inspect.getsource(json_api).split())
    assert "entries=reversed(g.ledger.account_journal(" in source, LOOK


def test_the_rows_of_an_account_are_entry_change_and_balance():
    ledger = FavaLedger(str(BOOKS))
    rows = ledger.account_journal(ledger.get_filtered(), "Assets:Bank", "at_cost", with_children=True)
    assert isinstance(rows, list), LOOK
    _, entry, change, balance = rows[1]  # the first is the opening of the account
    assert entry.narration == "Payment for bundle B-1", LOOK
    assert change == balance == {"EUR": Decimal("500.00")}, LOOK


def test_rows_are_written_by_one_macro_that_escapes_nothing():
    loader = create_app([BOOKS]).jinja_loader
    source, _, _ = loader.get_source(None, bounds.TABLE)
    assert source.count(bounds.OPEN) == 1, LOOK
    assert "{% macro journal_table_contents(entries, show_change_and_balance=False, ledger=None) %}" in source, LOOK


def test_ledgers_are_held_in_a_list_that_may_grow():
    """The current year is loaded beside the summary once that was seen: revrec/fava/serve.py."""
    app = create_app([BOOKS], load=True)
    held = app.config["LEDGERS"]
    again = FavaLedger(str(BOOKS))
    held.ledgers.append(again)
    assert [ledger for _, ledger in held.items()][-1] is again
    assert len(dict(held.items())) == 2


def test_a_fava_without_what_is_replaced_is_refused(monkeypatch):
    monkeypatch.delattr(FilteredLedger, "paginate_journal")
    with pytest.raises(bounds.FavaChanged, match=r"FilteredLedger\.paginate_journal is gone"):
        application(BOOKS)


def test_a_fava_whose_rows_are_written_otherwise_is_refused(monkeypatch):
    monkeypatch.setattr(bounds, "OPEN", "{% another %}")
    with pytest.raises(bounds.FavaChanged, match="no longer says"):
        application(BOOKS)
