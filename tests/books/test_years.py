from __future__ import annotations

from datetime import date

import pytest
from beancount.core.data import Transaction
from beancount.core.inventory import Inventory
from small_practice import CHART, MAIN, balances, books, load, made, messages, two_years, workspace


@pytest.fixture
def root(tmp_path):
    made(tmp_path, two_years(), last="2026-06-15")
    return tmp_path


def sheet(found: dict[str, Inventory]) -> dict[str, Inventory]:
    """The balance sheet: assets and liabilities as they are, everything else as equity."""
    result: dict[str, Inventory] = {"Equity": Inventory()}
    for account, balance in found.items():
        if account.startswith(("Assets", "Liabilities")):
            result[account] = balance
        else:
            result["Equity"].add_inventory(balance)
    return result


@pytest.mark.parametrize("year", [2025, 2026])
def test_a_year_by_itself_has_the_balance_sheet_of_the_whole(root, year):
    end = date(year, 12, 31)
    assert sheet(balances(root / f"fy{year}.beancount")) == sheet(balances(root / "main.beancount", until=end))


def test_a_year_by_itself_has_the_income_of_the_year_only(root):
    found = balances(root / "fy2026.beancount")
    assert str(found["Income:Sessions:Package"]) == "(-100.00 EUR)"
    assert str(found["Equity:Earnings:Previous"]) == "(-150.00 EUR)"


def test_a_year_holds_its_assertions_and_they_hold(root):
    """The assertions of 1 January are checked against what the eve brought forward."""
    text = (root / "journal/2026/2026-01-01.beancount").read_text()
    assert "2026-01-01 balance Liabilities:ContractLiability " in text
    assert messages(root / "fy2026.beancount") == []


def test_a_year_includes_the_hand_written_file_of_its_year(tmp_path):
    """
    2026-02-03 * "Rent"
      Expenses:Rent  700.00 EUR
      Assets:Bank
    """
    made(tmp_path, two_years(), manual=test_a_year_includes_the_hand_written_file_of_its_year.__doc__.replace("\n    ", "\n"))
    assert 'include "manual/2026.beancount"' in (tmp_path / "fy2026.beancount").read_text()
    assert "manual/" not in (tmp_path / "fy2025.beancount").read_text().split("option")[1]
    assert str(balances(tmp_path / "fy2026.beancount")["Expenses:Rent"]) == "(700.00 EUR)"


def test_the_summary_has_the_balances_of_the_whole(root):
    assert balances(root / "summary.beancount") == balances(root / "main.beancount")


def test_the_summary_has_the_balances_of_every_month_end(root):
    for end in (date(2025, 11, 30), date(2025, 12, 31), date(2026, 1, 31), date(2026, 3, 31)):
        assert balances(root / "summary.beancount", until=end) == balances(root / "main.beancount", until=end)


def test_the_summary_has_one_transaction_a_month_and_branch(root):
    found = [e for e in load(root / "summary.beancount") if isinstance(e, Transaction)]
    assert [(e.date.isoformat(), e.meta.get("branch")) for e in found] == [
        ("2025-11-30", "bcn"),
        ("2025-12-31", "mad"),
        ("2026-01-31", None),  # a visit to one branch paid at the other: they balance together only
        ("2026-03-31", "bcn"),
        ("2026-05-31", "mad"),
    ]


def test_the_account_of_earlier_earnings_is_that_of_the_main_file(tmp_path):
    main = 'option "account_previous_earnings" "Results:Earlier"\n' + MAIN
    workspace(tmp_path, main=main).rebuild(books(two_years()))
    assert str(balances(tmp_path / "fy2026.beancount")["Equity:Results:Earlier"]) == "(-150.00 EUR)"


def test_an_account_of_earlier_earnings_in_the_chart_is_used(tmp_path):
    chart = CHART + "1970-01-01 open Equity:Earnings:Previous EUR\n"
    workspace(tmp_path, chart=chart).rebuild(books(two_years()))
    assert " open " not in (tmp_path / "fy2026.beancount").read_text()
    assert messages(tmp_path / "fy2026.beancount") == []
