"""What an export consists of: entries one by one, or those of a month and branch together."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from datetime import date

from small_practice import CHART, broken, earned, entry, paid, two_years

from revrec.books.chart import Chart
from revrec.books.export.records import Batch, Line, by_entry, by_month
from revrec.core.journal import Role

BOOKS = Chart.parse(CHART)


def encode(each) -> bytes:
    return f"{each.number};".encode()


def months(entries, last=None):
    return list(by_month(entries, BOOKS, encode, last))


def sums(records) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for record in records:
        for line in record.lines:
            found[line.account] += line.amount
    return {account: amount for account, amount in found.items() if amount}


def test_a_month_and_branch_is_one_record_that_keeps_debits_and_credits_apart():
    (record,) = months(
        [paid(1, "2026-01-05", "B-1"), earned(2, "2026-01-10", "B-1", "S-1"), earned(3, "2026-01-12", "B-1", "S-2")]
    )
    assert (record.name, record.date, record.text) == ("2026-01/bcn", date(2026, 1, 31), "Month 2026-01, branch bcn")
    assert record.lines == (
        Line("Assets:Bank", "bank", 50000),
        Line("Liabilities:ContractLiability", "contract-liability", 10000),
        Line("Income:Sessions:Package", "revenue-package", -10000),
        Line("Liabilities:ContractLiability", "contract-liability", -50000),
    )
    assert record.batch == Batch(1, 3, 3, hashlib.sha256(b"1;2;3;").hexdigest())


def test_every_month_and_branch_balances_and_together_they_are_the_entries():
    records = months(two_years())
    assert [record.name for record in records] == [
        "2025-11/bcn",
        "2025-12/mad",
        "2026-01/bcn",
        "2026-03/bcn",
        "2026-05/mad",
    ]
    assert [sum(line.amount for line in record.lines) for record in records] == [0] * 5
    assert sums(records) == sums(by_entry(two_years(), BOOKS))
    assert sum(record.batch.entries for record in records) == len(two_years())


def test_an_entry_belongs_to_the_batch_of_its_branch_and_its_leg_says_the_other():
    (record,) = months(two_years()[5:7])
    assert Line("Assets:Cash:Madrid", "cash", 6000, (("branch", "mad"),)) in record.lines


def test_an_entry_without_a_branch_stands_in_a_record_of_its_own():
    other = entry(2, "2026-01-08", "payment.customer", ((Role.BANK, 5), (Role.CUSTOMER_CREDIT, -5)), branch=None)
    assert [(record.name, record.text) for record in months([paid(1, "2026-01-05", "B-1"), other])] == [
        ("2026-01", "Month 2026-01"),
        ("2026-01/bcn", "Month 2026-01, branch bcn"),
    ]


def test_part_of_a_month_is_dated_its_last_day_asked_for():
    (record,) = months([paid(1, "2026-01-05", "B-1")], last=date(2026, 1, 20))
    assert record.date == date(2026, 1, 20)


def test_entries_without_amounts_make_no_record_of_a_month():
    assert months([broken(1, "2026-01-05", "B-1", 0)]) == []


def test_the_digest_changes_with_an_entry():
    one, other = (months([paid(number, "2026-01-05", "B-1")])[0].batch for number in (1, 2))
    assert one.sha256 != other.sha256


def test_the_facts_of_an_entry_are_its_metadata_in_the_order_of_the_books():
    late = entry(
        9,
        "2026-02-01",
        "session.earned",
        ((Role.CONTRACT_LIABILITY, 1), (Role.REVENUE_PACKAGE, -1)),
        bundle="B-1",
        corrects=3,
        effective=date(2026, 1, 5),
        late=True,
        metadata=(("room", "2"), ("event", "x")),
    )
    (record,) = by_entry([late], BOOKS, {("ev-9", "agenda")})
    assert record.facts == (
        ("entry", "E-9"),
        ("event", "ev-9"),
        ("event-source", "agenda"),
        ("bundle", "B-1"),
        ("branch", "bcn"),
        ("service", "psychology"),
        ("rule", "session.earned"),
        ("corrects", "E-3"),
        ("effective-date", "2026-01-05"),
        ("late", "TRUE"),
        ("user-event", "x"),
        ("room", "2"),
    )
