"""The journal for hledger and Ledger: its text, and that both compute the balances that Beancount computes."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from urllib.parse import unquote

import pytest
from second_engine import by_hledger, by_ledger, journal, needs_hledger, needs_ledger
from small_practice import CHART, balances, broken, earned, entry, made, paid, two_years

from revrec.books.chart import Chart
from revrec.books.export import plaintext, records
from revrec.core.journal import JournalEntry, Role

ENGINES = [pytest.param(by_hledger, marks=needs_hledger, id="hledger"), pytest.param(by_ledger, marks=needs_ledger, id="ledger")]
SMALL = """\
1970-01-01 open Liabilities:ContractLiability EUR
  revrec-role: "contract-liability"
1970-01-01 open Income:Sessions:Package EUR
  revrec-role: "revenue-package"
"""


def by_beancount(main) -> dict[str, Decimal]:
    """The balance of each account that is not 0, as Beancount adds them up."""
    return {account: inventory.get_currency_units("EUR").number for account, inventory in balances(main).items()}


def a_year() -> list[JournalEntry]:
    """Some 700 entries of two branches with prices that do not divide, one bundle in three expiring."""
    entries: list[JournalEntry] = []
    for n in range(60):
        day = date(2025, 3, 1) + timedelta(days=5 * n)
        branch, price = ("bcn", "mad")[n % 2], 50000 + 7 * n + 1
        entries.append(paid(len(entries) + 1, day.isoformat(), f"B-{n}", price, branch=branch))
        used = 0
        for k in range(1, 11 - 3 * (n % 3 == 0)):
            share = price * k // 10 - used
            used += share
            when = (day + timedelta(days=3 * k)).isoformat()
            entries.append(earned(len(entries) + 1, when, f"B-{n}", f"S-{n}-{k}", share, branch=branch))
        if used < price:
            when = (day + timedelta(days=40)).isoformat()
            entries.append(broken(len(entries) + 1, when, f"B-{n}", price - used, branch=branch))
    return entries


def test_the_text():
    """
    ; The journal of revrec for hledger and Ledger. Do not edit: run `revrec export hledger` to make it again.

    commodity EUR
        format 1000.00 EUR

    account Liabilities:ContractLiability
    account Income:Sessions:Package

    tag entry
    tag event
    tag bundle
    tag session
    tag customer
    tag branch
    tag service
    tag policy
    tag rule

    2026-01-10 * Session S-1 of bundle B-1
        ; entry: E-1
        ; event: ev-1
        ; bundle: B-1
        ; session: S-1
        ; customer: C-1
        ; branch: bcn
        ; service: psychology
        ; policy: standard@2026-01-01
        ; rule: session.earned
        Liabilities:ContractLiability                            50.00 EUR
        Income:Sessions:Package                                 -50.00 EUR
    """
    expected = test_the_text.__doc__.replace("\n    ", "\n").lstrip()
    assert journal([earned(1, "2026-01-10", "B-1", "S-1")], SMALL) == expected.rstrip() + "\n"


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("book", ["main", "summary"])
def test_another_engine_computes_the_balances_of_a_book(tmp_path, engine, book):
    made(tmp_path, a_year())
    assert engine(journal(a_year(), CHART)) == by_beancount(tmp_path / f"{book}.beancount")


@needs_hledger
@pytest.mark.parametrize("year", [2025, 2026])
def test_hledger_brings_the_balances_forward_as_the_book_of_a_year_does(tmp_path, year):
    """Assets and debts since the beginning, income of the year alone."""
    made(tmp_path, two_years())
    text = journal(two_years(), CHART)
    until = ("--end", f"{year + 1}-01-01")
    stocks = by_hledger(text, *until, "^Assets", "^Liabilities")
    flows = by_hledger(text, *until, "--begin", f"{year}-01-01", "^Income", "^Expenses")
    book = by_beancount(tmp_path / f"fy{year}.beancount")
    book.pop("Equity:Earnings:Previous", None)
    assert stocks | flows == book


@pytest.mark.parametrize("engine", ENGINES)
def test_a_month_in_one_transaction_comes_to_the_same_balances(engine):
    chart = Chart.parse(CHART)
    rolled = records.by_month(a_year(), chart, lambda each: repr(each).encode())
    assert engine("".join(plaintext.text(rolled, chart, "EUR"))) == engine(journal(a_year(), CHART))


@pytest.mark.parametrize(
    ("engine", "query"),
    [
        pytest.param(by_hledger, "tag:^bundle$=^B-2$", marks=needs_hledger),
        pytest.param(by_ledger, "%bundle=^B-2$", marks=needs_ledger),
    ],
)
def test_another_engine_finds_a_bundle_by_its_tag(engine, query):
    """What is still owed of one bundle, asked of the other engine."""
    assert engine(journal(two_years()[:5], CHART), query) == {
        "Assets:Bank": Decimal("300.01"),
        "Income:Sessions:Package": Decimal("-100.00"),
        "Liabilities:ContractLiability:Madrid": Decimal("-200.01"),
    }


STRANGE = "a,b;c|d[2026-01-01]:e%f=(g)*"


@pytest.mark.parametrize("engine", ENGINES)
def test_signs_that_mean_something_to_an_engine_change_no_balance(engine):
    odd = paid(1, "2026-01-10", STRANGE, 100, event=STRANGE, metadata=(("note", STRANGE), ("rule", STRANGE)))
    text = journal([odd], CHART)
    assert engine(text) == {"Assets:Bank": Decimal(1), "Liabilities:ContractLiability": Decimal(-1)}
    tags = [line.strip("; ").partition(": ") for line in text.splitlines() if line.startswith("    ;")]
    assert {key: unquote(value) for key, _, value in tags if unquote(value) == STRANGE}.keys() == {
        "bundle",
        "event",
        "note",
        "user-rule",
    }


@needs_hledger
def test_hledger_reads_a_strange_tag_to_its_end():
    odd = paid(1, "2026-01-10", "B-1", 100, event=STRANGE)
    quoted = "a%2Cb;c|d%5B2026-01-01%5D:e%25f=(g)*"
    pattern = "".join(f"\\{c}" if c in "|()*" else c for c in quoted)
    assert by_hledger(journal([odd], CHART), f"tag:^event$=^{pattern}$")


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("currency", "amount"), [("JPY", "1000"), ("EUR", "10.00"), ("KWD", "1.000")])
def test_decimals_are_those_of_the_currency(engine, currency, amount):
    legs = ((Role.BANK, 1000), (Role.CONTRACT_LIABILITY, -1000))
    text = journal([entry(1, "2026-01-10", "payment.bundle", legs)], CHART, currency)
    assert engine(text)["Assets:Bank"] == Decimal(amount)
    assert f" {amount} {currency}\n" in text


def test_a_leg_of_another_branch_says_so():
    legs = ((Role.CASH, 6000, None, "mad", None, "cash"), (Role.RECEIVABLE, -6000))
    text = journal([entry(1, "2026-01-15", "payment.visit", legs, session="V-1")], CHART)
    assert "  Assets:Cash:Madrid                                       60.00 EUR\n    ; branch: mad\n    ; method: cash\n" in text
