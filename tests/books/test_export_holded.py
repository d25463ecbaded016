"""Holded's journal template, read back from the Excel files."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

import pytest
from small_practice import earned, paid, two_years
from spanish import BOOKS, CODES, balances, months, sheet, singles

from revrec.books.export import holded
from revrec.books.export.subaccounts import numbers

EIGHT = numbers(BOOKS, CODES)


def made(records, **more) -> dict[str, list[list[str]]]:
    return {part.name: sheet(part.data) for part in holded.parts(records, EIGHT, "EUR", **more)}


def decimal(text: str) -> Decimal:
    assert "." not in text
    return Decimal(text.replace(",", "."))


def test_a_month_of_a_branch():
    (record,) = months([paid(1, "2026-01-05", "B-1", 123456789, branch="mad-2")])
    rows = made([record])["2026-01"]
    note = f"E-1 - E-1, 1 asientos, SHA-256 {record.batch.sha256}"
    text = "Month 2026-01, branch mad-2"
    assert rows == [
        list(holded.COLUMNS),
        ["1", "31/01/2026", "Bank", "57200000", "1234567,89", "0,00", text, "revrec-mad_2", note],
        ["1", "31/01/2026", "ContractLiability", "43800000", "0,00", "1234567,89", text, "revrec-mad_2", note],
    ]


def test_an_entry_by_itself_says_its_ids():
    rows = made(singles([earned(7, "2026-01-10", "B-1", "S-1")]))["2026-01"]
    assert rows[1][6] == "Session S-1 of bundle B-1"
    assert rows[1][8].startswith("entry E-7, event ev-7, bundle B-1, session S-1, customer C-1")


@pytest.mark.parametrize("records", [months, singles])
def test_read_back_every_entry_balances_and_the_accounts_are_those_of_the_books(records):
    files = made(records(two_years()), first=40)
    assert list(files) == ["2025-11", "2025-12", "2026-01", "2026-03", "2026-05"]
    found: dict[str, Decimal] = defaultdict(Decimal)
    each: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for _, *rows in files.values():
        for number, day, _, account, debit, credit, *_ in rows:
            found[account] += decimal(debit) - decimal(credit)
            each[number, day] += decimal(debit) - decimal(credit)
    assert {number: amount for number, amount in found.items() if amount} == balances(two_years(), EIGHT)
    assert set(each.values()) == {0}
    assert [int(number) for number, _ in each] == list(range(40, 40 + len(each)))


def test_no_file_has_eight_hundred_lines_and_no_entry_is_divided():
    entries = [paid(n, "2026-01-05", f"B-{n}", n) for n in range(1, 501)]
    files = made(singles(entries))
    assert {name: len(rows) - 1 for name, rows in files.items()} == {"2026-01": 798, "2026-01-2": 202}
    first, second = ({row[0] for row in rows[1:]} for rows in files.values())
    assert not first & second


def test_a_name_that_looks_like_a_formula_stays_a_name():
    rows = made(singles([paid(1, "2026-01-05", "B-1", event="=HYPERLINK(1)")]))["2026-01"]
    assert "event =HYPERLINK(1)" in rows[1][8]


def test_the_same_entries_make_the_same_bytes():
    one, other = (list(holded.parts(months(two_years()), EIGHT, "EUR")) for _ in range(2))
    assert one == other


@pytest.mark.parametrize(
    ("account", "name"),
    [
        ("Liabilities:438-Anticipos-de-Clientes", "Anticipos de Clientes"),
        ("Assets:572-Bancos", "Bancos"),
        ("Assets:Bank", "Bank"),
    ],
)
def test_the_name_of_an_account(account, name):
    assert holded.account_name(account) == name
