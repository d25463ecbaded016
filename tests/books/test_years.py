from __future__ import annotations

from datetime import date

import pytest
from beancount.core.data import Transaction
from beancount.core.inventory import Inventory
from small_practice import CHART, MAIN, balances, books, files, load, made, messages, two_years, workspace

from revrec.books import fiscal


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


def test_other_books_show_in_fava_what_the_main_one_does(tmp_path):
    shown = (
        '1970-01-01 custom "fava-extension" "revrec.fava"\n'
        '1970-01-01 custom "fava-option" "language" "es"\n'
        '1970-01-01 custom "fava-sidebar-link" "This month" "/jump?time=month"\n'
        '1970-01-01 query "all" "\n  SELECT account\n  WHERE account ~ \'x\'"\n'
    )
    own = (
        '1970-01-01 custom "fava-option" "default-file" "manual/2026.beancount"\n1970-01-01 custom "budget" Assets:Bank "daily"\n'
    )
    workspace(tmp_path, main=MAIN + own + shown).rebuild(books(two_years()))
    for book in ("fy2026", "summary"):
        text = (tmp_path / f"{book}.beancount").read_text()
        assert shown in text
        assert "default-file" not in text
        assert "budget" not in text
        assert messages(tmp_path / f"{book}.beancount") == []


LARGE = {date(2026, 1, 1): 60_000, date(2026, 3, 1): 50_000, date(2026, 5, 1): 1, date(2025, 11, 1): fiscal.LARGE}


@pytest.fixture
def parts(tmp_path):
    """The books of two years of which one is said to be large."""
    made(tmp_path, two_years(), last="2026-06-15", sizes=LARGE)
    return tmp_path


def test_a_large_year_comes_in_quarters_too_and_a_large_quarter_in_months(parts):
    names = sorted(path.name for path in parts.glob("fy*"))
    months = [f"fy2026-0{month}.beancount" for month in (1, 2, 3)]
    assert names == sorted([*months, "fy2026-q1.beancount", "fy2026-q2.beancount", "fy2025.beancount", "fy2026.beancount"])


@pytest.mark.parametrize(
    ("part", "end"), [("q1", "2026-03-31"), ("q2", "2026-06-30"), ("01", "2026-01-31"), ("03", "2026-03-31")]
)
def test_a_part_by_itself_has_the_balances_of_the_year_until_then(parts, part, end):
    book = parts / f"fy2026-{part}.beancount"
    assert balances(book) == balances(parts / "fy2026.beancount", until=date.fromisoformat(end))
    assert messages(book) == []


def test_a_part_holds_its_own_days_only_and_says_which_it_is(parts):
    text = (parts / "fy2026-q2.beancount").read_text()
    assert '"Centro Demo 2026 Q2"' in text
    assert "journal/2026/2026-05-31.beancount" in text
    assert "journal/2026/2026-03" not in text
    assert '2026-03-31 * "Balances brought forward from 2026-03-31"' in text


def test_a_part_includes_the_hand_written_file_and_its_assertions_hold(tmp_path):
    """
    2026-02-03 * "Correction" #manual
      bundle: "B-1"
      Liabilities:ContractLiability  -3.00 EUR
      Assets:Bank
    """
    text = test_a_part_includes_the_hand_written_file_and_its_assertions_hold.__doc__.replace("\n    ", "\n")
    made(tmp_path, two_years(), manual=text, last="2026-06-15", sizes=LARGE)
    for book in ("fy2026", "fy2026-q1", "fy2026-q2"):
        assert messages(tmp_path / f"{book}.beancount") == []
    assert balances(tmp_path / "fy2026-q2.beancount") == balances(tmp_path / "fy2026.beancount", until=date(2026, 6, 30))


def test_the_parts_are_made_byte_for_byte_again_and_go_when_the_year_is_not_large(parts):
    before = files(parts)
    writer = workspace(parts)
    written = writer.rebuild(books(two_years(), last="2026-06-15", sizes=LARGE))
    assert written.changed == ()
    assert files(parts) == before
    small = writer.rebuild(books(two_years(), last="2026-06-15"))
    assert small.stray == tuple(sorted(name for name in before if name.startswith("fy2026-")))
