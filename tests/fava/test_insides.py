"""Which insides of Fava revrec relies on: a version that changes one of them fails here, and says what to look at."""

from __future__ import annotations

import inspect
from dataclasses import fields
from decimal import Decimal

import pytest

pytest.importorskip("fava")

from fava import json_api
from fava.core import FavaLedger, FilteredLedger, JournalPage
from fava.util.date import Month

from revrec.fava import bounds
from revrec.fava.serve import application
from tests.fava.books_of import served
from tests.fava.test_bounds import HEAD
from tests.fava.test_page import BOOKS

LOOK = "look at revrec/fava/bounds.py: journal and account pages may no longer be bounded"


def original(owner, name):
    """Fava's own method, whether or not it was replaced in this process."""
    method = getattr(owner, name)
    return method.__wrapped__ if hasattr(method, "__wrapped_by_revrec__") else method


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
    ledger = FavaLedger(str(BOOKS), poll_watcher=True)
    rows = ledger.account_journal(ledger.get_filtered(), "Assets:Bank", "at_cost", with_children=True)
    assert isinstance(rows, list), LOOK
    _, entry, change, balance = rows[1]  # the first is the opening of the account
    assert entry.narration == "Payment for bundle B-1", LOOK
    assert change == balance == {"EUR": Decimal("500.00")}, LOOK


LOTS = """
1970-01-01 commodity HOOL
2026-01-02 * "Buy"
  Assets:Shares  3 HOOL {10.00 EUR}
  Assets:Bank
2026-01-03 * "Sell"
  Assets:Shares  -1 HOOL {10.00 EUR}
  Assets:Bank:Savings  12.00 EUR
  Income:Sessions
2026-01-04 note Assets:Bank "a note"
2026-01-04 balance Assets:Bank  -18.00 EUR
2026-01-05 price HOOL 20.00 EUR
2026-01-06 * "Both"
  Assets:Bank  5.00 EUR
  Assets:Bank  -1.00 USD
  Income:Sessions  1.00 USD
  Assets:Shares  1 HOOL {20.00 EUR}
  Income:Sessions
"""
OPENS = "1970-01-01 open Assets:Shares\n1970-01-01 open Assets:Bank:Savings\n"


@pytest.mark.parametrize("conversion", ["at_cost", "at_value", "units", "EUR"])
@pytest.mark.parametrize("children", [True, False])
@pytest.mark.parametrize("account", ["Assets:Bank", "Assets:Shares", "Assets"])
@pytest.mark.parametrize("time", [None, "2026-01-03 - 2026-01-06"])
def test_bounded_rows_are_the_last_of_those_that_fava_makes(tmp_path, monkeypatch, conversion, children, account, time):
    path = tmp_path / "main.beancount"
    path.write_text(HEAD.replace("Assets:Bank EUR", "Assets:Bank").replace("Sessions EUR", "Sessions") + OPENS + LOTS, "utf-8")
    ledger = FavaLedger(str(path), poll_watcher=True)
    assert ledger.errors == []
    asked = (ledger, ledger.get_filtered(time=time), account, conversion)
    whole = original(FavaLedger, "account_journal")(*asked, with_children=children)
    monkeypatch.setattr(bounds, "ROWS", 2)
    bounded = bounds.latest(original(FavaLedger, "account_journal"))(*asked, with_children=children)
    assert list(bounded) == whole[-2:], LOOK
    assert len(whole) <= 2 or f"2 of {len(whole)} rows" in bounded.notice


def balances(trees):
    return [{name: (node.balance, node.balance_children, node.has_txns) for name, node in tree.items()} for tree in trees]


@pytest.mark.parametrize("accumulate", [True, False])
@pytest.mark.parametrize("time", [None, "2026-01-03 - 2026-03"])
@pytest.mark.parametrize("account", ["Assets", "Liabilities:ContractLiability"])
def test_balances_by_interval_are_those_that_fava_makes(accumulate, time, account):
    ledger = FavaLedger(str(BOOKS), poll_watcher=True)
    asked = (ledger, ledger.get_filtered(time=time), Month, account)
    made = original(FavaLedger, "interval_balances")
    mine, theirs = bounds.growing(made)(*asked, accumulate=accumulate), made(*asked, accumulate=accumulate)
    assert mine[1] == theirs[1], LOOK
    assert balances(mine[0]) == balances(theirs[0]), LOOK
    assert len(mine[0]) > 1


def test_rows_are_written_by_one_macro_that_escapes_nothing():
    loader = served(BOOKS).application.jinja_loader
    source, _, _ = loader.get_source(None, bounds.TABLE)
    assert source.count(bounds.OPEN) == 1, LOOK
    assert "{% macro journal_table_contents(entries, show_change_and_balance=False, ledger=None) %}" in source, LOOK


def test_ledgers_are_held_in_a_list_that_may_grow():
    """The current year is loaded beside the summary once that was seen: revrec/fava/serve.py."""
    app = served(BOOKS).application
    held = app.config["LEDGERS"]
    again = FavaLedger(str(BOOKS), poll_watcher=True)
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
