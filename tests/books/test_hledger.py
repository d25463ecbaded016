"""A second engine, hledger from Debian, computes the same balances as Beancount."""

from __future__ import annotations

import os
import shutil
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hledger_text import converted, totals
from small_practice import balances, broken, earned, entry, made, paid, two_years

from revrec.core.journal import JournalEntry, Role

needs_hledger = pytest.mark.skipif(
    shutil.which("hledger") is None and not os.environ.get("REVREC_STRICT"),
    reason="hledger is not installed (apt-get install hledger)",
)


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


def test_the_text_for_hledger(tmp_path):
    """
    2026-01-10 * Session S-1 of bundle B-1
        ; entry:E-1
        ; event:ev-1
        ; bundle:B-1
        ; session:S-1
        ; customer:C-1
        ; branch:bcn
        ; service:psychology
        ; policy:standard@2026-01-01
        ; rule:session.earned
        Liabilities:ContractLiability  50.00 EUR
        Income:Sessions:Package  -50.00 EUR
    """
    made(tmp_path, [earned(1, "2026-01-10", "B-1", "S-1")])
    expected = test_the_text_for_hledger.__doc__.replace("\n    ", "\n").strip()
    assert "\n".join(converted(tmp_path / "main.beancount")).strip() == expected


@needs_hledger
@pytest.mark.parametrize("book", ["main", "fy2025", "fy2026", "summary"])
def test_hledger_and_beancount_agree_on_every_book(tmp_path, book):
    made(tmp_path, a_year())
    path = tmp_path / f"{book}.beancount"
    assert totals(path) == by_beancount(path)


@needs_hledger
def test_hledger_finds_a_bundle_by_its_tag(tmp_path):
    """What is still owed of one bundle, asked of the other engine."""
    main = made(tmp_path, two_years()[:5])
    assert totals(main, "tag:^bundle$=^B-2$") == {
        "Assets:Bank": Decimal("300.01"),
        "Income:Sessions:Package": Decimal("-100.00"),
        "Liabilities:ContractLiability:Madrid": Decimal("-200.01"),
    }


@needs_hledger
def test_hand_written_entries_count_too(tmp_path):
    """
    2026-02-03 * "Rent; paid late"
      Expenses:Rent  700.00 EUR
      Assets:Bank
    """
    text = test_hand_written_entries_count_too.__doc__.replace("\n    ", "\n")
    more = entry(10, "2026-06-01", "payment.customer", ((Role.BANK, 1), (Role.CUSTOMER_CREDIT, -1)), customer="C-1")
    main = made(tmp_path, [*two_years(), more], manual=text)
    assert totals(main) == by_beancount(main)
